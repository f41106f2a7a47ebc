//! The names of the repository, and paths as texts write them.

use super::AGENT;
use super::made::Made;
use crate::Job;
use crate::remark::{LONGEST_LINE, anchor, is_built, is_generated, line_at, line_text, remark, replacing};
use aho_corasick::AhoCorasick;
use finding::{LineRange, RawFinding, RepoPath, Severity, written_in};
use git::ChangeKind;
use rayon::prelude::*;
use std::collections::{HashMap, HashSet};
use std::ops::Range;

/// What there is.
pub(super) struct Paths<'n> {
    files: HashMap<&'n str, &'n RepoPath>,
    folders: HashSet<&'n str>,
    by_lower: HashMap<String, &'n RepoPath>,
    /// Folders with the settings of a generator of sites.
    sites: Vec<&'n str>,
    /// Folders that docsify shows as a site: there every link is read from the top.
    tops: Vec<&'n str>,
}

impl<'n> Paths<'n> {
    pub(super) fn new(names: &'n [RepoPath]) -> Self {
        let mut folders = HashSet::new();
        let (mut sites, mut tops) = (Vec::new(), Vec::new());
        for path in names {
            let mut rest = path.folder();
            while !rest.is_empty() && folders.insert(rest) {
                rest = rest.rsplit_once('/').map_or("", |(up, _)| up);
            }
            let name = path.file_name();
            let is_site = ["mkdocs.yml", "_config.yml", "conf.py", "book.toml", "antora.yml", "hugo.toml"]
                .contains(&name)
                || name.starts_with("docusaurus.config")
                || name.starts_with("astro.config")
                || path.as_str().contains(".vitepress/")
                || path.as_str().contains(".vuepress/");
            if matches!(name, "_sidebar.md" | "_coverpage.md" | "_navbar.md") {
                tops.push(path.folder());
            }
            if is_site {
                sites.push(path.folder().split("/.v").next().unwrap_or(""));
            }
        }
        Self {
            files: names.iter().map(|p| (p.as_str(), p)).collect(),
            folders,
            by_lower: names.iter().map(|p| (p.as_str().to_lowercase(), p)).collect(),
            sites,
            tops,
        }
    }

    /// Whether a link leads to a file where a site shows the document: from the top of a site of docsify, or from a folder
    /// of the page's own name (`guide/setup/` for `guide/setup.md`).
    pub(super) fn leads_on_a_site(&self, document: &RepoPath, written: &str) -> bool {
        let leads_from = |folder: &str| {
            let written = written.trim_start_matches('/');
            let path = RepoPath::new(format!("{folder}/page").trim_start_matches('/')).ok();
            let resolved = path.and_then(|from| self.resolve(&from, written));
            resolved.is_some_and(|path| !path.is_empty() && self.is_there(&path))
        };
        let stem = document.as_str().rsplit_once('.').map_or(document.as_str(), |(stem, _)| stem);
        let is_index = stem.rsplit('/').next().is_some_and(|name| matches!(name, "index" | "README" | "_index"));
        let is_page = written.starts_with("../") && !written.ends_with(".md") && !is_index;
        (is_page && leads_from(stem))
            || self.tops.iter().any(|top| is_within(document.as_str(), top) && leads_from(top))
    }

    /// A path as a text in `from` writes it, from the top; `None` if it leads out of the repository.
    pub(super) fn resolve(&self, from: &RepoPath, written: &str) -> Option<String> {
        written_in(if written.starts_with('/') { "" } else { from.folder() }, written)
    }

    pub(super) fn file(&self, path: &str) -> Option<&'n RepoPath> {
        self.files.get(path).copied()
    }

    /// Whether a file or a folder is there.
    pub(super) fn is_there(&self, path: &str) -> bool {
        path.is_empty() || self.files.contains_key(path) || self.folders.contains(path)
    }

    /// Whether a file of that name is in some folder.
    fn has_named(&self, name: &str) -> bool {
        self.files.values().any(|path| path.file_name() == name)
    }

    /// Whether a page of reStructuredText is there under another ending, or as a folder's index.
    pub(super) fn has_page(&self, path: &str) -> bool {
        let stem = path.strip_suffix(".rst").unwrap_or(path);
        ["md", "txt", "ipynb"].iter().any(|ending| self.files.contains_key(&*format!("{stem}.{ending}")))
    }

    /// The file of that name but for the case of its letters.
    pub(super) fn but_for_case(&self, path: &str) -> Option<&'n RepoPath> {
        self.by_lower.get(&path.to_lowercase()).copied()
    }

    /// Whether a site is made of the document, in which pages and images are elsewhere than in the repository. A document
    /// that is a file of Markdown is named by its own name there too, and Sphinx reads what a document names from beside it.
    pub(super) fn is_of_a_site(&self, document: &RepoPath, written: &str) -> bool {
        let is_page = written.ends_with(".md") || document.extension() == Some("rst");
        !is_page && self.sites.iter().any(|folder| document.as_str().starts_with(folder))
    }
}

/// Whether a path is in a folder, or in one below.
fn is_within(path: &str, folder: &str) -> bool {
    folder.is_empty() || path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}

/// A path as a text in `from` writes it.
pub(super) fn relative(from: &RepoPath, to: &RepoPath) -> String {
    let folder: Vec<&str> = from.folder().split('/').filter(|p| !p.is_empty()).collect();
    let parts: Vec<&str> = to.as_str().split('/').collect();
    let shared = folder.iter().zip(&parts[..parts.len() - 1]).take_while(|(a, b)| a == b).count();
    let up = std::iter::repeat_n("..", folder.len() - shared);
    up.chain(parts[shared..].iter().copied()).collect::<Vec<_>>().join("/")
}

/// Files that build, test and ship: what they name, they need.
fn is_build(path: &RepoPath) -> bool {
    let name = path.file_name();
    let whole = path.as_str();
    (whole.starts_with(".github/") || whole.starts_with(".circleci/") || whole.starts_with(".gitlab"))
        && matches!(path.extension(), Some("yml" | "yaml"))
        || matches!(
            name,
            "Makefile" | "Justfile" | "justfile" | "package.json" | "Cargo.toml" | "pyproject.toml" | "MANIFEST.in"
        )
        || matches!(
            name,
            ".gitlab-ci.yml"
                | ".travis.yml"
                | "azure-pipelines.yml"
                | "CMakeLists.txt"
                | ".goreleaser.yml"
                | "goreleaser.yaml"
        )
        || name.starts_with("Dockerfile")
        || name.starts_with("docker-compose")
        || matches!(path.extension(), Some("sh" | "bash" | "csproj" | "gemspec" | "mk"))
}

/// A file that the branch took away, and where it is now, if anywhere.
#[derive(Debug, Clone, Copy)]
struct Gone<'g> {
    path: &'g RepoPath,
    new: Option<&'g RepoPath>,
}

/// Build files that name, by its path from the top or from their own folder, a file that the branch took away or renamed.
pub(super) fn to_gone_files(job: &Job<'_>, there: &Paths<'_>, made: &Made, names: &[RepoPath]) -> Vec<RawFinding> {
    let changed = job.snapshot.files().iter().filter_map(|file| match &file.kind {
        ChangeKind::Deleted => Some(Gone { path: &file.path, new: None }),
        ChangeKind::Renamed { from } => Some(Gone { path: from, new: Some(&file.path) }),
        _ => None,
    });
    let gone: Vec<Gone<'_>> = changed
        .chain(job.snapshot.moved().iter().map(|(path, to)| Gone { path, new: Some(to) }))
        // What a build makes is there when it is needed.
        .filter(|gone| !is_built(gone.path) && !made.has(gone.path.as_str()))
        .collect();
    let Ok(finder) = AhoCorasick::new(gone.iter().map(|gone| gone.path.file_name())) else { return Vec::new() };
    if gone.is_empty() {
        return Vec::new();
    }
    let in_path = |path: &RepoPath| -> Vec<RawFinding> {
        let Some(text) = (!job.is_cancelled()).then(|| job.read(path)).flatten() else { return Vec::new() };
        let mut findings = Vec::new();
        // A tool writes it anew before anybody needs it.
        if is_generated(&text) || text.contains("= MANIFEST =") {
            return findings;
        }
        for found in finder.find_overlapping_iter(text.as_ref()) {
            if findings.len() < 20 {
                findings.extend(named(path, &text, &found.range(), gone[found.pattern().as_usize()], there));
            }
        }
        findings
    };
    names.par_iter().filter(|path| is_build(path)).flat_map_iter(in_path).collect()
}

/// Whether a bare name is that of a file at the top for certain: said in a file at the top or of the forge's, and no other
/// file has it.
fn is_at_top(from: &RepoPath, token: &str, gone: &RepoPath, there: &Paths<'_>) -> bool {
    let is_read_there = from.folder().is_empty() || from.as_str().starts_with('.');
    token == gone.as_str() && token.contains('.') && is_read_there && !there.has_named(token)
}

/// What stands in a line that makes a file, or takes one away: that is no need for it.
const MAKES: [&str; 13] =
    ["rm ", "touch ", "mkdir", "> ", ">>", "-o ", "--output", "curl ", "wget ", "echo ", "ignore", "exclude", "unlink"];

/// What is wrong where `text`, that of `from`, has the name of a file that is gone at `at`.
fn named(from: &RepoPath, text: &str, at: &Range<usize>, gone: Gone<'_>, there: &Paths<'_>) -> Option<RawFinding> {
    let at = needed(from, text, at)?;
    let token = &text[at.clone()];
    let Gone { path, new } = gone;
    if !(token.contains('/') || is_at_top(from, token, path, there)) {
        return None;
    }
    let from_top = there.resolve(&RepoPath::new("x").ok()?, token).unwrap_or_default();
    let from_here = there.resolve(from, token);
    let is_meant = from_top == path.as_str() || from_here.as_deref() == Some(path.as_str());
    let lives =
        (!from_top.is_empty() && there.is_there(&from_top)) || from_here.as_deref().is_some_and(|p| there.is_there(p));
    if !is_meant || lives || is_there_from_a_folder(text, token, there) {
        return None;
    }
    let title = match new {
        Some(new) => format!("Names a file that is now called {new}: {token}"),
        None => format!("Names a file that this branch took away: {token}"),
    };
    let body = format!("`{path}` is not there any more, and this is a file that builds, tests or ships.");
    let mut finding = remark(AGENT, "broken-path", Severity::Important, title, body);
    finding.anchors.push(anchor(from, text, LineRange::line(line_at(text, at.start))));
    if let Some(new) = new.filter(|_| from_top == path.as_str() && token == path.as_str()) {
        finding.fixes.push(replacing(AGENT, "use the new name", from, text, &[(at, new.as_str())]));
    }
    Some(finding)
}

/// The whole path that ends with the name at `at`; `None` where it goes on, is put together, or is not needed there.
fn needed(from: &RepoPath, text: &str, at: &Range<usize>) -> Option<Range<usize>> {
    let joins = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'/' | b'.' | b'@' | b'+') || b >= 0x80;
    let bytes = text.as_bytes();
    let start = bytes[..at.start].iter().rposition(|b| !joins(*b)).map_or(0, |i| i + 1);
    // A name in the list of what a package exports.
    let is_key = from.file_name() == "package.json" && text[at.end..].starts_with("\":");
    let goes_on = is_key || bytes.get(at.end).is_some_and(|b| joins(*b) || matches!(b, b'*' | b'$' | b'{'));
    let is_made = start > 0 && matches!(bytes[start - 1], b'}' | b')' | b'*' | b'$' | b':' | b'%' | b'~');
    let line = line_text(text, at.start);
    let is_comment = line.trim_start().starts_with(['#', '/']);
    let is_no_need = is_comment || line.len() > LONGEST_LINE || MAKES.iter().any(|w| line.contains(w));
    (!(goes_on || is_made || is_no_need)).then_some(start..at.end)
}

/// Whether the file is there from a folder that the step, or the line, goes into.
fn is_there_from_a_folder(text: &str, token: &str, there: &Paths<'_>) -> bool {
    let moves = ["working-directory:", "cd "];
    let into = moves.iter().flat_map(|w| text.match_indices(w).map(|(at, w)| &text[at + w.len()..]));
    let folders = into.filter_map(|rest| rest.split_whitespace().next()).map(|f| f.trim_matches(['"', '\'', ';']));
    let is_there_from =
        |folder: &str| there.is_there(&format!("{}/{token}", folder.trim_start_matches("./").trim_end_matches('/')));
    folders.take(100).any(is_there_from)
}
