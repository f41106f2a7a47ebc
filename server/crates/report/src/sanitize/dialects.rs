//! What is code or plain words for us, and live for a renderer that knows other marks: with footnotes or formulas, a backtick
//! may be a part of one of these, and what we take for code is a tag.
//!
//! A text is read as each dialect has it of whose marks it has any. What is live in one of these is made harmless in all: code
//! of a line becomes words, since where it begins and ends is in doubt.

use super::{Whole, as_words, begins_a_line, edited, is_ours, is_safe, options};
use pulldown_cmark::{Event, LinkType, Options, Parser, Tag};
use std::ops::Range;

/// What a text has in it that uses each extension of Markdown's.
const MARKS: [(Options, &str); 11] = [
    (Options::ENABLE_TABLES, "|"),
    (Options::ENABLE_STRIKETHROUGH, "~"),
    (Options::ENABLE_SUBSCRIPT, "~"),
    (Options::ENABLE_SUPERSCRIPT, "^"),
    (Options::ENABLE_TASKLISTS, "[ ]"),
    (Options::ENABLE_FOOTNOTES, "[^"),
    (Options::ENABLE_OLD_FOOTNOTES, "[^"),
    (Options::ENABLE_GFM, "[!"),
    (Options::ENABLE_WIKILINKS, "[["),
    (Options::ENABLE_MATH, "$"),
    (Options::ENABLE_HEADING_ATTRIBUTES, "{"),
];

/// The same where the mark begins a line, or stands behind what begins blocks.
const MARKS_OF_LINES: [(Options, &str); 3] = [
    (Options::ENABLE_DEFINITION_LIST, ":"),
    (Options::ENABLE_YAML_STYLE_METADATA_BLOCKS, "---"),
    (Options::ENABLE_PLUSES_DELIMITED_METADATA_BLOCKS, "+++"),
];

/// How many extensions are tried in every combination: each more doubles the readings.
const ALL_OF: usize = 6;
/// How long a text may be, in bytes, of which any two are tried where there are more.
const SHORT: usize = 4 << 10;

/// How the text can be read otherwise than we do: with any combination of the extensions of whose marks it has any; where these
/// are many, with all, with none, with each alone, with all but one, and for a short text with any two and all but two.
fn readings(text: &str) -> Vec<Options> {
    let begins = |mark: &str| {
        text.match_indices(mark).any(|(at, _)| {
            let line = text[..at].rfind(['\n', '\r']).map_or(0, |end| end + 1);
            text[line..at].chars().all(begins_a_line)
        })
    };
    let anywhere = MARKS.iter().filter(|(_, mark)| text.contains(mark));
    let known: Vec<Options> =
        anywhere.chain(MARKS_OF_LINES.iter().filter(|(_, mark)| begins(mark))).map(|(option, _)| *option).collect();
    let all: Options = known.iter().copied().collect();
    let mut readings = vec![Options::empty()];
    if known.len() <= ALL_OF {
        for option in &known {
            readings.extend(readings.clone().into_iter().map(|reading| reading | *option));
        }
    } else {
        let others = |of: Options| if text.len() <= SHORT { &known[..] } else { &[][..] }.iter().map(move |o| of | *o);
        readings.extend(known.iter().flat_map(|option| std::iter::once(*option).chain(others(*option))));
        readings.extend(readings.clone().into_iter().map(|reading| all - reading));
    }
    readings.retain(|reading| *reading != options() & all);
    readings.sort_unstable();
    readings.dedup();
    readings
}

/// The text with that escaped which is live in one of its other readings; `None` if nothing is.
pub(super) fn pass(text: &str, whole: Whole) -> Option<String> {
    // Without these, there are neither tags nor links.
    if !text.contains(['<', '[']) {
        return None;
    }
    let places =
        readings(text).into_iter().map(|reading| live(text, whole, reading)).find(|places| !places.is_empty())?;
    let spans: Vec<(Range<usize>, String)> = Parser::new_ext(text, options())
        .into_offset_iter()
        .filter_map(|(event, range)| if let Event::Code(code) = event { Some((range, as_words(&code))) } else { None })
        .collect();
    let edits = places.into_iter().map(|place| match spans.iter().find(|(span, _)| span.contains(&place)) {
        Some(span) => span.clone(),
        None if text[place..].starts_with('<') => (place..place + 1, "&lt;".into()),
        None => (place..place, "\\".into()),
    });
    edited(text, edits.collect())
}

/// Where something begins that is live in this reading: the brackets of tags, of links that lead elsewhere than to the web, of
/// pictures, and of addresses for links.
fn live(text: &str, whole: Whole, reading: Options) -> Vec<usize> {
    let parser = Parser::new_ext(text, reading).into_offset_iter();
    let bracket = |range: &Range<usize>| range.start + text[range.clone()].find('[').unwrap_or(0);
    let mut places: Vec<usize> =
        parser.reference_definitions().iter().map(|(_, definition)| bracket(&definition.span)).collect();
    // Where the words before a link begin that were not looked at for an earlier one, and the code so far, in order.
    let (mut words, mut codes) = (0, Vec::<Range<usize>>::new());
    for (event, range) in parser {
        match event {
            Event::Start(tag) if !is_inline(&tag) => words = range.start,
            Event::Code(_) => codes.push(range),
            Event::Html(html) | Event::InlineHtml(html) if whole == Whole::Document && is_ours(&html) => {}
            Event::Html(_) | Event::InlineHtml(_) => {
                places.extend(text[range.clone()].match_indices('<').map(|(at, _)| range.start + at));
            }
            Event::Start(Tag::Image { .. }) => places.push(range.start),
            Event::Start(Tag::Link { link_type: LinkType::Autolink | LinkType::Email, dest_url, .. }) => {
                places.extend((!is_safe(&dest_url)).then_some(range.start));
            }
            Event::Start(Tag::Link { link_type: LinkType::WikiLink { .. }, dest_url, .. }) if !is_safe(&dest_url) => {
                // Any two brackets before it begin it, when those behind them do not any more.
                let before = |at: usize| codes.partition_point(|code| code.start <= at).checked_sub(1);
                let is_code = |at: &usize| before(*at).is_some_and(|code| codes[code].contains(at));
                places.extend(openings(text, words..range.end).filter(|at| !is_code(at)));
                words = range.end;
            }
            Event::Start(Tag::Link { dest_url, .. }) if !is_safe(&dest_url) => {
                places.push(bracket(&range));
                // The brackets before it have no address either, then.
                places.extend(text[range.clone()].rfind("](").map(|at| range.start + at + 1));
            }
            _ => {}
        }
    }
    places.sort_unstable();
    places.dedup();
    places
}

/// Whether it stands among words, and is no block of them.
fn is_inline(tag: &Tag<'_>) -> bool {
    matches!(
        tag,
        Tag::Emphasis
            | Tag::Strong
            | Tag::Strikethrough
            | Tag::Superscript
            | Tag::Subscript
            | Tag::Link { .. }
            | Tag::Image { .. }
    )
}

/// Where two brackets stand that are no mere characters: the first of them.
fn openings(text: &str, range: Range<usize>) -> impl Iterator<Item = usize> + '_ {
    let is_character = |at: usize| text[..at].bytes().rev().take_while(|b| *b == b'\\').count() % 2 == 1;
    range.filter(move |at| text.as_bytes()[*at..].starts_with(b"[[") && !is_character(*at))
}
