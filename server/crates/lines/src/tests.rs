use super::*;
use proptest::prelude::*;

#[test]
fn a_line_ends_where_the_protocol_says() {
    for (text, lines) in [
        ("", vec![]),
        ("a", vec!["a"]),
        ("a\n", vec!["a"]),
        ("a\nb\r\nc\rd", vec!["a", "b", "c", "d"]),
        ("\n\r\r\n", vec!["", "", ""]),
        ("a\u{b}b\u{c}c\u{85}d\u{2028}e\u{2029}f\n", vec!["a\u{b}b\u{c}c\u{85}d\u{2028}e\u{2029}f"]),
    ] {
        assert_eq!(split(text).collect::<Vec<_>>(), lines, "{text:?}");
        assert_eq!(with_endings(text).collect::<String>(), text);
        assert_eq!(count(text), lines.len());
    }
}

/// The new text from the old one and the changes; each change must say something, and leave an equal line before the next.
fn replayed(old: &[&str], new: &[&str], changes: &[Change]) -> Vec<String> {
    let (mut out, mut at) = (Vec::new(), (0, 0));
    for (nth, change) in changes.iter().enumerate() {
        let (from, to) = (change.old.clone(), change.new.clone());
        assert!(!from.is_empty() || !to.is_empty());
        assert!(nth == 0 || from.start > at.0 && to.start > at.1, "changes that meet: {changes:?}");
        assert_eq!(from.start - at.0, to.start - at.1, "{changes:?}");
        out.extend(old[at.0..from.start].iter().map(ToString::to_string));
        out.extend(new[to.clone()].iter().map(ToString::to_string));
        at = (from.end, to.end);
    }
    out.extend(old[at.0..].iter().map(ToString::to_string));
    out
}

proptest! {
    #[test]
    fn both_ways_of_comparing_lead_from_the_old_text_to_the_new_one(
        old in prop::collection::vec("[ab]|[a-z]{2}", 0..120),
        new in prop::collection::vec("[ab]|[a-z]{2}", 0..120),
    ) {
        let [old, new] = [&old, &new].map(|lines| lines.iter().map(String::as_str).collect::<Vec<_>>());
        prop_assert_eq!(&replayed(&old, &new, &changes(old.iter().copied(), new.iter().copied())), &new);
        let mut input: InternedInput<&str> = InternedInput::default();
        input.update_before(old.iter().copied());
        input.update_after(new.iter().copied());
        // What long texts take: each way by itself.
        for changes in budget::each_way(&input) {
            prop_assert_eq!(&replayed(&old, &new, &changes), &new);
        }
    }
}

#[test]
fn texts_of_few_lines_said_again_and_again_are_compared_all_the_same() {
    let mut seed = 1_u64;
    let mut text = |words: u64| -> String {
        let mut next = || {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            seed >> 33
        };
        (0..20_000).map(|_| format!("{}\n", next() % words)).collect()
    };
    // A quadratic search takes minutes for these.
    for words in [2, 10] {
        let (old, new) = (text(words), text(words));
        let [old_lines, new_lines] = [&old, &new].map(|text| with_endings(text).collect::<Vec<_>>());
        assert_eq!(replayed(&old_lines, &new_lines, &text_changes(&old, &new)).concat(), new);
    }
    // A line that is changed among many equal ones is still found as such.
    let (old, new) = ("x\n".repeat(40_000), ["x\n".repeat(20_000), "y\n".to_owned(), "x\n".repeat(19_999)].concat());
    assert_eq!(text_changes(&old, &new), [Change { old: 20_000..20_001, new: 20_000..20_001 }]);
}

#[test]
fn changes_are_written_as_git_writes_them() {
    let of = |old: &str, new: &str, context| unified(old, new, &text_changes(old, new), context);
    let numbers = |range: std::ops::Range<u32>| range.map(|n| format!("{n}\n")).collect::<String>();
    let old = numbers(1..20);
    for (new, context, expected) in [
        (old.clone(), 3, ""),
        (numbers(1..19), 1, "@@ -18,2 +18 @@\n 18\n-19\n"),
        (numbers(0..20), 1, "@@ -1 +1,2 @@\n+0\n 1\n"),
        (old.replace("10\n", "ten\n"), 0, "@@ -10 +10 @@\n-10\n+ten\n"),
        (old.replace("10\n", ""), 0, "@@ -10 +9,0 @@\n-10\n"),
        // Two that are near share their context; two that are not have a part each.
        (old.replace("5\n6\n7\n", "five\n6\nseven\n"), 1, "@@ -4,5 +4,5 @@\n 4\n-5\n+five\n 6\n-7\n+seven\n 8\n"),
        (
            old.replace("5\n", "five\n").replace("1five", "15").replace("9\n10", "nine\n10"),
            1,
            "@@ -4,3 +4,3 @@\n 4\n-5\n+five\n 6\n@@ -8,3 +8,3 @@\n 8\n-9\n+nine\n 10\n",
        ),
        (old.trim_end().to_owned(), 0, "@@ -19 +19 @@\n-19\n+19\n\\ No newline at end of file\n"),
    ] {
        assert_eq!(of(&old, &new, context), expected, "{new:?}");
    }
    assert_eq!(of("", "a\n", 3), "@@ -0,0 +1 @@\n+a\n");
    assert_eq!(of("a\r\nb\r\n", "a\r\nc\r\n", 3), "@@ -1,2 +1,2 @@\n a\r\n-b\r\n+c\r\n");
}
