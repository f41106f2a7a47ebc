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
