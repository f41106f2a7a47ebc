use super::*;
use crate::{CurrentTexts, Reach, find};
use finding::{Decisions, Round};

/// Lines that can be told apart.
const TEXT: &str = "call_number_one();\ncall_number_two();\ncall_number_three();\ncall_number_four();\ncall_number_five();\ncall_number_six();\n";

/// Files as they are now; `!` stands for one that cannot be read.
struct Files(BTreeMap<RepoPath, String>);

impl CurrentTexts for Files {
    fn read(&self, path: &RepoPath) -> Result<Option<Arc<str>>, ReadError> {
        match self.0.get(path).map(String::as_str) {
            Some("!") => Err(ReadError::NotUtf8 { path: path.clone() }),
            text => Ok(text.map(Arc::from)),
        }
    }
}

fn path(name: &str) -> RepoPath {
    RepoPath::new(name).unwrap()
}

fn finding(label: &str, places: &[(&str, u32)], fixes: &[&str]) -> Finding {
    let anchors = places.iter().map(|(name, line)| Anchor::lines(path(name), LineRange::line(*line))).collect();
    let fixes = fixes.iter().map(|diff| Fix { note: None, path: None, diff: (*diff).into(), by: Vec::new() }).collect();
    Finding {
        label: label.into(),
        anchors,
        fixes,
        confidence: 0.5,
        ..Finding::new(FindingId::new(format!("id-of-{label}")), finding::Severity::Important, label)
    }
}

/// A hunk that replaces a line, between those beside it.
fn replace(old: &str, new: &str) -> String {
    let lines: Vec<&str> = TEXT.lines().collect();
    let line = format!("call_number_{old}();");
    let at = lines.iter().position(|known| *known == line);
    let context = |n: Option<usize>| n.and_then(|n| lines.get(n)).map(|line| format!(" {line}\n")).unwrap_or_default();
    let (before, after) = (context(at.and_then(|at| at.checked_sub(1))), context(at.map(|at| at + 1)));
    format!("{before}-call_number_{old}();\n+call_number_{new}();\n{after}")
}

/// A round over a folder with `a.rs` and `b.rs`.
struct Bed {
    _folder: tempfile::TempDir,
    round: Round,
    decisions: Decisions,
    files: Files,
    reviewed: report::Texts,
    reach: Reach,
}

impl Bed {
    fn new(findings: Vec<Finding>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join(".git")).unwrap();
        let files = Files(["a.rs", "b.rs"].map(|name| (path(name), TEXT.to_owned())).into());
        Self {
            round: Round { findings, ..round() },
            decisions: Decisions::default(),
            reviewed: files.0.iter().map(|(path, text)| (path.clone(), Arc::from(text.as_str()))).collect(),
            files,
            reach: Reach::new(folder.path(), [folder.path().join(".git").as_path()]).unwrap(),
            _folder: folder,
        }
    }

    fn plan(&self, selection: Selection<'_>) -> ApplyPlan {
        let Self { round, decisions, files, reviewed, reach, .. } = self;
        plan(&Situation { round, decisions, reviewed, current: files, reach }, selection)
    }

    /// What becomes of the findings of these labels, in words; of all open ones without a label.
    fn said(&self, labels: &[&str]) -> Vec<String> {
        let indices: Vec<usize> = labels.iter().map(|label| find(&self.round, label).unwrap().index).collect();
        let selection =
            if labels.is_empty() { Selection::AllOpen { file: None } } else { Selection::Findings(&indices) };
        words(&self.plan(selection))
    }
}

fn round() -> Round {
    serde_json::from_value(serde_json::json!({
        "schema": 1, "id": "r", "number": 1, "started": "2026-03-23T16:13:34Z",
        "scope": { "base_name": "main", "uncommitted": true }, "agents": [],
    }))
    .unwrap()
}

fn words(plan: &ApplyPlan) -> Vec<String> {
    let taken = plan.taken.iter().map(|t| {
        let left: Vec<String> = t.left.iter().map(|why| format!("; {why}")).collect();
        format!("{} by {:?}{}", t.label, t.fixes, left.concat())
    });
    taken.chain(plan.refused.iter().map(|r| format!("{}: {}", r.label, r.why))).collect()
}

fn text<'p>(plan: &'p ApplyPlan, name: &str) -> &'p str {
    match &plan.files[&path(name)] {
        FileOutcome::Edited { text, .. } | FileOutcome::Created { text } => text,
        other => panic!("{other:?}"),
    }
}

#[test]
fn in_bulk_only_certain_places_are_taken_and_by_name_others_too() {
    // A context line that is not quite in the file, and lines that are left out.
    let fuzzy = " call_number_one();\n-call_number_two();\n+call_number_TWO();\n call_number_three();\n call_number_fourth();\n call_number_five();\n";
    let elided = " call_number_one();\n-call_number_two();\n+call_number_TWO();\n ...\n call_number_five();\n";
    let spaced = " call_number_one();\n-  call_number_two();\n+  call_number_TWO();\n";
    for (diff, placement) in [(fuzzy, Placement::Fuzzy), (elided, Placement::Elided), (spaced, Placement::Whitespace)] {
        let bed = Bed::new(vec![finding("I1", &[("a.rs", 2)], &[diff])]);
        let named = bed.plan(Selection::Findings(&[0]));
        assert_eq!(named.taken.iter().map(|t| t.placement).collect::<Vec<_>>(), [placement], "{diff}");
        let all = bed.said(&[]);
        if placement == Placement::Whitespace {
            assert_eq!(all, ["I1 by [0]"]);
        } else {
            assert_eq!(all, ["I1: its place is not certain; name it to apply it all the same"], "{diff}");
        }
    }
}

#[test]
fn of_alternatives_the_first_that_applies_is_taken() {
    let (gone, uncertain, good) = (
        replace("seven", "x"),
        " call_number_one();\n-call_number_two();\n+call_number_x();\n call_number_three();\n call_number_fourth();\n call_number_five();\n",
        replace("two", "TWO"),
    );
    let bed = Bed::new(vec![finding("I1", &[("a.rs", 2)], &[&gone, uncertain, &good])]);
    assert_eq!(bed.said(&["I1"]), ["I1 by [1]"]);
    assert_eq!(bed.said(&[]), ["I1 by [2]"], "in bulk, the first that is certain");
    assert_eq!(words(&bed.plan(Selection::Fix { finding: 0, fix: 2 })), ["I1 by [2]"]);
    let picked = words(&bed.plan(Selection::Fix { finding: 0, fix: 0 }));
    assert_eq!(
        picked,
        ["I1: the code that the fix changes is not in the file"],
        "no other is taken for the one picked"
    );
    assert_eq!(words(&bed.plan(Selection::Fix { finding: 0, fix: 3 })), ["I1: it has no fix"]);
}

#[test]
fn what_clashes_is_left_out_in_the_order_given() {
    let two = replace("two", "TWO");
    for (other, clashes) in [
        (replace("two", "zwei"), true),
        (replace("three", "drei"), true),
        ("@@ -2,2 +2,3 @@\n call_number_two();\n+call_number_new();\n call_number_three();\n".to_owned(), true),
        (replace("four", "vier"), false),
        (two.clone(), false),
    ] {
        let bed = Bed::new(vec![finding("I1", &[("a.rs", 2)], &[&two]), finding("I2", &[("a.rs", 2)], &[&other])]);
        let expected = if clashes {
            vec!["I1 by [0]".to_owned(), "I2: the fix changes lines that I1 changes too".to_owned()]
        } else {
            vec!["I1 by [0]".to_owned(), "I2 by [0]".to_owned()]
        };
        assert_eq!(bed.said(&[]), expected, "{other}");
        assert_eq!(bed.said(&["I1", "I2"]), expected, "{other}");
    }
    // The alternative that does not stand in the way is the one.
    let bed = Bed::new(vec![
        finding("I1", &[("a.rs", 2)], &[&two]),
        finding("I2", &[("a.rs", 3)], &[&replace("three", "drei"), &replace("five", "drei")]),
    ]);
    assert_eq!(bed.said(&[]), ["I1 by [0]", "I2 by [1]"]);
    assert_eq!(
        text(&bed.plan(Selection::AllOpen { file: None }), "a.rs"),
        TEXT.replace("two", "TWO").replace("five", "drei")
    );
}

#[test]
fn fixes_at_different_places_are_all_taken_or_the_rest_is_named() {
    let fixes = [replace("two", "TWO"), replace("five", "FIVE")];
    let mut bed = Bed::new(vec![finding("I1", &[("a.rs", 2), ("a.rs", 5)], &[&fixes[0], &fixes[1]])]);
    let plan = bed.plan(Selection::AllOpen { file: None });
    assert_eq!(words(&plan), ["I1 by [0, 1]"]);
    assert_eq!(text(&plan, "a.rs"), TEXT.replace("two", "TWO").replace("five", "FIVE"));
    assert!(plan.is_whole());

    // One is there already: the finding is resolved.
    bed.files.0.insert(path("a.rs"), TEXT.replace("two", "TWO"));
    assert_eq!(bed.said(&[]), ["I1 by [1]"]);
    // One was edited: it is not.
    bed.files.0.insert(path("a.rs"), TEXT.replace("two", "deux"));
    let plan = bed.plan(Selection::AllOpen { file: None });
    assert_eq!(words(&plan), ["I1 by [1]; the code that the fix changes was edited since the review"]);
    assert!(!plan.is_whole());
    // Both are there: nobody need do anything, and only who names it is told.
    bed.files.0.insert(path("a.rs"), TEXT.replace("two", "TWO").replace("five", "FIVE"));
    assert_eq!(bed.said(&[]), [""; 0]);
    assert_eq!(bed.said(&["I1"]), ["I1: the fix is already applied"]);
}

#[test]
fn all_is_what_is_open_and_stands_and_in_one_file_that_file_alone() {
    let fix = replace("two", "TWO");
    let both = "--- a/a.rs\n+++ b/a.rs\n@@\n-call_number_four();\n+call_number_vier();\n--- a/b.rs\n+++ b/b.rs\n@@\n-call_number_four();\n+call_number_vier();\n";
    let mut refuted = finding("I4", &[("a.rs", 6)], &[&replace("six", "SIX")]);
    let by = finding::AgentName::new("b");
    refuted.verification = finding::FindingStatus::Refuted { by, note: String::new() };
    let mut bed = Bed::new(vec![
        finding("I1", &[("a.rs", 2)], &[&fix]),
        finding("I2", &[("b.rs", 2)], &[&fix]),
        finding("I3", &[("a.rs", 4)], &[both]),
        refuted,
        finding("I5", &[("a.rs", 1)], &[]),
    ]);
    assert_eq!(bed.said(&[]), ["I1 by [0]", "I2 by [0]", "I3 by [0]"]);
    let here = path("a.rs");
    let in_a = bed.plan(Selection::AllOpen { file: Some(&here) });
    assert_eq!(words(&in_a), ["I1 by [0]", "I3: it changes other files too"]);
    assert_eq!(in_a.files.keys().map(RepoPath::as_str).collect::<Vec<_>>(), ["a.rs"]);
    let elsewhere = path("c.rs");
    assert_eq!(bed.plan(Selection::AllOpen { file: Some(&elsewhere) }).taken, []);
    assert_eq!(bed.said(&["I5"]), ["I5: it has no fix"]);

    let dismissed = State::Dismissed { reason: finding::DismissReason::WontFix, text: String::new() };
    let resolution = finding::Resolution {
        state: dismissed,
        at: jiff::Timestamp::UNIX_EPOCH,
        round: finding::RoundId::new("r"),
        code: None,
        commit: None,
        by: None,
    };
    bed.decisions.resolutions.insert(FindingId::new("id-of-I1"), resolution);
    assert_eq!(bed.said(&[]), ["I2 by [0]", "I3 by [0]"]);
}

#[test]
fn what_cannot_be_read_or_must_not_be_touched_is_refused_with_that_reason() {
    let create = |name: &str| format!("--- /dev/null\n+++ b/{name}\n@@ -0,0 +1 @@\n+x\n");
    let rename = "diff --git a/a.rs b/h/new.rs\nsimilarity index 100%\nrename from a.rs\nrename to h/new.rs\n";
    let fix = replace("two", "TWO");
    let for_file = |mut finding: Finding, name: &str| {
        finding.fixes[0].path = Some(path(name));
        finding
    };
    let mut bed = Bed::new(vec![
        for_file(finding("I1", &[("a.rs", 2)], &[&create("h/pre-commit")]), "h/pre-commit"),
        finding("I2", &[("a.rs", 2)], &[rename]),
        finding("I3", &[("b.rs", 2)], &[&fix]),
        finding("I4", &[("a.rs", 2)], &[&create("../x")]),
        for_file(finding("I5", &[("a.rs", 2)], &[&create("new")]), "new"),
    ]);
    bed.files.0.insert(path("b.rs"), "!".into());
    #[cfg(unix)]
    std::os::unix::fs::symlink(".git", bed.reach.root().join("h")).unwrap();
    for label in ["I1", "I2"] {
        let said = bed.said(&[label]).concat();
        assert!(said.ends_with("is one of git's own files"), "{said}");
    }
    assert_eq!(bed.said(&["I3"]), ["I3: b.rs is not UTF-8"]);
    assert!(bed.said(&["I4"]).concat().contains("outside the repository"));
    assert_eq!(bed.said(&["I5"]), ["I5 by [0]"]);
}

#[test]
fn a_place_follows_edits_and_says_when_it_was_edited_itself() {
    let twice = format!("{TEXT}{TEXT}");
    let mut bed = Bed::new(vec![finding("I1", &[("a.rs", 8)], &[&replace("two", "TWO")])]);
    bed.reviewed.insert(path("a.rs"), twice.as_str());
    bed.files.0.insert(path("a.rs"), format!("call_number_zero();\n{twice}"));
    let plan = bed.plan(Selection::AllOpen { file: None });
    assert_eq!(text(&plan, "a.rs"), format!("call_number_zero();\n{TEXT}{}", TEXT.replace("two", "TWO")));
    bed.files.0.insert(path("a.rs"), twice.replace("two", "deux"));
    assert_eq!(bed.said(&[]), ["I1: the code that the fix changes was edited since the review"]);
}
