use super::log::{self, Changes, Done};
use super::{OpenBranch, OpsError};
use ::import::ErrorFormat;
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
    import_as(open, config, files, target, None)
}

/// [`import()`], with the files' lines read by a format of the user's own if one is given.
///
/// # Errors
/// As [`import()`].
pub fn import_as(
    open: &OpenBranch,
    config: &Config,
    files: &[PathBuf],
    target: Target,
    format: Option<&ErrorFormat>,
) -> Result<Vec<Imported>, OpsError> {
    if files.is_empty() {
        return Err(OpsError::NoFiles);
    }
    let before = open.branch.decisions()?.value;
    let imported =
        review::import::import_as(&open.repository, config, files, target, format).map_err(OpsError::Import)?;
    if imported.is_empty() {
        return Err(OpsError::Import(anyhow::anyhow!("no review was found in the files")));
    }
    let rounds = imported.iter().map(|imported| imported.round.number).collect();
    let changes = Changes::between(&before, &open.branch.decisions()?.value).with_rounds(rounds);
    log::note(open, Done::Imported, Vec::new(), changes)?;
    Ok(imported)
}
