//! What a document links to, and where that is written.

use super::anchors::percent_decoded;
use super::paths::Paths;
use finding::RepoPath;
use pulldown_cmark::{Event, LinkType, Options, Parser, Tag};
use regex::Regex;
use std::ops::Range;
use std::sync::LazyLock;

/// A link's target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    /// The whole link, in bytes of the text.
    pub(super) at: Range<usize>,
    /// The path alone.
    pub(super) path_at: Range<usize>,
    /// As it is written.
    pub(super) written: String,
    /// The path, decoded; empty for a heading of the same document.
    pub(super) path: String,
    /// What is behind `#`.
    pub(super) fragment: Option<String>,
}

/// Whether the file is a document whose links are read.
pub(super) fn is_document(path: &RepoPath) -> bool {
    is_markdown(path) || matches!(path.extension(), Some("rst" | "adoc" | "asciidoc"))
}

pub(super) fn is_markdown(path: &RepoPath) -> bool {
    matches!(path.extension(), Some("md" | "markdown"))
}

/// Endings of files that a link means as a file; a page of a site has none, or `.html`.
const FILES: &[&str] = &[
    "md", "markdown", "rst", "adoc", "txt", "png", "jpg", "jpeg", "gif", "svg", "webp", "rs", "go", "py", "js", "ts",
    "tsx", "jsx", "java", "kt", "c", "h", "cpp", "hpp", "cs", "rb", "php", "sh", "yml", "yaml", "toml", "json", "css",
    "ipynb", "proto", "sql",
];

/// Whether a relative link is one to a file of the repository, and not to what a site makes of it.
pub(super) fn may_be_checked(document: &RepoPath, path: &str, there: &Paths<'_>) -> bool {
    let ending =
        path.rsplit('/').next().and_then(|name| name.rsplit_once('.')).map(|(_, ending)| ending.to_ascii_lowercase());
    let is_file = ending.is_some_and(|ending| FILES.contains(&ending.as_str()));
    // What the forge shows is no file: `../tree/main/docs`.
    let is_of_forge = ["/tree/", "/blob/", "/raw/", "/wiki/"].iter().any(|w| path.contains(w));
    let is_absolute = path.starts_with('/');
    // A template's or a generator's documents are put elsewhere before anybody reads them.
    let moved =
        ["template", "cookiecutter", "scaffold", "generator", "fixture", "testdata", "_includes", "_posts", "partials"];
    is_file
        && !is_absolute
        && !is_of_forge
        // What is there is about the forge's own files, which may be made later.
        && !document.as_str().starts_with(".github/")
        && !moved.iter().any(|w| document.as_str().to_ascii_lowercase().contains(w))
        && !there.is_of_a_site(document, path)
}

/// The targets in a document that lead into the repository, in order.
pub(super) fn targets(path: &RepoPath, text: &str) -> Vec<Target> {
    if is_markdown(path) { of_markdown(text) } else { of_directives(text) }
}

fn of_markdown(text: &str) -> Vec<Target> {
    let mut found = Vec::new();
    for (event, at) in Parser::new_ext(text, Options::ENABLE_TABLES | Options::ENABLE_FOOTNOTES).into_offset_iter() {
        let url = match &event {
            Event::Start(Tag::Link { link_type: LinkType::Email, .. }) => continue,
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => dest_url.to_string(),
            _ => continue,
        };
        // Of `[a](b)` the last place is the target's; a reference's is where it is defined.
        let written = text[at.clone()].rfind(&url).map(|i| at.start + i);
        let path_at = written.or_else(|| text.find(&format!("]: {url}")).map(|i| i + 3));
        found.extend(path_at.and_then(|start| target(at, start, &url)));
    }
    found
}

static DIRECTIVE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?m)^\s*\.\. (?:(?:\|\w+\| )?(?:include|literalinclude|image|figure|csv-table))::[ \t]+(\S+)[ \t]*$|^(?:include|image)::([^\s\[]+)\[").ok()
});

/// Of reStructuredText and AsciiDoc only what is a file for certain: includes and images.
fn of_directives(text: &str) -> Vec<Target> {
    let Some(directive) = DIRECTIVE.as_ref() else { return Vec::new() };
    let groups = directive.captures_iter(text).filter_map(|c| c.get(1).or_else(|| c.get(2)));
    let mut found: Vec<Target> =
        groups.filter_map(|group| target(group.range(), group.start(), group.as_str())).collect();
    // The name of a page is that of its file without the ending.
    for group in PAGE.iter().flat_map(|r| r.captures_iter(text)).filter_map(|c| c.get(1)) {
        let page = target(group.range(), group.start(), group.as_str().trim()).filter(|t| t.fragment.is_none());
        found.extend(page.map(|t| Target { path: format!("{}.rst", t.path), ..t }));
    }
    found
}

static PAGE: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r":doc:`(?:[^`<\n]*<)?([^`<>\n]+)>?`").ok());

fn target(at: Range<usize>, start: usize, url: &str) -> Option<Target> {
    let is_elsewhere = url.contains("://")
        || url.starts_with("//")
        || url.split(['/', '#', '?']).next().is_some_and(|first| first.contains(':'))
        || url.contains(['{', '}', '<', '>', '$', '*', '\\', '|', '(', ')'])
        || url.is_empty();
    if is_elsewhere {
        return None;
    }
    let (path, fragment) = match url.split_once('#') {
        Some((path, fragment)) => (path, Some(fragment.to_owned())),
        None => (url, None),
    };
    let path = path.split('?').next().unwrap_or(path);
    Some(Target {
        at,
        path_at: start..start + path.len(),
        written: url.to_owned(),
        path: percent_decoded(path),
        fragment,
    })
}
