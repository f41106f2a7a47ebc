//! Known mistakes, as patterns over the syntax tree: `rules/*.yml`, in ast-grep's form.

use super::remark::{LONGEST_LINE, MOST_FINDINGS, anchor, is_test, line_at, line_text, remark, replacing};
use super::tree::{self, Tree};
use super::{Job, RuleInfo};
use ast_grep_config::{GlobalRules, RuleConfig, SerializableRuleConfig};
use ast_grep_core::matcher::MatcherExt;
use ast_grep_core::replacer::Replacer;
use ast_grep_core::tree_sitter::StrDoc;
use ast_grep_core::{Matcher, NodeMatch};
use ast_grep_language::SupportLang;
use finding::{LineRange, RawFinding, Severity};
use git::ChangedFile;
use std::collections::BTreeMap;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

pub(super) const AGENT: &str = "rules";
/// A text that takes longer is not read to its end; a thousand lines of code take some milliseconds.
const LONGEST: Duration = Duration::from_secs(5);

/// A rule's text, and a word without which it never matches: most files need no parsing.
struct Source {
    word: &'static str,
    yaml: &'static str,
}

macro_rules! sources {
    ($($name:literal: $word:literal),* $(,)?) => {
        [$(Source { word: $word, yaml: include_str!(concat!("rules/", $name, ".yml")) }),*]
    };
}

static SOURCES: [Source; 11] = sources! {
    "go-defer-in-loop": "defer",
    "go-trim-cutset": "strings.Trim",
    "js-assignment-in-condition": "if",
    "js-async-foreach": "forEach",
    "js-nan-comparison": "NaN",
    "python-assert-tuple": "assert",
    "python-is-literal": " is ",
    "python-mutable-default": "def ",
    "python-strip-affix": "strip(",
    "rust-dropped-guard": "let _ ",
    "rust-nan-comparison": "NAN",
};

struct Rule {
    word: &'static str,
    config: RuleConfig<SupportLang>,
    /// Whether it looks only when it is asked for (`metadata: { off: true }`).
    is_off: bool,
    /// Whether tests may do what it finds (`metadata: { not_in_tests: true }`).
    not_in_tests: bool,
}

static RULES: LazyLock<Vec<Rule>> = LazyLock::new(|| SOURCES.iter().flat_map(compile).collect());

/// The documents of one file; those for TypeScript are for JavaScript and TSX too.
#[expect(clippy::expect_used, reason = "the rules are constants, and every test compiles them")]
fn compile(source: &Source) -> Vec<Rule> {
    let documents: Vec<SerializableRuleConfig<SupportLang>> =
        ast_grep_config::from_multiple(source.yaml).expect("a rule in the right form");
    let mut rules = Vec::new();
    for document in documents {
        let languages = match document.language {
            SupportLang::TypeScript => vec![SupportLang::TypeScript, SupportLang::Tsx, SupportLang::JavaScript],
            other => vec![other],
        };
        for language in languages {
            let mut document = document.clone();
            document.language = language;
            let (is_off, not_in_tests) = (says(&document, "off"), says(&document, "not_in_tests"));
            let config = RuleConfig::try_from(document, &GlobalRules::default()).expect("a rule that makes sense");
            rules.push(Rule { word: source.word, config, is_off, not_in_tests });
        }
    }
    rules
}

/// The rules as they are listed.
pub(super) fn listed() -> Vec<RuleInfo> {
    let mut rules: BTreeMap<String, RuleInfo> = BTreeMap::new();
    for rule in RULES.iter() {
        rules.entry(rule.config.id.clone()).or_insert_with(|| RuleInfo {
            id: rule.config.id.clone(),
            agent: AGENT,
            summary: rule.config.message.clone(),
            on_by_default: !rule.is_off,
        });
    }
    rules.into_values().collect()
}

/// Whether a rule's metadata says yes to something.
fn says(config: &SerializableRuleConfig<SupportLang>, key: &str) -> bool {
    let metadata = config.metadata.as_ref().and_then(|m| serde_json::to_value(m).ok());
    metadata.is_some_and(|m| m.get(key) == Some(&serde_json::Value::Bool(true)))
}

/// Matches all rules on the added lines of a file.
pub(super) fn in_file(job: &Job<'_>, file: &ChangedFile) -> Vec<RawFinding> {
    let (Some(text), Some(language)) = (file.new.as_deref(), tree::language_of(&file.path)) else {
        return Vec::new();
    };
    let has = |word: &str| memchr::memmem::find(text.as_bytes(), word.as_bytes()).is_some();
    let in_test = is_test(&file.path);
    let wanted = |r: &&Rule| {
        r.config.language == language
            && has(r.word)
            && !(in_test && r.not_in_tests)
            && job.settings.is_on(&r.config.id, !r.is_off)
    };
    let rules: Vec<&Rule> = RULES.iter().filter(wanted).collect();
    if rules.is_empty() {
        return Vec::new();
    }
    let Some(tree) = tree::read(&file.path, text) else { return Vec::new() };
    let until = Instant::now() + LONGEST;
    let go_on = || !job.is_cancelled() && Instant::now() < until;
    let mut findings = Vec::new();
    for rule in rules {
        for node in matches(&tree, rule, file, &go_on).take(MOST_FINDINGS) {
            let start = node.range().start;
            // A node with an error in it is code that the grammar does not know.
            if line_text(text, start).len() <= LONGEST_LINE && !node.dfs().any(|n| n.is_error()) {
                findings.push((start, finding(file, text, rule, &node)));
            }
        }
    }
    findings.sort_by_key(|(at, _)| *at);
    findings.into_iter().map(|(_, finding)| finding).collect()
}

/// The rule's matches that begin on added lines. Asks `go_on` before each try: where a node is in a wide list or deep in
/// others, one try may take as long as the text.
fn matches<'t>(
    tree: &'t Tree,
    rule: &'t Rule,
    file: &'t ChangedFile,
    go_on: &'t dyn Fn() -> bool,
) -> impl Iterator<Item = NodeMatch<'t, StrDoc<SupportLang>>> {
    let matcher = &rule.config.matcher;
    let kinds = matcher.potential_kinds();
    let may_match = move |kind: u16| kinds.as_ref().is_none_or(|kinds| kinds.contains(kind.into()));
    let is_added = |row: usize| {
        let next = file.hunks.partition_point(|h| h.new_start as usize <= row + 1);
        next.checked_sub(1).is_some_and(|i| row + 1 < (file.hunks[i].new_start + file.hunks[i].new_count) as usize)
    };
    let root = tree.root();
    let nodes: Vec<_> = root
        .dfs()
        .filter(|node| may_match(node.kind_id()) && is_added(node.get_inner_node().start_position().row))
        .collect();
    nodes.into_iter().take_while(|_| go_on()).filter_map(|node| matcher.match_node(node))
}

fn finding(file: &ChangedFile, text: &str, rule: &Rule, node: &NodeMatch<'_, StrDoc<SupportLang>>) -> RawFinding {
    let config = &rule.config;
    let severity = match config.severity {
        ast_grep_config::Severity::Error | ast_grep_config::Severity::Warning => Severity::Important,
        _ => Severity::Suggestion,
    };
    let title = config.get_message(node);
    let mut finding =
        remark(AGENT, &config.id, severity, title, config.note.clone().unwrap_or_default().trim().to_owned());
    let range = node.range();
    // The statement's first lines say enough of a long one.
    let (first, last) = (line_at(text, range.start), line_at(text, range.end));
    finding.anchors.push(anchor(&file.path, text, LineRange::new(first, last.min(first + 9))));
    for fixer in &config.fixer {
        let with = fixer.generate_replacement(node);
        let with = String::from_utf8_lossy(&with);
        let at = fixer.get_replaced_range(node, &config.matcher);
        finding.fixes.push(replacing(
            AGENT,
            fixer.title().unwrap_or("as the rule says"),
            &file.path,
            text,
            &[(at, &with)],
        ));
    }
    finding
}

#[cfg(test)]
mod tests;
