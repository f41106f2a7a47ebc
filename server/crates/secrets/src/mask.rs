use super::find;
use std::collections::HashMap;
use std::hash::{BuildHasher, DefaultHasher, Hash, Hasher, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What a mask begins with; eight hexadecimal digits follow.
pub const MASK: &str = "MASKED_SECRET_";

/// Hides secrets, each behind the same mask in every text that it is given, and turns masks back.
#[derive(Debug)]
pub struct Masker {
    /// Random: a mask tells nothing of its secret, not even to one who guesses.
    key: u64,
    /// Mask to secret.
    known: Mutex<HashMap<String, String>>,
}

impl Default for Masker {
    fn default() -> Self {
        Self::with_key(RandomState::new().hash_one(0))
    }
}

impl Masker {
    /// One that masks as the one whose key it is: for another process that is to give the same secret the same mask.
    #[must_use]
    pub fn with_key(key: u64) -> Self {
        Self { key, known: Mutex::default() }
    }

    /// What its masks are made with. Whoever has it can check a guess.
    #[must_use]
    pub fn key(&self) -> u64 {
        self.key
    }

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
        let mut hasher = DefaultHasher::new();
        (self.key, secret).hash(&mut hasher);
        let name = format!("{MASK}{:08x}", hasher.finish() & 0xffff_ffff);
        self.known().insert(name.clone(), secret.to_owned());
        name
    }

    /// A panic of another thread leaves nothing half done in the map.
    fn known(&self) -> MutexGuard<'_, HashMap<String, String>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
