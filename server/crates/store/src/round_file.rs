//! How a round's file is read. Its long lists, the findings and the raw ones, are found where we write them: the raw ones may be
//! left out, and long findings are read by several threads.
//!
//! A line end never stands in a JSON string, so that nothing but the member itself looks like it. A file of any other form is
//! read as it is.

use finding::{Finding, Round};
use memchr::memmem;
use std::num::NonZero;
use std::ops::Range;
use std::thread;

/// The bytes of findings from which on several threads read them.
const LONG: usize = 1 << 20;

/// Threads that read at once.
const READERS: usize = 4;

/// Which lists of a round are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    All,
    /// All but the raw findings, where they are as we write them.
    NoRaw,
}

/// Reads a round.
///
/// # Errors
/// When it is none.
pub(super) fn read(bytes: &[u8], wanted: Wanted) -> serde_json::Result<Round> {
    let raw = if wanted == Wanted::NoRaw { list(bytes, "raw") } else { None };
    let long = list(bytes, "findings").filter(|list| list.len() >= LONG);
    if let Some(round) = long.and_then(|findings| read_by_many(bytes, findings, raw.clone())) {
        return Ok(round);
    }
    match raw {
        Some(raw) => serde_json::from_slice(&without(bytes, &[raw])),
        None => serde_json::from_slice(bytes),
    }
}

/// Reads the findings in their list beside the rest of the round; `None` where something cannot be read.
fn read_by_many(bytes: &[u8], findings: Range<usize>, raw: Option<Range<usize>>) -> Option<Round> {
    let mut lists: Vec<_> = raw.into_iter().chain([findings.clone()]).collect();
    lists.sort_by_key(|list| list.start);
    if lists.windows(2).any(|two| two[0].end > two[1].start) {
        return None;
    }
    let items: Vec<&[u8]> = items(&bytes[findings]).collect();
    // Each thread fills its part of the one list that they become: nothing is moved about afterwards.
    let mut read: Vec<Option<Finding>> = items.iter().map(|_| None).collect();
    let readers = thread::available_parallelism().map_or(1, NonZero::get).min(READERS);
    let share = items.len().div_ceil(readers);
    let rest = thread::scope(|scope| {
        for (items, read) in items.chunks(share).zip(read.chunks_mut(share)) {
            scope.spawn(move || {
                for (item, read) in items.iter().zip(read) {
                    *read = serde_json::from_slice(item).ok();
                }
            });
        }
        serde_json::from_slice::<Round>(&without(bytes, &lists))
    });
    Some(Round { findings: read.into_iter().collect::<Option<_>>()?, ..rest.ok()? })
}

/// What stands between the brackets of a list of the round that has items.
fn list(bytes: &[u8], name: &str) -> Option<Range<usize>> {
    let opening = format!("\n  \"{name}\": [");
    let start = memmem::find(bytes, opening.as_bytes())? + opening.len();
    let length = memmem::find(bytes.get(start..)?, b"\n  ]").filter(|_| bytes[start] == b'\n')?;
    Some(start..start + length)
}

/// The items of a list, each an object.
fn items(list: &[u8]) -> impl Iterator<Item = &[u8]> {
    const BETWEEN: &[u8] = b"\n    },\n";
    const ITEM: usize = b"\n    }".len();
    let mut start = 0;
    let mut ends =
        memmem::find_iter(list, BETWEEN).map(|at| (at + ITEM, at + BETWEEN.len())).chain([(list.len(), list.len())]);
    std::iter::from_fn(move || {
        let (end, next) = ends.next()?;
        Some(&list[std::mem::replace(&mut start, next)..end])
    })
}

/// The bytes without some parts of them, which are in order.
fn without(bytes: &[u8], parts: &[Range<usize>]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() - parts.iter().map(Range::len).sum::<usize>());
    let mut done = 0;
    for part in parts {
        out.extend_from_slice(&bytes[done..part.start]);
        done = part.end;
    }
    out.extend_from_slice(&bytes[done..]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::round;
    use finding::{Anchor, FindingId, LineRange, RepoPath, Severity};
    use proptest::prelude::*;

    fn finding(title: String) -> Finding {
        let path = RepoPath::new("a.rs").unwrap();
        let anchors = vec![Anchor::lines(path, LineRange::new(1, 2))];
        Finding { anchors, ..Finding::new(FindingId::new("f"), Severity::Important, title) }
    }

    fn raw(title: &str) -> finding::RawFinding {
        let raw = serde_json::json!({ "id": "a:1", "agent": "a", "severity": "important", "title": title, "body": "", "anchors": [] });
        serde_json::from_value(raw).unwrap()
    }

    fn titles() -> impl Strategy<Value = Vec<String>> {
        let part = prop::sample::select(vec![
            "\n    },\n    {",
            "\n  ]",
            "\n  \"findings\": [\n",
            "\n  \"raw\": [",
            "a",
            "\"",
            "\\",
            "é",
        ]);
        prop::collection::vec(prop::collection::vec(part, 0..4).prop_map(|parts| parts.concat()), 1..20)
    }

    proptest! {
        #[test]
        fn findings_that_many_read_are_the_rounds(titles in titles(), raws in 0_usize..3, cut in any::<prop::sample::Index>()) {
            let raw: Vec<_> = titles.iter().take(raws).map(|title| raw(title)).collect();
            let whole = Round { author: titles[0].clone(), findings: titles.into_iter().map(finding).collect(), raw, ..round() };
            let bytes = serde_json::to_vec_pretty(&whole).unwrap();
            let (findings, raw) = (list(&bytes, "findings").unwrap(), list(&bytes, "raw"));
            prop_assert_eq!(raw.is_some(), !whole.raw.is_empty());
            prop_assert_eq!(read_by_many(&bytes, findings.clone(), None), Some(whole.clone()));
            let less = Round { raw: Vec::new(), ..whole };
            prop_assert_eq!(read_by_many(&bytes, findings.clone(), raw), Some(less.clone()));
            prop_assert_eq!(read(&bytes, Wanted::NoRaw).unwrap(), less);
            // A byte that went wrong is seen.
            let mut damaged = bytes;
            damaged[findings.start + cut.index(findings.len())] = 0;
            prop_assert_eq!(read_by_many(&damaged, findings, None), None);
        }
    }

    #[test]
    fn a_long_round_is_read_as_a_short_one() {
        let findings: Vec<_> = (0..2000).map(|n| finding(format!("{n} {}", "x".repeat(500)))).collect();
        let whole = Round { findings, raw: vec![raw("r")], ..round() };
        let bytes = serde_json::to_vec_pretty(&whole).unwrap();
        assert!(list(&bytes, "findings").is_some_and(|list| list.len() >= LONG));
        assert_eq!(read(&bytes, Wanted::All).unwrap(), whole);
        assert_eq!(read(&bytes, Wanted::NoRaw).unwrap(), Round { raw: Vec::new(), ..whole.clone() });
        // As somebody else may have written it.
        assert_eq!(read(&serde_json::to_vec(&whole).unwrap(), Wanted::NoRaw).unwrap(), whole);
    }

    #[test]
    fn lists_within_each_other_are_no_form_of_ours() {
        let bytes = b"{\n  \"findings\": [\n  \"raw\": [\n  ]\n}";
        assert_eq!(read_by_many(bytes, list(bytes, "findings").unwrap(), list(bytes, "raw")), None);
        assert!(read(bytes, Wanted::NoRaw).is_err());
    }
}
