use super::find;
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What a mask begins with; eight hexadecimal digits follow.
pub const MASK: &str = "MASKED_SECRET_";

/// Hides secrets, each behind the same mask in every text that it is given, and turns masks back.
#[derive(Debug, Default)]
pub struct Masker {
    /// Random: a mask tells nothing of its secret, not even to one who guesses.
    names: RandomState,
    /// Mask to secret.
    known: Mutex<HashMap<String, String>>,
}

impl Masker {
    /// `text` with every secret replaced. It has the same number of lines.
    #[must_use]
    pub fn mask(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut end = 0;
        for secret in find(text) {
            out.push_str(&text[end..secret.bytes.start]);
            out.push_str(&self.name(&text[secret.bytes.clone()]));
            end = secret.bytes.end;
        }
        out.push_str(&text[end..]);
        out
    }

    /// `text` with every mask of ours replaced by what is behind it.
    #[must_use]
    pub fn reveal(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        let known = self.known();
        while let Some(at) = rest.find(MASK) {
            let end = at + MASK.len() + 8;
            let secret = rest.get(at..end).and_then(|mask| known.get(mask));
            let (shown, behind) = if secret.is_some() { (at, end) } else { (at + MASK.len(), at + MASK.len()) };
            out.push_str(&rest[..shown]);
            out.push_str(secret.map(String::as_str).unwrap_or_default());
            rest = &rest[behind..];
        }
        out + rest
    }

    /// How many secrets were masked.
    #[must_use]
    pub fn count(&self) -> usize {
        self.known().len()
    }

    fn name(&self, secret: &str) -> String {
        let name = format!("{MASK}{:08x}", self.names.hash_one(secret) & 0xffff_ffff);
        self.known().insert(name.clone(), secret.to_owned());
        name
    }

    /// A panic of another thread leaves nothing half done in the map.
    fn known(&self) -> MutexGuard<'_, HashMap<String, String>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
