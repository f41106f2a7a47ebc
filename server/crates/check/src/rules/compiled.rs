//! Rules in ast-grep's form, compiled: the built-in ones by language when one of their files is first met, people's own
//! as they come.

use super::embedded::SOURCES;
use super::sign::Sign;
use crate::tree;
use ast_grep_config::{GlobalRules, RuleConfig, SerializableRuleConfig};
use ast_grep_language::SupportLang;
use git::Snapshot;
use globset::{Glob, GlobSet, GlobSetBuilder};
use std::sync::OnceLock;

/// Larger files of rules are refused, in bytes: they come from the repository.
const LARGEST: usize = 256 << 10;
/// More files of rules than this are not read.
const MOST_FILES: usize = 200;
/// Where a repository keeps its own rules.
const FOLDER: &str = ".deep-review/rules/";

/// Whose rule it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Owner {
    BuiltIn,
    /// In `.deep-review/rules/` of the base commit.
    Repository,
    /// In the folder `rules` beside the user's configuration.
    User,
}

impl Owner {
    /// What stands before the rule's id.
    pub(super) fn prefix(self) -> &'static str {
        match self {
            Self::BuiltIn => "deep-review",
            Self::Repository => "repository",
            Self::User => "user",
        }
    }
}

/// A rule for one language.
pub(super) struct Rule {
    pub(super) owner: Owner,
    pub(super) language: SupportLang,
    pub(super) sign: Sign,
    pub(super) config: RuleConfig<SupportLang>,
    /// Whether it looks only when it is asked for (`metadata: { off: true }`).
    pub(super) is_off: bool,
    /// Whether tests may do what it finds (`metadata: { not_in_tests: true }`).
    pub(super) not_in_tests: bool,
    /// The files it is for, and those it is not for; all without a pattern.
    pub(super) files: Option<GlobSet>,
    pub(super) ignores: GlobSet,
}

/// The built-in rules for a language.
pub(super) fn built_in(language: SupportLang) -> &'static [Rule] {
    static COMPILED: [OnceLock<Vec<Rule>>; tree::MOST_LANGUAGES] = [const { OnceLock::new() }; tree::MOST_LANGUAGES];
    let at = tree::built_in_languages().iter().position(|l| *l == language);
    let Some(compiled) = at.and_then(|at| COMPILED.get(at)) else { return &[] };
    compiled.get_or_init(|| {
        let in_language = |document: &&str| languages_of(document).contains(&language);
        let documents = SOURCES.iter().flat_map(|s| s.rule.split("\n---\n")).filter(in_language);
        #[expect(clippy::expect_used, reason = "the rules are constants, and a test compiles them all")]
        let compiled = documents.flat_map(|d| compile(d, Owner::BuiltIn).expect("a rule in the right form"));
        compiled.filter(|rule| rule.language == language).collect()
    })
}

/// The languages of a built-in document, without reading all of it.
fn languages_of(document: &str) -> Vec<SupportLang> {
    let name = document.lines().find_map(|line| line.strip_prefix("language: ")).unwrap_or("");
    name.trim().parse().map_or_else(|_| Vec::new(), spoken)
}

/// What is written for TypeScript is for JavaScript and TSX too.
fn spoken(language: SupportLang) -> Vec<SupportLang> {
    match language {
        SupportLang::TypeScript => vec![SupportLang::TypeScript, SupportLang::Tsx, SupportLang::JavaScript],
        other => vec![other],
    }
}

/// All documents of a text.
///
/// # Errors
/// What is wrong with it, in a sentence.
pub(super) fn compile(text: &str, owner: Owner) -> Result<Vec<Rule>, String> {
    if text.len() > LARGEST {
        return Err(format!("it has {} bytes, and rules have at most {LARGEST}", text.len()));
    }
    let documents: Vec<SerializableRuleConfig<SupportLang>> =
        ast_grep_config::from_multiple(text).map_err(|e| e.to_string())?;
    let mut rules = Vec::new();
    for document in documents {
        if document.id.is_empty() || !document.id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_') {
            return Err(format!("'{}' is no id: letters, digits, `-` and `_`", document.id));
        }
        if !tree::is_built_in(document.language) {
            return Err(format!("rule '{}': the grammar of {} is not built in", document.id, document.language));
        }
        for language in spoken(document.language) {
            rules.push(rule(document.clone(), language, owner)?);
        }
    }
    Ok(rules)
}

fn rule(
    mut document: SerializableRuleConfig<SupportLang>,
    language: SupportLang,
    owner: Owner,
) -> Result<Rule, String> {
    document.language = language;
    let metadata = document.metadata.as_ref().and_then(|m| serde_json::to_value(m).ok()).unwrap_or_default();
    let says = |key: &str| metadata.get(key) == Some(&serde_json::Value::Bool(true));
    let id = document.id.clone();
    let patterns = |value: Result<serde_json::Value, serde_json::Error>| {
        set_of(&value.unwrap_or_default()).map_err(|e| format!("rule '{id}': {e}"))
    };
    let files = patterns(serde_json::to_value(&document.files))?;
    let ignores = patterns(serde_json::to_value(&document.ignores))?;
    Ok(Rule {
        owner,
        language,
        sign: Sign::of(&metadata),
        is_off: says("off"),
        not_in_tests: says("not_in_tests"),
        files,
        ignores: ignores.unwrap_or_default(),
        config: RuleConfig::try_from(document, &GlobalRules::default())
            .map_err(|e| format!("rule '{id}': {}", with_causes(&e)))?,
    })
}

/// An error's text with what caused it.
fn with_causes(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |e| e.source()).take(6);
    causes.map(|e| e.to_string().trim_end_matches('.').to_owned()).collect::<Vec<_>>().join(": ")
}

/// The patterns of `files` or `ignores`: texts, or tables with `glob`.
fn set_of(patterns: &serde_json::Value) -> Result<Option<GlobSet>, String> {
    let Some(patterns) = patterns.as_array() else { return Ok(None) };
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        let pattern = pattern.as_str().or_else(|| pattern.get("glob").and_then(|g| g.as_str())).unwrap_or("");
        set.add(Glob::new(pattern).map_err(|e| e.to_string())?);
    }
    set.build().map(Some).map_err(|e| e.to_string())
}

/// Whether a file has rules, by its name.
#[must_use]
pub fn is_rule_file(path: &str) -> bool {
    (path.ends_with(".yml") || path.ends_with(".yaml")) && !is_case_file(path)
}

/// Whether a file has a rule's cases, by its name: `x-test.yml`, as ast-grep calls them.
#[must_use]
pub fn is_case_file(path: &str) -> bool {
    path.ends_with("-test.yml") || path.ends_with("-test.yaml")
}

/// The rules that a repository keeps for itself, as the base has them: the branch under review cannot change what it is
/// reviewed by. Names and texts.
pub(crate) fn of_repository(snapshot: &Snapshot) -> Vec<(String, String)> {
    let is_rule = |path: &str| path.starts_with(FOLDER) && is_rule_file(path);
    let mut found = Vec::new();
    for file in snapshot.files() {
        let old_path = match &file.kind {
            git::ChangeKind::Renamed { from } => from.as_str(),
            _ => file.path.as_str(),
        };
        if let Some(old) = file.old.as_deref().filter(|_| is_rule(old_path)) {
            found.push((old_path.to_owned(), old.to_owned()));
        }
    }
    for path in snapshot.paths().unwrap_or_default() {
        if is_rule(path.as_str())
            && snapshot.file(&path).is_none()
            && let Ok(Some(text)) = snapshot.read(&path)
        {
            found.push((path.to_string(), text.to_string()));
        }
    }
    found.sort();
    found.truncate(MOST_FILES);
    found
}
