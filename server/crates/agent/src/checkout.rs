//! The snapshot as files for agents that read on their own: uncommitted work included, secrets masked, what is
//! never sent left out, and without the files by which a branch could instruct or run something in an agent.

use super::Sending;
use super::process::temporary;
use finding::{Failure, FailureKind, RepoPath};
use git::Snapshot;
use rayon::prelude::*;
use std::collections::BTreeSet;
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

/// A checkout that is made once, when it is first asked for. Clones share it; the last one removes it.
#[derive(Debug, Clone, Default)]
pub struct Checkout {
    folder: Arc<OnceCell<Result<Folder, Failure>>>,
}

#[derive(Debug)]
struct Folder {
    _scratch: temporary::Folder,
    path: PathBuf,
}

impl Checkout {
    /// The folder, made now if it is not there yet.
    ///
    /// # Errors
    /// When the snapshot cannot be read or the temporary folder not be written.
    pub async fn folder(&self, snapshot: &Snapshot, sending: &Sending) -> Result<&Path, Failure> {
        let made = self.folder.get_or_init(|| async {
            let (snapshot, sending) = (snapshot.clone(), sending.clone());
            let task = tokio::task::spawn_blocking(move || write(&snapshot, &sending));
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

fn write(snapshot: &Snapshot, sending: &Sending) -> Result<Folder, String> {
    let scratch = temporary::Folder::new().map_err(|e| e.to_string())?;
    // A fixed name, so that agents see the same path in every round.
    let root = scratch.path().join("repository");
    let paths = snapshot.paths().map_err(|e| e.to_string())?;
    let wanted: Vec<&RepoPath> = paths.iter().filter(|p| !is_instruction(p) && sending.allows(p)).collect();
    let folders: BTreeSet<PathBuf> =
        wanted.iter().filter_map(|p| Some(root.join(sending.clean(p.as_str())).parent()?.to_owned())).collect();
    std::fs::create_dir_all(&root).map_err(|e| e.to_string())?;
    for folder in &folders {
        std::fs::create_dir_all(folder).map_err(|e| e.to_string())?;
    }
    wanted.par_iter().try_for_each(|path| {
        let Some(text) = snapshot.read(path).map_err(|e| e.to_string())? else { return Ok(()) };
        // A name may hold a secret too.
        let file = root.join(sending.clean(path.as_str()));
        std::fs::write(&file, sending.clean(&text)).map_err(|e| format!("{}: {e}", path.as_str()))?;
        read_only(&file).map_err(|e| e.to_string())
    })?;
    Ok(Folder { _scratch: scratch, path: root })
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
}
