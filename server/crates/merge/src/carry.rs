//! Where the code of an earlier round is now.

use super::identity;
use finding::{Anchor, FindingId, LineRange, RepoPath};
use imara_diff::{Algorithm, Diff, InternedInput};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Range;
use std::sync::Arc;

/// What became of the code that a finding of an earlier round is on. In the order of how much is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Code {
    /// It is not there any more.
    Gone,
    /// Other code is in its place.
    Changed,
    /// Nobody can say: no place, or no text.
    Unknown,
    /// It is as it was, perhaps elsewhere.
    Same,
}

type Texts = BTreeMap<RepoPath, Arc<str>>;

/// The lines in which two texts differ, 0-based.
type Changes = Vec<(Range<u32>, Range<u32>)>;

/// Two texts and their changes; it keeps the texts where they are in memory.
#[derive(Debug)]
struct Compared {
    _texts: [Arc<str>; 2],
    changes: Arc<Changes>,
}

/// Carries anchors, and compares two texts only once.
#[derive(Debug, Default)]
pub(super) struct Carrier {
    /// By where the two texts are in memory.
    compared: HashMap<[usize; 2], Compared>,
    /// What texts say of findings; by finding and by where its texts, which are kept, are in memory.
    said: HashMap<(FindingId, [usize; 2]), Said>,
}

/// Two texts of a finding's file, and whether they say that its fix is in, and that it was taken out again.
#[derive(Debug)]
struct Said {
    _texts: [Option<Arc<str>>; 2],
    said: (bool, bool),
}

impl Carrier {
    /// The anchor in the texts of now, and what became of its code.
    pub(super) fn carry(&mut self, anchor: &Anchor, then: &Texts, now: &Texts) -> (Anchor, Code) {
        let old = then.get(&anchor.path);
        match (old, now.get(&anchor.path)) {
            (Some(old), Some(new)) if old == new => (anchor.clone(), Code::Same),
            (Some(old), Some(new)) => self.within(anchor, old, new, &anchor.path),
            (Some(old), None) => self.renamed(anchor, old, then, now),
            (None, Some(new)) => by_quote(anchor, new),
            (None, None) => (anchor.clone(), Code::Unknown),
        }
    }

    /// What `look` finds out about a finding whose file has these texts, then and now; it looks once.
    pub(super) fn once(
        &mut self,
        id: &FindingId,
        texts: [Option<Arc<str>>; 2],
        look: impl FnOnce() -> (bool, bool),
    ) -> (bool, bool) {
        let places = texts.each_ref().map(|text| text.as_ref().map_or(0, |text| text.as_ptr().addr()));
        self.said.entry((id.clone(), places)).or_insert_with(|| Said { said: look(), _texts: texts }).said
    }

    fn changes(&mut self, old: &Arc<str>, new: &Arc<str>) -> Arc<Changes> {
        let key = [old, new].map(|text| text.as_ptr().addr());
        let compared = self.compared.entry(key).or_insert_with(|| {
            let input = InternedInput::new(&**old, &**new);
            let mut diff = Diff::compute(Algorithm::Histogram, &input);
            diff.postprocess_lines(&input);
            let changes = diff.hunks().map(|hunk| (hunk.before, hunk.after)).collect();
            Compared { _texts: [old, new].map(Arc::clone), changes: Arc::new(changes) }
        });
        Arc::clone(&compared.changes)
    }

    /// The anchor through the changes of its file, which may be called otherwise now.
    fn within(&mut self, anchor: &Anchor, old: &Arc<str>, new: &Arc<str>, path: &RepoPath) -> (Anchor, Code) {
        match anchor.lines {
            Some(lines) => through(&self.changes(old, new), (anchor, lines), (old, new), path),
            None => (Anchor { path: path.clone(), ..anchor.clone() }, Code::Same),
        }
    }

    /// The anchor in the file that its file became: one that was not there and has its code, or most of its lines.
    fn renamed(&mut self, anchor: &Anchor, old: &Arc<str>, then: &Texts, now: &Texts) -> (Anchor, Code) {
        let fresh = || now.iter().filter(|(path, _)| !then.contains_key(*path));
        let lines: HashSet<&str> = lines::split(old).map(str::trim).filter(|line| line.len() > 3).collect();
        let shared = |text: &str| lines::split(text).map(str::trim).filter(|line| lines.contains(line)).count();
        let best =
            fresh().map(|(path, text)| (shared(text), path, text)).max_by(|a, b| a.0.cmp(&b.0).then(b.1.cmp(a.1)));
        match best {
            Some((count, path, text)) if count > 0 && count * 2 >= lines.len() => self.within(anchor, old, text, path),
            _ => (anchor.clone(), Code::Gone),
        }
    }
}

/// The anchor at `lines` through the changes from `old` to `new`.
fn through(
    changes: &Changes,
    (anchor, lines): (&Anchor, LineRange),
    (old, new): (&str, &str),
    path: &RepoPath,
) -> (Anchor, Code) {
    let (first, end) = (lines.start() - 1, lines.end());
    let mut shift: i64 = 0;
    let mut touched: Option<(u32, u32)> = None;
    for (before, after) in changes {
        if before.end <= first {
            shift += i64::from(after.end - after.start) - i64::from(before.end - before.start);
        } else if before.start < end {
            let (from, to) = touched.unwrap_or((after.start, after.end));
            touched = Some((from.min(after.start), to.max(after.end)));
        }
    }
    let moved = |line: u32| u32::try_from(i64::from(line) + shift).unwrap_or(1);
    let at = |lines: LineRange| Anchor { path: path.clone(), lines: Some(lines), quote: anchor.quote.clone() };
    match touched {
        None => (at(LineRange::new(moved(lines.start()), moved(lines.end()))), Code::Same),
        // What was moved within the file is the same code elsewhere.
        Some(_) if let Some(found) = find(&excerpt(old, lines), new) => (at(found), Code::Same),
        Some((from, to)) if to > from => (at(LineRange::new(from + 1, to)), Code::Changed),
        Some((from, _)) => (at(LineRange::line(from + 1)), Code::Gone),
    }
}

/// The anchor found again by its quote alone.
fn by_quote(anchor: &Anchor, new: &str) -> (Anchor, Code) {
    let Some(quote) = &anchor.quote else { return (anchor.clone(), Code::Unknown) };
    match find(&lines::split(quote).collect::<Vec<_>>(), new) {
        Some(lines) => (Anchor { lines: Some(lines), ..anchor.clone() }, Code::Same),
        None => (anchor.clone(), Code::Changed),
    }
}

fn excerpt(text: &str, lines: LineRange) -> Vec<&str> {
    lines::split(text).skip(lines.start() as usize - 1).take(lines.count() as usize).collect()
}

/// Where `block` stands in `text`, white space aside; `None` where it does not, says too little, or stands
/// twice.
fn find(block: &[&str], text: &str) -> Option<LineRange> {
    let squeeze = |line: &str| line.split_whitespace().collect::<String>();
    let block: Vec<String> = block.iter().map(|line| squeeze(line)).filter(|line| !line.is_empty()).collect();
    if block.iter().map(String::len).sum::<usize>() < 10 {
        return None;
    }
    let lines: Vec<(u32, String)> =
        (1..).zip(lines::split(text).map(squeeze)).filter(|(_, line)| !line.is_empty()).collect();
    let mut found = lines.windows(block.len()).filter(|w| w.iter().map(|(_, line)| line).eq(&block));
    let (first, again) = (found.next()?, found.next());
    let (start, end) = (first.first()?.0, first.last()?.0);
    again.is_none().then(|| LineRange::new(start, end))
}

/// Whether the code that a decision was made on is still the code at `anchor`.
pub(super) fn is_code(hash: &str, anchor: &Anchor, now: &Texts) -> Option<bool> {
    Some(identity::code_hash(anchor, now.get(&anchor.path)?)? == hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "one\ntwo\nlet total = price * count;\nfour\nfive\nsix\n";

    fn texts(files: &[(&str, &str)]) -> Texts {
        files.iter().map(|(path, text)| (RepoPath::new(*path).unwrap(), Arc::from(*text))).collect()
    }

    #[test]
    fn anchors_follow_their_code() {
        let moved = "zero\none\ntwo\nlet total = price * count;\nfour\nfive\nsix\n";
        let jumped = "one\ntwo\nfour\nfive\nsix\n\nlet total = price * count;\n";
        let cases = [
            ("unchanged", "a.rs", OLD, "a.rs:3", Code::Same),
            ("shifted", "a.rs", moved, "a.rs:4", Code::Same),
            ("moved in the file", "a.rs", jumped, "a.rs:7", Code::Same),
            ("changed", "a.rs", "one\ntwo\nlet total = 0;\nfour\nfive\nsix\n", "a.rs:3", Code::Changed),
            ("deleted", "a.rs", "one\ntwo\nfour\nfive\nsix\n", "a.rs:3", Code::Gone),
            ("renamed", "b/c.rs", moved, "b/c.rs:4", Code::Same),
            ("file deleted", "z.rs", "nothing\nof\nthe\nsort\n", "a.rs:3", Code::Gone),
        ];
        let anchor = Anchor::lines(RepoPath::new("a.rs").unwrap(), LineRange::line(3));
        for (name, path, text, place, code) in cases {
            let (anchor, became) = Carrier::default().carry(&anchor, &texts(&[("a.rs", OLD)]), &texts(&[(path, text)]));
            assert_eq!((anchor.to_string().as_str(), became), (place, code), "{name}");
        }
    }

    #[test]
    fn without_the_old_text_the_quote_finds_the_place() {
        let mut anchor = Anchor::lines(RepoPath::new("a.rs").unwrap(), LineRange::line(9));
        let now = texts(&[("a.rs", OLD)]);
        assert_eq!(Carrier::default().carry(&anchor, &texts(&[]), &now).1, Code::Unknown);
        anchor.quote = Some("let total =  price * count;".into());
        let (found, code) = Carrier::default().carry(&anchor, &texts(&[]), &now);
        assert_eq!((found.to_string().as_str(), code), ("a.rs:3", Code::Same));
        anchor.quote = Some("let total = something else;".into());
        assert_eq!(Carrier::default().carry(&anchor, &texts(&[]), &now).1, Code::Changed);
    }
}
