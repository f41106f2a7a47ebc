//! Which added files are deleted or other files under a new name.
//!
//! What is compared, and how, is git's (`diffcore-delta`): the share of bytes of the larger file that are in pieces (a
//! line, or 64 bytes of a long one) that both have. What differs is how candidates are found: by an index from piece
//! to files, so that a thousand files against a thousand are not a million comparisons and no limit is needed.

use rayon::prelude::*;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;

/// A file that may have gone elsewhere, or one that may have come from elsewhere.
pub(crate) struct Candidate<'a> {
    pub(crate) path: &'a str,
    pub(crate) text: &'a Arc<str>,
}

/// `target` (an index into the added files) came from `source` (an index into the sources).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Match {
    pub(crate) source: usize,
    pub(crate) target: usize,
}

/// Shares of 1000 above which a file is another one's rename (as in git) or copy (higher than in git: less of a copied
/// file counts as changed, and what is new in it has to be read).
pub(crate) const RENAME: u32 = 500;
pub(crate) const COPY: u32 = 750;

/// A piece that is in more files than this says nothing about where a file came from.
const COMMON: usize = 24;
/// Sources compared in full for each added file.
const CANDIDATES: usize = 6;
/// Files shorter than this are alike by accident.
const SHORTEST: usize = 16;

/// Pairs added files with sources of at least `threshold`, the most similar first. With `exclusive`, each source is
/// used once (a rename); without, as often as it fits (a copy).
pub(crate) fn pair(
    sources: &[Candidate<'_>],
    targets: &[Candidate<'_>],
    threshold: u32,
    exclusive: bool,
) -> Vec<Match> {
    let fits = |c: &Candidate<'_>| c.text.len() >= SHORTEST;
    if !sources.iter().any(fits) || !targets.iter().any(fits) {
        return Vec::new();
    }
    let pieces = |all: &[Candidate<'_>]| -> Vec<Pieces> {
        all.par_iter().map(|c| if fits(c) { Pieces::of(c.text) } else { Pieces::default() }).collect()
    };
    let (source_pieces, target_pieces) = rayon::join(|| pieces(sources), || pieces(targets));
    let index = Index::of(sources, &source_pieces, &target_pieces);
    let mut scored: Vec<(u32, bool, Match)> = target_pieces
        .par_iter()
        .enumerate()
        .flat_map_iter(|(target, pieces)| {
            let score = |source: usize| {
                let score = similarity(&source_pieces[source], pieces);
                let same_name = file_name(sources[source].path) == file_name(targets[target].path);
                (score >= threshold).then_some((score, same_name, Match { source, target }))
            };
            index.nearest(&targets[target], pieces).into_iter().filter_map(score).collect::<Vec<_>>()
        })
        .collect();
    scored.sort_unstable_by(|a, b| {
        (b.0, b.1).cmp(&(a.0, a.1)).then_with(|| (a.2.source, a.2.target).cmp(&(b.2.source, b.2.target)))
    });
    let (mut used, mut done) = (vec![false; sources.len()], vec![false; targets.len()]);
    scored.retain(|(_, _, m)| {
        let free = !done[m.target] && (!exclusive || !used[m.source]);
        if free {
            done[m.target] = true;
            used[m.source] = true;
        }
        free
    });
    scored.into_iter().map(|(_, _, m)| m).collect()
}

/// The sources by what is in them. A source is named by its index.
struct Index<'a> {
    sources: &'a [Candidate<'a>],
    /// By a piece that some added file has: only these are looked for, and they are the fewer.
    by_piece: HashMap<u32, Vec<u32>, BuildHasherDefault<AsItIs>>,
    by_text: HashMap<&'a str, Vec<u32>>,
}

impl<'a> Index<'a> {
    fn of(sources: &'a [Candidate<'a>], source_pieces: &[Pieces], target_pieces: &[Pieces]) -> Self {
        let mut by_piece: HashMap<u32, Vec<u32>, BuildHasherDefault<AsItIs>> =
            target_pieces.iter().flat_map(|p| &p.0).map(|(piece, _)| (*piece, Vec::new())).collect();
        for (source, pieces) in (0u32..).zip(source_pieces) {
            for (piece, _) in &pieces.0 {
                if let Some(sources) = by_piece.get_mut(piece) {
                    sources.push(source);
                }
            }
        }
        let mut by_text: HashMap<&str, Vec<u32>> = HashMap::new();
        for (source, candidate) in (0u32..).zip(sources).filter(|(_, c)| c.text.len() >= SHORTEST) {
            by_text.entry(candidate.text).or_default().push(source);
        }
        Self { sources, by_piece, by_text }
    }

    /// The sources that an added file may come from: those with its text, or those with the most bytes of it.
    fn nearest(&self, target: &Candidate<'_>, pieces: &Pieces) -> Vec<usize> {
        if let Some(same) = self.by_text.get(&**target.text) {
            // Of many with the same text, the one with the same name first.
            let mut same: Vec<usize> = same.iter().map(|source| *source as usize).collect();
            same.sort_by_key(|source| file_name(self.sources[*source].path) != file_name(target.path));
            return same;
        }
        let mut shared: HashMap<u32, u64> = HashMap::new();
        for (piece, bytes) in &pieces.0 {
            for source in self.by_piece.get(piece).filter(|s| s.len() <= COMMON).into_iter().flatten() {
                *shared.entry(*source).or_default() += u64::from(*bytes);
            }
        }
        let mut best: Vec<(u64, u32)> = shared.into_iter().map(|(source, bytes)| (bytes, source)).collect();
        best.sort_unstable_by(|a, b| b.cmp(a));
        best.into_iter().take(CANDIDATES).map(|(_, source)| source as usize).collect()
    }
}

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// Hashes of a text's pieces with the bytes in them, sorted by hash.
#[derive(Default)]
struct Pieces(Vec<(u32, u32)>);

impl Pieces {
    fn of(text: &str) -> Self {
        let mut all: Vec<(u32, u32)> = Vec::with_capacity(text.len() / 24);
        for line in text.as_bytes().split_inclusive(|b| *b == b'\n') {
            // Line ends alone make no other file.
            let line = line.strip_suffix(b"\r\n").or_else(|| line.strip_suffix(b"\n")).unwrap_or(line);
            for piece in line.chunks(64) {
                all.push((hash(piece), piece.len() as u32 + 1));
            }
        }
        all.sort_unstable();
        all.dedup_by(|b, a| {
            let same = a.0 == b.0;
            if same {
                a.1 += b.1;
            }
            same
        });
        Self(all)
    }

    fn bytes(&self) -> u64 {
        self.0.iter().map(|(_, n)| u64::from(*n)).sum()
    }
}

/// Two pieces with one hash make files seem a little more alike than they are; that is all, so a quick one will do.
fn hash(piece: &[u8]) -> u32 {
    let mix = |h: u64, word: u64| (h.rotate_left(5) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let (words, rest) = piece.as_chunks::<8>();
    let whole = words.iter().fold(piece.len() as u64, |h, word| mix(h, u64::from_le_bytes(*word)));
    (rest.iter().fold(whole, |h, byte| mix(h, u64::from(*byte))) >> 32) as u32
}

/// For keys that are hashes already.
#[derive(Default)]
struct AsItIs(u64);

impl Hasher for AsItIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = u64::from(hash(bytes));
    }

    fn write_u32(&mut self, piece: u32) {
        // The table takes some of the highest bits too.
        self.0 = u64::from(piece) << 32 | u64::from(piece);
    }
}

/// Of 1000.
fn similarity(a: &Pieces, b: &Pieces) -> u32 {
    let larger = a.bytes().max(b.bytes());
    let (mut shared, mut i, mut j) = (0u64, 0, 0);
    while let (Some(x), Some(y)) = (a.0.get(i), b.0.get(j)) {
        match x.0.cmp(&y.0) {
            std::cmp::Ordering::Less => i += 1,
            std::cmp::Ordering::Greater => j += 1,
            std::cmp::Ordering::Equal => {
                shared += u64::from(x.1.min(y.1));
                i += 1;
                j += 1;
            }
        }
    }
    (shared * 1000).checked_div(larger).unwrap_or(0) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(sources: &[(&str, &str)], targets: &[(&str, &str)], exclusive: bool) -> Vec<(usize, usize)> {
        let texts = |all: &[(&str, &str)]| all.iter().map(|(_, t)| Arc::from(*t)).collect::<Vec<Arc<str>>>();
        let (s, t) = (texts(sources), texts(targets));
        let candidates = |all: &[(&'static str, &str)], texts: &'static [Arc<str>]| -> Vec<Candidate<'static>> {
            all.iter().zip(texts).map(|((path, _), text)| Candidate { path, text }).collect()
        };
        let leak = |all: &[(&str, &str)]| -> Vec<(&'static str, &'static str)> {
            all.iter().map(|(p, t)| (&*p.to_string().leak(), &*t.to_string().leak())).collect()
        };
        let (sources, targets) = (leak(sources), leak(targets));
        let found = pair(&candidates(&sources, s.leak()), &candidates(&targets, t.leak()), RENAME, exclusive);
        found.into_iter().map(|m| (m.source, m.target)).collect()
    }

    #[test]
    fn the_most_similar_pair_wins_and_the_name_breaks_ties() {
        let text = "fn alpha() {}\nfn beta() {}\nfn gamma() {}\nfn delta() {}\n";
        let near = "fn alpha() {}\nfn beta() {}\nfn gamma() {}\nfn other() {}\n";
        let far = "nothing like it\nat all\nnot a line\n";
        assert_eq!(pairs(&[("a/x.rs", text)], &[("b/y.rs", far), ("b/z.rs", near)], true), [(0, 1)]);
        assert_eq!(pairs(&[("a/x.rs", text), ("a/y.rs", text)], &[("b/y.rs", text)], true), [(1, 0)]);
        assert_eq!(pairs(&[("a/x.rs", text)], &[("b/1.rs", text), ("b/2.rs", near)], true), [(0, 0)]);
        assert_eq!(pairs(&[("a/x.rs", text)], &[("b/1.rs", text), ("b/2.rs", near)], false), [(0, 0), (0, 1)]);
        assert_eq!(pairs(&[("a", "")], &[("b", "")], true), [], "empty files have no history");
    }
}
