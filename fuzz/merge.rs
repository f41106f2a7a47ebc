//! What the readers of reports need of merging: the identity of a finding.

#[path = "../server/src/merge/identity.rs"]
mod identity;

pub use identity::fingerprint;
