//! What our report says in asides: folded for people, and left out of what surrounds it.

use crate::prose::lines::{Lines, scan, tidy};
use crate::prose::roster::Roster;
use finding::document::ASIDE;
use finding::{AgentName, Severity};
use std::ops::Range;

/// The asides of a report.
#[derive(Debug, Default)]
pub(super) struct Asides(Vec<Aside>);

#[derive(Debug)]
struct Aside {
    /// How many lines of the rest stand before it.
    at: usize,
    /// How many lines it takes, its marks included.
    count: usize,
    /// What is in it.
    text: String,
}

/// What an agent said of a finding, in its own words.
#[derive(Debug)]
pub(super) struct Said {
    pub(super) agent: AgentName,
    pub(super) severity: Severity,
    pub(super) title: String,
    pub(super) body: String,
}

impl Asides {
    /// The text without its asides, and these. One that does not end is none.
    pub(super) fn take_out(text: &str) -> (String, Self) {
        let [begin, end] = ASIDE;
        let lines = scan(text, None);
        let is_mark = |i: usize, mark: &str| lines.at(i).is_text() && lines.at(i).text == mark;
        let mut kept: Vec<&str> = Vec::with_capacity(lines.len());
        let mut asides = Vec::new();
        let mut i = 0;
        while i < lines.len() {
            let closed = if is_mark(i, begin) { (i..lines.len()).find(|k| is_mark(*k, end)) } else { None };
            let Some(closed) = closed else {
                kept.push(lines.at(i).text);
                i += 1;
                continue;
            };
            let text = lines.within(i + 1..closed).map(|line| line.text).collect::<Vec<_>>().join("\n");
            asides.push(Aside { at: kept.len(), count: closed + 1 - i, text });
            i = closed + 1;
        }
        (kept.join("\n"), Self(asides))
    }

    /// The number (1-based) in the whole report of a line (0-based) of the text without asides.
    pub(super) fn line(&self, line: usize) -> usize {
        let before = self.0.iter().filter(|aside| aside.at <= line);
        line + 1 + before.map(|aside| aside.count).sum::<usize>()
    }

    /// What agents said in the asides among these lines.
    pub(super) fn said(&self, lines: &Range<usize>, roster: &Roster) -> Vec<Said> {
        self.among(lines).flat_map(|aside| said(&scan(&aside.text, None), roster)).collect()
    }

    /// The round in which an agent said something that it has not answered about since.
    pub(super) fn round_of(&self, lines: &Range<usize>, label: &str) -> Option<u32> {
        let begin = format!("*Said by {label} in round ");
        let number = |line: &str| line.strip_prefix(&*begin)?.split(',').next()?.parse().ok();
        self.among(lines).find_map(|aside| aside.text.lines().find_map(number))
    }

    fn among(&self, lines: &Range<usize>) -> impl Iterator<Item = &Aside> {
        self.0.iter().filter(|aside| lines.start <= aside.at && aside.at <= lines.end)
    }
}

fn said(lines: &Lines<'_>, roster: &Roster) -> Vec<Said> {
    let mut out = Vec::new();
    for i in (0..lines.len()).filter(|i| lines.at(*i).is_text()) {
        let head = lines.at(i).text.strip_prefix("<details><summary>").and_then(|l| l.strip_suffix("</summary>"));
        let is_end = |k: &usize| lines.at(*k).is_text() && lines.at(*k).text == "</details>";
        let Some((head, end)) = head.zip((i + 1..lines.len()).find(is_end)) else { continue };
        if let Some((agent, severity, title)) = who(head, roster) {
            let body: Vec<&str> = lines.within(i + 1..end).map(|line| line.text).collect();
            out.push(Said { agent, severity, title, body: tidy(&body) });
        }
    }
    out
}

/// `LABEL (severity): TITLE`, in HTML.
fn who(head: &str, roster: &Roster) -> Option<(AgentName, Severity, String)> {
    let text = head.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
    let of = |severity: Severity| {
        let (label, title) = text.split_once(&format!(" ({}): ", severity.to_string().to_lowercase()))?;
        Some((roster.labelled(label)?, severity, title.to_owned()))
    };
    Severity::ALL.into_iter().find_map(of)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_aside_is_taken_out_where_it_is_one() {
        let [begin, end] = ASIDE;
        for (text, want) in [
            (format!("a\n{begin}\nb\n{end}\nc"), "a\nc".to_owned()),
            (format!("a\n{begin}\nb"), format!("a\n{begin}\nb")),
            (format!("```\n{begin}\n```\nb\n{end}"), format!("```\n{begin}\n```\nb\n{end}")),
            (format!("{begin}\n```\n{end}\n```\nx\n{end}\nc"), "c".to_owned()),
        ] {
            assert_eq!(Asides::take_out(&text).0, want);
        }
    }
}
