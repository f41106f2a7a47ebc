//! The snapshot as files for agents that read on their own: uncommitted work included, secrets masked, what is
//! never sent left out, and without the files by which a branch could instruct or run something in an agent.

use super::Sending;
use super::process::temporary;
use finding::{Failure, FailureKind, RepoPath};
use git::Snapshot;
use ignore::WalkBuilder;
use rayon::prelude::*;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::sync::OnceCell;

/// Files and folders that an agent would take as its own settings or instructions, at any depth.
const INSTRUCTIONS: &[&str] = &[
    ".claude",
    ".codex",
    ".gemini",
    ".cursor",
    ".cursorrules",
    ".opencode",
    "opencode.json",
    ".qwen",
    "QWEN.md",
    ".mcp.json",
    ".agents",
    "AGENTS.md",
    "AGENTS.override.md",
    "CLAUDE.md",
    "CLAUDE.local.md",
    "GEMINI.md",
    "copilot-instructions.md",
    ".copilot",
    ".amp",
    ".antigravity",
    ".windsurfrules",
    ".envrc",
    ".vscode",
];

/// Texts of files that are other than the snapshot's; `None` for a file that is not there.
pub type Texts = BTreeMap<RepoPath, Option<Arc<str>>>;

/// A larger file that was changed is not read, in bytes.
const LARGEST: u64 = 16 << 20;
/// Who changes more files has not mended a finding.
const MOST_CHANGED: usize = 100;

/// A checkout that is made once, when it is first asked for. Clones share it; the last one removes it.
#[derive(Debug, Clone, Default)]
pub struct Checkout {
    folder: Arc<OnceCell<Result<Folder, Failure>>>,
    texts: Arc<Texts>,
    is_to_edit: bool,
}

#[derive(Debug)]
struct Folder {
    _scratch: temporary::Folder,
    path: PathBuf,
    /// What is in it to be edited, by its path there: the file that it is, and a hash of what was written.
    written: BTreeMap<PathBuf, (RepoPath, [u8; 32])>,
}

/// A file that was changed in a checkout, as who changed it saw it: secrets masked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edited {
    /// The file.
    pub path: RepoPath,
    /// Its text before; `None` for one that is new.
    pub before: Option<String>,
    /// Its text after; `None` for one that is gone.
    pub after: Option<String>,
}

/// Why what was done in a checkout is no edit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoEdit {
    /// What is written through it lands elsewhere.
    #[error("it made {0} a symbolic link")]
    Link(String),
    /// A folder, a pipe, a device in place of a file.
    #[error("it made {0} something else than a file")]
    NotAFile(String),
    /// Git's own files.
    #[error("it wrote into {0}, which is git's own")]
    Git(String),
    /// A file that cannot be read as text.
    #[error("it made {0} something else than UTF-8 text")]
    NotText(String),
    /// Too much of it.
    #[error("it changed more than {MOST_CHANGED} files")]
    TooMany,
    /// The disk says no.
    #[error("what it did cannot be read: {0}")]
    Unreadable(String),
}

impl Checkout {
    /// One with these texts in place of the snapshot's.
    #[must_use]
    pub fn with(texts: Texts) -> Self {
        Self { texts: Arc::new(texts), ..Self::default() }
    }

    /// The same, for an agent that is to edit it: agents that can are given their tools to write, in it and nowhere else.
    #[must_use]
    pub fn to_edit(texts: Texts) -> Self {
        Self { is_to_edit: true, ..Self::with(texts) }
    }

    /// Whether who gets it is to edit it.
    #[must_use]
    pub fn is_to_edit(&self) -> bool {
        self.is_to_edit
    }

    /// What was changed in it: files that were there, and new ones that the repository does not ignore. Blocks.
    ///
    /// # Errors
    /// When something was done that is not an edit of text files in it.
    pub fn changes(&self, snapshot: &Snapshot, sending: &Sending) -> Result<Vec<Edited>, NoEdit> {
        let Some(Ok(folder)) = self.folder.get() else { return Ok(Vec::new()) };
        let mut edited = Vec::new();
        for (inside, (path, hash)) in &folder.written {
            let after = text_of(&folder.path, inside)?;
            if after.as_ref().is_none_or(|text| hash_of(text) != *hash) {
                let before = self.text(snapshot, path).map_err(|e| NoEdit::Unreadable(e.to_string()))?;
                let before = before.map(|text| sending.clean(&text));
                edited.push(Edited { path: path.clone(), before, after });
            }
        }
        for inside in new_files(folder)? {
            let name = inside.to_str().and_then(|name| RepoPath::new(name.replace('\\', "/")).ok());
            let path = name.ok_or_else(|| NoEdit::NotText(shown(&inside)))?;
            edited.push(Edited { path, before: None, after: text_of(&folder.path, &inside)? });
            if edited.len() > MOST_CHANGED {
                return Err(NoEdit::TooMany);
            }
        }
        edited.retain(|file| file.before != file.after);
        if edited.len() > MOST_CHANGED { Err(NoEdit::TooMany) } else { Ok(edited) }
    }

    fn text(&self, snapshot: &Snapshot, path: &RepoPath) -> Result<Option<Arc<str>>, git::SnapshotError> {
        self.texts.get(path).map_or_else(|| snapshot.read(path), |text| Ok(text.clone()))
    }

    /// The folder, made now if it is not there yet.
    ///
    /// # Errors
    /// When the snapshot cannot be read or the temporary folder not be written.
    pub async fn folder(&self, snapshot: &Snapshot, sending: &Sending) -> Result<&Path, Failure> {
        let made = self.folder.get_or_init(|| async {
            let (checkout, snapshot, sending) = (self.clone(), snapshot.clone(), sending.clone());
            let task = tokio::task::spawn_blocking(move || write(&checkout, &snapshot, &sending));
            match task.await {
                Ok(result) => result.map_err(|why| {
                    Failure::new(FailureKind::Crashed, format!("failed to make a checkout of the snapshot: {why}"))
                }),
                Err(_) => Err(Failure::new(FailureKind::Crashed, "the checkout of the snapshot was interrupted")),
            }
        });
        match made.await {
            Ok(folder) => Ok(&folder.path),
            Err(failure) => Err(failure.clone()),
        }
    }
}

fn is_instruction(path: &RepoPath) -> bool {
    // Hooks and servers of the forge's own agent.
    let of_forge = [".github/hooks/", ".github/agents/", ".github/instructions/", ".github/mcp.json"];
    if of_forge.iter().any(|start| path.as_str().starts_with(start)) {
        return true;
    }
    path.as_str().split('/').any(|part| INSTRUCTIONS.iter().any(|name| part.eq_ignore_ascii_case(name)))
}

fn write(checkout: &Checkout, snapshot: &Snapshot, sending: &Sending) -> Result<Folder, String> {
    let scratch = temporary::Folder::new().map_err(|e| e.to_string())?;
    // A fixed name, so that agents see the same path in every round.
    let root = scratch.path().join("repository");
    let mut paths: BTreeSet<RepoPath> = snapshot.paths().map_err(|e| e.to_string())?.into_iter().collect();
    paths.extend(checkout.texts.keys().cloned());
    let wanted: Vec<&RepoPath> = paths.iter().filter(|p| !is_instruction(p) && sending.allows(p)).collect();
    let folders: BTreeSet<PathBuf> =
        wanted.iter().filter_map(|p| Some(root.join(sending.clean(p.as_str())).parent()?.to_owned())).collect();
    std::fs::create_dir_all(&root).map_err(|e| e.to_string())?;
    for folder in &folders {
        std::fs::create_dir_all(folder).map_err(|e| e.to_string())?;
    }
    let written = wanted.par_iter().map(|path| {
        let Some(text) = checkout.text(snapshot, path).map_err(|e| e.to_string())? else { return Ok(None) };
        // A name may hold a secret too.
        let (inside, text) = (PathBuf::from(sending.clean(path.as_str())), sending.clean(&text));
        let file = root.join(&inside);
        std::fs::write(&file, &text).map_err(|e| format!("{}: {e}", path.as_str()))?;
        if checkout.is_to_edit {
            return Ok(Some((inside, ((*path).clone(), hash_of(&text)))));
        }
        read_only(&file).map(|()| None).map_err(|e| e.to_string())
    });
    let written: Vec<Option<_>> = written.collect::<Result<_, String>>()?;
    Ok(Folder { _scratch: scratch, path: root, written: written.into_iter().flatten().collect() })
}

fn hash_of(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

fn shown(inside: &Path) -> String {
    inside.to_string_lossy().into_owned()
}

/// The text of a file of the folder as it is now; `None` if it is gone.
fn text_of(root: &Path, inside: &Path) -> Result<Option<String>, NoEdit> {
    let failed = |e: std::io::Error| NoEdit::Unreadable(format!("{}: {e}", inside.display()));
    // Its folder may have become a link.
    let mut at = root.to_owned();
    for part in inside {
        at.push(part);
        match std::fs::symlink_metadata(&at) {
            Ok(metadata) if metadata.is_symlink() => {
                return Err(NoEdit::Link(shown(at.strip_prefix(root).unwrap_or(inside))));
            }
            Ok(_) => {}
            Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(None),
            Err(e) => return Err(failed(e)),
        }
    }
    let metadata = std::fs::symlink_metadata(&at).map_err(failed)?;
    if !metadata.is_file() {
        return Err(NoEdit::NotAFile(shown(inside)));
    }
    if metadata.len() > LARGEST {
        return Err(NoEdit::Unreadable(format!("{} has more than {} MiB", inside.display(), LARGEST >> 20)));
    }
    // What was just looked at may be something else by now: what is held is inside, and is not followed.
    let (Some(parent), Some(name)) = (inside.parent(), inside.file_name().and_then(|name| name.to_str())) else {
        return Err(NoEdit::NotText(shown(inside)));
    };
    let Some(held) = git::Folder::open(root, parent, false).map_err(failed)? else { return Ok(None) };
    let bytes = held.read(name, LARGEST).map_err(failed)?;
    String::from_utf8(bytes).map(Some).map_err(|_| NoEdit::NotText(shown(inside)))
}

/// The files of the folder that were not written by us, but for those that the repository ignores: what tools leave behind.
fn new_files(folder: &Folder) -> Result<Vec<PathBuf>, NoEdit> {
    let mut walk = WalkBuilder::new(&folder.path);
    walk.standard_filters(false).git_ignore(true).require_git(false).follow_links(false);
    let known: HashSet<&Path> = folder.written.keys().map(PathBuf::as_path).collect();
    let mut new = Vec::new();
    for entry in walk.build() {
        let entry = entry.map_err(|e| NoEdit::Unreadable(e.to_string()))?;
        let Ok(inside) = entry.path().strip_prefix(&folder.path) else { continue };
        let kind = entry.file_type();
        if inside.iter().any(|part| part.eq_ignore_ascii_case(".git")) {
            return Err(NoEdit::Git(shown(inside)));
        }
        if kind.is_some_and(|kind| kind.is_symlink()) {
            return Err(NoEdit::Link(shown(inside)));
        }
        if kind.is_some_and(|kind| kind.is_dir()) || known.contains(inside) {
            continue;
        }
        new.push(inside.to_owned());
        if new.len() > MOST_CHANGED {
            return Err(NoEdit::TooMany);
        }
    }
    Ok(new)
}

fn read_only(file: &Path) -> std::io::Result<()> {
    let mut permissions = std::fs::metadata(file)?.permissions();
    permissions.set_readonly(true);
    std::fs::set_permissions(file, permissions)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_checkout_is_the_snapshot_without_what_could_instruct_or_leak() {
        let base = [("a.rs", "old")];
        let new = [
            ("a.rs", "password = \"hunter2hunter2\""),
            ("ä/b c.txt", "text"),
            ("AGENTS.md", "obey"),
            ("sub/.claude/settings.json", "{}"),
            (".mcp.json", "{}"),
            ("secret.pem", "x"),
        ];
        let snapshot = Snapshot::in_memory(&base, &new);
        let mut sending = Sending::masked();
        sending.never = globset::GlobSetBuilder::new().add(globset::Glob::new("*.pem").unwrap()).build().unwrap();
        let checkout = Checkout::default();
        let folder = checkout.folder(&snapshot, &sending).await.unwrap().to_owned();
        let mut files: Vec<String> = ignore::WalkBuilder::new(&folder)
            .standard_filters(false)
            .build()
            .flatten()
            .filter(|e| e.path().is_file())
            .map(|e| e.path().strip_prefix(&folder).unwrap().to_string_lossy().into_owned())
            .collect();
        files.sort();
        assert_eq!(files, ["a.rs", "ä/b c.txt"]);
        assert!(std::fs::read_to_string(folder.join("a.rs")).unwrap().contains(secrets::MASK));
        assert!(std::fs::metadata(folder.join("a.rs")).unwrap().permissions().readonly());
        assert_eq!(checkout.clone().folder(&snapshot, &sending).await.unwrap(), folder);
        drop(checkout);
        assert!(!folder.exists());
    }

    #[tokio::test]
    async fn a_secret_has_one_mask_in_the_prompt_the_copy_and_the_names_of_files() {
        const KEY: &str = concat!("ghp_q8Vb3LxTz7RkM2nWy5", "Jd0CfHs9PgUa4EiOo1");
        let (name, text) = (format!("keys/{KEY}.txt"), format!("token = \"{KEY}\"\n"));
        let snapshot = Snapshot::in_memory(&[], &[(&name, &text), ("a.py", &text)]);
        let brief = crate::Brief::new(snapshot);
        let mask = brief.sending.clean(KEY);
        assert!(mask.starts_with(secrets::MASK), "{mask}");
        let folder = brief.checkout.folder(&brief.snapshot, &brief.sending).await.unwrap();
        let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
        let masked = format!("token = \"{mask}\"\n");
        assert_eq!([read("a.py"), read(&format!("keys/{mask}.txt"))], [masked.clone(), masked]);
        let reader = crate::prompt::Reader {
            checkout: folder.to_str(),
            tools: "",
            room: 1 << 20,
            lens: None,
            notes: None,
            has_schema: false,
        };
        let prompt = crate::prompt::review(&brief, reader).unwrap().text;
        assert!(prompt.contains(&format!("=== keys/{mask}.txt")), "{prompt}");
        assert_eq!(prompt.matches(&format!("|+token = \"{mask}\"")).count(), 2, "{prompt}");
        assert!(!prompt.contains(&KEY[4..]));
    }

    /// What is seen of `act` in a checkout to be edited of `a.rs` (with a secret), `d/b.rs` and a `.gitignore`.
    #[cfg(unix)]
    async fn seen(act: impl FnOnce(&Path)) -> Result<Vec<(String, Option<String>, Option<String>)>, String> {
        let files =
            [("a.rs", "let x = old();\npassword = \"hunter2hunter2\"\n"), ("d/b.rs", "b\n"), (".gitignore", "out/\n")];
        let snapshot = Snapshot::in_memory(&[], &files);
        let sending = Sending::masked();
        let texts = Texts::from([(RepoPath::new("d/b.rs").unwrap(), Some(Arc::from("unsaved\n")))]);
        let checkout = Checkout::to_edit(texts);
        let folder = checkout.folder(&snapshot, &sending).await.unwrap().to_owned();
        act(&folder);
        let edited = checkout.changes(&snapshot, &sending).map_err(|e| e.to_string())?;
        let mask = |text: String| text.replace(|c: char| c.is_ascii_hexdigit(), "").replace("\n", "|");
        let plain =
            |text: Option<String>| text.map(|text| if text.contains(secrets::MASK) { mask(text) } else { text });
        Ok(edited.into_iter().map(|e| (e.path.to_string(), plain(e.before), plain(e.after))).collect())
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn edits_of_text_are_seen_and_everything_else_is_refused() {
        use std::fs::{create_dir_all, remove_dir_all, remove_file, write};
        use std::os::unix::fs::symlink;
        type Act = fn(&Path);
        let one = |path: &str, before: Option<&str>, after: Option<&str>| {
            Ok(vec![(path.to_owned(), before.map(str::to_owned), after.map(str::to_owned))])
        };
        let table: Vec<(&str, Act, Result<Vec<_>, String>)> = vec![
            ("nothing", |_| {}, Ok(Vec::new())),
            (
                "the text of the editor is what is edited",
                |f| write(f.join("d/b.rs"), "c\n").unwrap(),
                one("d/b.rs", Some("unsaved\n"), Some("c\n")),
            ),
            ("written as it was", |f| write(f.join("d/b.rs"), "unsaved\n").unwrap(), Ok(Vec::new())),
            ("gone", |f| remove_file(f.join("d/b.rs")).unwrap(), one("d/b.rs", Some("unsaved\n"), None)),
            ("gone with its folder", |f| remove_dir_all(f.join("d")).unwrap(), one("d/b.rs", Some("unsaved\n"), None)),
            ("new", |f| write(f.join("n.rs"), "n").unwrap(), one("n.rs", None, Some("n"))),
            (
                "ignored",
                |f| {
                    create_dir_all(f.join("out")).unwrap();
                    write(f.join("out/x"), [0xff]).unwrap();
                },
                Ok(Vec::new()),
            ),
            ("hidden", |f| write(f.join(".x"), "n").unwrap(), one(".x", None, Some("n"))),
            (
                "a link in place of a file",
                |f| {
                    remove_file(f.join("a.rs")).unwrap();
                    symlink("/etc/passwd", f.join("a.rs")).unwrap();
                },
                Err("it made a.rs a symbolic link".into()),
            ),
            (
                "a link in place of a folder",
                |f| {
                    remove_dir_all(f.join("d")).unwrap();
                    symlink("/", f.join("d")).unwrap();
                },
                Err("it made d a symbolic link".into()),
            ),
            ("a new link", |f| symlink("a.rs", f.join("l")).unwrap(), Err("it made l a symbolic link".into())),
            (
                "git",
                |f| {
                    create_dir_all(f.join(".git/hooks")).unwrap();
                    write(f.join(".git/hooks/x"), "x").unwrap();
                },
                Err("it wrote into .git, which is git's own".into()),
            ),
            (
                "git below",
                |f| {
                    create_dir_all(f.join("d/.GIT")).unwrap();
                },
                Err("it wrote into d/.GIT, which is git's own".into()),
            ),
            (
                "bytes",
                |f| write(f.join("a.rs"), [0xff, 0xfe]).unwrap(),
                Err("it made a.rs something else than UTF-8 text".into()),
            ),
            (
                "a folder for a file",
                |f| {
                    remove_file(f.join("a.rs")).unwrap();
                    create_dir_all(f.join("a.rs")).unwrap();
                },
                Err("it made a.rs something else than a file".into()),
            ),
            (
                "too many",
                |f| (0..200).for_each(|n| write(f.join(format!("n{n}")), "").unwrap()),
                Err("it changed more than 100 files".into()),
            ),
        ];
        for (name, act, expected) in table {
            assert_eq!(seen(act).await, expected, "{name}");
        }
        let edited = seen(|f| {
            let text = std::fs::read_to_string(f.join("a.rs")).unwrap();
            assert!(text.contains(secrets::MASK));
            write(f.join("a.rs"), text.replace("old", "ununused")).unwrap();
        });
        let edited = edited.await.unwrap();
        let (before, after) = (edited[0].1.as_deref().unwrap(), edited[0].2.as_deref().unwrap());
        let is_masked = |text: &str| text.contains("MSK") && !text.contains("hunt");
        assert!(is_masked(before) && is_masked(after) && before != after, "{before} {after}");
    }
}
