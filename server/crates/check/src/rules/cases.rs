//! Cases that a rule must and must not find, in ast-grep's form, so that rules are tested as they are written.

use super::compiled::{Owner, Rule, built_in, compile};
use super::embedded::SOURCES;
use super::sign::Looked;
use super::{matches, nodes_on};
use crate::tree;
use ast_grep_language::SupportLang;
use serde::Deserialize;

/// The cases of one rule.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Cases {
    id: String,
    #[serde(default)]
    valid: Vec<Case>,
    #[serde(default)]
    invalid: Vec<Case>,
}

/// A piece of code; in which language, where the rule has more than one.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Case {
    Code(String),
    InLanguage { language: SupportLang, code: String },
}

/// A case that came out otherwise than it should.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failed {
    /// The rule.
    pub rule: String,
    /// The code.
    pub code: String,
    /// What is wrong: it was found and must not be, or the other way round, or the fix breaks the code.
    pub why: String,
}

/// What came of testing rules.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tested {
    /// How many cases there were.
    pub cases: usize,
    /// Those that failed.
    pub failed: Vec<Failed>,
    /// Rules without cases.
    pub untested: Vec<String>,
}

/// Tests rules of one's own: files of rules, and files of cases, as names and texts.
///
/// # Errors
/// The first file that cannot be read, with its name.
pub fn test_rules(rules: &[(String, String)], cases: &[(String, String)]) -> Result<Tested, String> {
    let mut compiled = Vec::new();
    for (name, text) in rules {
        compiled.extend(compile(text, Owner::User).map_err(|why| format!("{name}: {why}"))?);
    }
    let mut tested = Tested::default();
    let mut with_cases = Vec::new();
    for (name, text) in cases {
        let all: Vec<Cases> = ast_grep_config::from_multiple(text).map_err(|e| format!("{name}: {e}"))?;
        for cases in all {
            let of_rule: Vec<&Rule> = compiled.iter().filter(|r| r.config.id == cases.id).collect();
            if of_rule.is_empty() {
                return Err(format!("{name}: there is no rule '{}'", cases.id));
            }
            check(&of_rule, &cases, &mut tested);
            with_cases.push(cases.id);
        }
    }
    tested.untested = compiled.iter().map(|r| r.config.id.clone()).filter(|id| !with_cases.contains(id)).collect();
    tested.untested.dedup();
    Ok(tested)
}

/// Tests the built-in rules.
///
/// # Errors
/// None: a file that cannot be read would be a mistake here, and a test says so.
pub fn test_built_in() -> Result<Tested, String> {
    let mut tested = Tested::default();
    for source in SOURCES {
        let all: Vec<Cases> =
            ast_grep_config::from_multiple(source.cases).map_err(|e| format!("{}: {e}", source.name))?;
        for cases in all {
            let languages = cases.valid.iter().chain(&cases.invalid).filter_map(|case| match case {
                Case::InLanguage { language, .. } => Some(*language),
                Case::Code(_) => None,
            });
            let mut languages: Vec<SupportLang> = languages.filter(|l| tree::is_built_in(*l)).collect();
            languages.dedup();
            let of_rule = languages.iter().flat_map(|l| built_in(*l)).filter(|r| r.config.id == cases.id);
            check(&of_rule.collect::<Vec<_>>(), &cases, &mut tested);
        }
    }
    Ok(tested)
}

/// The code that each built-in rule has to find: the rule, its language and the code.
#[cfg(test)]
pub(crate) fn to_find() -> Vec<(String, String, String)> {
    let mut all = Vec::new();
    for source in SOURCES {
        let of_source: Vec<Cases> = ast_grep_config::from_multiple(source.cases).expect("cases that can be read");
        for cases in of_source {
            all.extend(cases.invalid.into_iter().filter_map(|case| match case {
                Case::InLanguage { language, code } => Some((cases.id.clone(), format!("{language:?}"), code)),
                Case::Code(_) => None,
            }));
        }
    }
    all
}

fn check(rules: &[&Rule], cases: &Cases, tested: &mut Tested) {
    for (case, must) in cases.invalid.iter().map(|c| (c, true)).chain(cases.valid.iter().map(|c| (c, false))) {
        let (language, code) = match case {
            Case::Code(code) => (rules.first().map(|r| r.language), code),
            Case::InLanguage { language, code } => (Some(*language), code),
        };
        let Some(language) = language.filter(|l| tree::is_built_in(*l)) else { continue };
        tested.cases += 1;
        if let Err(why) = one(rules, language, code, must) {
            tested.failed.push(Failed { rule: cases.id.clone(), code: code.clone(), why });
        }
    }
}

fn one(rules: &[&Rule], language: SupportLang, code: &str, must: bool) -> Result<(), String> {
    let tree = tree::parse(code, language).ok_or("the code cannot be read")?;
    let nodes = nodes_on(&tree, &|_| true);
    // As in a file: without its word, a rule is not tried.
    let looked = Looked::at(code);
    let of_language = rules.iter().filter(|r| r.language == language && r.sign.is_in(&looked));
    let found: Vec<_> =
        of_language.flat_map(|rule| matches(&nodes, rule, &|| true).map(move |node| (rule, node))).collect();
    match (must, found.is_empty()) {
        (true, true) => return Err("it is not found, and must be".to_owned()),
        (false, false) => return Err("it is found, and must not be".to_owned()),
        _ => {}
    }
    let had_errors = tree.root().dfs().any(|n| n.is_error());
    for (rule, node) in &found {
        for fixer in &rule.config.fixer {
            let (with, at) = super::edit(rule, fixer, node);
            let fixed = format!("{}{with}{}", &code[..at.start], &code[at.end..]);
            let breaks = tree::parse(&fixed, language).is_none_or(|t| t.root().dfs().any(|n| n.is_error()));
            if breaks && !had_errors {
                return Err(format!("its fix breaks the code:\n{fixed}"));
            }
        }
    }
    Ok(())
}
