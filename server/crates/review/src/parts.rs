//! Cuts a change that is too large for one brief into several, by file. Nothing is left out by cutting.

use super::Preparation;
use agent::Brief;
use agent::prompt::size_of_change;
use finding::RepoPath;
use git::ChangedFile;

/// The briefs for an agent about the files that are `wanted`: one, unless the change is too large and the agent
/// takes parts.
pub(super) fn briefs(prepared: &Preparation, takes_parts: bool, wanted: &dyn Fn(&RepoPath) -> bool) -> Vec<Brief> {
    let limit = if takes_parts { prepared.brief_bytes } else { usize::MAX };
    let parts = cut(prepared.snapshot.files().iter().filter(|f| wanted(&f.path)), limit);
    let of = u32::try_from(parts.len()).unwrap_or(u32::MAX);
    (1..).zip(parts).map(|(n, files)| Brief { files: files.into(), part: (n, of), ..prepared.brief.clone() }).collect()
}

/// Files in order, as many to a part as fit; a file over the limit has a part of its own.
fn cut<'a>(files: impl IntoIterator<Item = &'a ChangedFile>, limit: usize) -> Vec<Vec<RepoPath>> {
    let mut parts = vec![Vec::new()];
    let mut used = 0_usize;
    for file in files {
        let size = size_of_change(file);
        if used > 0 && used.saturating_add(size) > limit {
            parts.push(Vec::new());
            used = 0;
        }
        used += size;
        if let Some(part) = parts.last_mut() {
            part.push(file.path.clone());
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use git::Snapshot;

    #[test]
    fn parts_hold_every_file_once_in_order() {
        let texts: Vec<(String, String)> = (0..20).map(|n| (format!("f{n:02}"), "line\n".repeat(n * 10 + 1))).collect();
        let new: Vec<(&str, &str)> = texts.iter().map(|(p, t)| (p.as_str(), t.as_str())).collect();
        let snapshot = Snapshot::in_memory(&[], &new);
        for limit in [0, 1, 500, 2000, usize::MAX] {
            let parts = cut(snapshot.files(), limit);
            let all: Vec<&str> = parts.iter().flatten().map(RepoPath::as_str).collect();
            assert_eq!(all, new.iter().map(|(p, _)| *p).collect::<Vec<_>>(), "limit {limit}");
            assert!(parts.iter().all(|part| !part.is_empty()));
            let size = |p: &RepoPath| size_of_change(snapshot.file(p).unwrap());
            assert!(parts.iter().all(|part| part.len() == 1 || part.iter().map(size).sum::<usize>() <= limit));
        }
        assert_eq!(cut(snapshot.files(), usize::MAX).len(), 1);
        assert_eq!(cut(snapshot.files(), 0).len(), 20);
    }
}
