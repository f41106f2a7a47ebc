//! Many fixes at once: what each file becomes, which fixes apply, and which stand in each other's way.

use super::hunk::{FileChange, FilePatch, HunkBody};
use super::{Hints, LineEdit, Placement, Refusal, apply_edits, parse, place_patch, text::Text};
use finding::RepoPath;
use std::collections::BTreeMap;

/// A fix to be applied with others.
#[derive(Debug, Clone, Copy)]
pub struct Fix<'a> {
    /// What others are told it is, say the finding's identifier.
    pub name: &'a str,
    /// The suggestion as the agent wrote it.
    pub diff: &'a str,
    /// Where it belongs; the path is for the parts that name no file.
    pub hints: Hints<'a>,
}

/// What becomes of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileOutcome {
    /// Its text changes.
    Edited {
        /// The edits of all fixes, in order.
        edits: Vec<LineEdit>,
        /// The whole text afterwards.
        text: String,
    },
    /// It is new.
    Created {
        /// Its text.
        text: String,
    },
    /// It goes away.
    Deleted,
    /// It moves, perhaps with another text.
    Renamed {
        /// Its new name.
        to: RepoPath,
        /// Its text afterwards.
        text: String,
    },
}

/// What became of a set of fixes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SetOutcome {
    /// The files that change, by their names before.
    pub files: BTreeMap<RepoPath, FileOutcome>,
    /// For each fix, in the order given: how it was placed, or why not. A fix is all or nothing.
    pub fixes: Vec<Result<Placement, Refusal>>,
}

/// What one fix does to one file.
struct Part {
    path: RepoPath,
    change: FileChange,
    to: Option<RepoPath>,
    edits: Vec<LineEdit>,
    created: Option<String>,
    placement: Placement,
}

/// Applies `fixes` to the texts that `text_of` gives (`None` for a file that is not there), all located in the
/// texts as they are. The first fix in the list wins a conflict; the later one is refused and told its name.
/// Equal edits of two fixes are no conflict.
pub fn place_set<'t>(fixes: &[Fix<'_>], text_of: &dyn Fn(&RepoPath) -> Option<&'t str>) -> SetOutcome {
    let mut outcome = SetOutcome::default();
    // What is taken already: by file, what happens to it and the edits with the fix that made them.
    let mut taken: BTreeMap<RepoPath, (Part, Vec<(LineEdit, String)>)> = BTreeMap::new();
    for fix in fixes {
        let result = parts(fix, text_of).and_then(|parts| {
            for part in &parts {
                if let Some(other) = taken.get(&part.path).and_then(|t| conflict(part, t)) {
                    return Err(Refusal::Overlaps { other });
                }
                let target = part.to.as_ref().unwrap_or(&part.path);
                if let Some((other, _)) = taken
                    .iter()
                    .filter(|(p, _)| **p != part.path)
                    .find_map(|(_, t)| (t.0.to.as_ref() == Some(target)).then_some(t))
                {
                    return Err(Refusal::Overlaps { other: other.path.to_string() });
                }
            }
            let placement = parts.iter().map(|p| p.placement).max().unwrap_or(Placement::Exact);
            for part in parts {
                let edits: Vec<_> = part.edits.iter().map(|e| (e.clone(), fix.name.to_owned())).collect();
                match taken.get_mut(&part.path) {
                    Some((first, all)) => {
                        for edit in edits {
                            if !all.iter().any(|(e, _)| *e == edit.0) {
                                all.push(edit);
                            }
                        }
                        if first.change == FileChange::Edit {
                            (first.change, first.to) = (part.change, part.to);
                        }
                    }
                    None => {
                        let all = if edits.is_empty() { vec![(nothing(), fix.name.to_owned())] } else { edits };
                        taken.insert(part.path.clone(), (part, all));
                    }
                }
            }
            Ok(placement)
        });
        outcome.fixes.push(result);
    }
    for (path, (part, edits)) in taken {
        let before = text_of(&path).unwrap_or_default();
        let mut edits: Vec<LineEdit> = edits.into_iter().map(|(e, _)| e).filter(|e| *e != nothing()).collect();
        edits.sort_by_key(|e| (e.start, e.count));
        let text = apply_edits(before, &edits);
        let file = match (part.change, part.to, part.created) {
            (FileChange::Create, _, Some(text)) => FileOutcome::Created { text },
            (FileChange::Delete, ..) => FileOutcome::Deleted,
            (FileChange::Rename, Some(to), _) => FileOutcome::Renamed { to, text },
            _ => FileOutcome::Edited { edits, text },
        };
        outcome.files.insert(path, file);
    }
    outcome
}

/// Stands for a change of the whole file in the list of edits.
fn nothing() -> LineEdit {
    LineEdit { start: 0, count: 0, text: String::new() }
}

/// Who is in the way of `part`, if anyone.
fn conflict(part: &Part, (first, edits): &(Part, Vec<(LineEdit, String)>)) -> Option<String> {
    let whole = |c: FileChange| matches!(c, FileChange::Create | FileChange::Delete);
    let other = || edits.first().map(|(_, name)| name.clone()).unwrap_or_default();
    if whole(part.change) || whole(first.change) {
        let same = part.change == first.change && part.created == first.created;
        return (!same).then(other);
    }
    if part.to.is_some() && first.to.is_some() && part.to != first.to {
        return Some(other());
    }
    part.edits
        .iter()
        .find_map(|a| edits.iter().find(|(b, _)| *b != nothing() && a != b && meet(a, b)).map(|(_, name)| name.clone()))
}

/// Whether two edits change the same lines, or put lines at the same place.
fn meet(a: &LineEdit, b: &LineEdit) -> bool {
    let (a_end, b_end) = (a.start.saturating_add(a.count), b.start.saturating_add(b.count));
    match (a.count, b.count) {
        (0, 0) => a.start == b.start,
        (0, _) => b.start < a.start && a.start < b_end,
        (_, 0) => a.start < b.start && b.start < a_end,
        _ => a.start < b_end && b.start < a_end,
    }
}

/// What a fix does to each of its files.
fn parts<'t>(fix: &Fix<'_>, text_of: &dyn Fn(&RepoPath) -> Option<&'t str>) -> Result<Vec<Part>, Refusal> {
    let patch = parse(fix.diff)?;
    let mut out = Vec::new();
    let mut done_already = 0;
    for file in &patch.files {
        let path = resolve(file.old_path.as_deref().or(file.path.as_deref()), fix, text_of, patch.files.len() == 1)?;
        let text = text_of(&path);
        let wrong = |why| Refusal::WrongFile { path: path.to_string(), why };
        let mut part = Part {
            path: path.clone(),
            change: file.change,
            to: None,
            edits: Vec::new(),
            created: None,
            placement: Placement::Exact,
        };
        match (file.change, text) {
            (FileChange::Create, None) => part.created = Some(created_text(file)),
            (FileChange::Create, Some(text)) if text.trim().is_empty() => {
                part.change = FileChange::Edit;
                let count = u32::try_from(text.lines().count()).unwrap_or(u32::MAX);
                part.edits = vec![LineEdit { start: 1, count, text: created_text(file) }];
            }
            (FileChange::Create, Some(text)) => {
                if super::text::squeezed_eq(text, &created_text(file)) {
                    done_already += 1;
                    continue;
                }
                return Err(wrong("exists already"));
            }
            (FileChange::Delete, None) => {
                done_already += 1;
                continue;
            }
            (_, None) => return Err(wrong("does not exist")),
            (FileChange::Delete, Some(_)) => {}
            (FileChange::Edit | FileChange::Rename, Some(text)) => {
                if file.change == FileChange::Rename {
                    let to = inside(file.path.as_deref().unwrap_or_default())?;
                    if to != path && text_of(&to).is_some() {
                        return Err(Refusal::WrongFile { path: to.to_string(), why: "exists already" });
                    }
                    part.to = Some(to);
                }
                if !file.hunks.is_empty() {
                    // The citation is about the file of the finding.
                    let own = fix.hints.path.is_none_or(|p| *p == path);
                    let hints = if own {
                        Hints { path: Some(&path), ..fix.hints }
                    } else {
                        Hints { path: Some(&path), ..Hints::default() }
                    };
                    let single = super::Patch {
                        files: vec![FilePatch {
                            path: None,
                            old_path: None,
                            change: FileChange::Edit,
                            hunks: file.hunks.clone(),
                        }],
                    };
                    match place_patch(&Text::new(text), &single, &hints) {
                        Ok(applied) => (part.edits, part.placement) = (applied.edits, applied.placement),
                        Err(Refusal::AlreadyApplied) if file.change == FileChange::Edit => {
                            done_already += 1;
                            continue;
                        }
                        Err(other) => return Err(other),
                    }
                }
            }
        }
        out.push(part);
    }
    if out.is_empty() && done_already > 0 { Err(Refusal::AlreadyApplied) } else { Ok(out) }
}

/// The file that a name in a diff means: itself, or the finding's where one is the end of the other.
fn resolve<'t>(
    name: Option<&str>,
    fix: &Fix<'_>,
    text_of: &dyn Fn(&RepoPath) -> Option<&'t str>,
    single: bool,
) -> Result<RepoPath, Refusal> {
    let own = fix.hints.path;
    match (name, own) {
        (None, Some(own)) => Ok(own.clone()),
        (None, None) => Err(Refusal::Unreadable("it names no file".to_owned())),
        (Some(name), own) => {
            if let Some(own) = own.filter(|own| super::hunk::alike(name, own.as_str()).is_some()) {
                return Ok(own.clone());
            }
            let path = inside(name)?;
            match own {
                // A diff for one file that is not the finding's is no fix of the finding; one for several may
                // well change others too.
                Some(_) if single && text_of(&path).is_none() => Err(Refusal::OtherFile { path: name.to_owned() }),
                _ => Ok(path),
            }
        }
    }
}

fn inside(name: &str) -> Result<RepoPath, Refusal> {
    RepoPath::new(name).map_err(|_| Refusal::OutsideRepository { path: name.to_owned() })
}

/// The text of a new file.
pub(super) fn created_text(file: &FilePatch) -> String {
    let mut out = String::new();
    for hunk in &file.hunks {
        match &hunk.body {
            HunkBody::Lines(lines) => {
                for line in lines.iter().filter(|l| l.is_new()) {
                    out.push_str(&line.text);
                    if !line.no_newline {
                        out.push('\n');
                    }
                }
            }
            HunkBody::Replace { new, .. } | HunkBody::Suggestion(new) | HunkBody::Block(new) => {
                out.push_str(new);
                if !new.ends_with('\n') {
                    out.push('\n');
                }
            }
        }
    }
    out
}
