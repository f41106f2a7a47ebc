use super::*;
use finding::RepoPath;

fn remark(place: Option<&str>, lines: Option<(u32, u32)>, suggestion: Option<(u32, u32)>) -> Remark {
    let range = |(a, b)| LineRange::new(a, b);
    let path = |p| RepoPath::new(p).unwrap();
    Remark {
        finding: FindingId::new("f1"),
        place: place.map(|p| Anchor { path: path(p), lines: lines.map(range), quote: None }),
        text: "said".into(),
        suggestion: suggestion.map(|l| (range(l), "new\n".into())),
    }
}

const DIFF: &str = "diff --git a/a.rs b/a.rs\nindex 1..2 100644\n--- a/a.rs\n+++ b/a.rs\n@@ -1,3 +1,4 @@\n one\n-two\n+2\n+2b\n three\n@@ -20,2 +21,2 @@ fn f()\n-x\n+y\n z\ndiff --git a/gone.rs b/gone.rs\n--- a/gone.rs\n+++ /dev/null\n@@ -1,2 +0,0 @@\n-a\n-b\ndiff --git a/new dir/ü.rs b/new dir/ü.rs\n--- /dev/null\n+++ b/new dir/ü.rs\t\n@@ -0,0 +1 @@\n+only\n";

#[test]
fn a_comment_goes_where_the_diff_has_its_lines() {
    let files = diff::files(DIFF);
    let renamed = "diff --git a/old.rs b/renamed.rs\nrename from old.rs\nrename to renamed.rs\n--- a/old.rs\n+++ b/renamed.rs\n@@ -1 +1,2 @@\n a\n+b\n";
    assert_eq!(diff::files(renamed)["renamed.rs"].old_path.as_deref(), Some("old.rs"));
    assert_eq!(files.keys().map(String::as_str).collect::<Vec<_>>(), ["a.rs", "new dir/ü.rs"]);
    for (remark, want) in [
        (remark(Some("a.rs"), Some((2, 2)), None), "2 None false"),
        (remark(Some("a.rs"), Some((4, 4)), None), "4 Some(3) false"),
        (remark(Some("a.rs"), Some((22, 22)), None), "22 Some(21) false"),
        // Cut to the hunk.
        (remark(Some("a.rs"), Some((3, 9)), None), "3-4 Some(3) false"),
        (remark(Some("a.rs"), Some((2, 2)), Some((1, 3))), "1-3 None true"),
        // A suggestion outside of the diff is no suggestion.
        (remark(Some("a.rs"), Some((2, 2)), Some((9, 9))), "2 None false"),
        // Near the diff: at its nearest line.
        (remark(Some("a.rs"), Some((10, 12)), None), "4 Some(3) false, near"),
        (remark(Some("a.rs"), Some((400, 400)), None), "-"),
        (remark(Some("a.rs"), None, None), "-"),
        (remark(Some("b.rs"), Some((1, 1)), None), "-"),
        (remark(None, None, None), "-"),
        (remark(Some("new dir/ü.rs"), Some((1, 1)), Some((1, 1))), "1 None true"),
    ] {
        let got = diff::place(&remark, &files);
        let got = got.map_or("-".to_owned(), |p| {
            let near = if p.is_near { ", near" } else { "" };
            format!("{} {:?} {}{near}", p.lines, p.old_end, p.suggests)
        });
        assert_eq!(got, want, "{remark:?}");
    }
}

#[test]
fn diffs_that_lie_are_read_without_a_panic() {
    for patch in [
        "@@ -4294967295,9 +4294967295,9 @@\n a\n a\n",
        "@@ -1 +1 @@",
        "@@ -a +b @@\n x",
        "@@ -1,1 +0,0 @@\n+x\n",
        " x\n",
    ] {
        let _ = diff::hunks(patch);
    }
}

#[test]
fn marks_are_known_again_and_forged_ends_do_no_harm() {
    let said: Vec<(String, String)> = [
        ("me", format!("x\n\n{COMMENT_MARK}abc -->\n\n---\n\n{COMMENT_MARK}def --> y")),
        ("me", format!("{COMMENT_MARK}cut")),
        ("me", String::new()),
        ("eve", format!("{COMMENT_MARK}forged -->")),
    ]
    .map(|(who, text)| (who.to_owned(), text))
    .into();
    let known: Vec<String> = marks("me", &said).iter().map(ToString::to_string).collect();
    assert_eq!(known, ["abc", "def"]);
}

#[test]
fn our_own_comments_are_no_feedback_until_somebody_answers_or_resolves_them() {
    let said = |author: &str, text: &str| (author.to_owned(), text.to_owned());
    let ours = said("bot", &format!("**Important: T** — A\n\nBody.\n\n{COMMENT_MARK}abc -->"));
    assert_eq!(conversation(std::slice::from_ref(&ours), false), None);
    assert_eq!(conversation(std::slice::from_ref(&ours), true).unwrap().1, "**Important: T** — A\n\nBody.", "resolved");
    let answered = conversation(&[ours, said("ann", "No.")], false).unwrap();
    assert_eq!(answered.1, "**Important: T** — A\n\nBody.\n\nann answers: No.");
    assert_eq!(conversation(&[said("ann", "  ")], true), None);
}

#[test]
fn every_refusal_says_what_to_do() {
    let site = |url| Site::of(url, None).unwrap();
    for (error, want) in [
        (ForgeError::NoToken { site: site("https://github.com/o/r") }, "gh auth login --hostname github.com"),
        (ForgeError::NoToken { site: site("https://gitlab.com/o/r") }, "GITLAB_TOKEN"),
        (ForgeError::NoRemote { seen: vec!["origin (git.example.org)".into()] }, "--forge"),
        (ForgeError::NoRemote { seen: Vec::new() }, "git remote add"),
        (
            ForgeError::NoPullRequest { site: site("https://codeberg.org/o/r"), branch: "b".into() },
            "deep-review pr NUMBER",
        ),
    ] {
        assert!(error.remedy().is_some_and(|r| r.contains(want)), "{error}: {:?}", error.remedy());
    }
}
