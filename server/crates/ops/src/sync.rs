//! Rounds, decisions, what was said about findings, and learnings, shared with a team through git itself: what is new here
//! since the last time is put together with what the remote has ([`Shared`]: in any order, it comes to the same), pushed,
//! and what others added is taken in.
//!
//! Shared are a round's findings and what agents said, with secrets masked; texts of files are not: a clone has them from
//! its own commits. Nothing goes out that is about a file which is never sent to agents: no remark, no decision on it, no
//! learning, not its name.

use super::OpsError;
use agent::Sending;
use finding::{
    Aftermath, Anchor, BlobId, CommitId, Decisions, FindingId, Fingerprint, Fix, Grade, Learnings, Link, LinkKind,
    Message, ROUND_SCHEMA, RepoPath, Resolution, Round,
};
use git::{Repository, SHARED};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use store::shared::{Entry, Key, Kind, Name, Shared, Stamp, hash};
use store::{Branch, Store};

/// How often it is tried, while others push.
const MOST_TRIES: u32 = 30;

/// Largest entry that is read, in bytes: who can push may be anybody.
const MOST_BYTES: usize = 64 << 20;

/// Longest learning that is taken in, in bytes.
const MOST_LEARNING: usize = 4096;

/// How to share.
#[derive(Debug, Clone)]
pub struct Sharing<'a> {
    /// With which remote.
    pub remote: &'a str,
    /// What may leave this machine.
    pub sending: Sending,
    /// From before when entries are dropped, for everybody.
    pub drop_before: Option<Timestamp>,
}

/// Entries by kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Count {
    /// Rounds.
    pub rounds: usize,
    /// Dismissals, severities, splits and joins, and those that were taken back.
    pub decisions: usize,
    /// Questions and answers about findings.
    pub messages: usize,
    /// Learnings, and those that were forgotten.
    pub learnings: usize,
}

impl Count {
    fn add(&mut self, kind: Kind) {
        match kind {
            Kind::Rounds => self.rounds += 1,
            Kind::Decisions => self.decisions += 1,
            Kind::Threads => self.messages += 1,
            Kind::Learnings => self.learnings += 1,
        }
    }
}

/// What came of sharing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(title = "deep-review sync --format json")]
pub struct Synced {
    /// With which remote.
    pub remote: String,
    /// The reference that has it, here and there.
    pub reference: &'static str,
    /// What others get from here.
    pub sent: Count,
    /// What came from others.
    pub received: Count,
    /// Entries of others that cannot be read: they were written by a newer version, or are damaged. They stay shared.
    pub unread: usize,
    /// How many entries are shared now.
    pub entries: usize,
    /// How many findings are not shared, because they are about files that are never sent to agents.
    pub kept_back: usize,
}

/// The remote that is meant where none is named: `origin`, or the only one.
///
/// # Errors
/// [`OpsError::NoRemote`] where there is none of that name, or none to choose.
pub fn remote(repository: &Repository, wanted: Option<&str>) -> Result<String, OpsError> {
    let names: Vec<String> = repository.remotes()?.into_iter().map(|remote| remote.name).collect();
    let found = match (wanted, &names[..]) {
        (Some(wanted), _) => names.iter().find(|name| *name == wanted),
        (None, [only]) => Some(only),
        (None, _) => names.iter().find(|name| *name == "origin"),
    };
    let missing = || OpsError::NoRemote { wanted: wanted.map(str::to_owned), names: names.clone() };
    found.cloned().ok_or_else(missing)
}

/// Shares what is stored of a repository with a remote, and takes in what others shared. Blocks.
///
/// # Errors
/// When git cannot fetch or push, or the store cannot be read or written. Nothing is lost then: the next time begins
/// where this one did.
pub fn sync(repository: &Repository, sharing: &Sharing<'_>) -> Result<Synced, OpsError> {
    let store = Store::of(repository.common_dir());
    let mut sending = sharing.sending.clone();
    sending.mask_with(mask_key(&store)?);
    let shelf = Shelf { repository };
    let base = match store.shared() {
        Some(commit) => shelf.shared(&commit)?,
        None => Shared::default(),
    };
    let here = Here::of(&store, &sending)?;
    let mut ours = base.clone();
    here.add_to(&mut ours, &shelf)?;
    if let Some(moment) = sharing.drop_before {
        ours.drop_before(moment.as_microsecond());
    }
    let mut sent = Count::default();
    ours.news(&base).filter_map(|(name, _)| name.kind()).for_each(|kind| sent.add(kind));
    let (commit, all) = shelf.put_together(sharing.remote, &ours)?;
    let mut news: Vec<(&Name, &Stamp)> = all.news(&ours).collect();
    news.sort_by_key(|(_, stamp)| stamp.at);
    let (received, unread) = shelf.take_in(&store, &here, &news, &sending)?;
    store.keep_shared(&commit)?;
    repository.keep_shared(&commit)?;
    Ok(Synced {
        remote: sharing.remote.to_owned(),
        reference: SHARED,
        sent,
        received,
        unread,
        entries: all.len(),
        kept_back: here.kept_back,
    })
}

/// What masks are made with here: the same each time, so that what is masked is the same.
fn mask_key(store: &Store) -> Result<u64, OpsError> {
    if let Some(key) = store.mask_key() {
        return Ok(key);
    }
    let new = Sending::masked().mask_key().unwrap_or_default();
    store.keep_mask_key(new)?;
    Ok(store.mask_key().unwrap_or(new))
}

/// What is to be shared, as it is here.
struct Here {
    /// By what it is about: since when, and what.
    entries: BTreeMap<Key, (i64, Value)>,
    /// The branches and learnings of which all could be read: only there is it known that something was taken back.
    whole: BTreeSet<String>,
    are_learnings_whole: bool,
    /// How many findings are about files that are never sent.
    kept_back: usize,
}

impl Here {
    fn of(store: &Store, sending: &Sending) -> Result<Self, OpsError> {
        let mut here =
            Self { entries: BTreeMap::new(), whole: BTreeSet::new(), are_learnings_whole: false, kept_back: 0 };
        for branch in store.branches()? {
            if let Some(key) = branch.key() {
                here.read_branch(key, &branch, sending)?;
            }
        }
        here.read_learnings(store, sending)?;
        Ok(here)
    }

    fn put(&mut self, key: Key, at: Timestamp, value: &impl Serialize, sending: &Sending) {
        // What cannot be written as JSON is nothing that was ever stored.
        if let Ok(mut value) = serde_json::to_value(value) {
            clean(&mut value, sending);
            self.entries.insert(key, (at.as_microsecond(), value));
        }
    }

    fn read_branch(&mut self, key: &str, branch: &Branch, sending: &Sending) -> Result<(), OpsError> {
        let mut rounds = branch.rounds_alone()?;
        rounds.retain(is_for_others);
        let known = Known::of(&rounds, sending);
        self.kept_back += known.kept_back.len();
        for round in rounds.into_iter().filter(|round| !round.is_unfinished()) {
            let (id, at) = (round.id.clone(), round.started);
            let started = at.as_microsecond();
            self.put(Key::Round { branch: key.into(), id, started }, at, &known.shareable(round, sending), sending);
        }
        let decisions = branch.decisions()?;
        let aftermath = branch.aftermath();
        if decisions.set_aside.is_empty() {
            self.whole.insert(key.to_owned());
        }
        self.read_decisions(key, &decisions.value, &known, sending);
        for (finding, messages) in aftermath.value.threads.into_iter().filter(|(id, _)| known.may_share(id)) {
            for message in messages {
                let hash = hash(serde_json::to_string(&message).unwrap_or_default().as_bytes());
                let key = Key::Message { branch: key.into(), finding: finding.clone(), hash };
                self.put(key, message.at, &message, sending);
            }
        }
        Ok(())
    }

    fn read_decisions(&mut self, branch: &str, decisions: &Decisions, known: &Known, sending: &Sending) {
        for (finding, resolution) in decisions.resolutions.iter().filter(|(id, _)| known.may_share(id)) {
            let key = Key::Resolution { branch: branch.into(), finding: finding.clone() };
            self.put(key, resolution.at, resolution, sending);
        }
        for (finding, grade) in decisions.grades.iter().filter(|(id, _)| known.may_share(id)) {
            let key = Key::Grade { branch: branch.into(), finding: finding.clone() };
            self.put(key, grade.at, grade, sending);
        }
        // The newest on a pair counts, and is the last.
        for Link { kind, a, b } in &decisions.links {
            if known.prints.contains(a) && known.prints.contains(b) {
                let (a, b) = if a <= b { (a, b) } else { (b, a) };
                let key = Key::Link { branch: branch.into(), a: a.clone(), b: b.clone() };
                self.put(key, Timestamp::now(), kind, sending);
            }
        }
    }

    fn read_learnings(&mut self, store: &Store, sending: &Sending) -> Result<(), OpsError> {
        self.are_learnings_whole = store.learnings_path().exists();
        let learnings = store.learnings()?;
        let about_kept_back: BTreeSet<String> = learnings
            .learnings()
            .filter(|learning| !learning.files.iter().all(|path| sending.allows(path)))
            .map(ToString::to_string)
            .collect();
        for line in learnings.items().into_iter().filter(|line| !about_kept_back.contains(line)) {
            let line = sending.clean(&line);
            self.put(Key::Learning { line: line.clone() }, Timestamp::now(), &line, sending);
        }
        Ok(())
    }

    /// Adds what is new here since `all` was shared, and what was taken back since.
    fn add_to(&self, all: &mut Shared, shelf: &Shelf<'_>) -> Result<(), OpsError> {
        let base = all.clone();
        for (key, (at, value)) in &self.entries {
            let before = base.get(&key.name());
            let is_same = before.is_some_and(|stamp| {
                // What never changes need not be read again.
                matches!(key, Key::Round { .. } | Key::Message { .. })
                    || shelf.entry(&stamp.blob).is_some_and(|entry| entry.value.as_ref() == Some(value))
            });
            if !is_same {
                shelf.put(all, key, *at, Some(value.clone()), before)?;
            }
        }
        for (name, stamp) in
            base.iter().filter(|(name, _)| matches!(name.kind(), Some(Kind::Decisions | Kind::Learnings)))
        {
            let Some(Entry { key, value: Some(_), .. }) = shelf.entry(&stamp.blob) else { continue };
            if key.name() == *name && !self.entries.contains_key(&key) && self.is_whole(&key) {
                shelf.put(all, &key, Timestamp::now().as_microsecond(), None, Some(stamp))?;
            }
        }
        Ok(())
    }

    /// Whether what is not here was taken back, and is not merely unread.
    fn is_whole(&self, key: &Key) -> bool {
        match key {
            Key::Resolution { branch, .. } | Key::Grade { branch, .. } | Key::Link { branch, .. } => {
                self.whole.contains(branch)
            }
            Key::Learning { .. } => self.are_learnings_whole,
            Key::Round { .. } | Key::Message { .. } => false,
        }
    }

    /// Whether a key says now what it said when it was read.
    fn is_still(&self, key: &Key, now: Option<&impl Serialize>, sending: &Sending) -> bool {
        let now = now.and_then(|now| serde_json::to_value(now).ok()).map(|mut now| {
            clean(&mut now, sending);
            now
        });
        self.entries.get(key).map(|(_, value)| value) == now.as_ref()
    }
}

/// Whether a round is of something that others have too: not of a stash, of what is staged, of a file of a patch, or of some
/// files alone, which it is named after.
fn is_for_others(round: &Round) -> bool {
    let mine = ["staged:", "unstaged:", "stash:", "patch:", "scan:"];
    let name = round.scope.branch.as_deref();
    name.is_some_and(|name| !mine.iter().any(|word| name.starts_with(word)) && !name.contains(" -- "))
}

/// Masks the secrets in every text of it, names of files too.
fn clean(value: &mut Value, sending: &Sending) {
    match value {
        Value::String(text) => *text = sending.clean(text),
        Value::Array(items) => items.iter_mut().for_each(|item| clean(item, sending)),
        Value::Object(members) => {
            for (name, mut member) in std::mem::take(members) {
                clean(&mut member, sending);
                members.insert(sending.clean(&name), member);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// What the rounds of a branch say of its findings: which may be shared.
struct Known {
    findings: BTreeSet<FindingId>,
    /// Those that are about files which are never sent.
    kept_back: BTreeSet<FindingId>,
    /// Of remarks that may be shared.
    prints: BTreeSet<Fingerprint>,
}

impl Known {
    fn of(rounds: &[Round], sending: &Sending) -> Self {
        let findings = || rounds.iter().flat_map(|round| &round.findings);
        let declined = rounds.iter().flat_map(|round| &round.declined);
        let mut kept_back: BTreeSet<FindingId> =
            findings().filter(|f| !sending.allows_all(f.anchors.iter())).map(|f| f.id.clone()).collect();
        kept_back.extend(declined.filter(|d| !sending.allows_all(d.anchor.iter())).map(|d| d.id.clone()));
        let raw = rounds.iter().flat_map(|round| &round.raw);
        let prints = raw.filter(|raw| sending.allows_all(raw.anchors.iter())).map(merge::fingerprint).collect();
        Self { findings: findings().map(|f| f.id.clone()).collect(), kept_back, prints }
    }

    /// Whether something about a finding may be shared: it has to be known which files it is in.
    fn may_share(&self, id: &FindingId) -> bool {
        self.findings.contains(id) && !self.kept_back.contains(id)
    }

    /// The round without what is about files that are never sent.
    fn shareable(&self, mut round: Round, sending: &Sending) -> Round {
        let may = |id: &FindingId| !self.kept_back.contains(id);
        let may_say = |anchors: &[Anchor]| sending.allows_all(anchors.iter());
        let fixes = |fixes: &mut Vec<Fix>| fixes.retain(|fix| may_send_fix(fix, sending));
        round.findings.retain(|finding| may(&finding.id) && may_say(&finding.anchors));
        for finding in &mut round.findings {
            fixes(&mut finding.fixes);
            finding.related.retain(may);
        }
        round.raw.retain(|raw| may_say(&raw.anchors));
        round.raw.iter_mut().for_each(|raw| fixes(&mut raw.fixes));
        let shared: BTreeSet<Fingerprint> = round.raw.iter().map(merge::fingerprint).collect();
        round.judged.retain(|judgement| shared.contains(&judgement.a) && shared.contains(&judgement.b));
        round.checks.retain(|check| may(&check.finding));
        round.observations.retain(|observation| may_say(&observation.anchors));
        round.feedback.retain(|feedback| sending.allows_all(feedback.anchor.iter()));
        round.declined.retain(|declined| may(&declined.id));
        let since = &mut round.since_before;
        for gone in [&mut since.fixed, &mut since.outdated, &mut since.joined] {
            gone.retain(|gone| may(&gone.id) && gone.into.as_ref().is_none_or(may));
        }
        since.new.retain(may);
        round.coverage.reviewed.retain(|file| sending.allows(&file.path));
        round.coverage.left_out.retain(|file| !sending.never.is_match(&file.path));
        round.texts.retain(|path, _| sending.allows(path));
        round
    }
}

/// Whether a fix changes nothing that is never sent.
fn may_send_fix(fix: &Fix, sending: &Sending) -> bool {
    let named = fix.diff.lines().filter_map(|line| line.strip_prefix("--- ").or_else(|| line.strip_prefix("+++ ")));
    let named = named.filter_map(|name| {
        let name = name.split('\t').next().unwrap_or(name);
        RepoPath::new(name.strip_prefix("a/").or_else(|| name.strip_prefix("b/")).unwrap_or(name)).ok()
    });
    fix.path.iter().cloned().chain(named).all(|path| sending.allows(&path))
}

/// Where entries are: the objects of the repository.
struct Shelf<'a> {
    repository: &'a Repository,
}

impl Shelf<'_> {
    fn shared(&self, commit: &CommitId) -> Result<Shared, OpsError> {
        Ok(Shared::read(&self.repository.shared_files(commit)?))
    }

    fn entry(&self, blob: &BlobId) -> Option<Entry> {
        let bytes = self.repository.blob_up_to(blob, MOST_BYTES)?;
        serde_json::from_slice(&bytes).ok().filter(|entry: &Entry| entry.schema <= ROUND_SCHEMA)
    }

    /// Adds an entry, later than the one that it takes the place of: clocks differ, and who decides has seen that one.
    fn put(
        &self,
        all: &mut Shared,
        key: &Key,
        at: i64,
        value: Option<Value>,
        before: Option<&Stamp>,
    ) -> Result<(), OpsError> {
        let at = before.map_or(at, |before| at.max(before.at.saturating_add(1)));
        let entry = Entry { schema: ROUND_SCHEMA, key: key.clone(), value };
        let Ok(bytes) = serde_json::to_vec(&entry) else { return Ok(()) };
        if bytes.len() <= MOST_BYTES {
            let blob = self.repository.write_shared(&bytes)?;
            all.put(key.name(), Stamp { at, blob });
        }
        Ok(())
    }

    /// Puts `ours` together with what the remote has, and pushes that until nobody was faster; gives what is shared then.
    fn put_together(&self, remote: &str, ours: &Shared) -> Result<(CommitId, Shared), OpsError> {
        let nothing = self.repository.write_shared(b"")?;
        let mut tries = 0..MOST_TRIES;
        loop {
            let tip = self.repository.fetch_shared(remote)?;
            let theirs = tip.as_ref().map(|tip| self.shared(tip)).transpose()?;
            let mut all = ours.clone();
            all.merge(theirs.as_ref().unwrap_or(&Shared::default()));
            if let (Some(tip), Some(theirs)) = (&tip, &theirs)
                && all == *theirs
            {
                return Ok((tip.clone(), all));
            }
            let commit = self.repository.commit_shared(&all.files(&nothing).collect())?;
            match self.repository.push_shared(remote, &commit, tip.as_ref()) {
                Ok(true) => return Ok((commit, all)),
                Ok(false) => {}
                // Perhaps somebody is pushing at this moment: git says the same of that as of a push that is refused.
                Err(error) if tries.start >= 3 => return Err(error.into()),
                Err(_) => {}
            }
            match tries.next() {
                Some(n) => std::thread::sleep(pause(n)),
                None => return Err(OpsError::OthersPush { remote: remote.to_owned() }),
            }
        }
    }

    /// Takes in what others shared; gives how much, and how many entries cannot be read.
    fn take_in(
        &self,
        store: &Store,
        here: &Here,
        news: &[(&Name, &Stamp)],
        sending: &Sending,
    ) -> Result<(Count, usize), OpsError> {
        let mut received = Count::default();
        let mut incoming = Incoming::default();
        let mut unread = 0;
        for (name, stamp) in news {
            // The name says what it is of, and a file under another name is somebody's trick.
            match self.entry(&stamp.blob).filter(|entry| entry.key.name() == **name) {
                Some(entry) if incoming.add(&entry) => received.add(entry.key.kind()),
                _ => unread += 1,
            }
        }
        for (key, branch) in incoming.branches {
            if let Some(stored) = store.branch_of_key(&key) {
                branch.take_in(&key, store, &stored, (here, sending), self.repository)?;
            }
        }
        if !incoming.learnings.is_empty() {
            store.change_learnings(|all| learn(all, &incoming.learnings))?;
        }
        Ok((received, unread))
    }
}

/// A moment that differs from process to process, longer with each try.
fn pause(n: u32) -> Duration {
    let own = u64::from(std::process::id()) * 37 + u64::from(Timestamp::now().subsec_nanosecond().unsigned_abs());
    Duration::from_millis(20 + own % (50 * (u64::from(n) + 1)))
}

/// What others shared.
#[derive(Debug, Default)]
struct Incoming {
    branches: BTreeMap<String, OfBranch>,
    /// Lines, and whether each is there.
    learnings: Vec<(String, bool)>,
}

#[derive(Debug, Default)]
struct OfBranch {
    rounds: Vec<Round>,
    resolutions: BTreeMap<FindingId, Option<Resolution>>,
    grades: BTreeMap<FindingId, Option<Grade>>,
    links: Vec<(Fingerprint, Fingerprint, Option<LinkKind>)>,
    messages: Vec<(FindingId, Message)>,
}

/// A value of an entry: not there, or of its type.
fn typed<T: DeserializeOwned>(value: Option<&Value>) -> Result<Option<T>, serde_json::Error> {
    value.map(T::deserialize).transpose()
}

impl Incoming {
    /// Whether the entry can be read.
    fn add(&mut self, entry: &Entry) -> bool {
        self.read(entry).is_ok_and(|is_fine| is_fine)
    }

    fn of(&mut self, branch: &str) -> &mut OfBranch {
        self.branches.entry(branch.to_owned()).or_default()
    }

    fn read(&mut self, Entry { key, value, .. }: &Entry) -> Result<bool, serde_json::Error> {
        let value = value.as_ref();
        match key {
            Key::Round { branch, id, started } => {
                let round = typed::<Round>(value)?;
                let is_that = |round: &Round| round.id == *id && round.started.as_microsecond() == *started;
                let Some(round) = round.filter(is_that) else { return Ok(false) };
                if round.schema > ROUND_SCHEMA {
                    return Ok(false);
                }
                self.of(branch).rounds.push(round);
            }
            Key::Resolution { branch, finding } => {
                let resolution = typed(value)?;
                self.of(branch).resolutions.insert(finding.clone(), resolution);
            }
            Key::Grade { branch, finding } => {
                let grade = typed(value)?;
                self.of(branch).grades.insert(finding.clone(), grade);
            }
            Key::Link { branch, a, b } => {
                let kind = typed(value)?;
                self.of(branch).links.push((a.clone(), b.clone(), kind));
            }
            Key::Message { branch, finding, .. } => {
                let Some(message) = typed(value)? else { return Ok(false) };
                self.of(branch).messages.push((finding.clone(), message));
            }
            Key::Learning { line } => {
                let is_a_line =
                    line.len() <= MOST_LEARNING && !line.trim().is_empty() && !line.contains(char::is_control);
                if !is_a_line {
                    return Ok(false);
                }
                self.learnings.push((line.clone(), value.is_some()));
            }
        }
        Ok(true)
    }
}

impl OfBranch {
    fn take_in(
        mut self,
        key: &str,
        store: &Store,
        branch: &Branch,
        (here, sending): (&Here, &Sending),
        repository: &Repository,
    ) -> Result<(), OpsError> {
        if !self.rounds.is_empty() {
            let known: BTreeSet<_> =
                branch.rounds_alone()?.into_iter().map(|round| (round.id, round.started)).collect();
            self.rounds.retain(|round| !known.contains(&(round.id.clone(), round.started)));
            self.rounds.sort_by(|a, b| (a.started, &a.id).cmp(&(b.started, &b.id)));
            let texts = self.rounds.iter().flat_map(|round| round.texts.values());
            let texts: Vec<(&BlobId, String)> = texts
                .filter(|blob| store.text(blob).is_none())
                .filter_map(|blob| Some((blob, String::from_utf8(repository.blob_up_to(blob, MOST_BYTES)?).ok()?)))
                .collect();
            store.put_texts(texts.iter().map(|(blob, text)| (*blob, text.as_str())))?;
            drop(texts);
            branch.take_in(&mut self.rounds)?;
        }
        if !(self.resolutions.is_empty() && self.grades.is_empty() && self.links.is_empty()) {
            branch.decide(|all| self.decide(key, all, here, sending))?;
        }
        if !self.messages.is_empty() {
            branch.change_aftermath(|all| say(all, self.messages))?;
        }
        Ok(())
    }

    /// Has the decisions be as others decided, but for what was decided here since they were read: that is shared next time.
    fn decide(&self, branch: &str, all: &mut Decisions, here: &Here, sending: &Sending) {
        for (finding, resolution) in &self.resolutions {
            let key = Key::Resolution { branch: branch.into(), finding: finding.clone() };
            if here.is_still(&key, all.resolutions.get(finding), sending) {
                set(&mut all.resolutions, finding, resolution.as_ref());
            }
        }
        for (finding, grade) in &self.grades {
            let key = Key::Grade { branch: branch.into(), finding: finding.clone() };
            if here.is_still(&key, all.grades.get(finding), sending) {
                set(&mut all.grades, finding, grade.as_ref());
            }
        }
        for (a, b, kind) in &self.links {
            let is_pair = |link: &Link| (&link.a, &link.b) == (a, b) || (&link.b, &link.a) == (a, b);
            all.links.retain(|link| !is_pair(link));
            all.links.extend(kind.map(|kind| Link { kind, a: a.clone(), b: b.clone() }));
        }
    }
}

fn set<T: Clone>(all: &mut BTreeMap<FindingId, T>, finding: &FindingId, value: Option<&T>) {
    match value {
        Some(value) => drop(all.insert(finding.clone(), value.clone())),
        None => drop(all.remove(finding)),
    }
}

/// Adds what was said, in the order of time.
fn say(all: &mut Aftermath, messages: Vec<(FindingId, Message)>) {
    for (finding, message) in messages {
        let thread = all.threads.entry(finding).or_default();
        if !thread.contains(&message) {
            thread.push(message);
            thread.sort_by_key(|message| message.at);
        }
    }
}

/// Adds and takes away lines.
fn learn(all: &mut Learnings, lines: &[(String, bool)]) {
    for (line, is_there) in lines {
        let place = all.items().iter().position(|item| item == line);
        match (place, is_there) {
            (None, true) => all.add_all(&Learnings::read(&format!("- {line}"))),
            (Some(at), false) => drop(all.forget(&[at + 1])),
            _ => {}
        }
    }
}
