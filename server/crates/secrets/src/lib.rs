//! Credentials in a text: where they are ([`find`]), of what kind, and the text with them hidden ([`Masker`]).
//!
//! A secret is known by one of five marks, one file each:
//!
//! | file | mark |
//! |---|---|
//! | `issued` | its issuer gave it a prefix to be found by (`ghp_…`), also where it is split over string literals |
//! | `blocks` | it stands in a block of a private key |
//! | `forms` | the place says so: an address, a header, an option of a known command, a call by position, a hash |
//! | `named` | its name says so (`db_password: …`) and its value looks like one |
//! | `literals` | the first, over literals that the code puts together |
//!
//! What is public (a key's id, a public key), a placeholder (`your-token`), or read from elsewhere (`${TOKEN}`,
//! `os.environ[…]`) is no secret: a mask there would hide code from whoever reads it.

mod blocks;
mod forms;
mod issued;
mod literals;
mod mask;
mod named;
mod names;
mod values;

#[cfg(test)]
mod tests;

pub use mask::{MASK, Masker};

use std::fmt;
use std::ops::Range;

/// What sort of secret it is. The order is that of certainty, the most certain first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A key of the form that its issuer gave it; who issued it.
    Issued(&'static str),
    /// A line of a private key.
    PrivateKey,
    /// A password's hash.
    Hash,
    /// A password or a token in an address, a header or on a command line.
    Access,
    /// A value whose name says that it is a password, a token or a key.
    Named,
}

impl fmt::Display for Kind {
    /// For a sentence: "a key of GitHub".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Issued(issuer) => write!(f, "a key of {issuer}"),
            Self::PrivateKey => f.write_str("a private key"),
            Self::Hash => f.write_str("a password's hash"),
            Self::Access => f.write_str("a credential in an address, a header or a command"),
            Self::Named => f.write_str("a value that its name calls secret"),
        }
    }
}

/// A secret in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Secret {
    /// Where it is, in bytes. It has no line break: of a secret over several lines, each line is one.
    pub bytes: Range<usize>,
    /// What it is.
    pub kind: Kind,
}

/// The secrets in `text`, in their order, none within another.
#[must_use]
pub fn find(text: &str) -> Vec<Secret> {
    let mut found = Vec::new();
    issued::find(text, &mut found);
    literals::find(text, &mut found);
    blocks::find(text, &mut found);
    forms::find(text, &mut found);
    named::find(text, &mut found);
    apart(found)
}

/// Puts them into order, and makes one of those that overlap.
fn apart(mut found: Vec<Secret>) -> Vec<Secret> {
    found.sort_by_key(|s| (s.bytes.start, s.bytes.end));
    let mut out: Vec<Secret> = Vec::with_capacity(found.len());
    for secret in found {
        match out.last_mut() {
            Some(last) if secret.bytes.start < last.bytes.end => {
                last.bytes.end = last.bytes.end.max(secret.bytes.end);
                last.kind = last.kind.min(secret.kind);
            }
            _ => out.push(secret),
        }
    }
    out
}
