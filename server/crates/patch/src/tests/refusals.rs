//! Each reason for which a fix is refused is a sentence that says what is the matter.

use crate::{Fix, Hints, LineMap, Refusal, place, place_set, place_since};
use finding::{LineRange, RepoPath};

fn refusal(text: &str, diff: &str) -> Refusal {
    let path = RepoPath::new("a.py").unwrap();
    place(text, diff, &Hints { path: Some(&path), lines: Some(LineRange::line(1)), ..Hints::default() }).unwrap_err()
}

fn cited(text: &str, diff: &str, start: u32, end: u32) -> Refusal {
    place(text, diff, &Hints { lines: Some(LineRange::new(start, end)), ..Hints::default() }).unwrap_err()
}

fn of_set(diffs: &[&str], text: Option<&'static str>) -> Refusal {
    let path = RepoPath::new("a.py").unwrap();
    let hints = Hints { path: Some(&path), ..Hints::default() };
    let fixes: Vec<Fix<'_>> =
        ["C1", "I1"].into_iter().zip(diffs).map(|(name, diff)| Fix { name, diff, hints }).collect();
    place_set(&fixes, &|_| text).fixes.into_iter().find_map(Result::err).unwrap()
}

#[test]
fn every_refusal_is_a_sentence_that_says_what_is_the_matter() {
    let (then, now) = ("one\ntwo\n", "one\nzwei\n");
    let touched = place_since(then, now, &LineMap::between(then, now), "-two\n+2", &Hints::default()).unwrap_err();
    let repeated = "x\na()\ny\na()\n".repeat(20);
    for (refusal, sentence) in [
        (refusal("one\n", "-two\n+2"), "the code that the fix changes is not in the file"),
        (touched, "the code that the fix changes was edited since the review"),
        (
            place(&repeated, "-y\n+z", &Hints::default()).unwrap_err(),
            "the fix fits in 20 places and nothing says which is meant",
        ),
        (refusal("one\n", "+two"), "the fix only adds lines and does not say where"),
        (refusal("2\nlong_enough()\n", " 2\n-short()\n+long_enough()"), "the fix is already applied"),
        (
            refusal("one\n", "-one\n+two\n+# ... rest unchanged"),
            "the fix leaves out code that it changes ('# ... rest unchanged')",
        ),
        (of_set(&["-two\n+2", "-two\n+II"], Some(then)), "the fix changes lines that C1 changes too"),
        (refusal("a\nb\n", "@@\n-a\n+c\n@@\n-a\n-b\n+d"), "the fix changes lines that another hunk of it changes too"),
        (refusal("one\n", "--- a/b.py\n+++ b/b.py\n-one\n+1"), "the fix is for another file ('b.py')"),
        (
            of_set(&["--- a/../b\n+++ b/../b\n-one\n+1"], Some(then)),
            "the fix is for a file outside the repository ('../b')",
        ),
        (of_set(&["-one\n+1"], None), "'a.py' does not exist"),
        (of_set(&["--- /dev/null\n+++ b/a.py\n@@ -0,0 +1 @@\n+1"], Some(then)), "'a.py' exists already"),
        (
            cited("first(a)\nsecond(b)\n", "```suggestion\nsecond(b, 1)\n```", 1, 1),
            "line 1 that it cites looks less like what it puts there than line 2 does",
        ),
        (
            cited(
                "f(x):\n  first(a)\n  second(b)\n  third(c)\n",
                "```suggestion\n  second(b, 1)\n  third(c, 1)\n```",
                1,
                2,
            ),
            "lines 1–2 that it cites look less like what it puts there than lines 3–4 do",
        ),
        (
            refusal(
                "def one():\n    pass\n\ndef two():\n    go(1)\n",
                " def one():\n     pass\n+def two():\n+    go()\n",
            ),
            "a part of what the fix adds is there already (line 4); it may have been applied and changed since",
        ),
        (
            refusal("one\n", "```suggestion\n1\n```\n```suggestion\n2\n```"),
            "the suggestion cannot be read as an edit: it offers several suggestions to choose from",
        ),
        (refusal("one\n", ""), "the suggestion cannot be read as an edit: it is empty"),
        (
            refusal("one\n", "<<<<<<< SEARCH\none\n=======\ntwo\n>>>>>>> REPLACE\n<<<<<<< SEARCH"),
            "the suggestion cannot be read as an edit: '<<<<<<<' has no end",
        ),
    ] {
        assert_eq!(refusal.to_string(), sentence);
    }
}
