//! The edge to git: what is reviewed ([`Scope`](crate::finding::RoundScope)) and its frozen text ([`Snapshot`]).

mod snapshot;

pub use snapshot::{ChangeKind, ChangedFile, LineHunk, Snapshot, SnapshotError};
