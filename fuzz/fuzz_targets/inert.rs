//! Any text of an agent is harmless as a part, and any document as a whole, for a renderer of CommonMark with and without what
//! others add to it: nothing runs, loads, or leads elsewhere than to the web. What is harmless stays as it is.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pulldown_cmark::{Event, Options, Parser, Tag};
use report::sanitize;

/// The HTML that is ours: marks of reports, and what folds.
fn is_ours(html: &str) -> bool {
    let html = html.trim_end();
    html == "</details>"
        || html.starts_with("<!-- deep-review ")
        || html.starts_with("<details><summary>")
}

/// Some of the ways of reading a text: those that are in use, and one that the text itself chooses.
fn readings(given: &str) -> [Options; 6] {
    let github = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    let notes = github | Options::ENABLE_FOOTNOTES | Options::ENABLE_GFM;
    let any = given.bytes().fold(0u32, |hash, byte| hash.wrapping_mul(31).wrapping_add(u32::from(byte)));
    let any = Options::from_bits_truncate(any);
    [github, Options::empty(), notes, notes | Options::ENABLE_MATH, Options::all(), any]
}

fn assert_inert(text: &str, ours: bool, given: &str) {
    for options in readings(given) {
        for event in Parser::new_ext(text, options) {
            let live = match &event {
                Event::Html(html) | Event::InlineHtml(html) if html.trim_end() == "<br>" => false,
                // A line without a tag, in a block that one of ours began, is text.
                Event::Html(html) | Event::InlineHtml(html) => html.contains('<') && !(ours && is_ours(html)),
                Event::Start(Tag::Image { .. }) => true,
                Event::Start(Tag::Link { dest_url, .. }) => {
                    let address = dest_url.to_ascii_lowercase();
                    !["https://", "http://", "#", "mailto:"].iter().any(|start| address.starts_with(start))
                        && !address.contains('@')
                }
                _ => false,
            };
            assert!(!live, "{event:?} in {text:?}, made of {given:?}, read with {options:?}");
        }
    }
}

fuzz_target!(|input: &[u8]| {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let (part, line, whole) = (sanitize::markdown(text), sanitize::markdown_line(text), sanitize::document(text));
    assert_inert(&part, false, text);
    assert_inert(&format!("x {line}"), false, text);
    assert_inert(&whole, true, text);
    assert_eq!(sanitize::document(&whole), whole, "made of {text:?}");
    assert_inert(&sanitize::document(&format!("**{line}**\n\n{part}")), true, text);
});
