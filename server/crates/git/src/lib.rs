//! The edge to git: what is reviewed ([`Scope`](finding::RoundScope)) and its frozen text ([`Snapshot`]).
//!
//! Reads only, but for [`Switch`], which a user asks for, and references of ours (`refs/deep-review/`): the work tree, the
//! index, branches and tags of the user's repository stay as they are, and no hook, filter or diff driver runs. libgit2
//! does the work; the `git` command is asked for what it cannot do (see `command`, `reftable`).

mod blame;
mod changes;
pub mod checkout;
mod ci;
mod command;
mod commit;
pub mod consult;
mod conventions;
mod disk;
mod error;
mod fetch;
mod folder;
mod frozen;
pub mod history;
mod jujutsu;
mod large;
mod moved;
mod new_files;
mod own;
mod ownership;
mod patched;
mod reach;
mod references;
mod reftable;
mod remotes;
mod renames;
mod repository;
mod rules;
mod scope;
mod shared;
mod snapshot;
mod snapshot_builder;
mod stack;
mod stat;
mod switch;
mod target;
mod text;
mod unified;

pub use blame::{Age, ages};
pub use ci::base_of_build;
pub use disk::{persist_patiently, read_file};
pub use error::{GitError, MINIMUM_GIT, SnapshotError};
pub use fetch::{base_reference, head_reference};
pub use folder::{Draft, Entry, Folder};
pub use large::{LargeBinary, large_binaries};
pub use moved::moved;
pub use own::OwnLines;
pub use reach::{Reach, Unreachable};
pub use remotes::Remote;
pub use repository::{HeadState, Repository, blob_id};
pub use scope::ScopeRequest;
pub use shared::{SHARED, SharedFiles};
pub use snapshot::line_hunks;
pub use snapshot::{ChangeKind, ChangedFile, LineHunk, Snapshot, TextId};
pub use snapshot_builder::SnapshotOptions;
pub use stack::{MOST_PARTS, StackPart};
pub use switch::Switch;
pub use target::{BadTarget, FetchedPullRequest, PullRequestName, Scope, Target, pull_request_key};
pub use unified::unified_diff;
