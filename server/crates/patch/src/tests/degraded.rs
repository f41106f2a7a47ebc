//! A diff of two texts, made worse in the ways of models, leads to the same text or is refused.

use super::result;
use proptest::prelude::*;
use std::fmt::Write as _;
use std::process::Command;

/// What is done to a diff.
#[derive(Debug, Clone)]
enum Harm {
    DropFileHeader,
    DropNumbers,
    DropHunkHeader,
    Shift(i64),
    ShiftEach(Vec<i64>),
    Context(usize),
    StripIndent,
    TabsToSpaces(usize),
    DropMargin,
    Elide,
    TrimEnds,
    Crlf,
    InList,
}

/// Lines as code has them: few different ones, so that they repeat, and some that occur once.
pub(super) fn line() -> impl Strategy<Value = String> {
    let words = ["return x", "}", "x = 1", "if a {", "foo(x)", "end", "// note", "return nil, err", "é = \"ü\""];
    let body = prop_oneof![
        6 => proptest::sample::select(words.to_vec()).prop_map(str::to_owned),
        3 => (0_u32..1000).prop_map(|n| format!("call_{n}(arg)")),
        1 => Just(String::new()),
    ];
    (0_usize..4, body)
        .prop_map(|(depth, body)| if body.is_empty() { body } else { format!("{}{body}", "\t".repeat(depth)) })
}

pub(super) fn text(lines: &[String], tabs: bool, newline: bool) -> String {
    let mut out = lines.join("\n");
    if newline && !lines.is_empty() {
        out.push('\n');
    }
    if tabs { out } else { out.replace('\t', "    ") }
}

#[derive(Debug, Clone)]
struct Case {
    old: String,
    new: String,
    harms: Vec<Harm>,
    cited: bool,
}

fn harm() -> impl Strategy<Value = Harm> {
    prop_oneof![
        Just(Harm::DropFileHeader),
        Just(Harm::DropNumbers),
        Just(Harm::DropHunkHeader),
        prop_oneof![-9_i64..0, 1_i64..9].prop_map(Harm::Shift),
        prop::collection::vec(prop_oneof![-9_i64..0, 1_i64..9], 8).prop_map(Harm::ShiftEach),
        (0_usize..3).prop_map(Harm::Context),
        Just(Harm::StripIndent),
        (2_usize..5).prop_map(Harm::TabsToSpaces),
        Just(Harm::DropMargin),
        Just(Harm::Elide),
        Just(Harm::TrimEnds),
        Just(Harm::Crlf),
        Just(Harm::InList),
    ]
}

fn case(size: usize) -> impl Strategy<Value = Case> {
    let edit = (any::<prop::sample::Index>(), 0_usize..4, prop::collection::vec(line(), 0..4));
    (
        prop::collection::vec(line(), 0..size),
        prop::collection::vec(edit, 1..4),
        any::<bool>(),
        prop::bool::weighted(0.8),
        prop::bool::weighted(0.9),
        prop::collection::vec(harm(), 0..4),
        any::<bool>(),
    )
        .prop_map(|(old, edits, tabs, old_end, same_end, harms, cited)| {
            let mut new = old.clone();
            for (at, removed, added) in edits {
                let at = at.index(new.len() + 1);
                let end = (at + removed).min(new.len());
                new.splice(at..end, added);
            }
            let new_end = if same_end { old_end } else { !old_end };
            Case { old: text(&old, tabs, old_end), new: text(&new, tabs, new_end), harms, cited }
        })
}

fn context(harms: &[Harm]) -> usize {
    harms.iter().rev().find_map(|h| if let Harm::Context(n) = h { Some(*n) } else { None }).unwrap_or(3)
}

/// By the `git` command, which the issue of the diffs of the world is.
fn git_diff(old: &str, new: &str, context: usize) -> String {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("old.txt"), old).unwrap();
    std::fs::write(dir.path().join("new.txt"), new).unwrap();
    let out = Command::new("git")
        .args([
            "-c",
            "core.autocrlf=false",
            "diff",
            "--no-index",
            "--no-color",
            &format!("-U{context}"),
            "old.txt",
            "new.txt",
        ])
        .current_dir(dir.path())
        .output()
        .unwrap();
    String::from_utf8(out.stdout).unwrap()
}

pub(super) fn quick_diff(old: &str, new: &str, context: usize) -> String {
    similar::TextDiff::from_lines(old, new).unified_diff().context_radius(context).header("a/f", "b/f").to_string()
}

fn harmed(diff: &str, harms: &[Harm]) -> String {
    let mut lines: Vec<String> = diff.lines().map(str::to_owned).collect();
    // Each harm once (a margin that is lost twice is another text), those that need the marks before the others.
    let late = |h: &Harm| matches!(h, Harm::DropMargin | Harm::TrimEnds);
    let mut done = Vec::new();
    for harm in harms.iter().filter(|h| !late(h)).chain(harms.iter().filter(|h| late(h))) {
        let kind = std::mem::discriminant(harm);
        if !done.contains(&kind) {
            done.push(kind);
            lines = harm.apply(lines);
        }
    }
    // Line ends and the margin of a list are of the whole text, whatever comes before.
    let end = if harms.iter().any(|h| matches!(h, Harm::Crlf)) { "\r\n" } else { "\n" };
    let margin = if harms.iter().any(|h| matches!(h, Harm::InList)) { "   " } else { "" };
    lines.iter().fold(String::new(), |mut out, l| {
        let _ = write!(out, "{margin}{l}{end}");
        out
    })
}

impl Harm {
    fn apply(&self, lines: Vec<String>) -> Vec<String> {
        let is_header = |l: &str| l.starts_with("@@");
        let first = lines.iter().position(|l| is_header(l)).unwrap_or(lines.len());
        let in_hunk = |i: usize, l: &str| i >= first && !is_header(l) && !l.starts_with('\\');
        match self {
            Self::DropFileHeader => lines[first..].to_vec(),
            Self::DropNumbers => lines.into_iter().map(|l| if is_header(&l) { "@@".to_owned() } else { l }).collect(),
            Self::DropHunkHeader if lines[first..].iter().filter(|l| is_header(l)).count() == 1 => {
                lines.into_iter().skip(first).filter(|l| !is_header(l)).collect()
            }
            Self::DropHunkHeader => lines,
            Self::Shift(by) => Self::ShiftEach(vec![*by; 8]).apply(lines),
            Self::ShiftEach(by) => {
                let mut by = by.iter().cycle();
                lines
                    .into_iter()
                    .map(|l| match l.strip_prefix("@@ -").and_then(|r| r.split_once([',', ' '])) {
                        Some((n, _)) => {
                            let moved = (n.parse::<i64>().unwrap() + by.next().unwrap()).max(1);
                            l.replacen(&format!("-{n}"), &format!("-{moved}"), 1)
                        }
                        None => l,
                    })
                    .collect()
            }
            Self::Context(_) | Self::Crlf | Self::InList => lines,
            Self::StripIndent => {
                let depth = |l: &str| l[1..].len() - l[1..].trim_start_matches([' ', '\t']).len();
                let solid = |i: usize, l: &str| in_hunk(i, l) && l.len() > 1 && !l[1..].trim().is_empty();
                let cut =
                    lines.iter().enumerate().filter(|(i, l)| solid(*i, l)).map(|(_, l)| depth(l)).min().unwrap_or(0);
                let cut = |i: usize, l: String| if solid(i, &l) { format!("{}{}", &l[..1], &l[1 + cut..]) } else { l };
                lines.into_iter().enumerate().map(|(i, l)| cut(i, l)).collect()
            }
            Self::TabsToSpaces(n) => lines
                .into_iter()
                .enumerate()
                .map(|(i, l)| if in_hunk(i, &l) { l.replace('\t', &" ".repeat(*n)) } else { l })
                .collect(),
            Self::DropMargin => lines
                .into_iter()
                .enumerate()
                .map(|(i, l)| match l.strip_prefix(' ') {
                    // What would be taken for a mark keeps its margin.
                    Some(rest) if in_hunk(i, &l) && !rest.starts_with(['+', '-', '@', '\\']) => rest.to_owned(),
                    _ => l,
                })
                .collect(),
            Self::Elide => {
                // The inner lines of runs of context.
                let mut out: Vec<String> = Vec::new();
                let mut i = 0;
                while i < lines.len() {
                    let run = lines[i..]
                        .iter()
                        .enumerate()
                        .take_while(|(n, l)| in_hunk(i + n, l) && l.starts_with(' '))
                        .count();
                    if run >= 4 {
                        out.extend([lines[i].clone(), " ...".to_owned(), lines[i + run - 1].clone()]);
                    } else {
                        out.extend(lines[i..i + run.max(1)].iter().cloned());
                    }
                    i += run.max(1);
                }
                out
            }
            Self::TrimEnds => lines.into_iter().map(|l| l.trim_end().to_owned()).collect(),
        }
    }
}

/// The lines of the old text that change, as a finding would cite them.
fn cited(old: &str, new: &str) -> Option<(u32, u32)> {
    let runs = crate::diff::diff_lines(&old.lines().collect::<Vec<_>>(), &new.lines().collect::<Vec<_>>());
    let start = runs.first()?.0.start as u32 + 1;
    Some((start, (runs.last()?.0.end as u32).max(start)))
}

fn check(case: &Case, diff: fn(&str, &str, usize) -> String) -> Result<(), TestCaseError> {
    let whole = diff(&case.old, &case.new, context(&case.harms));
    let harmed = harmed(&whole, &case.harms);
    let lines = cited(&case.old, &case.new).filter(|_| case.cited);
    if let Ok(mut text) = result(&case.old, &harmed, lines) {
        // How a text that shows no indentation would be indented, and how wide its tabs were, nobody knows.
        let tabs_lost = |h: &Harm| matches!(h, Harm::TabsToSpaces(_));
        let unknown = case.old.trim().is_empty() || case.harms.iter().any(tabs_lost);
        if unknown && crate::text::squeezed_eq(&text, &case.new) {
            text.clone_from(&case.new);
        }
        prop_assert_eq!(&text, &case.new, "\n--- old\n{}\n--- diff\n{}\ncited {:?}", case.old, harmed, lines);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, ..ProptestConfig::default() })]

    #[test]
    fn a_degraded_diff_leads_to_the_same_text_or_is_refused(case in case(25)) {
        check(&case, quick_diff)?;
    }

    #[test]
    fn in_long_repetitive_texts_too(case in case(120)) {
        check(&case, quick_diff)?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn diffs_of_the_git_command_do_the_same(case in case(40)) {
        check(&case, git_diff)?;
    }

    /// The other half: what can be placed is placed.
    #[test]
    fn a_diff_in_a_text_without_repetition_applies(
        depths in prop::collection::vec(0_usize..3, 1..40),
        at in any::<prop::sample::Index>(),
        // Lines removed and added, not both 0.
        (removed, added) in (1_usize..9).prop_map(|n| (n / 3, n % 3)),
        harms in prop::collection::vec(prop_oneof![
            Just(Harm::DropFileHeader), Just(Harm::DropNumbers), Just(Harm::Shift(5)), Just(Harm::Context(1)),
            Just(Harm::StripIndent), Just(Harm::TabsToSpaces(4)), Just(Harm::DropMargin), Just(Harm::Crlf),
        ], 0..3),
    ) {
        // One line at least shows how the text indents.
        let mut old: Vec<String> = depths.iter().enumerate().map(|(i, d)| format!("{}line_{i}()", "\t".repeat(*d))).collect();
        old.push("\tend()".to_owned());
        let at = at.index(old.len() - 1);
        let mut new = old.clone();
        let end = (at + removed).min(old.len() - 1);
        new.splice(at..end, (0..added).map(|i| format!("\tnew_{i}()")));
        let (old, new) = (text(&old, true, true), text(&new, true, true));
        let diff = harmed(&quick_diff(&old, &new, context(&harms)), &harms);
        prop_assert_eq!(result(&old, &diff, None), Ok(new), "\n{}", diff);
    }
}
