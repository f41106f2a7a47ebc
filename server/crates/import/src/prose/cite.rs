//! Citations of places in prose: `` `src/a.rs:10-12` ``, `[a.rs](…#L10)`, "lines 3–7".

use super::lines::pattern;
use finding::{Anchor, LineRange, RepoPath};
use regex::Regex;
use std::sync::LazyLock;

/// A place as it was written: the path may be absolute or only a file's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cite {
    pub(crate) path: String,
    pub(crate) lines: Option<LineRange>,
}

static TOKEN: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"`+([^`\n]+)`+|\[([^\]\n]+)\]\(([^)\n]+)\)|(https?://[^\s<>)\]`]+/blob/[^\s<>)\]`]+)|\[([^\[\]()\s]+)\]|\b(?:[Ll]ines?|[Zz]eilen?|lignes?|líneas?|linhas?|righ[ae]|строк[аи]) (\d+(?:[-–]\d+)?(?:(?:,| and|,? &) ?\d+(?:[-–]\d+)?)*)",
    )
});
static PATH: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"^(?P<p>(?:\.{0,2}/)?(?:[\w.@+()\[\]$ -]+/)*[\w.@+()\[\]$-]+)(?P<l>(?:(?::|#L?)[\d,\-–\s:L]*\d)?)$")
});
static LINES_ONLY: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"^:?L?\d+(?:\s*[-–]\s*L?\d+)?(?:\s*,\s*L?\d+(?:\s*[-–]\s*L?\d+)?)*$"));
static LINES_AT_END: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?::|#L?)(\d[\d,\-–L]*)$"));

const NAMES: &[&str] = &[
    "Makefile",
    "Dockerfile",
    "Containerfile",
    "NOTICE",
    "LICENSE",
    "README",
    "CHANGELOG",
    "Gemfile",
    "Rakefile",
    "Procfile",
    "Jenkinsfile",
    "Justfile",
    "justfile",
    "Vagrantfile",
    "CODEOWNERS",
    ".gitattributes",
    ".gitignore",
    ".dockerignore",
    ".editorconfig",
    ".env",
    "go.mod",
    "go.sum",
];

/// Extensions by which a bare `name.ext` is taken for a file and not for code (`app.Spec`).
const EXTENSIONS: &[&str] = &[
    "adoc",
    "asm",
    "astro",
    "awk",
    "bash",
    "bat",
    "bats",
    "bazel",
    "bzl",
    "c",
    "cc",
    "cfg",
    "cjs",
    "clj",
    "cmake",
    "cmd",
    "conf",
    "cpp",
    "cs",
    "csproj",
    "css",
    "csv",
    "cts",
    "cu",
    "cxx",
    "d",
    "dart",
    "el",
    "elm",
    "env",
    "erl",
    "ex",
    "exs",
    "fish",
    "fs",
    "go",
    "gql",
    "gradle",
    "graphql",
    "groovy",
    "gz",
    "h",
    "hbs",
    "hcl",
    "hh",
    "hpp",
    "hrl",
    "hs",
    "html",
    "hxx",
    "in",
    "ini",
    "ipynb",
    "j2",
    "java",
    "jl",
    "js",
    "json",
    "json5",
    "jsonc",
    "jsonl",
    "jsx",
    "kt",
    "kts",
    "less",
    "lock",
    "lua",
    "m",
    "md",
    "mdx",
    "mjs",
    "mk",
    "ml",
    "mli",
    "mm",
    "mod",
    "mts",
    "nim",
    "nix",
    "patch",
    "php",
    "pl",
    "plist",
    "pm",
    "po",
    "properties",
    "proto",
    "ps1",
    "psm1",
    "py",
    "pyi",
    "r",
    "rb",
    "rc",
    "rego",
    "rs",
    "rst",
    "s",
    "sass",
    "scala",
    "scss",
    "service",
    "sh",
    "sln",
    "sol",
    "sql",
    "sum",
    "svelte",
    "svg",
    "swift",
    "tcl",
    "template",
    "tf",
    "tfvars",
    "tmpl",
    "toml",
    "ts",
    "tsv",
    "tsx",
    "txt",
    "vb",
    "vim",
    "vue",
    "xml",
    "yaml",
    "yml",
    "zig",
    "zsh",
];

/// The line ranges of `12-14,20`, `#L3-L5`, `7:2` (a column is dropped).
fn ranges(spec: &str) -> Vec<LineRange> {
    let spec = spec.trim().trim_start_matches([':', '#']).replace('–', "-").replace(['L', ' '], "");
    let mut out = Vec::new();
    for part in spec.split(',') {
        let part = part.trim_matches(':').split(':').next().unwrap_or("");
        let (a, b) = part.split_once('-').unwrap_or((part, part));
        if let (Ok(a), Ok(b)) = (a.parse::<u32>(), b.parse::<u32>()) {
            // `123-7` is a slip; the first number is the better guess.
            out.push(LineRange::new(a, b.max(a)));
        }
    }
    out
}

/// A path with its lines, if the token is one.
pub(crate) fn path_token(token: &str) -> Option<(String, Vec<LineRange>)> {
    let m = PATH.captures(token)?;
    let (path, lines) = (&m["p"], &m["l"]);
    let name = path.rsplit('/').next().unwrap_or(path);
    let spaced = path.contains([' ', '(', '[', '$']);
    let known = NAMES.contains(&name)
        || match name.rsplit_once('.') {
            Some((stem, ext)) => {
                let listed = EXTENSIONS.contains(&ext.to_ascii_lowercase().as_str()) && !stem.is_empty();
                let plausible = (1..=10).contains(&ext.len()) && ext.bytes().all(|b| b.is_ascii_alphanumeric());
                let lower = ext.bytes().next().is_some_and(|b| b.is_ascii_lowercase());
                (listed && !(spaced && lines.is_empty()))
                    || (plausible && lower && !lines.is_empty())
                    || (plausible && lower && path.matches('/').count() > 1 && !spaced)
            }
            None => path.contains('/') && !lines.is_empty() && !spaced,
        };
    known.then(|| (path.to_owned(), if lines.is_empty() { Vec::new() } else { ranges(lines) }))
}

/// The places that the text cites, in order, each once.
pub(crate) fn cites(text: &str) -> Vec<Cite> {
    let mut found: Vec<Cite> = Vec::new();
    // Most lines cite nothing.
    if memchr::memchr2(b'`', b'[', text.as_bytes()).is_none() && !text.contains("/blob/") {
        return found;
    }
    for token in TOKEN.captures_iter(text) {
        if let Some(spec) = token.get(6) {
            // "`a.rs` (line 7)": the lines of the path before.
            if found.last().is_some_and(|c| c.lines.is_none()) {
                add_lines(&mut found, &ranges(&spec.as_str().replace(" and", ",").replace('&', ",")));
            }
            continue;
        }
        if let Some(address) = token.get(4) {
            found.extend(permalink(address.as_str()));
            continue;
        }
        let (quoted, target) = match (token.get(1).or(token.get(5)), token.get(2)) {
            (Some(quoted), _) => (quoted.as_str().trim().to_owned(), None),
            (None, Some(label)) => {
                let (label, target) = (label.as_str().trim_matches('`'), token.get(3).map_or("", |t| t.as_str()));
                if let Some(cite) = permalink(target).filter(|_| path_token(label).is_none()) {
                    found.push(cite);
                    continue;
                }
                let shown = if label.contains(['.', '/']) { label } else { target };
                (shown.to_owned(), Some(target))
            }
            (None, None) => continue,
        };
        for part in pieces(&quoted) {
            if let Some((path, mut lines)) = path_token(part) {
                if let (true, Some(spec)) = (lines.is_empty(), target.and_then(|t| LINES_AT_END.captures(t))) {
                    lines = ranges(&spec[1]);
                }
                found.push(Cite { path, lines: lines.first().copied() });
                add_lines(&mut found, lines.get(1..).unwrap_or(&[]));
            } else if !found.is_empty()
                && LINES_ONLY.is_match(part)
                && (part.starts_with(':') || part.contains(['-', '–']))
            {
                add_lines(&mut found, &ranges(part));
            } else if part.ends_with('/') && part.len() > 1 && !part.contains(' ') && !part.starts_with('/') {
                found.push(Cite { path: part.to_owned(), lines: None });
            }
        }
    }
    let mut once: Vec<Cite> = Vec::with_capacity(found.len());
    for cite in found {
        if !once.contains(&cite) {
            once.push(cite);
        }
    }
    once
}

/// The place that an address of a forge leads to: `https://forge/owner/name/blob/REVISION/src/a.rs#L3-L5`.
fn permalink(address: &str) -> Option<Cite> {
    let (_, rest) = address.split_once("/blob/").filter(|_| address.starts_with("http"))?;
    let (_, path) = rest.split_once('/')?;
    let (path, lines) = path.trim_end_matches(['.', ',', ':', ';']).split_once('#').unwrap_or((path, ""));
    let path = path.split('?').next().unwrap_or(path).trim_end_matches(['.', ',', ':']);
    Some(Cite { path: path.to_owned(), lines: ranges(lines).first().copied() }).filter(|_| !path.is_empty())
}

/// The places, if the text is nothing but places, quoted or not: `(src/a.rs:3-5)`, `` in `a.rs`, line 7 ``.
pub(crate) fn places(text: &str) -> Option<Vec<Cite>> {
    let quoted: Vec<String> = text.split_whitespace().map(in_backticks).collect();
    let quoted = quoted.join(" ");
    let rest = TOKEN.replace_all(&quoted, " ");
    let words = rest.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty());
    let mut words = words.filter(|w| !w.bytes().all(|b| b.is_ascii_digit()));
    let only = words.all(|w| CONNECTORS.contains(&w.to_lowercase().as_str()));
    Some(cites(&quoted)).filter(|found| only && !found.is_empty())
}

const CONNECTORS: &[&str] =
    &["in", "at", "and", "line", "lines", "file", "files", "see", "l", "und", "datei", "zeile", "zeilen"];

/// The word in backticks, if it is a path that stands without.
fn in_backticks(word: &str) -> String {
    let bare = word.trim_matches(['(', ')', '[', ']', ',', ';', '*', '—']).trim_end_matches([':', '.']);
    match path_token(bare) {
        Some(_) if !word.contains('`') && !word.contains("](") => format!("`{bare}`"),
        _ => word.to_owned(),
    }
}

/// Places at the start of a text and what is said of them: `` `src/a.rs:3` — title ``, `[src/a.rs:3] title`,
/// `src/a.rs:3: title`. A file's name alone may as well be what the title is about, so that a line or a folder is needed.
pub(crate) fn leading_places(text: &str) -> Option<(Vec<Cite>, String)> {
    let text = text.trim_start_matches(['*', ' ']);
    let first = text.trim_start_matches('[').trim_start_matches('`');
    let end = first.find([' ', '`', ']', '*', ',']).unwrap_or(first.len());
    let (_, lines) = path_token(first[..end].trim_end_matches(':'))?;
    if lines.is_empty() && !first[..end].contains('/') {
        return None;
    }
    let parted = |at: usize, sign: &str| {
        let (before, after) = (&text[..at], &text[at + sign.len()..]);
        let before = if before.contains("](") { before } else { before.trim_start_matches('[') };
        let title = after.trim_start_matches(['*', ' ', ':', '：', ']', '—', '–', '-']);
        Some((places(before)?, title.to_owned())).filter(|(_, title)| title.chars().any(char::is_alphabetic))
    };
    let signs = [" — ", " – ", " -- ", " - ", ": ", "：", ":** ", "]** ", "** ", "] ", "):"];
    let mut at: Vec<(usize, &str)> = signs.iter().filter_map(|s| Some((text.find(s)?, *s))).collect();
    at.sort_unstable_by_key(|(at, sign)| (*at, std::cmp::Reverse(sign.len())));
    at.into_iter().find_map(|(at, sign)| parted(at, sign)).or_else(|| unparted(text, &lines))
}

/// `` `src/a.rs:3` Title `` and `[a.rs#L3](…) Title`: lines in quotes, and a title without a sign before it.
fn unparted(text: &str, lines: &[LineRange]) -> Option<(Vec<Cite>, String)> {
    let end = match text.as_bytes().first()? {
        b'`' => text[1..].find('`')? + 2,
        b'[' => text.find(')')? + 1,
        _ => return None,
    };
    let (place, title) = text.split_at_checked(end)?;
    let title = title.strip_prefix(' ')?.trim_start();
    (title.starts_with(char::is_uppercase) && !lines.is_empty()).then_some((places(place)?, title.to_owned()))
}

/// Further lines of the last path: they fill its place if it has none yet, else they are places of their own.
fn add_lines(found: &mut Vec<Cite>, lines: &[LineRange]) {
    for lines in lines {
        match found.last_mut() {
            Some(last) if last.lines.is_none() => last.lines = Some(*lines),
            Some(last) => {
                let path = last.path.clone();
                found.push(Cite { path, lines: Some(*lines) });
            }
            None => {}
        }
    }
}

/// The parts of `a.rs:1, b.rs` and `a.rs and b.rs`; `a.rs:1, 3` stays whole.
fn pieces(text: &str) -> Vec<&str> {
    let mut out = Vec::new();
    for part in text.split("; ").flat_map(|p| p.split(" and ")) {
        let mut rest = part;
        let mut from = 0;
        while let Some(i) = rest[from..].find(", ").map(|i| from + i) {
            if rest[i + 2..].trim_start().starts_with(|c: char| c.is_ascii_digit()) {
                from = i + 2;
            } else {
                out.push(rest[..i].trim());
                rest = &rest[i + 2..];
                from = 0;
            }
        }
        out.push(rest.trim().trim_end_matches(','));
    }
    out.retain(|p| !p.is_empty());
    out
}

/// The first range of lines that a text names: `3-5`, `L7`, "3 to 5".
pub(crate) fn first_lines(text: &str) -> Option<LineRange> {
    let text = text.trim_matches(['`', '*', ' ', '~']).replace(" to ", "-");
    let spec: String =
        text.trim_start_matches(['L', ' ']).chars().take_while(|c| "0123456789-–L ".contains(*c)).collect();
    ranges(spec.trim_end_matches(['-', '–', ' '])).first().copied()
}

/// The anchors of citations; a path that cannot be inside a repository has none. An absolute path loses its
/// leading slash: whoever knows the repository finds the file by the end of it.
pub(crate) fn anchors(cites: &[Cite]) -> Vec<Anchor> {
    let mut anchors = Vec::with_capacity(cites.len());
    anchors.extend(cites.iter().filter_map(|c| {
        let path = c.path.trim_start_matches('/').trim_end_matches('/');
        let path = path.trim_start_matches("../");
        Some(Anchor { path: RepoPath::new(path).ok()?, lines: c.lines, quote: None })
    }));
    anchors
}

/// The place written as `path:3-7`, as [`Anchor`] shows itself: any path, lines at its end.
pub(crate) fn exact(text: &str) -> Option<Anchor> {
    let (path, lines) = match text.rsplit_once(':') {
        Some((path, spec)) if !spec.is_empty() && spec.bytes().all(|b| b.is_ascii_digit() || b == b'-') => {
            (path, ranges(spec).first().copied())
        }
        _ => (text, None),
    };
    Some(Anchor { path: RepoPath::new(path).ok()?, lines, quote: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        let shown: Vec<String> =
            cites(text).into_iter().map(|c| c.lines.map_or(c.path.clone(), |l| format!("{}:{l}", c.path))).collect();
        shown.join(" ")
    }

    #[test]
    fn places_are_read_in_every_style() {
        for (text, want) in [
            ("`a/b.rs:3-7`", "a/b.rs:3-7"),
            ("`a.rs:3–7`", "a.rs:3-7"),
            ("`a.go:1-2,9`", "a.go:1-2 a.go:9"),
            ("`a.go:1, 9`, `b.go`", "a.go:1 a.go:9 b.go"),
            ("`a.go:1` and `b.go:2`", "a.go:1 b.go:2"),
            ("`a.go:1 and b.go:2`", "a.go:1 b.go:2"),
            ("`a.go` (line 7)", "a.go:7"),
            ("`a.go` (lines 7-9, 12)", "a.go:7-9 a.go:12"),
            ("`a.go:1`, `:5-6`", "a.go:1 a.go:5-6"),
            ("`a.go` and `114-116`", "a.go:114-116"),
            ("[x/a.go](/home/u/x/a.go:76-80)", "x/a.go:76-80"),
            ("[`x/a.go:3`](https://e.org/x/a.go#L3)", "x/a.go:3"),
            ("`Makefile`, `go.mod:4`", "Makefile go.mod:4"),
            ("`a.rs:12:5`", "a.rs:12"),
            ("`a.rs#L3-L5`", "a.rs:3-5"),
            ("`pkg/base/`", "pkg/base/"),
            ("`src/ünï.py:3`", "src/ünï.py:3"),
            ("`app.Spec` and `r.Delete()` and `base.IsOwned(x)`", ""),
            ("`scripts/run:4`", "scripts/run:4"),
            ("``a.rs:1``", "a.rs:1"),
            ("`a.cpp` ~line 46", "a.cpp:46"),
            ("It is off. [src/a.ts:12]", "src/a.ts:12"),
            ("[a.cpp#L16](/abs/a.cpp#L16)", "a.cpp:16"),
            ("[here](https://forge.example/o/n/blob/0a1b/src/b.ts#L4-L9)", "src/b.ts:4-9"),
            ("see https://forge.example/o/n/blob/main/src/b.ts#L4.", "src/b.ts:4"),
            ("[x] done, [Ann], [1]", ""),
        ] {
            assert_eq!(shown(text), want, "{text:?}");
        }
    }
}
