//! Puts an agent's findings onto the lines of the snapshot: the quoted code decides, the cited lines help.

use finding::{Anchor, LineRange, RawFinding, RepoPath};
use git::Snapshot;
use std::collections::BTreeMap;
use std::sync::Arc;

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
    let count = u32::try_from(text.lines().count()).unwrap_or(u32::MAX);
    (lines.start() <= count).then(|| LineRange::new(lines.start(), lines.end().min(count)))
}
