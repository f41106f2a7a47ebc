//! A version that is written in several places, and was raised in some of them only.

use super::AGENT;
use crate::Job;
use crate::remark::{anchor, is_taken_in, remark};
use finding::{LineRange, RawFinding, RepoPath, Severity};
use git::ChangedFile;
use regex::Regex;
use std::sync::LazyLock;

/// How a file that says the version of its package writes it, by its name.
const MANIFESTS: &[(&str, &str)] = &[
    ("package.json", r#"(?m)^(?:  |\t|    )"version":\s*"([^"\n]+)""#),
    ("composer.json", r#"(?m)^\s*"version":\s*"([^"\n]+)""#),
    ("Cargo.toml", r#"(?m)^version\s*=\s*"([^"\n]+)""#),
    ("pyproject.toml", r#"(?m)^version\s*=\s*"([^"\n]+)""#),
    ("setup.py", r#"(?m)^\s*version\s*=\s*['"]([^'"\n]+)['"]"#),
    ("setup.cfg", r"(?m)^version\s*=\s*(\d[^\s]*)\s*$"),
    ("VERSION", r"^v?(\d[^\s]*)\s*$"),
    ("version.txt", r"^v?(\d[^\s]*)\s*$"),
    ("CMakeLists.txt", r"(?im)^\s*project\s*\([^)]*\bVERSION\s+([\d.]+)"),
];

/// Where else a package of that kind says it: a file's name, and how.
const COPIES: &[(&str, &str)] = &[
    ("package-lock.json", r#"(?m)^(?:  |\t)"version":\s*"([^"\n]+)""#),
    ("__init__.py", r#"(?m)^__version__\s*=\s*['"]([^'"\n]+)['"]"#),
    ("_version.py", r#"(?m)^(?:__version__|version|VERSION)\s*=\s*['"]([^'"\n]+)['"]"#),
    ("version.py", r#"(?m)^(?:__version__|version|VERSION)\s*=\s*['"]([^'"\n]+)['"]"#),
    ("__about__.py", r#"(?m)^__version__\s*=\s*['"]([^'"\n]+)['"]"#),
    ("version.go", r#"(?m)^\s*(?:(?:const|var)\s+)?[vV]ersion\s*(?:string\s*)?=\s*"v?(\d[^"\n]*)""#),
    ("version.rb", r#"(?m)^\s*VERSION\s*=\s*['"]([^'"\n]+)['"]"#),
    ("version.js", r#"(?m)[vV](?:ersion|ERSION)\s*=\s*['"]([^'"\n]+)['"]"#),
    ("version.ts", r#"(?m)[vV](?:ersion|ERSION)\s*=\s*['"]([^'"\n]+)['"]"#),
    ("version.h", r#"(?m)^\s*#define\s+\w*VERSION\w*\s+"([^"\n]+)""#),
];

static COMPILED: LazyLock<Vec<(&str, Regex, bool)>> = LazyLock::new(|| {
    let all = MANIFESTS.iter().map(|p| (p, true)).chain(COPIES.iter().map(|p| (p, false)));
    all.filter_map(|((name, pattern), is_manifest)| Some((*name, Regex::new(pattern).ok()?, is_manifest))).collect()
});

/// A place that says a version: its bytes in the text.
fn version_in<'t>(path: &RepoPath, text: &'t str) -> Option<(usize, &'t str)> {
    let (_, pattern, _) = COMPILED.iter().find(|(name, ..)| *name == path.file_name())?;
    let found = pattern.captures(text)?.get(1)?;
    // Three numbers or two: a single one is a count, and no digits are a placeholder.
    let is_version = found.as_str().starts_with(|c: char| c.is_ascii_digit()) && found.as_str().contains('.');
    is_version.then(|| (found.start(), found.as_str()))
}

fn is_manifest(path: &RepoPath) -> bool {
    COMPILED.iter().any(|(name, _, is_manifest)| *is_manifest && *name == path.file_name())
}

/// The places of one package that said the same version before, and say it still, where the branch raised another one.
pub(super) fn raised_in_one_place(job: &Job<'_>, names: &[RepoPath]) -> Vec<RawFinding> {
    let raised = |file: &'_ ChangedFile| -> Option<(RepoPath, String, String)> {
        let (_, old) = version_in(&file.path, file.old.as_deref()?)?;
        let (_, new) = version_in(&file.path, file.new.as_deref()?)?;
        (old != new).then(|| (file.path.clone(), old.to_owned(), new.to_owned()))
    };
    let raised: Vec<_> = job.snapshot.files().iter().filter_map(raised).collect();
    let mut findings: Vec<RawFinding> = Vec::new();
    for (path, old, new) in &raised {
        // What is under the folder of this package, and of no other one.
        let home = home_of(path, names);
        for other in names.iter().filter(|p| *p != path && is_within(p, home)) {
            // A copy is of what the manifest says, not of another copy; and what is taken in from elsewhere is none.
            if !(is_manifest(path) || is_manifest(other)) || is_taken_in(path) || is_taken_in(other) {
                continue;
            }
            if home_of(other, names) != home || raised.iter().any(|(p, ..)| p == other) {
                continue;
            }
            let Some(text) = version_text(job, other) else { continue };
            let Some((at, said)) = version_in(other, &text).filter(|(_, said)| said == old) else { continue };
            let is_known = findings.iter().any(|f| f.anchors[0].path == *other);
            if is_known || !was_said_before(job, other, said) {
                continue;
            }
            let title = format!("Version is {new} in {path}, and still {said} here");
            let body = "Both said the same before this branch.".to_owned();
            let mut finding = remark(AGENT, "version-in-one-place", Severity::Important, title, body);
            let line = crate::remark::line_at(&text, at);
            finding.anchors.push(anchor(other, &text, LineRange::line(line)));
            let edit = (at..at + said.len(), new.as_str());
            finding.fixes.push(crate::remark::replacing(AGENT, "raise it here too", other, &text, &[edit]));
            findings.push(finding);
        }
    }
    findings
}

fn version_text(job: &Job<'_>, path: &RepoPath) -> Option<std::sync::Arc<str>> {
    COMPILED.iter().any(|(name, ..)| *name == path.file_name()).then(|| job.read(path)).flatten()
}

/// Whether the base said the same there.
fn was_said_before(job: &Job<'_>, path: &RepoPath, said: &str) -> bool {
    let Some(file) = job.snapshot.file(path) else { return true };
    file.old.as_deref().is_some_and(|old| version_in(path, old).is_some_and(|(_, before)| before == said))
}

/// The folder of the nearest manifest above a file.
fn home_of<'p>(path: &'p RepoPath, names: &[RepoPath]) -> &'p str {
    let mut at = path.folder();
    loop {
        if names.iter().any(|p| p.folder() == at && is_manifest(p)) || at.is_empty() {
            return at;
        }
        at = at.rsplit_once('/').map_or("", |(up, _)| up);
    }
}

fn is_within(path: &RepoPath, folder: &str) -> bool {
    folder.is_empty() || path.as_str().strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}
