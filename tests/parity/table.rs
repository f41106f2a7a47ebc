//! The situations.

use super::{Act, Row, check};
use crate::cli::bed::{AFTER, Bed, answer, finding, with_fix};
use serde_json::{Value, json};
use std::os::unix::fs::symlink;
use std::path::Path;

const COUNT: &str =
    "-    std::env::args().count() as u32\n+    std::env::args().count().try_into().unwrap_or(u32::MAX)\n";
const PRINT: &str = "-    println!(\"{n}\");\n+    println!(\"{n:>4}\");\n";
const NAME: &str = "-fn first() -> u32 {\n+fn first() -> u64 {\n";
/// A line of context that is not quite in the file, away from the change.
const FUZZY: &str = " fn main() {\n-    let n = first();\n+    let n = second();\n     println!(\"{n}\");\n }\n \n fn first() -> u64 {\n     std::env::args().count() as u32\n";
const ELIDED: &str = " fn main() {\n-    let n = first();\n+    let n = second();\n ...\n fn first() -> u32 {\n";
const SPACED: &str = "-  std::env::args().count() as u32\n+  std::env::args().len() as u32\n";
const GONE: &str = "-    nothing_like_it();\n+    something();\n";

fn critical(diff: &str) -> Value {
    with_fix(finding("critical", "The count is cut off", (7, 7)), diff)
}

fn important(diff: &str) -> Value {
    with_fix(finding("important", "A wider type is wanted by callers", (6, 6)), diff)
}

fn suggestion(diff: &str) -> Value {
    with_fix(finding("suggestion", "Columns of output do not line up", (3, 3)), diff)
}

/// A fix for a file of its own name.
fn in_file(path: &str, diff: &str) -> Value {
    let mut finding = critical(diff);
    finding["fixes"][0]["path"] = json!(path);
    finding
}

fn alternatives(diffs: &[&str]) -> Value {
    let mut finding = critical("");
    finding["fixes"] = diffs.iter().map(|diff| json!({ "note": "", "path": "src/main.rs", "diff": diff })).collect();
    finding
}

fn created(path: &str) -> String {
    format!("--- /dev/null\n+++ b/{path}\n@@ -0,0 +1 @@\n+new\n")
}

fn untouched(_: &Path) {}

fn row(name: &'static str, findings: &[Value], since: fn(&Path), acts: &[Act]) -> Row {
    row_in(Bed::new(), name, findings, since, acts)
}

fn row_in(bed: Bed, name: &'static str, findings: &[Value], since: fn(&Path), acts: &[Act]) -> Row {
    Row { name, bed: bed.agent("one", &answer(findings)), since, acts: acts.to_vec() }
}

fn write(root: &Path, text: impl AsRef<[u8]>) {
    std::fs::write(root.join("src/main.rs"), text).unwrap();
}

#[test]
fn one_fix() {
    use Act::{Apply, Write};
    let one = &[Apply("C1")];
    check(vec![
        row("as it was reviewed", &[critical(COUNT)], untouched, one),
        row("by its label in lower case", &[critical(COUNT)], untouched, &[Apply("c1")]),
        row("twice", &[critical(COUNT)], untouched, &[Apply("C1"), Apply("C1")]),
        row("a finding that is not there", &[critical(COUNT)], untouched, &[Apply("C9")]),
        row("a finding without a name", &[critical(COUNT)], untouched, &[Apply("")]),
        row("a finding without a fix", &[finding("critical", "No fix", (7, 7))], untouched, one),
        row("an uncertain place that is asked for", &[critical(FUZZY)], untouched, one),
        row("a place around an elision that is asked for", &[critical(ELIDED)], untouched, one),
        row("other white space", &[critical(SPACED)], untouched, one),
        row("lines moved down", &[critical(COUNT)], |root| write(root, format!("// First.\n{AFTER}")), one),
        row("lines edited", &[critical(COUNT)], |root| write(root, AFTER.replace("as u32", "as u64")), one),
        row("lines gone", &[critical(COUNT)], |root| write(root, "fn main() {}\n"), one),
        row("the file gone", &[critical(COUNT)], |root| std::fs::remove_file(root.join("src/main.rs")).unwrap(), one),
        row("no text any more", &[critical(COUNT)], |root| write(root, b"\xff\xfe\x00"), one),
        row("the first alternative is gone", &[alternatives(&[GONE, COUNT])], untouched, one),
        row("no alternative applies", &[alternatives(&[GONE, GONE])], untouched, one),
        row("line ends of Windows", &[critical(COUNT)], |root| write(root, AFTER.replace('\n', "\r\n")), one),
        row("no line end at the end", &[critical(COUNT)], |root| write(root, AFTER.trim_end()), one),
        row("done by hand", &[critical(COUNT)], |root| write(root, by_hand()), one),
        row("taken back by hand", &[critical(COUNT)], untouched, &[Apply("C1"), Write("src/main.rs", AFTER)]),
    ]);
}

fn by_hand() -> String {
    AFTER.replace("count() as u32", "count().try_into().unwrap_or(u32::MAX)")
}

#[test]
fn one_fix_over_files() {
    let one = &[Act::Apply("C1")];
    let both =
        format!("--- a/src/main.rs\n+++ b/src/main.rs\n@@\n{COUNT}--- a/other.rs\n+++ b/other.rs\n@@\n-one\n+two\n");
    let other = |root: &Path| std::fs::write(root.join("other.rs"), "one\n").unwrap();
    let delete = "diff --git a/src/main.rs b/src/main.rs\ndeleted file mode 100644\n--- a/src/main.rs\n+++ /dev/null\n";
    let taken = |root: &Path| std::fs::write(root.join("src/moved.rs"), "taken\n").unwrap();
    let rename = "diff --git a/src/main.rs b/src/moved.rs\nsimilarity index 100%\nrename from src/main.rs\nrename to src/moved.rs\n";
    check(vec![
        row("two files", &[critical(&both)], other, one),
        row("two files, one of them not there", &[critical(&both)], untouched, one),
        row("a new file", &[in_file("new.txt", &created("new.txt"))], untouched, one),
        row("a new file in a new folder", &[in_file("a/b/new.txt", &created("a/b/new.txt"))], untouched, one),
        row("a new file that is there", &[in_file("other.rs", &created("other.rs"))], other, one),
        row("a file that goes away", &[critical(delete)], untouched, one),
        row("a file that moves to a name that is taken", &[critical(rename)], taken, one),
        row("all of them in bulk", &[critical(&both), suggestion(PRINT)], other, &[Act::ApplyAll]),
        row("a new file in bulk", &[in_file("new.txt", &created("new.txt"))], untouched, &[Act::ApplyAll]),
        row("a file that goes away, in bulk", &[critical(delete)], untouched, &[Act::ApplyAll]),
    ]);
}

#[test]
fn what_a_fix_must_not_reach() {
    let edit = |path: &str| format!("--- a/{path}\n+++ b/{path}\n@@ -1 +1 @@\n-secret\n+changed\n");
    let hooks = |root: &Path| symlink("../.git/hooks", root.join("src/h")).unwrap();
    let outside = |root: &Path| {
        let folder = root.join("../outside");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("f"), "secret\n").unwrap();
        symlink("../outside", root.join("out")).unwrap();
        symlink("../outside/f", root.join("link")).unwrap();
    };
    let mut rows = Vec::new();
    for act in [Act::Apply("C1"), Act::ApplyAll] {
        let acts = &[act];
        rows.extend([
            row("a hook behind a link", &[in_file("src/h/pre-commit", &created("src/h/pre-commit"))], hooks, acts),
            row("git's own file", &[in_file("", &edit(".git/config"))], untouched, acts),
            row("beside the repository", &[in_file("", &edit("../outside/f"))], outside, acts),
            row("out by a folder's link", &[in_file("out/f", &edit("out/f"))], outside, acts),
            row("a new file out by a folder's link", &[in_file("out/g", &created("out/g"))], outside, acts),
            row("out by the file's own link", &[in_file("link", &edit("link"))], outside, acts),
        ]);
    }
    check(rows);
}

#[test]
fn fixes_in_bulk() {
    use Act::{ApplyAll, Dismiss};
    let all = &[ApplyAll];
    let wider = "-    std::env::args().count() as u32\n+    std::env::args().count() as u64\n";
    let mut places = finding("critical", "The count is cut off", (7, 7));
    places["places"] = json!([
        { "path": "src/main.rs", "start_line": 7, "end_line": 7, "quote": "" },
        { "path": "src/main.rs", "start_line": 3, "end_line": 3, "quote": "" },
    ]);
    places["fixes"] = json!([
        { "note": "", "path": "src/main.rs", "diff": COUNT },
        { "note": "", "path": "src/main.rs", "diff": PRINT },
    ]);
    check(vec![
        row("several", &[critical(COUNT), suggestion(PRINT)], untouched, all),
        row("twice", &[critical(COUNT), suggestion(PRINT)], untouched, &[ApplyAll, ApplyAll]),
        row("on the same lines", &[critical(COUNT), important(wider)], untouched, all),
        row("on lines side by side", &[critical(COUNT), important(NAME)], untouched, all),
        row("an uncertain place", &[critical(FUZZY), suggestion(PRINT)], untouched, all),
        row("a place around an elision", &[critical(ELIDED)], untouched, all),
        row("other white space", &[critical(SPACED)], untouched, all),
        row("an alternative that is certain", &[alternatives(&[FUZZY, COUNT])], untouched, all),
        row("an alternative that is not in the way", &[critical(NAME), alternatives(&[COUNT, PRINT])], untouched, all),
        row(
            "one that was declined",
            &[critical(COUNT), suggestion(PRINT)],
            untouched,
            &[Dismiss("C1", "wont-fix", "it stays"), ApplyAll],
        ),
        row("one that was done by hand", &[critical(COUNT), suggestion(PRINT)], |root| write(root, by_hand()), all),
        row("one that was edited", &[critical(COUNT), suggestion(PRINT)], edited, all),
        row("several places of one finding", &[places.clone()], untouched, all),
        row("several places of one finding, by name", &[places], untouched, &[Act::Apply("C1")]),
        row(
            "line ends of Windows",
            &[critical(COUNT), suggestion(PRINT)],
            |root| write(root, AFTER.replace('\n', "\r\n")),
            all,
        ),
    ]);
}

fn edited(root: &Path) {
    write(root, AFTER.replace("as u32", "as usize as u32"));
}

#[test]
fn decisions() {
    use Act::{Apply, Dismiss, Reopen, Severity};
    let findings = &[critical(COUNT), suggestion(PRINT)];
    let long = Box::leak("x".repeat(5000).into_boxed_str());
    check(vec![
        row("declined", findings, untouched, &[Dismiss("C1", "wont-fix", "it stays")]),
        row("declined, with space around", findings, untouched, &[Dismiss("s1", "later", "  soon \n")]),
        row("declined for blanks", findings, untouched, &[Dismiss("C1", "false-positive", " \t ")]),
        row("declined at length", findings, untouched, &[Dismiss("C1", "wont-fix", long)]),
        row("declined, and not there", findings, untouched, &[Dismiss("I7", "wont-fix", "it stays")]),
        row(
            "declined twice",
            findings,
            untouched,
            &[Dismiss("C1", "wont-fix", "it stays"), Dismiss("C1", "later", "another time")],
        ),
        row("declined and opened", findings, untouched, &[Dismiss("C1", "wont-fix", "it stays"), Reopen("C1")]),
        row("opened while it is open", findings, untouched, &[Reopen("S1")]),
        row("opened, and not there", findings, untouched, &[Reopen("S2")]),
        row("fixed, then declined", findings, untouched, &[Apply("C1"), Dismiss("C1", "wont-fix", "no")]),
        row("fixed, then opened", findings, untouched, &[Apply("C1"), Reopen("C1")]),
        row("less grave", findings, untouched, &[Severity("C1", "suggestion", "a page for debugging")]),
        row("graver, without a reason", findings, untouched, &[Severity("s1", "critical", "")]),
        row("graver, for blanks", findings, untouched, &[Severity("S1", "critical", " \t ")]),
        row("as grave as it is", findings, untouched, &[Severity("C1", "critical", "")]),
        row("no severity", findings, untouched, &[Severity("C1", "grave", "")]),
        row("graver, and not there", findings, untouched, &[Severity("I9", "critical", "")]),
        row(
            "less grave, and then as its agents say",
            findings,
            untouched,
            &[Severity("C1", "suggestion", "no"), Severity("C1", "critical", "")],
        ),
        row(
            "less grave, and then declined",
            findings,
            untouched,
            &[Severity("C1", "important", "rare"), Dismiss("C1", "wont-fix", "it stays"), Reopen("C1")],
        ),
        row("declined, then fixed by name", findings, untouched, &[Dismiss("C1", "later", "no"), Apply("C1")]),
    ]);
}

#[test]
fn links_of_remarks() {
    use Act::{Join, Split, TakeJoinBack, TakeSplitBack};
    let worded = |severity: &str, title: &str, body: &str, lines: (u32, u32)| {
        let mut finding = finding(severity, title, lines);
        finding["body"] = json!(body);
        finding
    };
    let bed = || {
        let lock = worded(
            "important",
            "Lock is held across await in take_slot",
            "The guard of `first` is kept over the await, so every caller blocks.",
            (7, 7),
        );
        Bed::new().agent("two", &answer(&[lock]))
    };
    let findings = &[
        worded(
            "important",
            "`take_slot` holds the lock while awaiting",
            "The guard of `first` lives across the await; callers block.",
            (7, 7),
        ),
        worded("suggestion", "The name says nothing", "Call it by what it is.", (2, 2)),
    ];
    let row = |name, acts: &[Act]| row_in(bed(), name, findings, untouched, acts);
    check(vec![
        row("two agents apart", &[Split("I1")]),
        row("apart, and taken back", &[Split("I1"), TakeSplitBack("I1")]),
        row("one remark apart", &[Split("S1")]),
        row("apart, and not there", &[Split("C4")]),
        row("nobody has split it", &[TakeSplitBack("I1")]),
        row("two as one", &[Join(&["I1", "S1"])]),
        row("two as one, and taken back", &[Join(&["I1", "S1"]), TakeJoinBack(&["S1"])]),
        row("one as one", &[Join(&["I1"])]),
        row("one with itself", &[Join(&["I1", "i1"])]),
        row("one with nobody", &[Join(&["I1", "I9"])]),
        row("nobody has joined them", &[TakeJoinBack(&["I1", "S1"])]),
        row("apart and as one", &[Split("I1"), Join(&["I1", "S1"])]),
    ]);
}

#[test]
fn reviews_from_elsewhere() {
    let findings = &[critical(COUNT)];
    let markdown = "## Important\n\n### A thing is wrong\n\n`src/main.rs:3`\n\nIt is wrong.\n";
    let sarif = json!({
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": { "name": "probe" } },
            "results": [{
                "level": "warning",
                "message": { "text": "The width is wrong" },
                "locations": [{ "physicalLocation": {
                    "artifactLocation": { "uri": "src/main.rs" }, "region": { "startLine": 3 },
                } }],
            }],
        }],
    });
    let rows = [("a report", "report.md"), ("SARIF", "probe.sarif"), ("nothing", "empty.md"), ("no file", "none.md")];
    let row = |(name, file): (&'static str, &'static str)| {
        let row = row(name, findings, untouched, &[Act::Import(file)]);
        for (name, text) in [("report.md", markdown), ("probe.sarif", &sarif.to_string()), ("empty.md", "")] {
            std::fs::write(row.bed.repo.beside(name), text).unwrap();
        }
        row
    };
    check(rows.map(row).into());
}
