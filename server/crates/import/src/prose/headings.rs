//! What headings say: a severity, or that the findings end.

use super::lines::{heading_level, pattern};
use finding::Severity;
use regex::Regex;
use std::sync::LazyLock;

static SEVERITY_SECTION: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)^(?:[-*]\s+)?(?:#{1,7}\s*)?(?:\d+\.\s+)?(?:\*\*)?\s*(?:\d+\.\s+)?([a-z]+\d?)(?:[ -](?:priority|severity))?(?:\s+(?:issues?|findings?|problems?|bugs?))?\s*(?:\(\d+\))?\s*:?\s*(?:\*\*)?\s*:?\s*$",
    )
});

/// The sections that end the findings.
const OTHER_SECTIONS: &[&str] = &[
    "design observation",
    "testing assessment",
    "documentation assessment",
    "commit structure",
    "acknowledged limitation",
    "unresolved feedback",
    "coverage",
    "agent performance",
    "strengths",
    "concerns",
    "verdict",
    "executive summary",
    "summary",
    "review process",
    "findings",
    "resolution",
    "appendix",
    "reconciliation",
    "skill improvement",
    "repo context",
    "header",
    "path variables",
    "overall",
    "test coverage",
    "structure",
    "previous review",
    "clarification",
    "improvement recommendations",
    "declined in prior rounds",
    "verification",
    "design review",
    "documentation",
    "testing",
    "recommendations",
    "notes",
    "refuted",
    "conclusion",
    "next steps",
    "positives",
    "positive aspects",
    "zusammenfassung",
    "fazit",
    "résumé",
    "conclusión",
    "resumen",
    "conclusão",
    "resumo",
    "conclusioni",
    "riepilogo",
    "вывод",
    "итог",
    "总结",
    "總結",
    "结论",
    "まとめ",
    "요약",
    "결론",
];

/// The longest line that is looked at as a severity's heading, in bytes.
const LONGEST_HEADING: usize = 120;

pub(super) fn severity_section(text: &str) -> Option<Severity> {
    if text.len() > LONGEST_HEADING {
        return None;
    }
    if let Some(summary) = text.rsplit_once("<summary>").and_then(|(_, rest)| rest.split_once("</summary>")) {
        return Severity::of_label(summary.0);
    }
    if heading_level(text).is_some() {
        return Severity::of_label(text);
    }
    let m = SEVERITY_SECTION.captures(text)?;
    let word = m[1].to_lowercase();
    // Words that are common in prose count in headings only.
    let narrow = matches!(
        word.as_str(),
        "critical" | "criticals" | "important" | "importants" | "suggestion" | "suggestions" | "minor" | "minors"
    );
    if narrow || (text.contains("**") && word != "warning" && word != "low" && word != "high") {
        Severity::from_heading_word(&word)
    } else {
        None
    }
}

/// The severity of a short heading with a red or a yellow sign, whatever its words: "🟡 Consider". Green ones praise.
pub(super) fn signed(heading: &str) -> Option<Severity> {
    let words = heading.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).count();
    let plain = !heading.contains(['`', ':', '—']) && words <= 4;
    Severity::of_sign(heading).filter(|severity| plain && *severity > Severity::Suggestion)
}

/// Whether a heading is that of another section.
pub(super) fn is_other_section(heading: &str) -> bool {
    let name = section_name(heading);
    OTHER_SECTIONS.iter().any(|s| name.starts_with(s))
}

/// Whether a heading is that of a section that has no findings, in a review of any style: "Findings" has some.
pub(super) fn ends_findings(heading: &str) -> bool {
    let name = section_name(heading);
    let may_have = ["findings", "overall"];
    is_other_section(heading) && !may_have.iter().any(|word| name.starts_with(word))
}

static NOTHING: LazyLock<Regex> = LazyLock::new(|| {
    pattern(concat!(
        r"(?i)^\W*\[(?:downgraded|withdrawn|retracted|rejected|dropped|invalid|duplicate)\b",
        r"|^[*_(`]*(?:none|nothing|n/a|no|0|keine?|aucune?|ningun[oa]|nenhuma?|nessun[oa]?|нет)",
        r"(?:[*_)`]*\s*(?:$|[.!:,;(—–-])|\s+(?:\p{L}+[\s-]+){0,3}?(?:issues?|findings?|problems?|concerns?|bugs?|errors?|items?|remarks?|comments?|suggestions?",
        r"|probleme?|fehler|befunde|problèmes?|problemas?|problem[ai]|hallazgos|проблем\w*)[*_)`]*\s*(?:$|[.!:,;(—–-]|(?:were |was |are |have been )?(?:found|identified|detected|noted|reported|remain\w*|to report|here)\b))",
        r"|^[*_(`]*(?:无|無|なし|없음|没有)",
    ))
});

/// Whether a text says that there is nothing: "None.", "No issues found".
pub(super) fn is_nothing(text: &str) -> bool {
    NOTHING.is_match(text)
}

/// A heading's text in lower case, without marks and number.
pub(super) fn section_name(text: &str) -> String {
    let text = text.trim_start_matches(|c: char| "#* .".contains(c) || c.is_ascii_digit() || c.is_whitespace());
    text.trim_matches(|c: char| "*: #".contains(c)).to_lowercase()
}
