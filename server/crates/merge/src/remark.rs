//! A raw finding prepared for comparison, so that each text is read once, however often it is merged.

use super::compose::edits;
use super::rules::{self, Rule};
use super::sides::{self, Sides};
use super::{Facts, identity, text};
use finding::{Fingerprint, LineRange, RawFinding, RawId};
use rayon::prelude::*;
use std::collections::HashMap;
use std::sync::Arc;

/// The parts of a remark that are compared, each by its own words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    /// Words of the title.
    Title,
    /// Words of title and prose.
    Text,
    /// Names.
    Identifiers,
    /// Lines of quoted code and of fixes.
    Code,
}

impl Field {
    /// All of them; a field's number is its place here.
    pub(super) const ALL: [Self; 4] = [Self::Title, Self::Text, Self::Identifiers, Self::Code];
    /// What it is called in an explanation.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Title => "title",
            Self::Text => "wording",
            Self::Identifiers => "names",
            Self::Code => "code",
        }
    }

    /// Terms that are kept of one field.
    const MAX: usize = 600;
}

/// A term of a field with how often it occurs, damped.
#[derive(Debug, Clone, Copy)]
pub(super) struct Term {
    /// Its hash; the same word in two fields has two.
    pub(super) hash: u64,
    /// Its field.
    pub(super) field: Field,
    /// 1 + ln(occurrences); 1 where the field only knows there or not there.
    pub(super) weight: f32,
}

/// Where a remark sits.
#[derive(Debug, Clone)]
pub(super) struct Place {
    /// Path as given.
    pub(super) path: String,
    /// Lines; `None` when the whole file is meant.
    pub(super) lines: Option<LineRange>,
}

/// Places of one remark that are looked at.
const MAX_PLACES: usize = 4;

/// What a raw finding is compared by.
#[derive(Debug, Clone)]
pub(super) struct Remark {
    /// Its identity over rounds.
    pub(super) fingerprint: Fingerprint,
    /// Hash of everything that is compared, so that the same remark given twice is one.
    pub(super) content: u64,
    /// Terms, by hash.
    pub(super) terms: Vec<Term>,
    /// The main place first.
    pub(super) places: Vec<Place>,
    /// The enclosing symbol.
    pub(super) symbol: Option<String>,
    /// The rule that it is an instance of.
    pub(super) rule: Option<Rule>,
    /// The weakness (CWE) that it names.
    pub(super) weakness: Option<String>,
    /// The vulnerabilities that it names, in order.
    pub(super) vulnerabilities: Vec<String>,
    /// The sides of pairs that its title names.
    pub(super) sides: Sides,
    /// The names in its title, hashed, in order.
    pub(super) names: Vec<u64>,
    /// Whether its title names a kind of issue and leaves what it is to the body.
    pub(super) is_label: bool,
    /// The words of its title as they stand, hashed, numbers and small words too; of the body where there is no title.
    pub(super) saying: Vec<u64>,
    /// Hash of the words of its body; `None` where it has none.
    pub(super) said_of_it: Option<u64>,
    /// What its fixes take out and put in, hashed.
    pub(super) edits: Vec<u64>,
}

/// Reads remarks, each once, however often it is asked for.
#[derive(Debug, Default)]
pub(super) struct Reader {
    read: HashMap<(RawId, u64), Arc<Remark>>,
}

impl Reader {
    /// The remarks, in the order of `raws`; `facts` says what is known of each.
    pub(super) fn read<'f>(
        &mut self,
        raws: &[&RawFinding],
        facts: impl Fn(&RawFinding) -> Option<&'f Facts> + Sync,
    ) -> Vec<Arc<Remark>> {
        let keys: Vec<(RawId, u64)> = raws.par_iter().map(|raw| (raw.id.clone(), content(raw, facts(raw)))).collect();
        let missing: Vec<usize> = (0..keys.len()).filter(|i| !self.read.contains_key(&keys[*i])).collect();
        let new: Vec<(usize, Remark)> =
            missing.into_par_iter().map(|i| (i, Remark::new(raws[i], facts(raws[i])))).collect();
        self.read.extend(new.into_iter().map(|(i, remark)| (keys[i].clone(), Arc::new(remark))));
        keys.iter().filter_map(|key| self.read.get(key)).cloned().collect()
    }
}

impl Remark {
    /// Prepares `raw`.
    pub(super) fn new(raw: &RawFinding, facts: Option<&Facts>) -> Self {
        let title = text::title(&raw.title);
        let body = text::body(&raw.body);
        let title_words = text::words(title);
        let mut prose_words = text::words(&body.prose);
        let is_label = text::is_label(title);
        if !prose_words.is_empty() && !is_label {
            // What a remark is called says more than what else it mentions.
            prose_words.extend(&title_words);
        }
        prose_words.extend(&title_words);
        let mut names = text::identifiers(title);
        names.extend(text::identifiers(body.all));
        let mut code = body.code;
        for quote in raw.anchors.iter().filter_map(|a| a.quote.as_deref()) {
            code.extend(quote.lines().take(Field::MAX).filter_map(text::code_line));
        }
        for fix in &raw.fixes {
            code.extend(fix.diff.lines().take(Field::MAX).filter_map(text::diff_line));
        }
        let mut terms = Vec::new();
        if !is_label {
            add(&mut terms, Field::Title, &title_words);
        }
        add(&mut terms, Field::Text, &prose_words);
        add(&mut terms, Field::Identifiers, &names);
        add(&mut terms, Field::Code, &code);
        terms.sort_unstable_by_key(|term| term.hash);
        let places: Vec<Place> = raw
            .anchors
            .iter()
            .take(MAX_PLACES)
            .map(|a| Place { path: a.path.as_str().to_owned(), lines: a.lines })
            .collect();
        Self {
            fingerprint: identity::fingerprint(raw),
            content: content(raw, facts),
            terms,
            places,
            symbol: symbol(raw, facts).map(str::to_owned),
            rule: Rule::of(raw),
            weakness: rules::weakness(raw),
            vulnerabilities: rules::vulnerabilities(raw),
            sides: sides::of(&title_words),
            names: text::names(title),
            is_label,
            saying: text::verbatim(if raw.title.trim().is_empty() { body.all } else { title }),
            said_of_it: (!body.all.trim().is_empty()).then(|| text::hash_all(&text::verbatim(body.all))),
            edits: raw.fixes.iter().take(MAX_PLACES).map(|fix| text::hash(0, edits(&fix.diff).as_bytes())).collect(),
        }
    }
}

/// Counts `hashes` and adds them as terms of `field`.
fn add(terms: &mut Vec<Term>, field: Field, hashes: &[u64]) {
    let mut counts: HashMap<u64, f32, text::OwnHash> =
        HashMap::with_capacity_and_hasher(hashes.len(), text::OwnHash::default());
    for hash in hashes {
        if counts.len() < Field::MAX || counts.contains_key(hash) {
            *counts.entry(*hash).or_default() += 1.0;
        }
    }
    let counted = matches!(field, Field::Text | Field::Identifiers);
    terms.extend(counts.into_iter().map(|(hash, n)| Term {
        hash: text::hash(field as u64 + 1, &hash.to_le_bytes()),
        field,
        weight: if counted { 1.0 + n.ln() } else { 1.0 },
    }));
}

/// The enclosing symbol: that of the file, or the one that the agent names.
fn symbol<'a>(raw: &'a RawFinding, facts: Option<&'a Facts>) -> Option<&'a str> {
    facts.and_then(|f| f.symbol.as_deref()).or(raw.symbol.as_deref())
}

/// Hash of everything that a remark is compared by.
fn content(raw: &RawFinding, facts: Option<&Facts>) -> u64 {
    let mut h = text::hash(raw.severity as u64, raw.agent.as_str().as_bytes());
    let mut part = |s: &str| h = text::hash(text::hash(h, s.as_bytes()), &[0]);
    part(&raw.title);
    part(&raw.body);
    for anchor in &raw.anchors {
        part(anchor.path.as_str());
        part(&anchor.lines.map(|l| l.to_string()).unwrap_or_default());
        part(anchor.quote.as_deref().unwrap_or_default());
    }
    part(raw.rule.as_ref().map_or("", |rule| &rule.id));
    for fix in &raw.fixes {
        part(&fix.diff);
    }
    part(symbol(raw, facts).unwrap_or_default());
    h
}
