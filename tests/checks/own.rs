//! The built-in agents review this project itself. What they find is mended, or dismissed here with the reason.
#![expect(clippy::print_stderr, reason = "a test that skips says so")]

use deep_review::check::{ALL, Checker, Job, Settings};
use deep_review::config;
use deep_review::finding::{RawFinding, RoundScope};
use deep_review::git::{Repository, ScopeRequest, Snapshot, SnapshotOptions};
use std::collections::BTreeSet;
use std::path::Path;
use tokio_util::sync::CancellationToken;

/// Rule, file, a part of the quoted text (of the title, where there is no text), and why it stays.
const DISMISSED: &[(&str, &str, &str, &str)] = &[
    ("conflict-marker", "docs/rules/conflict-marker.md", "<<<<<<< ", "the example of this very rule"),
    ("conflict-marker", "fixtures/patch/content.toml", "<<<<<<< ", "a text with markers, to which a fix is applied"),
    ("issued-secret", "docs/rules/issued-secret.md", "TOKEN = ", "the example of this very rule, made up"),
    ("misspelling", "docs/rules/js-typeof-unknown.md", "fucntion", "the example's mistake"),
    ("misspelling", "docs/reports.md", "Probleme", "German"),
    ("misspelling", "editors/neovim/doc/deep-review.txt", "noet", "an option of Vim"),
    ("misspelling", "server/crates/check/src/testing.rs", "validat", "how words begin, in a pattern"),
    ("misspelling", "server/crates/secrets/src/issued.rs", "Hashi", "a company's name"),
    ("misspelling", "server/crates/merge/src/doubt.rs", "recieved", "what a test's agent says"),
];

fn repository() -> Option<Repository> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent()?;
    let repository =
        Repository::discover(root).ok().filter(|r| r.root().canonicalize().ok() == root.canonicalize().ok());
    if repository.is_none() {
        eprintln!("skipped: {} is no git repository", root.display());
    }
    repository
}

/// The repository's own `.deep-review.toml` says what is left out.
fn snapshot(repository: &Repository, scope: &RoundScope) -> Snapshot {
    let text = std::fs::read_to_string(repository.root().join(".deep-review.toml")).unwrap();
    let config = config::load(None, Some(&text), &|_| None).unwrap().config;
    let options = SnapshotOptions {
        exclude: config.exclude,
        max_file_bytes: config.max_file_bytes,
        ..SnapshotOptions::default()
    };
    repository.snapshot(scope, &options, &CancellationToken::new()).unwrap()
}

/// Which dismissal is meant, by its number.
fn dismissed_by(finding: &RawFinding) -> Option<usize> {
    let rule = finding.rule.as_ref().map_or("", |r| r.id.trim_start_matches("deep-review/"));
    let anchor = finding.main_anchor();
    let (path, quote) = (anchor.map_or("", |a| a.path.as_str()), anchor.and_then(|a| a.quote.as_deref()));
    let text = quote.unwrap_or(&finding.title);
    DISMISSED.iter().position(|(r, p, part, _)| *r == rule && *p == path && text.contains(part))
}

/// Fails if anything was found that is not dismissed; returns which dismissals were needed.
fn review(snapshot: &Snapshot) -> BTreeSet<usize> {
    let (settings, cancel) = (Settings::default(), CancellationToken::new());
    let check = |c: &Checker| c.run(&Job::new(snapshot, &settings, &cancel)).unwrap().findings;
    let findings: Vec<RawFinding> = ALL.iter().flat_map(check).collect();
    let open: Vec<String> = findings
        .iter()
        .filter(|f| dismissed_by(f).is_none())
        .map(|f| {
            let place = f.main_anchor().map(ToString::to_string).unwrap_or_default();
            format!("{place}: {} ({})\n{}\n", f.title, f.rule.as_ref().map_or("", |r| &r.id), f.body)
        })
        .collect();
    assert!(
        open.is_empty(),
        "the built-in agents found something: mend it, or dismiss it in {} with the reason\n\n{}",
        file!(),
        open.join("\n")
    );
    findings.iter().filter_map(dismissed_by).collect()
}

/// As if every file were new: this needs no history, so it is the same in a clone of one commit.
#[test]
fn the_whole_tree_has_nothing_that_the_built_in_agents_find() {
    let Some(repository) = repository() else { return };
    let scope = RoundScope { branch: None, base_name: "nothing".into(), base: None, head: None, uncommitted: true };
    let snapshot = snapshot(&repository, &scope);
    assert!(snapshot.files().len() > 200, "{} files are no whole tree", snapshot.files().len());
    let files: Vec<&str> = snapshot.files().iter().map(|f| f.path.as_str()).collect();
    assert!(files.contains(&"server/crates/check/src/leftovers.rs") && files.contains(&"editors/vscode/package.json"));
    let needed = review(&snapshot);
    assert!(needed.into_iter().eq(0..DISMISSED.len()), "some of what is dismissed is not found any more: take it out");
}

/// What the current branch changes, where the clone knows what it started from.
#[test]
fn the_current_branch_has_nothing_that_the_built_in_agents_find() {
    let Some(repository) = repository() else { return };
    match repository.scope(&ScopeRequest::default()) {
        Ok(scope) => drop(review(&snapshot(&repository, &scope))),
        Err(e) => eprintln!("skipped: {e}"),
    }
}
