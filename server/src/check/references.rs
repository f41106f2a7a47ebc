//! Names that went away and are still spoken of.

use crate::finding::RawFinding;
use crate::git::{Snapshot, SnapshotError};
use tokio_util::sync::CancellationToken;

/// Finds nothing yet.
///
/// # Errors
/// None.
pub fn check(_: &Snapshot, _: &CancellationToken) -> Result<Vec<RawFinding>, SnapshotError> {
    Ok(Vec::new())
}
