//! Links that lead nowhere: to files, images and headings, in documents, and paths in what builds and ships. Reported is
//! what the branch brings: a link that it adds, a document that it moves, a heading or a file that it takes away.

mod anchors;
mod made;
mod paths;
mod targets;

use super::Job;
use super::remark::{LARGEST_TEXT, MOST_FINDINGS, anchor, line_at, remark, replacing};
use anchors::Anchors;
use finding::{LineRange, RawFinding, RepoPath, Severity};
use git::{ChangeKind, ChangedFile, SnapshotError};
use made::Made;
use paths::Paths;
use rayon::prelude::*;
use std::collections::{BTreeMap, HashSet};
use targets::{Target, is_document, targets};

pub(super) const AGENT: &str = "links";
pub(super) const RULES: &[(&str, bool, &str)] = &[
    ("broken-link", true, "a link, image or include that leads to no file"),
    ("broken-anchor", true, "a link to a heading that is not there"),
    ("broken-path", true, "a script, workflow or manifest names a file that this branch took away"),
];

/// More links than this are one finding.
const MANY: usize = 30;

/// Finds them.
///
/// # Errors
/// When the tree cannot be listed.
pub(super) fn check(job: &Job<'_>) -> Result<Vec<RawFinding>, SnapshotError> {
    let names = job.snapshot.names()?;
    let there = Paths::new(&names);
    let made = Made::of(job, &names);
    let mut findings = Vec::new();
    for file in job.snapshot.files().iter().filter(|f| is_document(&f.path)) {
        if job.is_cancelled() || findings.len() >= MOST_FINDINGS {
            break;
        }
        findings.extend(in_document(job, file, &there, &made));
    }
    findings.extend(to_lost_headings(job, &names));
    findings.extend(to_gone_pages(job, &names, &there));
    if findings.len() > MANY {
        findings = vec![many(findings)];
    }
    findings.extend(paths::to_gone_files(job, &there, &made, &names));
    findings.truncate(MOST_FINDINGS);
    Ok(findings)
}

/// One matter: a tool's documents, or a folder that was moved.
fn many(findings: Vec<RawFinding>) -> RawFinding {
    let title = format!("{} links of documents lead nowhere", findings.len());
    let lines: Vec<String> = findings.iter().take(20).map(|f| format!("- {}", f.title)).collect();
    let mut all = remark(AGENT, "broken-link", Severity::Important, title, lines.join("\n"));
    all.anchors.extend(findings.into_iter().filter_map(|f| f.anchors.into_iter().next()).take(20));
    all
}

/// The name that a changed file has in the base; none for a new one.
fn old_path(file: &ChangedFile) -> Option<&RepoPath> {
    match &file.kind {
        ChangeKind::Added => None,
        ChangeKind::Renamed { from } | ChangeKind::Copied { from } => Some(from),
        ChangeKind::Modified | ChangeKind::Deleted => Some(&file.path),
    }
}

/// The links of a changed document that the branch brought, or that broke when it moved.
fn in_document(job: &Job<'_>, file: &ChangedFile, there: &Paths<'_>, made: &Made) -> Vec<RawFinding> {
    let Some(text) = file.new.as_deref().filter(|t| t.len() <= LARGEST_TEXT) else { return Vec::new() };
    let has_moved = old_path(file).is_some_and(|old| old.folder() != file.path.folder());
    let is_added = |line: u32| file.hunks.iter().any(|h| (h.new_start..h.new_start + h.new_count).contains(&line));
    let was_said = |target: &str| file.old.as_deref().is_some_and(|old| old.contains(target));
    let mut findings = Vec::new();
    for target in targets(&file.path, text) {
        let line = line_at(text, target.at.start);
        // A link that was reworded around is not the branch's.
        let is_new = is_added(line) && !was_said(&target.written);
        if is_new || has_moved {
            let is_elsewhere = |path: String| made.has(&path) || there.has_page(&path);
            if !there.resolve(&file.path, &target.path).is_some_and(is_elsewhere) {
                let link = Link { file, text, target: &target };
                findings.extend(link.broken(job, there, has_moved && !is_new));
            }
        }
    }
    findings
}

/// A link in a changed document.
struct Link<'l> {
    file: &'l ChangedFile,
    text: &'l str,
    target: &'l Target,
}

impl Link<'_> {
    /// What is wrong with it. `by_move`: only the document's own move can have broken it.
    fn broken(&self, job: &Job<'_>, there: &Paths<'_>, by_move: bool) -> Option<RawFinding> {
        let written = &self.target.path;
        if written.is_empty() {
            return if by_move { None } else { self.without_heading_here() };
        }
        let resolved = there.resolve(&self.file.path, written)?;
        match there.file(&resolved) {
            Some(_) if by_move => None,
            Some(path) => self.without_heading(job, path),
            None if by_move => self.broken_by_move(there),
            None => self.without_file(&resolved, there),
        }
    }

    fn finding(&self, rule: &str, title: String, body: &str) -> RawFinding {
        let mut finding = remark(AGENT, rule, Severity::Important, title, body.to_owned());
        let line = LineRange::line(line_at(self.text, self.target.at.start));
        finding.anchors.push(anchor(&self.file.path, self.text, line));
        finding
    }

    /// The same with a fix that has it lead to `right`.
    fn mended(&self, title: String, body: &str, note: &str, right: &RepoPath) -> RawFinding {
        let mut finding = self.finding("broken-link", title, body);
        let right = paths::relative(&self.file.path, right);
        let edit = [(self.target.path_at.clone(), &*right)];
        finding.fixes.push(replacing(AGENT, note, &self.file.path, self.text, &edit));
        finding
    }

    /// Leads to a heading of its own document that is not there.
    fn without_heading_here(&self) -> Option<RawFinding> {
        let path = &self.file.path;
        let wanted = self.target.fragment.as_deref().filter(|f| targets::is_markdown(path) && !f.is_empty())?;
        // A text among the sources, or a numbered chapter, is put into another one, with headings of its own.
        let number = path.file_name().split_once(['-', '_']).map_or("", |(number, _)| number);
        let is_chapter = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
        // Says itself that it is to be written.
        let is_to_come = matches!(&*wanted.to_ascii_lowercase(), "todo" | "tbd" | "fixme");
        if is_chapter || is_to_come || path.as_str().split('/').any(|part| part == "src") {
            return None;
        }
        let anchors = Anchors::of(self.text);
        if anchors.has(wanted) || !anchors.are_all() {
            return None;
        }
        let title = format!("Link to a heading that is not there: #{wanted}");
        Some(self.finding("broken-anchor", title, "No heading of this document has that anchor."))
    }

    /// Leads to a document that is there, and to a heading of it that is not.
    fn without_heading(&self, job: &Job<'_>, path: &RepoPath) -> Option<RawFinding> {
        let fragment = self.target.fragment.as_deref().filter(|f| targets::is_markdown(path) && !f.is_empty())?;
        let other = job.read(path)?;
        let anchors = Anchors::of(&other);
        if anchors.has(fragment) || !anchors.are_all() {
            return None;
        }
        let title = format!("Link to a heading that is not there: {path}#{fragment}");
        Some(self.finding("broken-anchor", title, "No heading of that document has that anchor."))
    }

    /// Led somewhere from where the document was.
    fn broken_by_move(&self, there: &Paths<'_>) -> Option<RawFinding> {
        let was = there.resolve(old_path(self.file)?, &self.target.path)?;
        let now = there.file(&was)?;
        let title = format!("Link leads nowhere since this document has moved: {}", self.target.path);
        let body = "It is read from the document's own folder, which is another one now.";
        Some(self.mended(title, body, "lead there from here", now))
    }

    /// Leads to no file.
    fn without_file(&self, resolved: &str, there: &Paths<'_>) -> Option<RawFinding> {
        let (path, target) = (&self.file.path, &self.target.path);
        let leads = there.is_there(resolved) || there.leads_on_a_site(path, target);
        if leads || !targets::may_be_checked(path, target, there) {
            return None;
        }
        if let Some(other) = there.but_for_case(resolved) {
            let title = format!("Link differs in case from the file's name: {target}");
            let body = "It leads there on systems that do not tell case apart, and nowhere on the others.";
            return Some(self.mended(title, body, "write it as it is", other));
        }
        let title = format!("Link leads nowhere: {target}");
        Some(self.finding("broken-link", title, "The repository has no such file."))
    }
}

/// Links to headings that changed documents lost, wherever they are.
fn to_lost_headings(job: &Job<'_>, names: &[RepoPath]) -> Vec<RawFinding> {
    let mut lost: BTreeMap<&RepoPath, HashSet<String>> = BTreeMap::new();
    for file in job.snapshot.files().iter().filter(|f| targets::is_markdown(&f.path)) {
        if let (Some(old), Some(new)) = (file.old.as_deref(), file.new.as_deref()) {
            let (old, new) = (Anchors::of(old), Anchors::of(new));
            // The heading of what comes next is another one after each release.
            let is_next = |anchor: &str| ["unreleased", "upcoming", "next"].iter().any(|w| anchor.contains(w));
            let gone: HashSet<String> = old.all().filter(|a| !new.has(a) && !is_next(a)).map(str::to_owned).collect();
            if !gone.is_empty() && new.are_all() {
                lost.insert(&file.path, gone);
            }
        }
    }
    if lost.is_empty() {
        return Vec::new();
    }
    let there = Paths::new(names);
    let in_path = |path: &RepoPath| -> Vec<RawFinding> {
        let Some(text) = (!job.is_cancelled()).then(|| job.read(path)).flatten().filter(|t| t.len() <= LARGEST_TEXT)
        else {
            return Vec::new();
        };
        let leads = |target: &Target| -> Option<RawFinding> {
            let fragment = target.fragment.as_deref()?;
            let to = match target.path.as_str() {
                "" => path,
                written => there.file(&there.resolve(path, written)?)?,
            };
            let is_lost = lost.get(to)?.contains(&anchors::plain(fragment));
            let line = line_at(&text, target.at.start);
            // A new link is judged where it was added.
            let is_new = job.snapshot.file(path).is_some_and(|f| {
                f.hunks.iter().any(|h| (h.new_start..h.new_start + h.new_count).contains(&line))
                    && !f.old.as_deref().is_some_and(|old| old.contains(&target.written))
            });
            (is_lost && !is_new).then(|| {
                let title = format!("Link to a heading that this branch took away: {}", target.written);
                let body = format!("`{to}` had it in the base.");
                let mut finding = remark(AGENT, "broken-anchor", Severity::Important, title, body);
                finding.anchors.push(anchor(path, &text, LineRange::line(line)));
                finding
            })
        };
        targets(path, &text).iter().filter_map(leads).collect()
    };
    names.par_iter().filter(|path| targets::is_markdown(path)).flat_map_iter(in_path).collect()
}

/// Links by `:doc:` to pages that the branch took away or renamed, in documents that it left as they were.
fn to_gone_pages(job: &Job<'_>, names: &[RepoPath], there: &Paths<'_>) -> Vec<RawFinding> {
    let is_page = |path: &&RepoPath| path.extension() == Some("rst");
    let gone: HashSet<&str> = job
        .snapshot
        .files()
        .iter()
        .filter(|file| matches!(file.kind, ChangeKind::Deleted | ChangeKind::Renamed { .. }))
        .filter_map(old_path)
        .filter(is_page)
        .map(RepoPath::as_str)
        .collect();
    if gone.is_empty() {
        return Vec::new();
    }
    let in_path = |path: &RepoPath| -> Vec<RawFinding> {
        let text = (!job.is_cancelled()).then(|| job.read(path)).flatten();
        let Some(text) = text.filter(|t| t.len() <= LARGEST_TEXT && t.contains(":doc:")) else { return Vec::new() };
        let leads = |target: &Target| -> Option<RawFinding> {
            let resolved = there.resolve(path, &target.path).filter(|_| !target.written.ends_with(".rst"))?;
            let is_gone = gone.contains(&*resolved) && !there.is_there(&resolved) && !there.has_page(&resolved);
            is_gone.then(|| {
                let title = format!("Link to a page that this branch took away: {}", target.written);
                let body = format!("`{resolved}` was there in the base.");
                let mut finding = remark(AGENT, "broken-link", Severity::Important, title, body);
                finding.anchors.push(anchor(path, &text, LineRange::line(line_at(&text, target.at.start))));
                finding
            })
        };
        targets(path, &text).iter().filter_map(leads).collect()
    };
    // Of a changed document, its new links are looked at elsewhere.
    let is_left = |path: &&RepoPath| is_page(path) && job.snapshot.file(path).is_none();
    names.par_iter().filter(is_left).flat_map_iter(in_path).collect()
}

#[cfg(test)]
mod tests;
