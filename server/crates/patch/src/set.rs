//! Many fixes at once: what each file becomes, which fixes apply, and which stand in each other's way.

use super::hunk::{FileChange, FilePatch, HunkBody};
use super::locate::place_hunks;
use super::text::{Splits, Text};
use super::{Hints, LineEdit, Placed, Placement, Refusal, parse};
use finding::RepoPath;
use std::collections::BTreeMap;
use std::rc::Rc;

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

/// Places `fixes` in the texts that `text_of` gives (`None` for a file that is not there), all of them in the texts as
/// they are. The first fix in the list wins a conflict; the later one is refused and told its name. Equal edits of two
/// fixes are no conflict, edits that [clash](LineEdit::clashes) are.
pub fn place_set<'t>(fixes: &[Fix<'_>], text_of: &dyn Fn(&RepoPath) -> Option<&'t str>) -> SetOutcome {
    place_set_in(fixes, text_of, &Splits::default())
}

/// [`place_set`] for many sets that go to the same texts: what `splits` knows is not split again.
pub fn place_set_in<'t>(
    fixes: &[Fix<'_>],
    text_of: &dyn Fn(&RepoPath) -> Option<&'t str>,
    splits: &Splits<'t>,
) -> SetOutcome {
    let mut texts = Texts { text_of, splits, read: BTreeMap::new() };
    let mut taken: BTreeMap<RepoPath, Taken> = BTreeMap::new();
    let mut take = |fix: &Fix<'_>| {
        let parts = parts(fix, &mut texts)?;
        if let Some(other) = parts.iter().find_map(|part| conflict(part, &taken)) {
            return Err(Refusal::Overlaps { other });
        }
        let placement = parts.iter().map(|p| p.placement).max().unwrap_or(Placement::Exact);
        for part in parts {
            match taken.get_mut(&part.path) {
                Some(before) => before.add(fix.name, part),
                None => {
                    taken.insert(part.path.clone(), Taken::new(fix.name, part));
                }
            }
        }
        Ok(placement)
    };
    let fixes = fixes.iter().map(&mut take).collect();
    let outcome = |(path, taken): (RepoPath, Taken)| {
        let text = text_of(&path).unwrap_or_default();
        (path, taken.outcome(&splits.of(text)))
    };
    SetOutcome { files: taken.into_iter().map(outcome).collect(), fixes }
}

impl LineEdit {
    /// Whether two edits of one text stand in each other's way: they change the same lines or lines side by side, or put
    /// lines beside what the other changes. Side by side, each is in what the other was made for.
    #[must_use]
    pub fn clashes(&self, other: &Self) -> bool {
        let end = |edit: &Self| edit.start.saturating_add(edit.count);
        self.start <= end(other) && other.start <= end(self)
    }
}

/// The texts that fixes go to, each split into lines once.
struct Texts<'t, 'f> {
    text_of: &'f dyn Fn(&RepoPath) -> Option<&'t str>,
    splits: &'f Splits<'t>,
    read: BTreeMap<RepoPath, Option<Rc<Text<'t>>>>,
}

impl<'t> Texts<'t, '_> {
    fn get(&mut self, path: &RepoPath) -> Option<&Text<'t>> {
        let (text_of, splits) = (self.text_of, self.splits);
        self.read.entry(path.clone()).or_insert_with(|| text_of(path).map(|text| splits.of(text))).as_deref()
    }
}

/// What one fix does to one file.
struct Part {
    path: RepoPath,
    action: Action,
    placement: Placement,
}

/// What happens to a file.
#[derive(PartialEq)]
enum Action {
    Edit(Vec<LineEdit>),
    Create(String),
    Delete,
    Rename(RepoPath, Vec<LineEdit>),
}

impl Action {
    fn edits(&self) -> &[LineEdit] {
        match self {
            Self::Edit(edits) | Self::Rename(_, edits) => edits,
            Self::Create(_) | Self::Delete => &[],
        }
    }
}

/// What happens to a file by the fixes so far.
struct Taken {
    /// The first of them.
    by: String,
    what: Change,
    /// With the names of the fixes that they are of; none of a file that is new or goes away.
    edits: Vec<(LineEdit, String)>,
}

/// What happens to the file that edits are of.
enum Change {
    Edit,
    Create(String),
    Delete,
    Rename(RepoPath),
}

impl Taken {
    fn new(name: &str, part: Part) -> Self {
        let mut taken = Self { by: name.to_owned(), what: Change::Edit, edits: Vec::new() };
        taken.add(name, part);
        taken
    }

    /// Takes in what does not conflict.
    fn add(&mut self, name: &str, part: Part) {
        let edits = match part.action {
            Action::Edit(edits) => edits,
            Action::Rename(to, edits) => {
                self.what = Change::Rename(to);
                edits
            }
            Action::Create(text) => {
                self.what = Change::Create(text);
                return;
            }
            Action::Delete => {
                self.what = Change::Delete;
                return;
            }
        };
        for edit in edits {
            if !self.edits.iter().any(|(taken, _)| *taken == edit) {
                self.edits.push((edit, name.to_owned()));
            }
        }
    }

    /// The fix that is in the way of `action`, if any.
    fn in_the_way(&self, action: &Action) -> Option<&str> {
        let same = match (&self.what, action) {
            (Change::Create(here), Action::Create(there)) => here == there,
            (Change::Rename(here), Action::Rename(there, _)) => here == there,
            (Change::Delete, Action::Delete) => true,
            (Change::Edit | Change::Rename(_), Action::Edit(_)) | (Change::Edit, Action::Rename(..)) => true,
            _ => false,
        };
        if !same {
            return Some(&self.by);
        }
        let edits = action.edits();
        let others = || self.edits.iter().filter(|(taken, _)| !edits.contains(taken));
        let clash = |edit: &LineEdit| others().find(|(taken, _)| taken.clashes(edit));
        let new = edits.iter().filter(|edit| !self.edits.iter().any(|(taken, _)| taken == *edit));
        new.filter_map(clash).map(|(_, name)| name.as_str()).next()
    }

    fn outcome(self, text: &Text<'_>) -> FileOutcome {
        let mut edits: Vec<LineEdit> = self.edits.into_iter().map(|(edit, _)| edit).collect();
        edits.sort_by_key(|e| (e.start, e.count));
        match self.what {
            Change::Create(text) => FileOutcome::Created { text },
            Change::Delete => FileOutcome::Deleted,
            Change::Rename(to) => FileOutcome::Renamed { to, text: text.with(&edits) },
            Change::Edit => FileOutcome::Edited { text: text.with(&edits), edits },
        }
    }
}

/// Who is in the way of `part`, if anyone: by what the file becomes, or because another one gets its name.
fn conflict(part: &Part, taken: &BTreeMap<RepoPath, Taken>) -> Option<String> {
    if let Some(other) = taken.get(&part.path).and_then(|taken| taken.in_the_way(&part.action)) {
        return Some(other.to_owned());
    }
    let target = if let Action::Rename(to, _) = &part.action { to } else { &part.path };
    let moved_there = |taken: &Taken| matches!(&taken.what, Change::Rename(to) if to == target);
    let mut others = taken.iter().filter(|(path, _)| **path != part.path);
    others.find(|(_, taken)| moved_there(taken)).map(|(path, _)| path.to_string())
}

/// What a fix does to each of its files.
fn parts(fix: &Fix<'_>, texts: &mut Texts<'_, '_>) -> Result<Vec<Part>, Refusal> {
    let patch = parse(fix.diff)?;
    let mut out = Vec::new();
    for file in &patch.files {
        let name = file.old_path.as_deref().or(file.path.as_deref());
        let path = resolve(name, fix, texts, patch.files.len() == 1)?;
        match part(fix, file, path, texts) {
            Ok(part) => out.push(part),
            // What the others do is left to do.
            Err(Refusal::AlreadyApplied) => {}
            Err(other) => return Err(other),
        }
    }
    if out.is_empty() { Err(Refusal::AlreadyApplied) } else { Ok(out) }
}

/// What a fix does to the file `path`.
fn part(fix: &Fix<'_>, file: &FilePatch, path: RepoPath, texts: &mut Texts<'_, '_>) -> Result<Part, Refusal> {
    let wrong = |path: &RepoPath, why| Err(Refusal::WrongFile { path: path.to_string(), why });
    let certain = |action| (action, Placement::Exact);
    let (action, placement) = match (file.change, texts.get(&path)) {
        (FileChange::Create, None) => certain(Action::Create(created_text(file))),
        (FileChange::Create, Some(text)) if text.is_blank() => {
            let count = u32::try_from(text.lines().len()).unwrap_or(u32::MAX);
            certain(Action::Edit(vec![LineEdit { start: 1, count, text: created_text(file) }]))
        }
        (FileChange::Create, Some(text)) if super::text::squeezed_eq(text.source(), &created_text(file)) => {
            return Err(Refusal::AlreadyApplied);
        }
        (FileChange::Create, Some(_)) => return wrong(&path, "exists already"),
        (FileChange::Delete, None) => return Err(Refusal::AlreadyApplied),
        (FileChange::Delete, Some(_)) => certain(Action::Delete),
        (FileChange::Edit | FileChange::Rename, None) => return wrong(&path, "does not exist"),
        (FileChange::Edit, Some(text)) => {
            let placed = place_hunks(text, &file.hunks, &hints_for(fix, &path))?;
            (Action::Edit(placed.edits), placed.placement)
        }
        (FileChange::Rename, Some(text)) => {
            let placed = match &file.hunks[..] {
                [] => Placed { edits: Vec::new(), placement: Placement::Exact },
                hunks => place_hunks(text, hunks, &hints_for(fix, &path))?,
            };
            let to = inside(file.path.as_deref().unwrap_or_default())?;
            if to != path && texts.get(&to).is_some() {
                return wrong(&to, "exists already");
            }
            (Action::Rename(to, placed.edits), placed.placement)
        }
    };
    Ok(Part { path, action, placement })
}

/// The citation is about the file of the finding; of the others only the name is known.
fn hints_for<'h>(fix: &Fix<'h>, path: &'h RepoPath) -> Hints<'h> {
    let own = fix.hints.path.is_none_or(|p| p == path);
    Hints { path: Some(path), ..if own { fix.hints } else { Hints::default() } }
}

/// The file that a name in a diff means: itself, or the finding's where one is the end of the other.
fn resolve(name: Option<&str>, fix: &Fix<'_>, texts: &mut Texts<'_, '_>, single: bool) -> Result<RepoPath, Refusal> {
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
                Some(_) if single && texts.get(&path).is_none() => Err(Refusal::OtherFile { path: name.to_owned() }),
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
