//! Who reviewed, as far as a document tells: labels such as "Claude Opus 4.6" and the short names made of them.

use finding::AgentName;

/// Families by which an agent is known where a document has no list of its reviewers.
const FAMILIES: &[&str] = &[
    "Claude",
    "Codex",
    "Gemini",
    "GPT",
    "ChatGPT",
    "Copilot",
    "Cursor",
    "Grok",
    "Qwen",
    "DeepSeek",
    "Mistral",
    "Devstral",
    "Llama",
    "Kimi",
    "GLM",
    "Aider",
    "Cline",
    "OpenCode",
    "CodeRabbit",
    "Amp",
    "Jules",
    "Bugbot",
    "Greptile",
];

#[derive(Debug, Clone)]
pub(crate) struct Member {
    pub(crate) name: AgentName,
    pub(crate) label: String,
    /// Whether the document lists it.
    pub(crate) listed: bool,
    /// What it is recognised by in prose.
    word: String,
    /// The same in lower case.
    lower: String,
}

/// The reviewers of a document.
#[derive(Debug, Clone, Default)]
pub(crate) struct Roster(pub(crate) Vec<Member>);

impl Roster {
    /// From labels, in their order; families follow as strangers.
    pub(crate) fn of(labels: &[String]) -> Self {
        let mut members: Vec<Member> = Vec::new();
        let first = |label: &str| -> String { label.split_whitespace().next().unwrap_or("").to_owned() };
        for label in labels {
            if label.is_empty() || members.iter().any(|m| m.label == *label) {
                continue;
            }
            let word = first(label);
            let shared = labels.iter().filter(|l| first(l).eq_ignore_ascii_case(&word)).count() > 1;
            let word = if shared { label.clone() } else { word };
            let lower = word.to_lowercase();
            members.push(Member { name: AgentName::of_label(&word), label: label.clone(), listed: true, word, lower });
        }
        for family in FAMILIES {
            if !members.iter().any(|m| m.word.to_ascii_lowercase().starts_with(&family.to_ascii_lowercase())) {
                let word = (*family).to_owned();
                let lower = word.to_lowercase();
                members.push(Member {
                    name: AgentName::of_label(family),
                    label: word.clone(),
                    listed: false,
                    word,
                    lower,
                });
            }
        }
        Self(members)
    }

    /// Whether the text names anyone.
    pub(crate) fn is_named(&self, text: &str) -> bool {
        let text = text.to_lowercase();
        self.0.iter().any(|m| place_of(&text, &m.lower).is_some())
    }

    /// Everyone whom the text names, in the order of the roster. "Codex GPT 5.5" is one: of those that the
    /// document does not list, only the first in each part counts.
    pub(crate) fn named(&self, text: &str) -> Vec<&Member> {
        let mut found: Vec<usize> = Vec::new();
        for part in text.to_lowercase().split([',', ';', '+', '&', '/']) {
            let hits: Vec<(usize, usize)> =
                (0..self.0.len()).filter_map(|i| Some((place_of(part, &self.0[i].lower)?, i))).collect();
            let listed: Vec<usize> = hits.iter().filter(|(_, i)| self.0[*i].listed).map(|(_, i)| *i).collect();
            if listed.is_empty() {
                found.extend(hits.iter().min().map(|(_, i)| *i));
            } else {
                found.extend(listed);
            }
        }
        found.sort_unstable();
        found.dedup();
        found.into_iter().map(|i| &self.0[i]).collect()
    }

    /// The one with whose name the text starts.
    pub(crate) fn leading(&self, text: &str) -> Option<&Member> {
        let text = text.trim_start_matches(['[', '*', ' ']);
        self.0.iter().find(|m| {
            text.get(..m.word.len()).is_some_and(|start| start.eq_ignore_ascii_case(&m.word)) && {
                let after = text[m.word.len()..].chars().next();
                !after.is_some_and(|c| c.is_alphanumeric() || c == '\'' || c == '’')
            }
        })
    }

    /// The one with exactly this label.
    pub(crate) fn labelled(&self, label: &str) -> Option<AgentName> {
        self.0.iter().find(|m| m.label == label).map(|m| m.name.clone())
    }

    pub(crate) fn member(&self, name: &AgentName) -> Option<&Member> {
        self.0.iter().find(|m| m.name == *name)
    }

    /// The names at the end of a title without brackets ("… on Unix Codex Gemini"), and where they begin.
    pub(crate) fn trailing(&self, text: &str) -> Option<(usize, Vec<AgentName>)> {
        let mut names = Vec::new();
        let mut rest = text.trim_end();
        while let Some((before, last)) = rest.rsplit_once(' ') {
            let Some(m) = self.0.iter().find(|m| m.word == last) else { break };
            names.insert(0, m.name.clone());
            rest = before.trim_end();
        }
        (!names.is_empty()).then_some((rest.len(), names))
    }
}

/// Where `word` stands in the text on its own; both in lower case.
fn place_of(text: &str, word: &str) -> Option<usize> {
    if word.is_empty() {
        return None;
    }
    let part = |c: char| c.is_alphanumeric() || c == '_';
    let mut from = 0;
    // Many words are looked for in short texts: that is what this search is quick at.
    while let Some(i) = memchr::memmem::find(&text.as_bytes()[from..], word.as_bytes()).map(|i| from + i) {
        let (before, after) = (&text[..i], &text[i + word.len()..]);
        if !before.chars().next_back().is_some_and(part) && !after.chars().next().is_some_and(part) {
            return Some(i);
        }
        from = i + word.len();
    }
    None
}
