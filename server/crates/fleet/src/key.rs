//! The key that a fleet has in common: it seals what is written, and names it, so that names tell nothing of what is reviewed.
//!
//! Sealed is `nonce (24 bytes) ‖ XChaCha20-Poly1305(what, associated data = name)`: nonces are random, and long enough never to
//! meet. What was sealed for one name opens under no other.

use super::{Environment, FleetError};
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use secrecy::{ExposeSecret, SecretBox};
use sha2::{Digest, Sha256};
use std::io::Read;
use std::path::Path;

/// The variable that holds the key.
const VARIABLE: &str = "DEEP_REVIEW_FLEET_KEY";
/// A longer file holds no key, in bytes.
const MOST_BYTES: u64 = 1024;
const NONCE: usize = 24;

/// The key of a fleet.
pub(super) struct Key {
    seals: XChaCha20Poly1305,
    names: SecretBox<[u8; 32]>,
    mask: u64,
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key")
    }
}

impl Key {
    /// The key in the environment, or in the file; `None` where neither is said.
    pub(super) fn of(file: Option<&Path>, environment: Environment<'_>) -> Result<Option<Self>, FleetError> {
        if let Some(text) = environment(VARIABLE).filter(|text| !text.trim().is_empty()) {
            return Self::read(&text, VARIABLE).map(Some);
        }
        let Some(file) = file else { return Ok(None) };
        Self::read(&of_user_alone(file)?, &file.display().to_string()).map(Some)
    }

    fn read(text: &str, place: &str) -> Result<Self, FleetError> {
        let bytes = unhex(text.trim()).ok_or_else(|| FleetError::NoKey(place.to_owned()))?;
        let key = SecretBox::new(Box::new(bytes));
        Ok(Self {
            seals: XChaCha20Poly1305::new(derived(&key, "seal").expose_secret().into()),
            names: derived(&key, "name"),
            mask: derived(&key, "mask")
                .expose_secret()
                .iter()
                .take(8)
                .fold(0, |mask, byte| mask << 8 | u64::from(*byte)),
        })
    }

    /// What secrets are masked with by all who have the key.
    pub(super) fn mask(&self) -> u64 {
        self.mask
    }

    /// What something is called in the place.
    pub(super) fn name(&self, of: &[u8]) -> String {
        let hash = Sha256::new().chain_update(self.names.expose_secret()).chain_update(Sha256::digest(of));
        hex(&hash.finalize())
    }

    /// Seals what is written under a name. `None` without randomness.
    pub(super) fn seal(&self, name: &str, plain: &[u8]) -> Option<Vec<u8>> {
        let mut nonce = [0; NONCE];
        getrandom::fill(&mut nonce).ok()?;
        let payload = Payload { msg: plain, aad: name.as_bytes() };
        let sealed = self.seals.encrypt(&XNonce::from(nonce), payload).ok()?;
        Some([&nonce[..], &sealed].concat())
    }

    /// What was sealed for that name with this key; nothing else.
    pub(super) fn open(&self, name: &str, sealed: &[u8]) -> Result<Vec<u8>, FleetError> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE>().ok_or(FleetError::NotSealed)?;
        let payload = Payload { msg: sealed, aad: name.as_bytes() };
        self.seals.decrypt(&XNonce::from(*nonce), payload).map_err(|_| FleetError::NotSealed)
    }
}

/// A key of its own for each use.
fn derived(key: &SecretBox<[u8; 32]>, what: &str) -> SecretBox<[u8; 32]> {
    let hash = Sha256::new().chain_update(key.expose_secret()).chain_update("deep-review fleet ").chain_update(what);
    SecretBox::new(Box::new(hash.finalize().into()))
}

/// What a name is without a key.
pub(super) fn plain_name(of: &[u8]) -> String {
    hex(&Sha256::digest(of))
}

/// The text of a file that nobody but its owner can read.
fn of_user_alone(file: &Path) -> Result<String, FleetError> {
    let unreadable = |why: std::io::Error| FleetError::KeyFile { file: file.to_owned(), why: why.to_string() };
    let open = std::fs::File::open(file).map_err(unreadable)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = open.metadata().map_err(unreadable)?.permissions().mode();
        if mode & 0o077 != 0 {
            return Err(FleetError::KeyOfOthers(file.to_owned()));
        }
    }
    let mut text = String::new();
    open.take(MOST_BYTES).read_to_string(&mut text).map_err(unreadable)?;
    Ok(text)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(64), |text, byte| text + &format!("{byte:02x}"))
}

fn unhex(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    for (byte, at) in bytes.iter_mut().zip((0..).step_by(2)) {
        *byte = u8::from_str_radix(text.get(at..at + 2)?, 16).ok()?;
    }
    // A key that nobody chose.
    (bytes != [0; 32]).then_some(bytes)
}
