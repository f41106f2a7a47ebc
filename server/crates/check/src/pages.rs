//! The rules' pages in `docs/rules/`: every rule has one, and the examples in it are true.

use crate::RuleInfo;
use crate::remark::tests::run;
use finding::RawFinding;
use git::{Repository, ScopeRequest, Snapshot, SnapshotOptions};
use patch::{Hints, apply_edits, place};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use test_repo::{Repo, isolate};
use tokio_util::sync::CancellationToken;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../docs/rules")
}

/// The pages' texts by the rules that they are named for.
fn pages() -> BTreeMap<String, String> {
    let page =
        |path: &Path| (path.file_stem().unwrap().to_str().unwrap().to_owned(), std::fs::read_to_string(path).unwrap());
    let all = std::fs::read_dir(folder()).unwrap().map(|entry| page(&entry.unwrap().path()));
    all.filter(|(name, _)| name != "README").collect()
}

/// The rules that the checkers list.
fn listed() -> impl Iterator<Item = RuleInfo> {
    super::ALL.iter().flat_map(super::Checker::rules)
}

fn rules() -> BTreeSet<String> {
    listed().map(|rule| rule.id).collect()
}

#[test]
fn every_rule_has_a_page_and_every_page_a_rule() {
    assert_eq!(pages().into_keys().collect::<BTreeSet<_>>(), rules());
}

/// Where a rule stands in the list: languages as people write them.
fn heading(rule: &RuleInfo) -> String {
    let names: Vec<&str> = rule
        .languages
        .iter()
        .filter(|language| *language != "Tsx")
        .map(|language| match language.as_str() {
            "Cpp" => "C++",
            "CSharp" => "C#",
            "Php" => "PHP",
            other => other,
        })
        .collect();
    match names[..] {
        [] => "Any language".to_owned(),
        [_] | [_, _] => names.join(" and "),
        _ => "Several languages".to_owned(),
    }
}

/// `docs/rules/README.md`: all pages, by language.
fn list() -> String {
    let mut groups: BTreeMap<String, Vec<RuleInfo>> = BTreeMap::new();
    for rule in listed() {
        groups.entry(heading(&rule)).or_default().push(rule);
    }
    let mut text = String::from(
        "# Rules\n\n\
         What the [built-in agents](../checks.md) look for. `deep-review rules` says which of them are on where you are, and\n\
         `deep-review rules explain ID` shows a page of these on the terminal.\n",
    );
    for (heading, mut rules) in groups {
        rules.sort_by(|a, b| a.id.cmp(&b.id));
        write!(text, "\n## {heading}\n\n| rule | finds | |\n|---|---|---|\n").unwrap();
        for RuleInfo { id, summary, has_fix, on_by_default, .. } in rules {
            let notes: Vec<_> = [(has_fix, "with a fix"), (!on_by_default, "off unless asked for")]
                .into_iter()
                .filter_map(|(holds, note)| holds.then_some(note))
                .collect();
            let (summary, notes) = (summary.replace('|', "\\|"), notes.join(", "));
            writeln!(text, "{}", format!("| [{id}]({id}.md) | {summary} | {notes} |").replace("  ", " ")).unwrap();
        }
    }
    text
}

#[test]
fn the_list_of_all_pages_is_of_now() {
    let file = folder().join("README.md");
    let list = list();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&file, &list).unwrap();
    }
    let kept = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(kept == list, "run the test with UPDATE=1 and commit docs/rules/README.md");
}

fn block<'p>(page: &'p str, heading: &str) -> (&'p str, &'p str) {
    let find = || {
        let after = page.split_once(&format!("\n## {heading}\n\n```"))?.1;
        let (language, code) = after.split_once('\n')?;
        Some((language, code.split_once("\n```")?.0))
    };
    find().unwrap_or_else(|| panic!("no example '{heading}' in {page}"))
}

/// What an example shows.
struct Shown {
    snapshot: Snapshot,
    /// Where the snapshot reads from.
    _repo: Option<Repo>,
}

fn shown(language: &str, code: &str) -> Shown {
    let ending = match language {
        "python" => "py",
        "rust" => "rs",
        "typescript" => "ts",
        "javascript" => "js",
        "csharp" => "cs",
        "kotlin" => "kt",
        "ruby" => "rb",
        // A commit's message.
        "text" => return committed("git", &["commit", "-q", "--allow-empty", "--cleanup=verbatim", "-m", code]),
        "sh" => return committed("sh", &["-e", "-c", code]),
        "diff" => return diffed(code),
        other => other,
    };
    let snapshot = Snapshot::in_memory(&[], &[(&format!("a.{ending}"), code)]);
    Shown { snapshot, _repo: None }
}

/// A change of one or more files, of which all lines are shown.
fn diffed(code: &str) -> Shown {
    // Its path, whether it is gone, whether it is new, and its lines.
    let mut files: Vec<(&str, bool, bool, Vec<&str>)> = Vec::new();
    for line in code.lines() {
        if let Some(path) = line.strip_prefix("--- ") {
            files.push((path, false, path == "/dev/null", Vec::new()));
        } else if let Some((path, is_gone, _, lines)) = files.last_mut() {
            match line.strip_prefix("+++ b/") {
                Some(new) => *path = new,
                None if line == "+++ /dev/null" => {
                    *is_gone = true;
                    *path = path.trim_start_matches("a/");
                }
                None if line.starts_with("@@") => {}
                None => lines.push(line),
            }
        }
    }
    let side = |lines: &[&str], signs: [char; 2]| -> String {
        lines.iter().filter(|line| line.starts_with(signs)).map(|line| format!("{}\n", &line[1..])).collect()
    };
    let old: Vec<(&str, String)> =
        files.iter().filter(|f| !f.2).map(|(path, .., lines)| (*path, side(lines, [' ', '-']))).collect();
    let new: Vec<(&str, String)> =
        files.iter().filter(|f| !f.1).map(|(path, .., lines)| (*path, side(lines, [' ', '+']))).collect();
    let old: Vec<(&str, &str)> = old.iter().map(|(path, text)| (*path, text.as_str())).collect();
    let new: Vec<(&str, &str)> = new.iter().map(|(path, text)| (*path, text.as_str())).collect();
    Shown { snapshot: Snapshot::in_memory(&old, &new), _repo: None }
}

/// A branch on which this command was run.
fn committed(program: &str, args: &[&str]) -> Shown {
    let repo = Repo::with_topic(&[("a.txt", "a\n")]);
    repo.write("a.txt", "b\n");
    repo.commit("Say b");
    let done = isolate(&mut Command::new(program)).current_dir(repo.path()).args(args).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let repository = Repository::discover(repo.path()).unwrap();
    let scope = repository.scope(&ScopeRequest::default()).unwrap();
    let snapshot = repository.snapshot(&scope, &SnapshotOptions::default(), &CancellationToken::new()).unwrap();
    Shown { snapshot, _repo: Some(repo) }
}

fn found(snapshot: &Snapshot) -> Vec<RawFinding> {
    super::ALL.iter().flat_map(|c| run(c.name, snapshot)).collect()
}

#[test]
fn examples_are_found_before_and_not_after() {
    for (rule, page) in pages() {
        assert!(page.starts_with(&format!("# {rule}\n")), "{rule}");
        let (language, before) = block(&page, "Before");
        let before = shown(language, before);
        let findings = found(&before.snapshot);
        let ids: Vec<&str> = findings.iter().map(|f| f.rule.as_ref().unwrap().id.as_str()).collect();
        assert_eq!(ids, [format!("deep-review/{rule}")]);
        let (language, after) = block(&page, "After");
        let after = shown(language, after);
        assert_eq!(found(&after.snapshot), [], "{rule}");
        if let Some(fix) = findings[0].fixes.first() {
            let path = &findings[0].anchors[0].path;
            let [text, fixed] = [&before, &after].map(|shown| shown.snapshot.read(path).unwrap().unwrap());
            let edits = place(&text, &fix.diff, &Hints::default()).unwrap().edits;
            assert_eq!(apply_edits(&text, &edits), *fixed, "{rule}");
        }
    }
}
