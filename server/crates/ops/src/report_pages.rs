use super::{OpenBranch, OpsError, document};
use report::html::{self, Listed};
use review::document::INDEX;
use std::path::{Path, PathBuf};
use store::Read;

/// Writes a page for each round of the branch, and one that lists them, the newest first, into a folder; without one,
/// beside the stored rounds. Gives the list's file, and what could not be read. Blocks.
///
/// # Errors
/// When a page cannot be written, or the store not be read.
pub fn report_pages(open: &OpenBranch, folder: Option<&Path>) -> Result<Read<PathBuf>, OpsError> {
    let folder = folder.map_or_else(|| open.branch.folder().join("reports"), Path::to_path_buf);
    let Read { value: rounds, set_aside } = open.branch.rounds()?;
    std::fs::create_dir_all(&folder).map_err(|source| OpsError::Write { path: folder.clone(), source })?;
    let write = |name: &str, text: &str| {
        let path = folder.join(name);
        std::fs::write(&path, text).map_err(|source| OpsError::Write { path, source })
    };
    let mut pages = Vec::new();
    for round in rounds.into_iter().rev() {
        let mut document = document(open, round)?;
        document.trace(&open.repository);
        let document = document.masked().map_err(OpsError::Mask)?;
        let name = format!("round-{:04}.html", document.round.number);
        write(&name, &html::page(&document.round, &document.decisions, &document.texts, Some(INDEX)))?;
        pages.push((name, document));
    }
    let list: Vec<Listed<'_>> = pages
        .iter()
        .map(|(name, document)| Listed { round: &document.round, decisions: &document.decisions, href: name })
        .collect();
    write(INDEX, &html::index(&list))?;
    Ok(Read { value: folder.join(INDEX), set_aside })
}
