//! The files of a project that say how it wants its code, as the base commit has them: the branch under review is not asked
//! how it is to be reviewed.

use crate::repository::oid;
use crate::{GitError, Repository};
use finding::{RepoPath, RoundScope, written_in};
use git2::{FileMode, ObjectType, TreeWalkMode, TreeWalkResult};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

/// Those that stand in any folder, for what is in it, in the order in which they are given.
const IN_A_FOLDER: &[&str] = &[
    "REVIEW.md",
    "AGENTS.md",
    "CLAUDE.md",
    ".claude/CLAUDE.md",
    "GEMINI.md",
    "CONTRIBUTING.md",
    "CONTRIBUTING",
    ".github/copilot-instructions.md",
    ".github/CONTRIBUTING.md",
    ".cursorrules",
    ".windsurfrules",
];

/// Those at the top alone.
const AT_THE_TOP: &[&str] = &["docs/CONTRIBUTING.md", ".deep-review/learnings.md"];

/// Folders of rules, which stand in any folder too: every file with this ending counts, however deep.
const OF_RULES: &[(&str, &str)] =
    &[(".github/instructions", ".md"), (".cursor/rules", ".mdc"), (".windsurf/rules", ".md")];

/// More are not given: the nearest to the top come first.
const MOST: usize = 60;

/// Bytes of one that are given: more than any agent has room for.
const LONGEST: usize = 256 << 10;

impl Repository {
    /// The files of the base commit that say how the project wants its code (`REVIEW.md`, `AGENTS.md`, …, and the rules of
    /// editors), in every folder on the way to one of the `changed` files, the top first; then `extra` ones. Name and
    /// text of those that are there (of a very long one the start). Of a link, what it leads to in that commit.
    ///
    /// # Errors
    /// As [`Self::read_at`].
    pub fn conventions(
        &self,
        scope: &RoundScope,
        changed: &[RepoPath],
        extra: &[RepoPath],
    ) -> Result<Vec<(RepoPath, Arc<str>)>, GitError> {
        let mut named: Vec<String> = Vec::new();
        for folder in folders_above(changed) {
            named.extend(IN_A_FOLDER.iter().map(|name| format!("{folder}{name}")));
            if folder.is_empty() {
                named.extend(AT_THE_TOP.iter().map(ToString::to_string));
            }
            for (rules, ending) in OF_RULES {
                let all = self.files_at_base(scope, &format!("{folder}{rules}"))?;
                named.extend(all.into_iter().filter(|name| name.ends_with(ending)));
            }
        }
        let mut found: Vec<(RepoPath, Arc<str>)> = Vec::new();
        for path in named.into_iter().filter_map(|n| RepoPath::new(n).ok()).chain(extra.iter().cloned()) {
            if found.len() == MOST || found.iter().any(|(seen, _)| *seen == path) {
                continue;
            }
            if let Some(text) = self.read_through_link(scope, &path)? {
                // Some projects have one file under two names.
                let start = crate::text::start(&text, LONGEST);
                if !found.iter().any(|(_, seen)| **seen == *start) {
                    found.push((path, start.into()));
                }
            }
        }
        Ok(found)
    }

    /// The paths of the files below a folder of the base commit; none where there is no such folder.
    fn files_at_base(&self, scope: &RoundScope, folder: &str) -> Result<Vec<String>, GitError> {
        let Some(base) = &scope.base else { return Ok(Vec::new()) };
        let id = oid(base.as_str())?;
        self.with(|repo| {
            let tree = repo.find_commit(id).and_then(|c| c.tree());
            let inner = tree.and_then(|t| t.get_path(Path::new(folder))?.to_object(repo)?.peel_to_tree());
            // What is no folder there has no files.
            let Ok(inner) = inner else { return Vec::new() };
            let mut files = Vec::new();
            let walked = inner.walk(TreeWalkMode::PreOrder, |above, entry| {
                if let (Some(ObjectType::Blob), Ok(name)) = (entry.kind(), entry.name()) {
                    files.push(format!("{folder}/{above}{name}"));
                }
                if files.len() < MOST { TreeWalkResult::Ok } else { TreeWalkResult::Abort }
            });
            // An end at the limit is told as an error; what cannot be read ends the list as well.
            drop(walked);
            files
        })
    }

    /// The text of a file of the base commit; of a link to a file of the commit, of that. One link is followed, not two.
    fn read_through_link(&self, scope: &RoundScope, path: &RepoPath) -> Result<Option<Arc<str>>, GitError> {
        let Some(base) = &scope.base else { return Ok(None) };
        match self.link_at(base.as_str(), path)? {
            Some(target) => self.read_at_base(scope, target.as_str()),
            None => self.read_at_base(scope, path.as_str()),
        }
    }

    /// Where a link of a commit leads, if that is inside of the repository.
    fn link_at(&self, commit: &str, path: &RepoPath) -> Result<Option<RepoPath>, GitError> {
        let id = oid(commit)?;
        self.with(|repo| {
            let tree = repo.find_commit(id).and_then(|c| c.tree()).ok()?;
            let entry = tree.get_path(Path::new(path.as_str())).ok()?;
            let is_link = entry.filemode() == i32::from(FileMode::Link);
            let blob = is_link.then(|| repo.find_blob(entry.id()).ok()).flatten()?;
            led_to(path, std::str::from_utf8(blob.content()).ok()?)
        })
    }
}

/// The path that `target` names from the folder of `from`; none where it leads out.
fn led_to(from: &RepoPath, target: &str) -> Option<RepoPath> {
    let inside = Some(target).filter(|target| !target.starts_with('/'));
    RepoPath::new(written_in(from.folder(), inside?)?).ok()
}

/// The folders that the files are in and those above, each with a `/` at its end, the top (an empty name) first.
fn folders_above(files: &[RepoPath]) -> Vec<String> {
    let folders: BTreeSet<&str> = files.iter().flat_map(RepoPath::folders).collect();
    let mut folders: Vec<String> = folders.into_iter().map(|folder| format!("{folder}/")).collect();
    folders.sort_by_key(|folder| folder.matches('/').count());
    folders.insert(0, String::new());
    folders
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_lead_inside_or_nowhere() {
        for (from, target, leads) in [
            ("AGENTS.md", "CLAUDE.md", Some("CLAUDE.md")),
            ("web/AGENTS.md", "../docs/./rules.md", Some("docs/rules.md")),
            ("web/AGENTS.md", "rules//all.md", Some("web/rules/all.md")),
            ("AGENTS.md", "../outside.md", None),
            ("web/AGENTS.md", "../../outside.md", None),
            ("AGENTS.md", "/etc/passwd", None),
            ("web/AGENTS.md", "", Some("web")),
            ("AGENTS.md", "", None),
        ] {
            let led_to = led_to(&RepoPath::new(from).unwrap(), target);
            assert_eq!(led_to.as_ref().map(RepoPath::as_str), leads, "{from} -> {target}");
        }
    }
}
