//! The words by which severities are said, in the languages that reviews are written in.

use super::Severity;
use Severity::{Critical, Important, Suggestion};

/// Words that say a severity wherever they stand alone: English, German, French, Spanish, Portuguese, Italian, Russian,
/// Chinese, Japanese, Korean; forms with and without endings.
#[rustfmt::skip]
const WORDS: &[(Severity, &[&str])] = &[
    (
        Critical,
        &[
            "critical", "criticals", "blocker", "blockers", "p0", "high", "kritisch", "kritische", "kritischer",
            "kritisches", "schwerwiegend", "schwerwiegende", "hoch", "critique", "critiques", "bloquant",
            "bloquants", "élevé", "élevée", "crítico", "críticos", "crítica", "críticas", "alta", "alto", "critico",
            "critici", "critica", "critiche", "критично", "критический", "критические", "высокий", "высокая", "严重",
            "致命", "关键", "嚴重", "重大", "致命的", "高", "심각", "치명적", "높음",
        ],
    ),
    (
        Important,
        &[
            "important", "importants", "major", "majors", "warning", "warnings", "medium", "moderate", "p1",
            "wichtig", "wichtige", "wichtiger", "wichtiges", "mittel", "mittlere", "importante", "importantes",
            "majeur", "majeurs", "majeure", "majeures", "moyen", "moyenne", "media", "médio", "média", "medio",
            "importanti", "важно", "важный", "важные", "средний", "средняя", "重要", "一般", "中", "중요", "보통",
        ],
    ),
    (
        Suggestion,
        &[
            "suggestion", "suggestions", "minor", "minors", "nit", "nits", "nitpick", "nitpicks", "low", "trivial",
            "p2", "p3", "p4", "vorschlag", "vorschläge", "hinweis", "hinweise", "anregung", "anregungen", "niedrig",
            "gering", "mineur", "mineurs", "mineure", "mineures", "faible", "sugerencia", "sugerencias", "sugestão",
            "sugestões", "baja", "baixa", "bajo", "baixo", "menor", "menores", "suggerimento", "suggerimenti",
            "bassa", "basso", "предложение", "предложения", "рекомендация", "рекомендации", "низкий", "низкая", "建议",
            "建議", "轻微", "提案", "軽微", "低", "제안", "낮음",
        ],
    ),
];

/// Words that say one only where a severity is expected: a heading says "Notes" and "Errors" for other things.
#[rustfmt::skip]
const VALUES: &[(Severity, &[&str])] = &[
    (
        Critical,
        &[
            "fatal", "error", "severe", "showstopper", "urgent", "catastrophic", "sev0", "sev1",
            "emergency", "alert", "crit",
        ],
    ),
    (
        Important,
        &[
            "warn", "serious", "significant", "normal", "sev2", "should",
        ],
    ),
    (
        Suggestion,
        &[
            "info", "information", "informational", "note", "notice", "hint", "optional", "cosmetic", "negligible",
            "style", "refactor", "convention", "recommendation", "sev3", "sev4", "debug",
        ],
    ),
];

/// Words that are the gravest of some reviewers, and the second of those who say `critical` too.
const SECOND: &[&str] = &["high", "hoch", "élevé", "élevée", "alta", "alto", "высокий", "высокая", "高", "높음"];

fn find(table: &[(Severity, &[&str])], word: &str) -> Option<Severity> {
    table.iter().find(|(_, words)| words.contains(&word)).map(|(severity, _)| *severity)
}

/// What a word in a heading or a tag means; in lower case.
pub(super) fn heading_word(word: &str) -> Option<Severity> {
    find(WORDS, word)
}

/// What a word means where a severity is expected; in lower case.
pub(super) fn value_word(word: &str) -> Option<Severity> {
    find(WORDS, word).or_else(|| find(VALUES, word))
}

/// Whether the word is `high`, in lower case.
pub(super) fn is_second(word: &str) -> bool {
    SECOND.contains(&word)
}

/// Words that say no more than the severity beside them.
#[rustfmt::skip]
const FILLERS: &[&str] = &[
    "issue", "issues", "finding", "findings", "problem", "problems", "bug", "bugs", "concern", "concerns",
    "item", "items", "comment", "comments", "remark", "remarks", "severity", "priority", "level", "section",
    "remaining", "new", "open", "other", "further", "found", "total", "none", "and", "or", "the", "to", "be",
    "for", "of", "must", "should", "could", "fix", "fixed", "fixes", "needs", "needed", "required",
    "recommended", "before", "merge", "merging", "nice", "have", "optional", "blocking", "round", "non",
    "security", "performance", "correctness", "quality", "style", "improvement", "improvements", "probleme",
    "fehler", "befunde", "schweregrad", "priorität", "problème", "problèmes", "constat", "constats",
    "priorité", "problema", "problemas", "hallazgos", "prioridad", "achados", "prioridade", "problemi",
    "priorità", "проблема", "проблемы", "замечания", "问题", "問題", "級", "级", "级别", "性", "问题点", "指摘", "事項",
    "문제",
];

/// What is said without a word of severity.
const PHRASES: &[(&str, Severity)] = &[
    ("non-blocking", Suggestion),
    ("non blocking", Suggestion),
    ("not blocking", Suggestion),
    ("blocking", Critical),
    ("must fix", Critical),
    ("must be fixed", Critical),
    ("should fix", Important),
    ("should be fixed", Important),
    ("could fix", Suggestion),
    ("nice to have", Suggestion),
    ("optional improvements", Suggestion),
];

const SIGNS: &[(char, Severity)] = &[
    ('🔴', Critical),
    ('🛑', Critical),
    ('🚨', Critical),
    ('⛔', Critical),
    ('🟠', Important),
    ('🟡', Important),
    ('⚠', Important),
    ('🔵', Suggestion),
    ('🟢', Suggestion),
    ('⚪', Suggestion),
    ('💡', Suggestion),
];

/// The severity of a text that says one and nothing else, by the words that `word` knows.
pub(super) fn alone(label: &str, word: fn(&str) -> Option<Severity>) -> Option<Severity> {
    let low = label.to_lowercase();
    let mut found = None;
    for (n, part) in low.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).enumerate() {
        match word(part).or_else(|| joined(part)) {
            Some(severity) if found.is_none_or(|f| f == severity) => found = Some(severity),
            Some(_) => return None,
            None if FILLERS.contains(&part)
                || part.bytes().all(|b| b.is_ascii_digit())
                || (n == 0 && is_roman(part)) => {}
            None => return None,
        }
    }
    found
        .or_else(|| PHRASES.iter().find(|(phrase, _)| low.contains(phrase)).map(|(_, severity)| *severity))
        .or_else(|| sign(label))
}

/// The label without brackets in which stands what to do about it, and when: "(Fix Before Production)".
pub(super) fn without_advice(label: &str) -> Option<String> {
    let (before, rest) = label.split_once('(')?;
    let (inner, after) = rest.split_once(')')?;
    let low = inner.to_lowercase();
    let advises = low.split(|c: char| !c.is_alphanumeric()).any(|word| ADVICE.contains(&word));
    (advises && !inner.contains(['`', '.', '/', ':'])).then(|| format!("{before} {after}"))
}

/// Words of advice behind a severity.
const ADVICE: &[&str] = &[
    "fix",
    "must",
    "should",
    "before",
    "address",
    "resolve",
    "required",
    "consider",
    "nice",
    "optional",
    "blocking",
    "blocks",
    "block",
    "soon",
    "now",
    "immediately",
    "asap",
    "later",
    "merge",
    "production",
    "release",
    "ship",
    "todo",
    "recommended",
];

/// The severity of the coloured sign in a text.
pub(super) fn sign(text: &str) -> Option<Severity> {
    text.chars().find_map(|c| SIGNS.iter().find(|(sign, _)| *sign == c).map(|(_, severity)| *severity))
}

/// "重要问题": a word of severity and fillers without a space between them.
fn joined(word: &str) -> Option<Severity> {
    if word.is_ascii() {
        return None;
    }
    word.char_indices().skip(1).find_map(|(at, _)| {
        let (first, rest) = word.split_at(at);
        heading_word(first).filter(|_| FILLERS.contains(&rest))
    })
}

fn is_roman(word: &str) -> bool {
    word.bytes().all(|b| matches!(b, b'i' | b'v' | b'x'))
}
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_says_a_severity_and_nothing_else() {
        for (label, want) in [
            ("Critical Issues", Some(Critical)),
            ("🟡 Important Issues (2)", Some(Important)),
            ("II. Important", Some(Important)),
            ("P1 – Important", Some(Important)),
            ("High / Critical", Some(Critical)),
            ("Important Issues — 2 found", Some(Important)),
            ("Remaining minor comments", Some(Suggestion)),
            ("Must fix before merging", Some(Critical)),
            ("Blocking", Some(Critical)),
            ("Non-blocking issues", Some(Suggestion)),
            ("🟢", Some(Suggestion)),
            ("Wichtige Probleme", Some(Important)),
            ("Problèmes critiques", Some(Critical)),
            ("Sugerencias", Some(Suggestion)),
            ("重要问题", Some(Important)),
            ("严重", Some(Critical)),
            ("Замечания: важные", Some(Important)),
            ("Critical and Important Issues", None),
            ("Critical Path Analysis", None),
            ("Important files", None),
            ("Issues", None),
            ("High availability", None),
        ] {
            assert_eq!(alone(label, heading_word), want, "{label}");
        }
    }
}
