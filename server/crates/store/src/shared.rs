//! What a team shares: entries that replace each other and never conflict.
//!
//! An entry says what something (its [`Key`]) is since a moment. Of two entries of one key the later one counts, and of two of
//! the same moment the one whose content has the greater id: whoever puts what they have together comes to the same, in
//! whatever order, and however often. Entries from before a moment can be dropped for everybody: the latest such moment
//! counts.
//!
//! An entry is a file: its name says which key it is of and since when, so that two collections are put together without
//! reading what is in the files.
//!
//! ```text
//! rounds/4f/1d…c0.00060f1e2a3b4c5d     kind / hash of the key . microseconds, hexadecimal
//! dropped.00060f0000000000             entries from before that are dropped
//! ```

use finding::{BlobId, FindingId, Fingerprint, RoundId};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// The name of the file that says from before when entries are dropped, up to the moment.
const DROPPED: &str = "dropped.";

/// A kind of entry, as the folder it is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Rounds, which never change.
    Rounds,
    /// Dismissals, severities, splits and joins.
    Decisions,
    /// What was said about findings.
    Threads,
    /// What decisions taught.
    Learnings,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Rounds, Self::Decisions, Self::Threads, Self::Learnings];

    fn folder(self) -> &'static str {
        match self {
            Self::Rounds => "rounds",
            Self::Decisions => "decisions",
            Self::Threads => "threads",
            Self::Learnings => "learnings",
        }
    }
}

/// What an entry is about. A branch is named by its folder in the store ([`Branch::key`](super::Branch::key)).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "of", deny_unknown_fields)]
pub enum Key {
    /// A round. Two people may begin rounds of a branch in the same second: its beginning, in microseconds, tells them apart.
    Round {
        /// Its branch.
        branch: String,
        /// Its id.
        id: RoundId,
        /// When it started, in microseconds since 1970.
        started: i64,
    },
    /// What became of a finding.
    Resolution {
        /// Its branch.
        branch: String,
        /// The finding.
        finding: FindingId,
    },
    /// The severity that a finding was given.
    Grade {
        /// Its branch.
        branch: String,
        /// The finding.
        finding: FindingId,
    },
    /// Whether two remarks are one issue; the smaller fingerprint first.
    Link {
        /// Their branch.
        branch: String,
        /// One of the two.
        a: Fingerprint,
        /// The other.
        b: Fingerprint,
    },
    /// Something that was said about a finding.
    Message {
        /// Its branch.
        branch: String,
        /// The finding.
        finding: FindingId,
        /// Hash of what was said, by whom and when.
        hash: String,
    },
    /// A learning, as a line of its file.
    Learning {
        /// The line, without `- `.
        line: String,
    },
}

impl Key {
    /// What kind of entry it is of.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::Round { .. } => Kind::Rounds,
            Self::Resolution { .. } | Self::Grade { .. } | Self::Link { .. } => Kind::Decisions,
            Self::Message { .. } => Kind::Threads,
            Self::Learning { .. } => Kind::Learnings,
        }
    }

    /// The name of its file, without the moment.
    #[must_use]
    pub fn name(&self) -> Name {
        let text = serde_json::to_string(self).unwrap_or_default();
        let hash = hash(text.as_bytes());
        Name(format!("{}/{}/{}", self.kind().folder(), &hash[..2], &hash[2..]))
    }
}

/// The first 40 digits of a text's hash.
#[must_use]
pub fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().take(20).map(|byte| format!("{byte:02x}")).collect()
}

/// The name of an entry's file, without the moment: two entries of one key have the same.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(String);

impl Name {
    /// Which kind of entry it is of; `None` for one that a later version knows.
    #[must_use]
    pub fn kind(&self) -> Option<Kind> {
        let folder = self.0.split('/').next()?;
        Kind::ALL.into_iter().find(|kind| kind.folder() == folder)
    }
}

/// Since when an entry counts, and where what it says is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stamp {
    /// Microseconds since 1970.
    pub at: i64,
    /// Its content.
    pub blob: BlobId,
}

/// What an entry says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// [`ROUND_SCHEMA`](finding::ROUND_SCHEMA) of the writer.
    pub schema: u32,
    /// What about.
    pub key: Key,
    /// What it is since then; `None` where it was taken back.
    pub value: Option<serde_json::Value>,
}

/// The entries of a team, each key's latest.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shared {
    entries: BTreeMap<Name, Stamp>,
    dropped: i64,
}

impl Shared {
    /// The entries that files are. A file of another name is none of ours.
    pub fn read<'a>(files: impl IntoIterator<Item = (&'a String, &'a BlobId)>) -> Self {
        let mut shared = Self::default();
        for (path, blob) in files {
            if let Some(at) = path.strip_prefix(DROPPED).and_then(moment) {
                shared.drop_before(at);
            } else if let Some((name, at)) = path.rsplit_once('.').and_then(|(name, at)| Some((name, moment(at)?)))
                && name.matches('/').count() == 2
            {
                shared.put(Name(name.to_owned()), Stamp { at, blob: blob.clone() });
            }
        }
        shared
    }

    /// The files that they are; `nothing` is an empty one.
    pub fn files<'a>(&'a self, nothing: &BlobId) -> impl Iterator<Item = (String, BlobId)> + use<'a> {
        let dropped = (self.dropped > 0).then(|| (format!("{DROPPED}{:016x}", self.dropped), nothing.clone()));
        let entries =
            self.entries.iter().map(|(name, stamp)| (format!("{}.{:016x}", name.0, stamp.at), stamp.blob.clone()));
        entries.chain(dropped)
    }

    /// Adds an entry, where none of its key is later.
    pub fn put(&mut self, name: Name, stamp: Stamp) {
        if stamp.at < self.dropped || self.entries.get(&name).is_some_and(|known| *known >= stamp) {
            return;
        }
        self.entries.insert(name, stamp);
    }

    /// Adds all of the others: the same in whatever order.
    pub fn merge(&mut self, others: &Self) {
        self.drop_before(others.dropped);
        for (name, stamp) in &others.entries {
            self.put(name.clone(), stamp.clone());
        }
    }

    /// Drops the entries from before a moment, in microseconds since 1970, here and of whatever is added later.
    pub fn drop_before(&mut self, at: i64) {
        self.dropped = self.dropped.max(at);
        self.entries.retain(|_, stamp| stamp.at >= self.dropped);
    }

    /// The entry of a key.
    #[must_use]
    pub fn get(&self, name: &Name) -> Option<&Stamp> {
        self.entries.get(name)
    }

    /// All entries.
    pub fn iter(&self) -> impl Iterator<Item = (&Name, &Stamp)> {
        self.entries.iter()
    }

    /// Entries that `known` has not, or has another one of.
    pub fn news<'a>(&'a self, known: &'a Self) -> impl Iterator<Item = (&'a Name, &'a Stamp)> {
        self.entries.iter().filter(|(name, stamp)| known.get(name) != Some(stamp))
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

/// A moment in the name of a file; only as we write it, so that no two files have one.
fn moment(text: &str) -> Option<i64> {
    let is_ours = text.len() == 16 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    is_ours.then(|| i64::from_str_radix(text, 16).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn stamp(at: i64, blob: u8) -> Stamp {
        Stamp { at, blob: BlobId::new(format!("{blob:040x}")) }
    }

    fn name(n: u8) -> Name {
        Key::Learning { line: n.to_string() }.name()
    }

    /// What happened in one clone: entries, and perhaps some that were dropped on the way.
    fn clone() -> impl Strategy<Value = Shared> {
        let step = (0..6_u8, 0..20_i64, 0..3_u8, prop::option::weighted(0.1, 0..20_i64));
        prop::collection::vec(step, 0..12).prop_map(|steps| {
            let mut shared = Shared::default();
            for (key, at, blob, dropped) in steps {
                shared.put(name(key), stamp(at, blob));
                dropped.into_iter().for_each(|at| shared.drop_before(at));
            }
            shared
        })
    }

    proptest! {
        /// However often and in whatever order clones are put together, each comes to the same.
        #[test]
        fn any_order_of_merges_gives_the_same(
            clones in prop::collection::vec(clone(), 1..6),
            steps in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 0..20),
        ) {
            let mut all = Shared::default();
            clones.iter().for_each(|one| all.merge(one));
            // Somebody puts some together, and passes that on, any number of times; at last each gets everything.
            let mut now = clones;
            for (to, from) in steps {
                let other = from.get(&now).clone();
                let at = to.index(now.len());
                now[at].merge(&other);
            }
            for start in 0..now.len() {
                let mut one = now[start].clone();
                for n in 1..now.len() {
                    one.merge(&now[(start + n) % now.len()]);
                }
                prop_assert_eq!(&one, &all);
                prop_assert_eq!(one.news(&all).count(), 0);
            }
            let nothing = BlobId::new("e");
            let files: BTreeMap<String, BlobId> = all.files(&nothing).collect();
            prop_assert_eq!(Shared::read(&files), all);
        }

        #[test]
        fn the_later_one_counts_and_what_is_dropped_stays_away(
            entries in prop::collection::vec((0..4_u8, 0..9_i64, 0..4_u8), 0..20),
            dropped in 0..9_i64,
        ) {
            let mut shared = Shared::default();
            entries.iter().for_each(|(key, at, blob)| shared.put(name(*key), stamp(*at, *blob)));
            for key in 0..4 {
                let latest = entries.iter().filter(|(k, ..)| *k == key).map(|(_, at, blob)| stamp(*at, *blob)).max();
                prop_assert_eq!(shared.get(&name(key)), latest.as_ref());
            }
            shared.drop_before(dropped);
            entries.iter().for_each(|(key, at, blob)| shared.put(name(*key), stamp(*at, *blob)));
            prop_assert!(shared.iter().all(|(_, stamp)| stamp.at >= dropped));
        }

        /// Who can push may be anybody.
        #[test]
        fn no_name_of_a_file_is_too_odd(path in ".{0,80}", more in "(dropped|rounds/[a-z]{2}/[a-z]{2})\\.[0-9a-f]{16}") {
            let blob = BlobId::new("e");
            let read = Shared::read([(&path, &blob), (&more, &blob)]);
            prop_assert!(read.len() <= 2);
        }
    }

    #[test]
    fn a_file_of_a_later_version_is_passed_on() {
        let blob = BlobId::new("e");
        let files: BTreeMap<String, BlobId> = ["votes/aa/bb.0000000000000001", "rounds/aa/bb.0000000000000001"]
            .into_iter()
            .chain(["README.md", "rounds/aa.0000000000000001", "rounds/aa/bb.1", "rounds/aa/bb.00000000000000ZZ"])
            .map(|path| (path.to_owned(), blob.clone()))
            .collect();
        let shared = Shared::read(&files);
        let kinds: Vec<Option<Kind>> = shared.iter().map(|(name, _)| name.kind()).collect();
        assert_eq!(kinds, [Some(Kind::Rounds), None]);
        assert_eq!(shared.files(&blob).count(), 2);
    }
}
