//! Names that stay the same over rounds.

use finding::{Anchor, Fingerprint, RawFinding};
use sha2::{Digest as _, Sha256};

/// The identity of a raw finding by its content: agent, file, rule, title and quoted code, with white space
/// and letter case aside. Line numbers, severity and body have no part in it.
#[must_use]
pub fn fingerprint(raw: &RawFinding) -> Fingerprint {
    let anchor = raw.main_anchor();
    let title = if raw.title.trim().is_empty() { &raw.body } else { &raw.title };
    Fingerprint(hash([
        raw.agent.as_str(),
        anchor.map_or("", |a| a.path.as_str()),
        raw.rule.as_ref().map_or("", |rule| rule.id.as_str()),
        &squeeze(title).to_lowercase(),
        &squeeze(anchor.and_then(|a| a.quote.as_deref()).unwrap_or("")),
    ]))
}

/// Hash of the code at `anchor` in `text` (the anchored lines, or all of it for a whole file), white space
/// aside: what [`Resolution::code`](finding::Resolution::code) holds. `None` where the lines are not
/// in the text.
#[must_use]
pub fn code_hash(anchor: &Anchor, text: &str) -> Option<String> {
    let Some(lines) = anchor.lines else { return Some(hash([&*squeeze(text)])) };
    let skip = usize::try_from(lines.start() - 1).ok()?;
    let take = usize::try_from(lines.count()).ok()?;
    let code: Vec<&str> = lines::split(text).skip(skip).take(take).collect();
    (!code.is_empty()).then(|| hash([&*squeeze(&code.join("\n"))]))
}

/// Words with one space between them.
fn squeeze(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// 16 hexadecimal digits of SHA-256 over the parts, each ended by a NUL.
pub(super) fn hash<'a>(parts: impl IntoIterator<Item = &'a str>) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part.as_bytes());
        hasher.update([0]);
    }
    hasher.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// 10 hexadecimal digits: enough to tell the findings of a branch apart, short enough to type.
pub(super) fn short(parts: &[&str]) -> String {
    let mut hash = hash(parts.iter().copied());
    hash.truncate(10);
    hash
}
