//! The first line of a finding: title, places, agents and class in any of the styles that reviews use.

use super::cite::{Cite, cites, leading_places, path_token, places};
use super::lines::pattern;
use super::roster::Roster;
use finding::{AgentName, Classification};
use regex::Regex;
use std::sync::LazyLock;

#[derive(Debug, Clone, Default)]
pub(crate) struct Head {
    pub(crate) title: String,
    pub(crate) cites: Vec<Cite>,
    pub(crate) agents: Vec<AgentName>,
    /// The words in brackets at the end: "important, regression".
    pub(crate) class: Option<String>,
    /// Struck through: withdrawn.
    pub(crate) struck: bool,
    /// Ticked off: `[x]`.
    pub(crate) done: bool,
}

static BRACKET: LazyLock<Regex> = LazyLock::new(|| pattern(r"\[([^\[\]]*)\](\()?"));
static CLASS: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\*?`?\(\s*((?:critical|important|suggestion|regression|gap|enhancement|documentation|minor|nit|major|high|medium|low|pre-existing)\b[^()]*)\)`?\*?",
    )
});
static BOLD: LazyLock<Regex> = LazyLock::new(|| pattern(r"^\s*(?:~~)?\*\*(.+?)\*\*(.*)$"));
static CITED_TITLE: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"^(.*?)\s+(?:—|–|--|-)\s+((?:`[^`]+`(?:,\s*|\s+and\s+)?)+)\s*$"));
static DASHED: LazyLock<Regex> = LazyLock::new(|| pattern(r"^(.*?)\s+(?:—|–|--)\s+(`[^`]+`.*|\[[^\]]+\]\(.*)$"));
static AT_END: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"^(.*?)\s+(?:—|–|--|-|\()\s*(/?(?:[\w.@+-]+/)*[\w.@+-]+\.\w+:\d[\d,\-–]*)\)?\s*$"));
static IN_BRACKETS_AT_END: LazyLock<Regex> = LazyLock::new(|| pattern(r"^(.*\S)\s*\(([^()]+)\)\s*$"));
/// `Issue 1:`, `[I1]`, `#2`, `(3)`, `2.1`, `IMP-001:` before a title.
static NUMBER: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"^(?:(?i:issue|finding|problem|bug|comment|item|point|concern)\s+#?(?:[CIS]-?)?\d{1,4}(?:\.\d+)?\s*[:.)—–-]*\s+|[#(\[](?:[A-Z]{1,9}-?)?\d{1,4}(?:\.\d+)?[)\]]?(?:\*\*)?\s*[:.—–-]*\s+|\d{1,2}\.\d{1,2}\.?\s*[:)—–-]*\s+|(?:CRIT|CRITICAL|IMP|IMPORTANT|SUG|SUGGESTION|HIGH|MED|MEDIUM|LOW|MAJ|MAJOR|MIN|MINOR|NIT|BUG|ISSUE|FINDING)-?\d{1,4}(?:\*\*)?\s*[:.)—–-]*\s+|[CISFHML]-?\d{1,3}(?:\*\*\s*[:.)—–-]*|\s*[:.)—–]|\s+-)\s+)",
    )
});
static SPACES: LazyLock<Regex> = LazyLock::new(|| pattern(r"\s+"));

/// The agents named in `[…]`, with the text without those brackets.
fn brackets(text: &str, roster: &Roster) -> (String, Vec<AgentName>) {
    let mut agents: Vec<AgentName> = Vec::new();
    let mut rest = String::with_capacity(text.len());
    let mut done = 0;
    for m in BRACKET.captures_iter(text) {
        let (Some(whole), inner) = (m.get(0), &m[1]) else { continue };
        // A link is no attribution; "[carry-over from Round 9 I1]" names nobody and is no part of the title.
        let carried = inner.contains("carry-over") || inner == "self";
        let named = roster.named(inner);
        if m.get(2).is_some() || (named.is_empty() && !carried && !roster.is_named(inner)) {
            continue;
        }
        for member in named {
            if !agents.contains(&member.name) {
                agents.push(member.name.clone());
            }
        }
        rest.push_str(&text[done..whole.start()]);
        rest.push(' ');
        done = whole.end();
    }
    rest.push_str(&text[done..]);
    (rest, agents)
}

/// Whether the text has an attribution.
pub(crate) fn has_agents(text: &str, roster: &Roster) -> bool {
    BRACKET.captures_iter(text).any(|m| m.get(2).is_none() && (roster.is_named(&m[1]) || m[1].contains("carry-over")))
}

/// Whether the text has a class: `(important, regression)`.
pub(crate) fn class_in(text: &str) -> Option<String> {
    CLASS.captures_iter(text).last().map(|m| m[1].trim().to_owned())
}

/// Whether the box before the text is ticked.
pub(crate) fn is_done(text: &str) -> bool {
    let text = text.trim_start().trim_start_matches("**");
    ["[x] ", "[X] ", "☑", "✅ "].iter().any(|tick| text.starts_with(tick))
}

/// The text without a number or a box to tick before it.
pub(crate) fn unnumbered(text: &str) -> String {
    let text = text.trim_start();
    let text = ["[ ] ", "[x] ", "[X] "].iter().find_map(|tick| text.strip_prefix(tick)).unwrap_or(text);
    let (bold, inner) = text.strip_prefix("**").map_or((false, text), |inner| (true, inner));
    let Some(number) = NUMBER.find(inner) else { return text.to_owned() };
    let rest = &inner[number.end()..];
    // "**[I1]** title" ends its bold with the number.
    if bold && !number.as_str().contains("**") { format!("**{rest}") } else { rest.to_owned() }
}

/// Whether the text is a title in bold and its places.
pub(crate) fn is_placed(text: &str) -> bool {
    BOLD.captures(text).is_some_and(|m| places(&m[2]).is_some())
}

/// The agents and the class that the text names, and the text without them.
pub(crate) fn said_by(text: &str, roster: &Roster) -> (String, Vec<AgentName>, Option<String>) {
    let (text, agents) = brackets(text, roster);
    let class = class_in(&text);
    let text = CLASS.replace_all(&text, " ").into_owned();
    (text, agents, class)
}

/// Reads what follows the number of a finding. `tagged` says that it stood behind `[CRITICAL]`.
pub(crate) fn read(rest: &str, tagged: bool, roster: &Roster) -> Head {
    Head { done: is_done(rest), ..untouched(rest, tagged, roster) }
}

fn untouched(rest: &str, tagged: bool, roster: &Roster) -> Head {
    // Spaces that keep words together stand where any other may.
    let rest = &rest.replace(['\u{a0}', '\u{202f}'], " ");
    let (text, mut agents, class) = said_by(rest, roster);
    let text = unnumbered(&text);
    if !tagged && let Some((cites, title)) = leading_places(&text) {
        return Head { title: clean(&title), cites, agents, class, struck: rest.contains("~~"), done: false };
    }
    let (title, tail) = if tagged {
        let flat = text.replace("**", "");
        if let Some((places, title)) = places_first(&flat) {
            let cites = cites(&places);
            return Head { title: clean(&title), cites, agents, class, struck: rest.contains("~~"), done: false };
        }
        split_plain(&text)
    } else if let Some(m) = BOLD.captures(&text) {
        let (mut title, mut tail) = (m[1].to_owned(), m[2].to_owned());
        if cites(&tail).is_empty()
            && let Some(cited) = CITED_TITLE.captures(&title)
            && !cites(&cited[2]).is_empty()
        {
            tail = format!("{}{tail}", &cited[2]);
            title = cited[1].to_owned();
        }
        (title, tail)
    } else {
        split_plain(&text)
    };
    let mut title = clean(&title);
    let mut cites = cites(&tail);
    if cites.is_empty() {
        cites = places(&tail).unwrap_or_default();
    }
    if cites.is_empty()
        && tail.trim().is_empty()
        && let Some((before, inner)) = IN_BRACKETS_AT_END.captures(&title).map(|m| (m[1].to_owned(), m[2].to_owned()))
        && let Some(found) = places(&inner)
    {
        (title, cites) = (clean(&before), found);
    }
    if agents.is_empty()
        && let Some((end, names)) = roster.trailing(&title)
        && !tagged
        && !text.contains("**")
        && tail.is_empty()
    {
        title.truncate(end);
        agents = names;
    }
    Head { title, cites, agents, class, struck: rest.contains("~~"), done: false }
}

/// A title without bold: what stands before the dash that a citation follows, and the rest.
fn split_plain(text: &str) -> (String, String) {
    let flat = text.replace("**", "").replace("~~", "");
    if let Some(m) = DASHED.captures(&flat) {
        if cites(&m[2]).is_empty() {
            return (flat, String::new());
        }
        let first = m[2].trim_start_matches(['`', '[']);
        let first = first.split(['`', ']', ',']).next().unwrap_or("").trim();
        if path_token(first).is_none()
            && let Some(last) = flat.rfind(" — `")
            && !cites(&flat[last..]).is_empty()
        {
            // "`x` — `y` breaks — `a.go:1`": the last dash before a path is the one.
            return (flat[..last].to_owned(), flat[last + " — ".len()..].to_owned());
        }
        return (m[1].to_owned(), m[2].to_owned());
    }
    if let Some(m) = AT_END.captures(&flat) {
        return (m[1].to_owned(), format!("`{}`", &m[2]));
    }
    (flat, String::new())
}

/// `app.go:3, b.go — the title`: places stand before the dash, quoted or not.
fn places_first(text: &str) -> Option<(String, String)> {
    let text = text.trim_start();
    let (at, dash) = [" — ", " – ", " -- ", " - "].iter().filter_map(|d| text.find(d).map(|i| (i, d.len()))).min()?;
    let mut places = Vec::new();
    for token in text[..at].split_whitespace() {
        let token = token.trim_matches(['`', ',']);
        if token == "+" || token == "and" || token.is_empty() {
            continue;
        }
        path_token(token)?;
        places.push(format!("`{token}`"));
    }
    (!places.is_empty()).then(|| (places.join(" "), text[at + dash..].to_owned()))
}

fn clean(title: &str) -> String {
    let title = title.replace("~~", "").replace("**", "");
    SPACES.replace_all(&title, " ").trim_matches([' ', '*', '—', '-']).to_owned()
}

/// The classification that the words in brackets say.
pub(crate) fn classification(class: &str) -> Option<Classification> {
    let class = class.to_lowercase();
    [
        ("regression", Classification::Regression),
        ("pre-existing", Classification::PreExisting),
        ("preexisting", Classification::PreExisting),
        ("gap", Classification::Gap),
        ("enhancement", Classification::Enhancement),
    ]
    .into_iter()
    .find(|(word, _)| class.contains(word))
    .map(|(_, c)| c)
}
