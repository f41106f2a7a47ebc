//! Settings that deployments still give and nothing reads any more: a variable of the environment, a flag, a value of a
//! chart. A script that reads the variable itself keeps it alive.

use super::AGENT;
use super::gone::Gone;
use crate::Job;
use crate::remark::{LARGEST_TEXT, LONGEST_LINE, anchor, line_at, line_text, remark, replacing};
use finding::{LineRange, RawFinding, RepoPath, Severity};
use git::SnapshotError;
use std::collections::BTreeSet;
use std::ops::Range;

/// More places than this are left to the reader of the first.
const MOST_PLACES: usize = 20;

/// Whether a file is one that sets up how programs run.
fn is_deployment(path: &RepoPath) -> bool {
    let name = path.file_name().to_ascii_lowercase();
    matches!(
        path.extension().unwrap_or(""),
        "yml" | "yaml" | "sh" | "bash" | "env" | "tpl" | "service" | "tf" | "properties"
    ) || name.starts_with("dockerfile")
        || name.starts_with(".env")
        || name == "procfile"
}

/// What the manifests say that is not about the repository itself, in small letters and digits: its dependencies.
///
/// # Errors
/// When the tree cannot be listed.
pub(super) fn dependencies(job: &Job<'_>) -> Result<String, SnapshotError> {
    let manifests = [
        "Cargo.toml",
        "package.json",
        "go.mod",
        "requirements.txt",
        "pyproject.toml",
        "setup.py",
        "setup.cfg",
        "Gemfile",
        "composer.json",
        "pom.xml",
        "build.gradle",
        "build.gradle.kts",
    ];
    let mut said = String::new();
    for path in job.snapshot.paths()?.iter().filter(|p| manifests.contains(&p.file_name())).take(50) {
        let text = job.read(path).filter(|t| t.len() <= LARGEST_TEXT);
        let is_own = |line: &&str| {
            let line = line.trim_start().trim_start_matches('"');
            ["name", "module", "path", "repository", "homepage", "description"].iter().any(|w| line.starts_with(w))
                || line.contains("path =")
        };
        for line in text.as_deref().unwrap_or("").lines().filter(|line| !is_own(line)) {
            said.extend(line.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()));
            said.push('\n');
        }
    }
    Ok(said)
}

/// Whether a variable of the environment bears a dependency's name, which may read it too: `LS_COLORS` and lscolors.
pub(super) fn is_of_a_dependency(name: &str, dependencies: &str) -> bool {
    let joined = name.replace('_', "").to_lowercase();
    let first = name.split('_').next().unwrap_or(name).to_lowercase();
    dependencies.contains(&joined) || (first.len() >= 4 && dependencies.lines().any(|line| line.starts_with(&first)))
}

/// Whether a place only gives the setting a value.
pub(super) fn gives(path: &RepoPath, text: &str, at: &Range<usize>, gone: &Gone) -> bool {
    if !is_deployment(path) || line_text(text, at.start).len() > LONGEST_LINE {
        return false;
    }
    match gone.noun {
        // One of the environment, not one of the code.
        "variable" if gone.name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_') => {
            line_gives(line_text(text, at.start), &gone.name)
        }
        // A flag of two words in the list of a container's arguments.
        "flag" => {
            let item = line_text(text, at.start).trim_start().trim_start_matches("- ").trim_start_matches(['"', '\'']);
            let flag = gone.name.trim_start_matches('-');
            flag.contains('-')
                && matches!(path.extension(), Some("yml" | "yaml"))
                && line_text(text, at.start).trim_start().starts_with("- ")
                && item.strip_prefix("--").is_some_and(|rest| rest.starts_with(flag))
        }
        _ => false,
    }
}

/// `NAME=x`, `export NAME=x`, `ENV NAME x`, `NAME: x`, `- name: NAME`.
fn line_gives(line: &str, name: &str) -> bool {
    let line = line.trim().trim_start_matches("- ").trim_start();
    if let Some(rest) = line.strip_prefix("name:") {
        return rest.trim().trim_matches(['"', '\'']) == name;
    }
    let is_docker = ["ENV ", "ARG "].iter().any(|w| line.starts_with(w));
    let line = ["export ", "ENV ", "ARG ", "-e "].iter().find_map(|w| line.strip_prefix(w)).unwrap_or(line);
    let rest = line.trim_start_matches(['"', '\'']).strip_prefix(name).unwrap_or("");
    let rest = rest.trim_start_matches(['"', '\'']);
    rest.starts_with('=') || rest.starts_with(':') && !rest.starts_with(":-") || (is_docker && rest.starts_with(' '))
}

/// The places of one file that give what nothing reads any more.
pub(super) fn finding(path: &RepoPath, text: &str, gone: &Gone, places: &[Range<usize>]) -> Option<RawFinding> {
    let (name, noun) = (&gone.name, gone.noun);
    let title = match &gone.new {
        Some(new) => format!("Still gives the {noun} {name}, which is now {new}"),
        None => format!("Still gives the {noun} {name}, which nothing reads any more"),
    };
    let body = format!(
        "This branch takes the last use of `{name}` out of the code (`{}:{}` in the base).",
        gone.path, gone.line
    );
    let mut finding = remark(AGENT, "stale-setting", Severity::Important, title, body);
    for place in places.iter().take(MOST_PLACES) {
        let line = LineRange::line(line_at(text, place.start));
        if finding.anchors.last().is_none_or(|a| a.lines != Some(line)) {
            finding.anchors.push(anchor(path, text, line));
        }
    }
    if let Some(new) = &gone.new {
        let edits: Vec<(Range<usize>, &str)> = places.iter().map(|at| (at.clone(), new.as_str())).collect();
        finding.fixes.push(replacing(AGENT, "use the new name", path, text, &edits));
    }
    (!finding.anchors.is_empty()).then_some(finding)
}

/// Templates of charts that read a value which the branch took out of the chart's `values.yaml`.
pub(super) fn of_charts(job: &Job<'_>, paths: &[RepoPath]) -> Vec<RawFinding> {
    let mut findings = Vec::new();
    for file in job.snapshot.files().iter().filter(|f| matches!(f.path.file_name(), "values.yaml" | "values.yml")) {
        let (Some(old), Some(new)) = (file.old.as_deref(), file.new.as_deref()) else { continue };
        let now = keys(new);
        let lost: Vec<String> = keys(old).into_iter().filter(|key| !now.contains(key) && !is_shown(new, key)).collect();
        let templates = format!("{}/templates/", file.path.folder());
        let templates = templates.trim_start_matches('/').to_owned();
        for path in paths.iter().filter(|p| !lost.is_empty() && p.as_str().starts_with(&templates)) {
            let Some(text) = job.read(path).filter(|t| t.len() <= LARGEST_TEXT) else { continue };
            for key in &lost {
                findings.extend(reads(path, &text, key).map(|at| {
                    let title = format!("Template reads .Values.{key}, which is not in values.yaml any more");
                    let body = format!(
                        "This branch took it out of `{}`, and nothing here says what to do without it.",
                        file.path
                    );
                    let mut finding = remark(AGENT, "stale-setting", Severity::Important, title, body);
                    finding.anchors.push(anchor(path, &text, LineRange::line(line_at(&text, at))));
                    finding
                }));
            }
        }
    }
    findings
}

/// Where a template reads a value and has no answer to its being away.
fn reads(path: &RepoPath, text: &str, key: &str) -> Option<usize> {
    let wanted = format!(".Values.{key}");
    let is_whole = |at: &usize| {
        let next = text.as_bytes().get(at + wanted.len());
        !next.is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_' || *b == b'.')
    };
    let minds = ["if ", "with ", "default", "hasKey", "dig ", "coalesce", "empty", "range "];
    let places = text.match_indices(&wanted).map(|(at, _)| at).filter(is_whole);
    // Where one place asks whether it is there, the template can do without it.
    let mut places = places.peekable();
    places.peek()?;
    let all: Vec<usize> = places.collect();
    let can_do_without = all.iter().any(|at| minds.iter().any(|w| line_text(text, *at).contains(w)));
    (!can_do_without && path.file_name() != "NOTES.txt").then(|| all[0])
}

/// The paths of all keys of a file of values, by their indentation.
fn keys(text: &str) -> BTreeSet<String> {
    let mut keys = BTreeSet::new();
    let mut above: Vec<(usize, &str)> = Vec::new();
    for line in text.lines().take(20_000) {
        let bare = line.trim_start();
        let indent = line.len() - bare.len();
        let Some((key, _)) = bare.split_once(':') else { continue };
        let is_key = !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        if !is_key {
            continue;
        }
        above.retain(|(at, _)| *at < indent);
        above.push((indent, key));
        keys.insert(above.iter().map(|(_, key)| *key).collect::<Vec<_>>().join("."));
    }
    keys
}

/// Whether the file still shows the key in a comment: it may be given.
fn is_shown(text: &str, key: &str) -> bool {
    let last = key.rsplit('.').next().unwrap_or(key);
    text.lines().any(|line| {
        line.trim_start().strip_prefix('#').is_some_and(|l| l.trim_start().starts_with(&format!("{last}:")))
    })
}

#[cfg(test)]
mod tests {
    use crate::remark::tests::run_with;
    use git::Snapshot;

    fn titles(old: &[(&str, &str)], new: &[(&str, &str)]) -> Vec<String> {
        let found = run_with("references", &Snapshot::in_memory(old, new), &crate::Settings::default());
        found.into_iter().map(|f| f.title).collect()
    }

    #[test]
    fn what_deployments_give_and_nothing_reads_is_named() {
        let (old, new) = ("x = os.environ[\"APP_OLD_PORT\"]\n", "x = 1\n");
        for (path, text, is_found) in [
            ("deploy/app.yaml", "env:\n  - name: APP_OLD_PORT\n    value: 1\n", true),
            ("docker-compose.yml", "environment:\n  APP_OLD_PORT: 1\n", true),
            ("Dockerfile", "ENV APP_OLD_PORT=1\n", true),
            ("run.sh", "export APP_OLD_PORT=1\n", true),
            (".env", "APP_OLD_PORT=1\n", true),
            (".github/workflows/a.yml", "env:\n  APP_OLD_PORT: ${{ secrets.APP_OLD_PORT }}\n", true),
            ("run.sh", "APP_OLD_PORT=1\necho $APP_OLD_PORT\n", false),
            ("lib.go", "package a\n\nvar x = os.Getenv(\"APP_OLD_PORT\")\n", false),
            ("deploy/app.yaml", "# APP\nother: 1\n", false),
        ] {
            let found = titles(&[("a.py", old), (path, text)], &[("a.py", new), (path, text)]);
            let wanted = "Still gives the variable APP_OLD_PORT, which nothing reads any more";
            assert_eq!(found, if is_found { vec![wanted] } else { Vec::new() }, "{path}: {text}");
        }
        // A variable of the code.
        let (old, new) = ("package a\n\nvar inputs = 1\n", "package a\n");
        let build = ("azure-pipelines.yml", "task: a\ninputs:\n  b: 1\n");
        assert_eq!(titles(&[("a.go", old), build], &[("a.go", new), build]), Vec::<String>::new());
        // The virtual machine reads it.
        let (old, new) = ("x = os.environ[\"JRUBY_OPTS\"]\n", "x = 1\n");
        let build = (".travis.yml", "env:\n  - JRUBY_OPTS=--debug\n");
        assert_eq!(titles(&[("a.py", old), build], &[("a.py", new), build]), Vec::<String>::new());
        // The framework reads it.
        let (old, new) = ("x = os.environ[\"ROCKET_ADDRESS\"]\n", "x = 1\n");
        let (manifest, image) = (("Cargo.toml", "rocket = \"0.5\"\n"), ("Dockerfile", "ENV ROCKET_ADDRESS=1\n"));
        assert_eq!(titles(&[("a.py", old), manifest, image], &[("a.py", new), manifest, image]), Vec::<String>::new());
        let flag = |name: &str| format!("parser.add_argument(\"--{name}\")\n");
        let (old, new) = (flag("cache-old-size"), flag("cache-limit"));
        let chart = ("deploy/app.yaml", "args:\n  - --cache-old-size=5\n");
        assert_eq!(titles(&[("a.py", &old), chart], &[("a.py", &new), chart]).len(), 1, "a container's arguments");
    }

    #[test]
    fn a_chart_reads_the_values_that_it_has() {
        let values = |key: &str| format!("image:\n  {key}: a\n  tag: b\n");
        let (old, new) = (values("repository"), values("name"));
        for (line, is_found) in [
            ("image: {{ .Values.image.repository }}\n", true),
            ("image: {{ .Values.image.repository | default \"a\" }}\n", false),
            ("image: {{ .Values.image.tag }}\n", false),
        ] {
            let template = ("chart/templates/a.yaml", line);
            let found = titles(&[("chart/values.yaml", &old), template], &[("chart/values.yaml", &new), template]);
            assert_eq!(found.len(), usize::from(is_found), "{line}: {found:?}");
        }
    }
}
