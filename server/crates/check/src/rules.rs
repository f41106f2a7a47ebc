//! Known mistakes, as patterns over the syntax tree: `rules/*.yml`, in ast-grep's form, and rules of people's own.

mod cases;
mod compiled;
mod embedded;
mod sign;

#[cfg(test)]
pub(crate) use cases::to_find;
pub use cases::{Failed, Tested, test_built_in, test_rules};
pub use compiled::{is_case_file, is_rule_file};

use super::remark::{
    LONGEST_LINE, MOST_FINDINGS, anchor, has_added, is_built, is_generated, is_test, is_test_data, line_at, line_text,
    remark, replacing,
};
use super::tree::{self, Tree};
use super::{Job, RuleInfo};
use ast_grep_config::Fixer;
use ast_grep_core::matcher::MatcherExt;
use ast_grep_core::replacer::Replacer;
use ast_grep_core::tree_sitter::StrDoc;
use ast_grep_core::{Matcher, NodeMatch};
use ast_grep_language::SupportLang;
use compiled::{Owner, Rule, built_in, compile};
use finding::{LineRange, RawFinding, RuleRef, Severity};
use git::ChangedFile;
use sign::Looked;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::ops::{Range, RangeInclusive};
use std::time::{Duration, Instant};

pub(super) const AGENT: &str = "rules";
/// A text that takes longer is not read to its end; a thousand lines of code take some milliseconds.
const LONGEST: Duration = Duration::from_secs(5);
/// Nor does one rule take longer.
const LONGEST_OF_A_RULE: Duration = Duration::from_millis(700);

type Node<'t> = ast_grep_core::Node<'t, StrDoc<SupportLang>>;
type Found<'t> = NodeMatch<'t, StrDoc<SupportLang>>;

/// Rules of people's own, compiled, and what is wrong with those that cannot be.
#[derive(Default)]
pub(super) struct OwnRules {
    rules: Vec<Rule>,
    /// In a sentence each.
    pub(super) refused: Vec<String>,
    /// A number for all of their texts.
    pub(super) number: u64,
}

impl std::fmt::Debug for OwnRules {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OwnRules").field("rules", &self.rules.len()).field("refused", &self.refused).finish()
    }
}

impl OwnRules {
    /// The user's, and those that the base of the snapshot has.
    pub(super) fn of(job: &Job<'_>) -> Self {
        let mut own = Self::default();
        let repository = compiled::of_repository(job.snapshot);
        own.number = crate::kept::number_of((&job.settings.own_rules, &repository));
        let all = job.settings.own_rules.iter().map(|file| (Owner::User, file));
        for (owner, (name, text)) in all.chain(repository.iter().map(|file| (Owner::Repository, file))) {
            match compile(text, owner) {
                Ok(rules) => own.rules.extend(rules),
                Err(why) => own.refused.push(format!("the rules in {name} were left out: {why}")),
            }
        }
        own
    }

    /// As they are listed.
    pub(super) fn listed(&self) -> Vec<RuleInfo> {
        listed(self.rules.iter())
    }
}

/// The built-in rules as they are listed.
pub(super) fn listed_built_in() -> Vec<RuleInfo> {
    listed(tree::built_in_languages().into_iter().flat_map(built_in))
}

fn listed<'r>(rules: impl Iterator<Item = &'r Rule>) -> Vec<RuleInfo> {
    let mut all: BTreeMap<String, RuleInfo> = BTreeMap::new();
    for rule in rules {
        let id = match rule.owner {
            Owner::BuiltIn => rule.config.id.clone(),
            owner => format!("{}/{}", owner.prefix(), rule.config.id),
        };
        let info = all.entry(id.clone()).or_insert_with(|| RuleInfo {
            id,
            agent: AGENT,
            summary: rule.config.message.clone(),
            why: rule.config.note.clone().unwrap_or_default().trim().to_owned(),
            languages: Vec::new(),
            has_fix: !rule.config.fixer.is_empty(),
            on_by_default: !rule.is_off,
        });
        let language = rule.language.to_string();
        if !info.languages.contains(&language) {
            info.languages.push(language);
        }
    }
    all.into_values().collect()
}

/// Matches all rules on the added lines of a file.
pub(super) fn in_file(job: &Job<'_>, file: &ChangedFile) -> Vec<RawFinding> {
    let (Some(text), Some(language)) = (file.new.as_deref(), tree::language_of(&file.path)) else {
        return Vec::new();
    };
    // What is compared with is as it has to be, and what a tool wrote is mended where it was written from.
    let is_added_to = file.hunks.iter().any(|h| h.new_count > 0);
    if !is_added_to || is_test_data(&file.path) || is_built(&file.path) || is_generated(text) {
        return Vec::new();
    }
    let in_test = is_test(&file.path);
    let is_for_file = |rule: &Rule| {
        rule.files.as_ref().is_none_or(|files| files.is_match(file.path.as_str()))
            && !rule.ignores.is_match(file.path.as_str())
            && !(in_test && rule.not_in_tests)
    };
    let own = job.own_rules().rules.iter().filter(|rule| rule.language == language);
    let looked = Looked::at(text);
    let wanted = |r: &&Rule| is_for_file(r) && job.settings.is_on(&r.config.id, !r.is_off) && r.sign.is_in(&looked);
    let rules: Vec<&Rule> = built_in(language).iter().chain(own).filter(wanted).collect();
    if rules.is_empty() {
        return Vec::new();
    }
    let Some(tree) = tree::read(&file.path, text) else { return Vec::new() };
    let nodes = nodes_on(&tree, &|rows| has_added(file, rows));
    let until = Instant::now() + LONGEST;
    let mut findings = Vec::new();
    for rule in rules {
        // One rule that is slow on this text leaves time for the others. Its clock starts at its first try.
        let own_until = Cell::new(None);
        let go_on = || {
            let own = own_until.get().unwrap_or_else(|| Instant::now() + LONGEST_OF_A_RULE);
            own_until.set(Some(own));
            !job.is_cancelled() && Instant::now() < until.min(own)
        };
        for node in matches(&nodes, rule, &go_on).take(MOST_FINDINGS) {
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

/// The nodes that begin on wanted lines, in order. What has no wanted line in it is not walked.
fn nodes_on<'t>(tree: &'t Tree, is_wanted: &dyn Fn(RangeInclusive<usize>) -> bool) -> Vec<Node<'t>> {
    let mut wanted = Vec::new();
    let mut next = vec![tree.root()];
    while let Some(node) = next.pop() {
        let (first, last) = (node.get_inner_node().start_position().row, node.get_inner_node().end_position().row);
        if !is_wanted(first..=last) {
            continue;
        }
        let behind = next.len();
        next.extend(node.children());
        next[behind..].reverse();
        if is_wanted(first..=first) {
            wanted.push(node);
        }
    }
    wanted
}

/// The matches of a rule among nodes. Asks `go_on` before each try: where a node is in a wide list or deep in others, one
/// try may take as long as the text.
fn matches<'n, 't>(
    nodes: &'n [Node<'t>],
    rule: &'n Rule,
    go_on: &'n dyn Fn() -> bool,
) -> impl Iterator<Item = Found<'t>> + use<'n, 't> {
    let matcher = &rule.config.matcher;
    let kinds = matcher.potential_kinds();
    let may_match = move |kind: u16| kinds.as_ref().is_none_or(|kinds| kinds.contains(kind.into()));
    let candidates = nodes.iter().filter(move |node| may_match(node.kind_id()));
    candidates.take_while(|_| go_on()).filter_map(|node| matcher.match_node(node.clone()))
}

/// What a fix puts where.
fn edit(rule: &Rule, fixer: &Fixer, node: &Found<'_>) -> (String, Range<usize>) {
    let with = fixer.generate_replacement(node);
    (String::from_utf8_lossy(&with).into_owned(), fixer.get_replaced_range(node, &rule.config.matcher))
}

fn finding(file: &ChangedFile, text: &str, rule: &Rule, node: &Found<'_>) -> RawFinding {
    let config = &rule.config;
    let severity = match (&config.severity, rule.owner) {
        // Of the built-in ones none is so sure.
        (ast_grep_config::Severity::Error, Owner::Repository | Owner::User) => Severity::Critical,
        (ast_grep_config::Severity::Error | ast_grep_config::Severity::Warning, _) => Severity::Important,
        _ => Severity::Suggestion,
    };
    let title = config.get_message(node);
    let mut finding =
        remark(AGENT, &config.id, severity, title, config.note.clone().unwrap_or_default().trim().to_owned());
    if rule.owner != Owner::BuiltIn {
        let id = format!("{}/{}", rule.owner.prefix(), config.id);
        finding.rule = Some(RuleRef { id, url: config.url.clone().filter(|u| u.starts_with("https://")) });
    }
    let range = node.range();
    // The statement's first lines say enough of a long one.
    let (first, last) = (line_at(text, range.start), line_at(text, range.end));
    finding.anchors.push(anchor(&file.path, text, LineRange::new(first, last.min(first + 9))));
    for fixer in &config.fixer {
        let (with, at) = edit(rule, fixer, node);
        let note = fixer.title().unwrap_or("as the rule says");
        finding.fixes.push(replacing(AGENT, note, &file.path, text, &[(at, &with)]));
    }
    finding
}

#[cfg(test)]
mod tests;
