//! What models write instead of a diff, and diffs with what is forgotten or left out: the right text or a refusal.

use super::degraded::{line, quick_diff, text};
use super::result;
use crate::text::squeezed_eq;
use proptest::prelude::*;

type Lines = Vec<String>;

/// A text, and the same with some lines in place of others: which, and by what.
fn change(size: usize) -> impl Strategy<Value = (Lines, std::ops::Range<usize>, Lines)> {
    (
        prop::collection::vec(line(), 1..size),
        any::<prop::sample::Index>(),
        1_usize..6,
        prop::collection::vec(line(), 0..6),
    )
        .prop_map(|(old, at, removed, added)| {
            let at = at.index(old.len());
            let end = (at + removed).min(old.len());
            (old, at..end, added)
        })
}

fn changed(old: &[String], range: &std::ops::Range<usize>, added: &[String]) -> Lines {
    let mut new = old.to_vec();
    new.splice(range.clone(), added.iter().cloned());
    new
}

/// Texts with line endings of a kind, tabs or spaces, with or without a last line ending.
fn written(lines: &[String], tabs: bool, crlf: bool, newline: bool) -> String {
    let text = text(lines, tabs, newline);
    if crlf { text.replace('\n', "\r\n") } else { text }
}

/// Functions in a class, each with a body of its own; some bodies nest, some lines repeat.
fn functions() -> impl Strategy<Value = Vec<Lines>> {
    let body = prop_oneof![
        Just("        return self.x".to_owned()),
        (0_u32..50).prop_map(|n| format!("        self.x = call_{n}(self.x)")),
        Just("        if self.x:\n            self.x = 0".to_owned()),
        Just("        def inner(y):\n            return y".to_owned()),
        Just(String::new()),
    ];
    prop::collection::vec(prop::collection::vec(body, 1..6), 1..6)
}

fn class(functions: &[Lines], name: impl Fn(usize) -> String) -> String {
    let mut out = "class C:\n".to_owned();
    for (i, body) in functions.iter().enumerate() {
        out += &function(&name(i), body);
        out += "\n";
    }
    out
}

fn function(name: &str, body: &[String]) -> String {
    format!("    def {name}(self):\n        \"\"\"Does {name}.\"\"\"\n{}\n", body.join("\n").trim_end_matches('\n'))
}

fn dedented(text: &str) -> String {
    text.lines().map(|l| l.strip_prefix("    ").unwrap_or(l)).fold(String::new(), |out, l| out + l + "\n")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 800, max_global_rejects: 1 << 20, ..ProptestConfig::default() })]

    #[test]
    fn a_context_line_that_is_misremembered_by_a_word(
        (old, range, added) in change(40), which in any::<prop::sample::Index>(), tabs: bool, crlf: bool, newline: bool,
    ) {
        let new = changed(&old, &range, &added);
        let (before, after) = (text(&old, tabs, newline), text(&new, tabs, newline));
        let mut diff: Lines = quick_diff(&before, &after, 3).lines().map(str::to_owned).collect();
        let context: Vec<usize> = (0..diff.len()).filter(|&i| diff[i].starts_with(' ') && diff[i].trim().len() > 3).collect();
        prop_assume!(!context.is_empty());
        diff[context[which.index(context.len())]] += " or_so";
        let ending = |t: &str| if crlf { t.replace('\n', "\r\n") } else { t.to_owned() };
        if let Ok(found) = result(&ending(&before), &diff.join("\n"), None) {
            prop_assert_eq!(found, ending(&after), "\n{}", diff.join("\n"));
        }
    }

    /// In a text that says the same over and over, nobody can tell what is done: here each line is there once.
    #[test]
    fn one_of_two_changes_is_done(
        (old, range, added) in change(40), at in any::<prop::sample::Index>(), more in prop::collection::vec(line(), 0..4),
        first: bool, tabs: bool, newline: bool,
    ) {
        prop_assume!(range.end + 1 < old.len());
        let old: Lines = old.iter().enumerate().map(|(i, line)| format!("{line} // {i}")).collect();
        let at = range.end + 1 + at.index(old.len() - range.end - 1);
        let only_second = changed(&old, &(at..at + 1), &more);
        let half = if first { changed(&old, &range, &added) } else { only_second.clone() };
        let after = text(&changed(&only_second, &range, &added), tabs, newline);
        let diff = quick_diff(&text(&old, tabs, newline), &after, 100);
        if let Ok(found) = result(&text(&half, tabs, newline), &diff, None) {
            prop_assert_eq!(found, after, "\n{}", diff);
        }
    }

    /// A `\r` and the `\n` of an empty line are two ends; side by side after an edit they would be one.
    #[test]
    fn no_line_is_lost_where_ends_of_all_kinds_meet(
        lines in prop::collection::vec(prop::sample::select(vec!["", "", "a", "b", "c", "d"]), 1..12),
        ends in prop::collection::vec(prop::sample::select(vec!["\n", "\r", "\r\n"]), 12),
        range in (any::<prop::sample::Index>(), 0_usize..3),
        added in prop::collection::vec(prop::sample::select(vec!["", "x", "y"]), 0..3),
    ) {
        // What stands on each line does not matter but for the empty ones.
        let name = |(i, line): (usize, &&str)| if line.is_empty() { String::new() } else { format!("{line}{i}") };
        let before: String = lines.iter().enumerate().map(name).zip(&ends).map(|(line, end)| line + end).collect();
        let old: Lines = lines::split(&before).map(str::to_owned).collect();
        let at = range.0.index(old.len());
        // In a text of blank lines, one place is as good as another.
        prop_assume!(old.iter().any(|line| !line.is_empty()));
        let added: Lines = added.into_iter().map(str::to_owned).collect();
        let new = changed(&old, &(at..(at + range.1).min(old.len())), &added);
        let diff = quick_diff(&text(&old, false, true), &text(&new, false, true), 100);
        if let Ok(found) = result(&before, &diff, None) {
            let found: Lines = lines::split(&found).map(str::to_owned).collect();
            prop_assert_eq!(found, new, "{:?}\n{}", before, diff);
        }
    }

    #[test]
    fn long_context_that_is_left_out((old, range, added) in change(80), tabs: bool, newline: bool, mark in 0_usize..3) {
        let new = changed(&old, &range, &added);
        let (before, after) = (text(&old, tabs, newline), text(&new, tabs, newline));
        // In a text of blank lines, one place is as good as another.
        prop_assume!(!before.trim().is_empty());
        let mark = [" ...", "...", " // ... existing code ..."][mark];
        let diff = quick_diff(&before, &after, 100);
        let mut out: Lines = Vec::new();
        let lines: Vec<&str> = diff.lines().skip_while(|l| !l.starts_with("@@")).skip(1).collect();
        for run in lines.chunk_by(|a, b| a.starts_with(' ') == b.starts_with(' ')) {
            match run {
                [first, middle @ .., last] if first.starts_with(' ') && middle.len() >= 2 => {
                    out.extend([(*first).to_owned(), mark.to_owned(), (*last).to_owned()]);
                }
                _ => out.extend(run.iter().map(|l| (*l).to_owned())),
            }
        }
        if let Ok(found) = result(&before, &out.join("\n"), None) {
            prop_assert_eq!(found, after, "\n{}", out.join("\n"));
        }
    }

    /// White space aside where the suggestion was moved to the margin: how deep it was, only the old lines say.
    #[test]
    fn a_suggestion_for_the_cited_lines(
        (old, range, added) in change(30), tabs: bool, crlf: bool, newline: bool, margin: bool,
    ) {
        let after = written(&changed(&old, &range, &added), tabs, crlf, newline || range.end < old.len());
        let before = written(&old, tabs, crlf, newline || range.end < old.len());
        // What ends lines in a text of one line without an end, nobody knows.
        prop_assume!(!crlf || before.contains("\r\n"));
        let mut lines: Lines = text(&added, tabs, false).split('\n').map(str::to_owned).collect();
        if added.is_empty() {
            lines.clear();
        }
        if margin {
            lines = lines.iter().map(|l| l.trim_start().to_owned()).collect();
        }
        let flush = lines.iter().any(|l| !l.is_empty() && l.trim_start() == l);
        let diff = lines.iter().fold("```suggestion\n".to_owned(), |out, l| out + l + "\n") + "```";
        let cited = (range.start as u32 + 1, range.end as u32);
        if let Ok(found) = result(&before, &diff, Some(cited)) {
            if flush {
                prop_assert!(squeezed_eq(&found, &after), "{before:?}\n{diff}\n{found:?}");
            } else {
                prop_assert_eq!(found, after, "{:?}\n{}", before, diff);
            }
        }
    }

    #[test]
    fn a_whole_function_written_anew(
        functions in functions(), which in any::<prop::sample::Index>(),
        line in 0_u32..50, at in any::<prop::sample::Index>(), margin: bool, same_names: bool, cited: bool,
    ) {
        let which = which.index(functions.len());
        let name = |i: usize| if same_names { format!("f{}", i / 2) } else { format!("f{i}") };
        let mut new = functions.clone();
        let at = at.index(new[which].len());
        new[which][at] = format!("        self.y = fresh_{line}(self.x)");
        prop_assume!(!function("", &functions[which]).ends_with("\n\n") && !function("", &new[which]).ends_with("\n\n"));
        let (before, after) = (class(&functions, name), class(&new, name));
        let block = function(&name(which), &new[which]);
        let block = if margin { dedented(&block) } else { block };
        let start = before.lines().count().min(2 + class(&functions[..which], name).lines().count() - 1) as u32;
        if let Ok(found) = result(&before, &block, cited.then_some((start, start))) {
            prop_assert_eq!(found, after, "{}\n---\n{}", before, block);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, max_global_rejects: 1 << 20, ..ProptestConfig::default() })]

    /// Where two blocks begin alike, nobody knows which is meant, unless it is cited.
    #[test]
    fn a_removed_block_of_which_the_inside_is_left_out(
        functions in functions(), which in any::<prop::sample::Index>(), tabs: bool, same_names: bool, cited: bool, next: bool,
    ) {
        let which = which.index(functions.len());
        // What is left out is something.
        prop_assume!(functions[which].iter().any(|line| !line.is_empty()));
        let head = |i: usize| format!("    fn run_{}() {{", if same_names { i / 2 } else { i });
        let block = |i: usize| [vec![head(i)], functions[i].clone(), vec!["    }".to_owned()]].concat();
        let whole = |skip: Option<usize>| {
            let one = |i: usize| if skip == Some(i) { vec!["    fresh();".to_owned()] } else { block(i) };
            text(&(0..functions.len()).flat_map(one).collect::<Lines>(), tabs, true)
        };
        let mut diff = vec![format!("-{}", head(which)), "-        ...".to_owned(), "-    }".to_owned(), "+    fresh();".to_owned()];
        if next && which + 1 < functions.len() {
            diff.push(format!(" {}", head(which + 1)));
        }
        let start = 1 + text(&(0..which).flat_map(block).collect::<Lines>(), tabs, true).lines().count() as u32;
        if let Ok(found) = result(&whole(None), &text(&diff, false, true), cited.then_some((start, start))) {
            prop_assert_eq!(found, whole(Some(which)), "{}\n{}", whole(None), diff.join("\n"));
        }
    }

    /// What follows the cut is not of this text: what is there of the old lines goes, and all that is added comes.
    #[test]
    fn a_text_that_is_cut_off_inside_of_what_is_removed(
        before in prop::collection::vec(line(), 0..20), inner in prop::collection::vec(line(), 1..5),
        added in prop::collection::vec(line(), 0..5), cut in any::<prop::sample::Index>(), tabs: bool,
    ) {
        let removed: Lines = [vec!["call_of_it(first_one,".to_owned()], inner, vec![")".to_owned()]].concat();
        let cut = 1 + cut.index(removed.len());
        let there = text(&[&before[..], &removed[..cut]].concat(), tabs, true);
        let after = text(&[&before[..], &added[..]].concat(), tabs, true);
        let marked = |mark: char, lines: &[String]| text(lines, tabs, true).lines().map(|l| format!("{mark}{l}\n")).collect::<String>();
        let diff = marked('-', &removed) + &marked('+', &added);
        if let Ok(found) = result(&there, &diff, None) {
            prop_assert!(squeezed_eq(&found, &after), "{there}\n{diff}\n{found}");
        }
    }

    /// The new side is what the cited lines become; without a citation, or with another one, nothing is done.
    #[test]
    fn context_that_a_hunk_changes_without_a_mark(
        (old, range, _) in change(30), which in any::<prop::sample::Index>(), tabs: bool, cited in 0_u32..3,
    ) {
        prop_assume!(range.len() > 1);
        let old: Lines = old.iter().enumerate().map(|(i, line)| format!("{line} word_{i} and_more_{i}")).collect();
        let mut kept: Lines = old[range.clone()].to_vec();
        let at = 1 + which.index(kept.len() - 1);
        kept[at] = kept[at].replacen("word", "other(), word", 1);
        let diff: String = std::iter::once("+begin()".to_owned()).chain(kept.iter().map(|l| format!(" {l}"))).map(|l| l + "\n").collect();
        let after = changed(&old, &range, &[vec!["begin()".to_owned()], kept].concat());
        // Or the line that was changed without a mark stays as it is.
        let added = changed(&old, &(range.start..range.start), &["begin()".to_owned()]);
        let lines = match cited {
            0 => None,
            1 => Some((range.start as u32 + 1, range.end as u32)),
            _ => Some((1, old.len() as u32)),
        };
        if let Ok(found) = result(&text(&old, tabs, true), &diff, lines) {
            let right = [&after, &added].map(|lines| text(lines, tabs, true));
            prop_assert!(right.iter().any(|right| squeezed_eq(&found, right)), "{old:?}\n{diff}\n{found}");
        }
    }
}
