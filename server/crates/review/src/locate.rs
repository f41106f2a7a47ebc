//! Puts an agent's findings onto the lines of the snapshot: the path as it is meant, then the quoted code decides, and the
//! cited lines help.

use super::Preparation;
use finding::{Anchor, LineRange, RawFinding, RepoPath};
use git::Snapshot;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Files of one name that a quote is looked for in.
const MOST_NAMESAKES: usize = 20;

/// The file of the snapshot that an agent means by a path: that one; else the path without what agents put before it
/// (`a/`, `b/`, the folder of their copy, a drive), with `\` for `/`; else the only file of that name, or the only one
/// that has the quoted code. `None` where no file or more than one may be meant.
pub(super) fn meant(path: &RepoPath, quote: Option<&str>, snapshot: &Snapshot) -> Option<RepoPath> {
    if is_there(path, snapshot) {
        return Some(path.clone());
    }
    let slashed = path.as_str().replace('\\', "/");
    let mut end = slashed.trim_start_matches("./");
    loop {
        if let Ok(shorter) = RepoPath::new(end)
            && is_there(&shorter, snapshot)
        {
            return Some(shorter);
        }
        match end.split_once('/') {
            Some((_, rest)) => end = rest,
            None => break,
        }
    }
    let ending = format!("/{}", slashed.trim_start_matches(['/', '.']));
    let changed = snapshot.files().iter().map(|file| file.path.clone());
    let named = |paths: &mut dyn Iterator<Item = RepoPath>| -> Vec<RepoPath> {
        paths.filter(|path| format!("/{path}").ends_with(&ending)).take(MOST_NAMESAKES + 1).collect()
    };
    let mut namesakes = named(&mut changed.into_iter());
    if namesakes.is_empty() {
        namesakes = named(&mut snapshot.paths().ok()?.into_iter());
    }
    match &namesakes[..] {
        [only] => return Some(only.clone()),
        all if all.len() > MOST_NAMESAKES => return None,
        _ => {}
    }
    let has_quote = |path: &&RepoPath| {
        let text = snapshot.read(path).ok().flatten();
        text.zip(quote).is_some_and(|(text, quote)| patch::find_quote(&text, quote, None).is_some())
    };
    let mut quoted = namesakes.iter().filter(has_quote);
    let first = quoted.next()?;
    quoted.next().is_none().then(|| first.clone())
}

fn is_there(path: &RepoPath, snapshot: &Snapshot) -> bool {
    snapshot.file(path).is_some() || snapshot.read(path).is_ok_and(|text| text.is_some())
}

/// Puts the paths of a remark right: those that mean a file of the snapshot.
pub(super) fn settle_paths(raw: &mut RawFinding, prepared: &Preparation) {
    let snapshot = &prepared.snapshot;
    let known = |path: &RepoPath| prepared.texts.contains_key(path);
    let mut moved: BTreeMap<RepoPath, RepoPath> = BTreeMap::new();
    for anchor in raw.anchors.iter_mut().filter(|anchor| !known(&anchor.path)) {
        if let Some(path) = meant(&anchor.path, anchor.quote.as_deref(), snapshot).filter(|path| *path != anchor.path) {
            moved.insert(std::mem::replace(&mut anchor.path, path.clone()), path);
        }
    }
    for path in raw.fixes.iter_mut().filter_map(|fix| fix.path.as_mut()).filter(|path| !known(path)) {
        if let Some(there) = moved.get(path).cloned().or_else(|| meant(path, None, snapshot)) {
            *path = there;
        }
    }
}

/// Corrects the anchors in place. A file that is not in the snapshot keeps its name and loses its lines, so that
/// the finding is shown, but nowhere wrong.
pub(super) fn locate(raw: &mut RawFinding, texts: &BTreeMap<RepoPath, Arc<str>>, snapshot: &Snapshot) {
    for anchor in &mut raw.anchors {
        let text = match texts.get(&anchor.path) {
            Some(text) => Some(text.clone()),
            None => match snapshot.file(&anchor.path) {
                // A deleted file: what is said of it refers to its last text.
                Some(file) => file.new.clone().or_else(|| file.old.clone()),
                None => snapshot.read(&anchor.path).ok().flatten(),
            },
        };
        place(anchor, text.as_deref());
    }
}

fn place(anchor: &mut Anchor, text: Option<&str>) {
    let Some(text) = text else {
        anchor.lines = None;
        return;
    };
    let quoted = anchor.quote.as_deref().and_then(|quote| patch::find_quote(text, quote, anchor.lines));
    anchor.lines = quoted.or_else(|| anchor.lines.and_then(|lines| within(lines, text)));
}

/// Lines past the end of the text say nothing.
fn within(lines: LineRange, text: &str) -> Option<LineRange> {
    let count = u32::try_from(lines::count(text)).unwrap_or(u32::MAX);
    (lines.start() <= count).then(|| LineRange::new(lines.start(), lines.end().min(count)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_what_it_means_and_nothing_where_it_may_mean_two() {
        let files = [
            ("src/main.rs", "fn main() {}\n"),
            ("web/index.ts", "export const page_of_the_web = 1;\n"),
            ("api/index.ts", "export const answer_of_the_api = 2;\n"),
            ("docs/a.md", "text\n"),
        ];
        let snapshot = Snapshot::in_memory(&[], &files);
        for (path, quote, expected) in [
            ("src/main.rs", None, Some("src/main.rs")),
            ("a/src/main.rs", None, Some("src/main.rs")),
            ("b/src/main.rs", None, Some("src/main.rs")),
            ("tmp/deep-review-x1/copy/src/main.rs", None, Some("src/main.rs")),
            ("src\\main.rs", None, Some("src/main.rs")),
            ("C:\\work\\repo\\src\\main.rs", None, Some("src/main.rs")),
            ("main.rs", None, Some("src/main.rs")),
            ("index.ts", None, None),
            ("index.ts", Some("export const answer_of_the_api = 2;"), Some("api/index.ts")),
            ("index.ts", Some("export const nothing_of_both = 2;"), None),
            ("api/index.ts", None, Some("api/index.ts")),
            ("nowhere.rs", None, None),
            ("ain.rs", None, None),
        ] {
            let found = meant(&RepoPath::new(path).unwrap(), quote, &snapshot);
            assert_eq!(found.as_ref().map(RepoPath::as_str), expected, "{path} {quote:?}");
        }
    }
}
