//! Finds quoted code, which is how findings are anchored.

use super::elision::is_elision;
use super::pieces::range;
use super::text::{self, Text};
use finding::LineRange;

/// Lines around the citation in which a quote that is not verbatim is looked for.
const AROUND: usize = 150;
/// The most lines of a quote that are looked at.
const MAX_QUOTE: usize = 200;

/// Where `quote` is in `text`: exactly, then but for white space, then around elisions, then a part of a line,
/// then nearly; of several places the one nearest to the cited lines. Without cited lines, only a single place
/// is an answer.
#[must_use]
pub fn find_quote(text: &str, quote: &str, cited: Option<LineRange>) -> Option<LineRange> {
    at_citation(text, quote, cited).or_else(|| find(&Text::new(text), quote, cited))
}

impl Text<'_> {
    /// [`find_quote`] in a text that many are looked for in.
    #[must_use]
    pub fn find_quote(&self, quote: &str, cited: Option<LineRange>) -> Option<LineRange> {
        find(self, quote, cited)
    }
}

/// The quote where it begins in the first line that is cited, which most do. No other place is nearer, so that the rest of the
/// text need not be looked at.
fn at_citation(text: &str, quote: &str, cited: Option<LineRange>) -> Option<LineRange> {
    let first = cited?.start();
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut lines = (first..).zip(lines::split(text).skip(first as usize - 1).map(text::key));
    let mut quoted = clean(quote).into_iter().map(text::key);
    let begins = |(_, key): (u32, u64)| Some(key) == quoted.next() && key != text::BLANK;
    if !lines.next().is_some_and(begins) {
        return None;
    }
    let mut last = first;
    for wanted in quoted {
        let (line, _) = lines.find(|(_, key)| *key != text::BLANK).filter(|(_, key)| *key == wanted)?;
        last = line;
    }
    Some(LineRange::new(first, last))
}

pub(super) fn find(text: &Text<'_>, quote: &str, cited: Option<LineRange>) -> Option<LineRange> {
    let lines: Vec<&str> = clean(quote);
    if lines.is_empty() || text.lines().is_empty() {
        return None;
    }
    verbatim(text, &lines, cited)
        .or_else(|| stripped(&lines).and_then(|l| verbatim(text, &l, cited)))
        .or_else(|| elided(text, &lines, cited))
        .or_else(|| fragment(text, &lines, cited))
        .or_else(|| near(text, &lines, cited))
}

/// The lines with something on them, without fences.
fn clean(quote: &str) -> Vec<&str> {
    let lines = quote.lines().filter(|l| !l.trim().is_empty() && !l.trim_start().starts_with("```"));
    let mut lines: Vec<&str> = lines.take(MAX_QUOTE).collect();
    if let [only] = &mut lines[..] {
        *only = only.trim().trim_matches('`');
    }
    lines
}

/// Without the line numbers or diff marks that every line begins with.
fn stripped<'a>(lines: &[&'a str]) -> Option<Vec<&'a str>> {
    let numbered = |l: &'a str| {
        let rest = l.trim_start().trim_start_matches(|c: char| c.is_ascii_digit());
        (rest.len() < l.trim_start().len()).then(|| rest.trim_start().strip_prefix([':', '|', '\t', '→'])).flatten()
    };
    let marked = |l: &'a str| l.strip_prefix(['+', '-', ' ', '>']);
    let numbers: Option<Vec<_>> = lines.iter().map(|l| numbered(l)).collect();
    if numbers.is_some() {
        return numbers;
    }
    // A quote of a diff: what is removed is not in the text.
    let kept: Vec<&str> = lines.iter().copied().filter(|l| !l.starts_with('-')).collect();
    let added = lines.iter().any(|l| l.starts_with(['+', '>']));
    if added && !kept.is_empty() { kept.iter().map(|l| marked(l)).collect() } else { None }
}

/// The nearest place to the cited lines; the only one without.
fn pick(places: impl Iterator<Item = LineRange>, cited: Option<LineRange>) -> Option<LineRange> {
    match cited {
        Some(cited) => places.min_by_key(|p| (p.distance(cited), p.start().abs_diff(cited.start()))),
        None => {
            let mut places = places;
            places.next().filter(|_| places.next().is_none())
        }
    }
}

fn verbatim(text: &Text<'_>, lines: &[&str], cited: Option<LineRange>) -> Option<LineRange> {
    let at = text.solid().0;
    let needle: Vec<u64> = lines.iter().map(|l| text::key(l)).collect();
    let spots = text.find(&needle, usize::MAX);
    let place = |s: &usize| range(at[*s] as usize, at[*s + needle.len() - 1] as usize);
    let exact =
        |s: &usize| lines.iter().enumerate().all(|(n, l)| text.line(at[*s + n] as usize).trim_end() == l.trim_end());
    // As it is written counts more than near, where there is no better reason than distance.
    match cited {
        Some(_) => pick(spots.iter().map(place), cited),
        None => {
            pick(spots.iter().filter(|s| exact(s)).map(place), None).or_else(|| pick(spots.iter().map(place), None))
        }
    }
}

/// The pieces around elisions, in order.
fn elided(text: &Text<'_>, lines: &[&str], cited: Option<LineRange>) -> Option<LineRange> {
    if !lines.iter().any(|l| is_elision(l)) {
        return None;
    }
    let pieces: Vec<Vec<u64>> = lines
        .split(|l| is_elision(l))
        .filter(|p| !p.is_empty())
        .map(|p| p.iter().map(|l| text::key(l)).collect())
        .collect();
    let at = text.solid().0;
    let spots: Vec<Vec<usize>> = pieces.iter().map(|p| text.find(p, 1000)).collect();
    let (first, rest) = spots.split_first()?;
    let chains = first.iter().filter_map(|&start| {
        let mut end = start + pieces[0].len();
        for (piece, spots) in pieces[1..].iter().zip(rest) {
            let next = spots[spots.partition_point(|&s| s < end)..].first()?;
            end = next + piece.len();
        }
        let (a, b) = (at[start] as usize, at[end - 1] as usize);
        (b - a <= 2000).then(|| range(a, b))
    });
    pick(chains, cited)
}

/// Inside of a line, or from inside of one line to inside of another.
fn fragment(text: &Text<'_>, lines: &[&str], cited: Option<LineRange>) -> Option<LineRange> {
    let squeeze = |s: &str| s.split_whitespace().collect::<Vec<_>>().join(" ");
    let quoted: Vec<String> = lines.iter().map(|l| squeeze(l)).collect();
    let [first, rest @ ..] = &quoted[..] else { return None };
    if quoted.iter().map(|l| text::weight(l)).sum::<usize>() < 3 {
        return None;
    }
    let (at, _) = text.solid();
    let here = |s: usize| squeeze(text.line(at[s] as usize));
    let window = window(text, cited);
    let hits = window.filter(|&s| {
        if rest.is_empty() {
            return here(s).contains(first.as_str());
        }
        s + quoted.len() <= at.len()
            && here(s).ends_with(first.as_str())
            && rest.iter().enumerate().all(|(n, l)| {
                let there = here(s + n + 1);
                if n + 1 == rest.len() { there.starts_with(l.as_str()) } else { there == *l }
            })
    });
    pick(hits.map(|s| range(at[s] as usize, at[s + quoted.len() - 1] as usize)), cited)
}

/// Indices of solid lines around the citation; all where there is none and the text is not long.
fn window(text: &Text<'_>, cited: Option<LineRange>) -> std::ops::Range<usize> {
    const WHOLE: usize = 20_000;
    let (at, _) = text.solid();
    match cited {
        _ if at.len() <= WHOLE => 0..at.len(),
        Some(cited) => {
            let low = at.partition_point(|&l| (l as usize) + 2000 < cited.start() as usize);
            let high = at.partition_point(|&l| (l as usize) < cited.end() as usize + 2000);
            low..high
        }
        None => 0..WHOLE,
    }
}

/// Near the citation, lines that are nearly the quoted ones.
fn near(text: &Text<'_>, lines: &[&str], cited: Option<LineRange>) -> Option<LineRange> {
    let cited = cited?;
    let (at, keys) = text.solid();
    let low = at.partition_point(|&l| (l as usize) + AROUND < cited.start() as usize);
    let high = at.partition_point(|&l| (l as usize) < cited.end() as usize + AROUND);
    let quote: Vec<(u64, &str)> = lines.iter().map(|l| (text::key(l), l.trim())).collect();
    let likeness = |s: usize, line: &(u64, &str)| {
        let there = text.line(at[s] as usize).trim();
        if keys[s] == line.0 {
            1.0
        } else if there.len() > 400 || line.1.len() > 400 {
            0.0
        } else {
            let score = strsim::normalized_levenshtein(there, line.1);
            if score >= 0.7 { score } else { 0.0 }
        }
    };
    let quote = &quote[..quote.len().min(40)];
    let score = |s: usize| {
        let sum: f64 = quote.iter().enumerate().filter(|(n, _)| s + n < high).map(|(n, l)| likeness(s + n, l)).sum();
        sum / quote.len() as f64
    };
    let mut best: Option<(f64, u32, usize)> = None;
    for (s, &line) in at.iter().enumerate().take(high).skip(low) {
        let value = score(s);
        let far = range(line as usize, line as usize).distance(cited);
        if value >= 0.6 && best.is_none_or(|(v, f, _)| value > v || value == v && far < f) {
            best = Some((value, far, s));
        }
    }
    let (_, _, s) = best?;
    Some(range(at[s] as usize, at[(s + lines.len() - 1).min(high - 1)] as usize))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_quote_at_its_citation_is_what_a_search_of_the_whole_text_finds(
            text in "[ab\u{feff} \t\n\r]{0,40}", quote in "[ab` \n+-]{0,8}", first in 1_u32..8, count in 0_u32..3,
        ) {
            let cited = Some(LineRange::new(first, first + count));
            if let Some(found) = at_citation(&text, &quote, cited) {
                prop_assert_eq!(Some(found), find(&Text::new(&text), &quote, cited));
            }
        }
    }
}
