use super::{OpenBranch, OpsError};
use config::Config;
use review::import::{Imported, Target};
use std::path::PathBuf;

/// Takes reviews that were written elsewhere in as rounds of the branch; never none. Blocks.
///
/// # Errors
/// [`OpsError::NoFiles`]; when a file cannot be read as a review, or git or the store cannot be used. Nothing is stored
/// then.
pub fn import(
    open: &OpenBranch,
    config: &Config,
    files: &[PathBuf],
    target: Target,
) -> Result<Vec<Imported>, OpsError> {
    if files.is_empty() {
        return Err(OpsError::NoFiles);
    }
    let imported = review::import::import(&open.repository, config, files, target).map_err(OpsError::Import)?;
    if imported.is_empty() {
        return Err(OpsError::Import(anyhow::anyhow!("no review was found in the files")));
    }
    Ok(imported)
}
