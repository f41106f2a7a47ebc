//! What goes wrong with a place.

use std::path::PathBuf;

/// Why something of a place cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum FleetError {
    /// No place is configured.
    #[error("no place is configured: set `url` of [fleet] in your configuration, or DEEP_REVIEW_FLEET_URL")]
    NoPlace,
    /// The address is none of a place.
    #[error(
        "'{url}' is no place: {why}; name s3://, gs://, az://, an https address of one of these, or an absolute path"
    )]
    Address {
        /// As it was given, without what may be a password.
        url: String,
        /// What is wrong with it.
        why: String,
    },
    /// The key's file cannot be read.
    #[error("the key's file {} cannot be read: {why}", file.display())]
    KeyFile {
        /// The file.
        file: PathBuf,
        /// Why not.
        why: String,
    },
    /// Others can read the key's file.
    #[error("the key's file {} can be read by others: chmod 600 it", .0.display())]
    KeyOfOthers(PathBuf),
    /// What was given is no key.
    #[error("what {0} holds is no key: it is 64 hexadecimal digits, as `openssl rand -hex 32` prints them")]
    NoKey(String),
    /// The place does not answer.
    #[error("{place} did not answer within {seconds} s")]
    Slow {
        /// Where.
        place: String,
        /// For how long it was waited for.
        seconds: u64,
    },
    /// The place answered with an error.
    #[error("{place}: {why}")]
    Failed {
        /// Where.
        place: String,
        /// What it said.
        why: String,
    },
    /// It failed a moment ago, and is left alone for a while.
    #[error("{0} failed before, and is left alone for a minute")]
    LeftAlone(String),
    /// It cannot do what is asked.
    #[error("{0} cannot write on a condition")]
    Unconditional(String),
    /// Somebody else wrote each time.
    #[error("others wrote to {0} each time")]
    Contended(String),
    /// What is there is longer than anything of ours.
    #[error("it has more than {most} bytes")]
    TooLarge {
        /// Most that is read or written.
        most: usize,
    },
    /// It was not sealed with this key, for this name.
    #[error("it was not written with this key, or was changed since")]
    NotSealed,
    /// It is not in a form of ours.
    #[error("it cannot be read: {0}")]
    Damaged(String),
}

impl FleetError {
    /// Whether the place itself is to blame, so that asking again soon is of no use.
    pub(crate) fn is_of_place(&self) -> bool {
        matches!(self, Self::Slow { .. } | Self::Failed { .. })
    }
}
