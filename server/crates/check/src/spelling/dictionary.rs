//! The dictionary of misspellings: the words of the crate `typos-dict` that have one correction, as text. The crate's own
//! form, a table of pointers, would make up a third of the program, and the loader would touch all of it at every start.

use std::sync::LazyLock;

/// A misspelling and its correction a line, in lower case, in the order of bytes.
const MISSPELLINGS: &str = include_str!("misspellings.txt");

/// Two bits for each misspelling: what has them not is none, and of other words one in forty has them by chance.
static MARKS: LazyLock<Vec<u64>> = LazyLock::new(|| {
    let mut marks = vec![0; 1 << 14];
    for line in MISSPELLINGS.lines() {
        let word = line.split(' ').next().unwrap_or(line);
        for bit in bits_of(word) {
            marks[bit / 64] |= 1 << (bit % 64);
        }
    }
    marks
});

/// The bits of a word among the 2²⁰ of [`MARKS`].
fn bits_of(word: &str) -> [usize; 2] {
    // The hash of Fowler, Noll and Vo, of 64 bits; its upper half is the second one.
    let hash =
        word.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, b| (hash ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
    [hash, hash >> 32].map(|hash| ((hash ^ (hash >> 20)) & 0xf_ffff) as usize)
}

/// How a word is spelt, if it is a misspelling with one correction. The word is in lower case.
pub(super) fn correction(word: &str) -> Option<&'static str> {
    if bits_of(word).iter().any(|bit| MARKS[bit / 64] & (1 << (bit % 64)) == 0) {
        return None;
    }
    let text = MISSPELLINGS.as_bytes();
    let (mut from, mut to) = (0, text.len());
    while from < to {
        let middle = from + (to - from) / 2;
        let start = memchr::memrchr(b'\n', &text[..middle]).map_or(0, |end| end + 1);
        let end = memchr::memchr(b'\n', &text[start..]).map_or(text.len(), |length| start + length);
        let (misspelt, right) = MISSPELLINGS[start..end].split_once(' ')?;
        match word.cmp(misspelt) {
            std::cmp::Ordering::Equal => return Some(right),
            std::cmp::Ordering::Less => to = start,
            std::cmp::Ordering::Greater => from = end + 1,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    /// What the crate has of words with one correction.
    fn wanted() -> String {
        let one = typos_dict::WORD.map.entries().filter(|(_, corrections)| corrections.len() == 1);
        let words: BTreeMap<_, _> = one.map(|(word, right)| (word.into_inner().to_lowercase(), right[0])).collect();
        words.into_iter().map(|(word, right)| format!("{word} {right}\n")).collect()
    }

    /// `UPDATE_DICTIONARY=1 cargo test -p deep-review-check dictionary` writes the file anew.
    #[test]
    fn the_dictionary_is_that_of_the_crate() {
        let wanted = wanted();
        if std::env::var_os("UPDATE_DICTIONARY").is_some() {
            let file = concat!(env!("CARGO_MANIFEST_DIR"), "/src/spelling/misspellings.txt");
            std::fs::write(file, &wanted).unwrap();
        } else {
            assert!(wanted == MISSPELLINGS, "the crate typos-dict has other words than misspellings.txt; see above");
        }
    }

    #[test]
    fn every_misspelling_is_found_and_nothing_else() {
        for line in MISSPELLINGS.lines() {
            let (misspelt, right) = line.split_once(' ').unwrap();
            assert_eq!(correction(misspelt), Some(right));
        }
        for word in ["", " ", "a", "the", "zzzzzz", "0", "ünïcode", "teh the"] {
            assert_eq!(correction(word), None, "{word}");
        }
    }
}
