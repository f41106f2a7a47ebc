//! Words that stand for the sides of a pair: what is said of one side is not said of the other, in whatever like words.

use super::text;
use std::sync::LazyLock;

/// Words of which a title that names one means another thing than a title that names another: what is done, and to what. Not
/// those by which a fault and its remedy are told (before and after, add and remove, enable and disable). At most four to a
/// row, 32 rows.
const ROWS: &[&[&str]] = &[
    &["create", "update", "delete", "list"],
    &["get", "set"],
    &["start", "stop"],
    &["open", "close"],
    &["push", "pop"],
    &["read", "write"],
    &["encode", "decode"],
    &["min", "max"],
    &["minimum", "maximum"],
    &["first", "last"],
    &["client", "server"],
    &["request", "response"],
    &["source", "target"],
    &["encrypt", "decrypt"],
    &["acquire", "release"],
    &["import", "export"],
    &["input", "output"],
    &["left", "right"],
    &["upper", "lower"],
    &["attach", "detach"],
    &["send", "receive"],
    &["upload", "download"],
    &["login", "logout"],
    &["serialize", "deserialize"],
    &["width", "height"],
];

/// Which sides a text names: four bits a row.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Sides(u128);

/// The stems of all words, hashed and sorted, with their bits.
static STEMS: LazyLock<Vec<(u64, u128)>> = LazyLock::new(|| {
    let rows = ROWS.iter().enumerate();
    let mut stems: Vec<(u64, u128)> = rows
        .flat_map(|(row, words)| words.iter().enumerate().map(move |(side, word)| (word, 1_u128 << (row * 4 + side))))
        .flat_map(|(word, bit)| text::words(word).into_iter().map(move |stem| (stem, bit)))
        .collect();
    stems.sort_unstable();
    stems
});

/// The sides that the words of a title (see [`text::words`]) name.
pub(super) fn of(words: &[u64]) -> Sides {
    let bit = |word: &u64| STEMS.binary_search_by_key(word, |(stem, _)| *stem).map_or(0, |at| STEMS[at].1);
    Sides(words.iter().map(bit).fold(0, |all, bit| all | bit))
}

/// Whether the one names a side of a pair, and the other only other sides of it.
pub(super) fn are_other(a: Sides, b: Sides) -> bool {
    // A row's bits folded into its lowest.
    let rows = |bits: u128| (bits | bits >> 1 | bits >> 2 | bits >> 3) & 0x1111_1111_1111_1111_1111_1111_1111_1111;
    rows(a.0) & rows(b.0) & !rows(a.0 & b.0) != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_side_of_a_pair_is_not_the_other() {
        let cases = [
            ("Create records the wrong timer", "Update records the wrong timer", true),
            ("Deleting a user fails", "Creates a user twice", true),
            ("Create and update record it", "Update records it", false),
            ("`readHeader` ignores errors", "`writeHeader` ignores errors", true),
            ("Acknowledged before it is stored", "Acknowledge after it is stored", false),
            ("The lock is never released", "The lock is held too long", false),
            ("Release it", "Acquire it", true),
            ("Nothing of the kind", "Stop it", false),
            ("width is unchecked", "height is unchecked", true),
        ];
        for (a, b, other) in cases {
            let (x, y) = (of(&text::words(a)), of(&text::words(b)));
            assert_eq!((are_other(x, y), are_other(y, x)), (other, other), "{a} / {b}");
        }
    }

    #[test]
    fn each_word_stands_in_one_row() {
        assert!(ROWS.len() <= 32 && ROWS.iter().all(|row| row.len() <= 4));
        assert!(STEMS.windows(2).all(|w| w[0].0 != w[1].0));
        assert_eq!(STEMS.len(), ROWS.iter().map(|row| row.len()).sum::<usize>());
    }
}
