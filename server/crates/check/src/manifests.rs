//! What has to change together and did not: a manifest and its lock file, a version in two places, a generated file and
//! what it is made of, a file and the list that names all others, a migration and its way back.

mod generated;
mod left_out;
mod versions;

use super::Job;
use super::remark::{anchor, remark};
use finding::{LineRange, RawFinding, RepoPath, Severity};
use git::{ChangeKind, ChangedFile, SnapshotError};
use regex::Regex;
use std::collections::BTreeSet;

pub(super) const AGENT: &str = "manifests";
pub(super) const RULES: &[(&str, bool, &str)] = &[
    ("lock-out-of-step", true, "a manifest names a dependency that its lock file does not have"),
    ("migration-without-way-back", true, "a migration without the counterpart that all others have"),
    ("version-in-one-place", true, "a version that was raised in one place and not in another"),
    ("generated-edited", false, "a generated file that was edited by hand"),
    ("left-out-of-list", true, "a new source that the build's list leaves out, which names all others"),
    ("left-out-of-package", true, "a new file that the package needs and does not ship"),
];

/// Finds them.
///
/// # Errors
/// When the tree cannot be listed.
pub(super) fn check(job: &Job<'_>) -> Result<Vec<RawFinding>, SnapshotError> {
    let mut findings = Vec::new();
    let names = job.snapshot.names()?;
    let mut lists = None;
    for file in job.snapshot.files() {
        findings.extend(out_of_step(job, file));
        findings.extend(without_way_back(file, &names));
        if file.kind == ChangeKind::Added {
            let lists = lists.get_or_insert_with(|| left_out::lists(&names));
            findings.extend(left_out::of_a_list(job, file, &names, lists));
            findings.extend(left_out::of_a_package(job, file, &names));
        }
    }
    findings.extend(generated::edited_by_hand(job));
    findings.extend(versions::raised_in_one_place(job, &names));
    Ok(findings)
}

/// A manifest's dependencies, as names, and the lock files that have them.
fn dependencies(name: &str, text: &str) -> Option<(BTreeSet<String>, &'static [&'static str])> {
    let of_tables = |value: &serde_json::Value, tables: &[&str]| -> BTreeSet<String> {
        let names = tables.iter().filter_map(|t| value.get(t)?.as_object()).flat_map(|t| t.iter());
        // What is taken from the repository itself, or from elsewhere, is locked in other ways.
        let is_plain = |version: &serde_json::Value| {
            version.as_str().is_none_or(|v| !v.contains(':') && !v.contains('/') && !v.starts_with('*'))
                && version.get("path").is_none()
                && version.get("workspace").is_none()
                && version.get("package").is_none()
        };
        names.filter(|(_, version)| is_plain(version)).map(|(name, _)| name.clone()).collect()
    };
    Some(match name {
        "package.json" => {
            let value = serde_json::from_str(text).ok()?;
            (
                of_tables(&value, &["dependencies", "devDependencies"]),
                &["package-lock.json", "yarn.lock", "pnpm-lock.yaml"],
            )
        }
        "composer.json" => {
            let mut names = of_tables(&serde_json::from_str(text).ok()?, &["require", "require-dev"]);
            names.retain(|n| n.contains('/'));
            (names, &["composer.lock"])
        }
        "Cargo.toml" => {
            let value = serde_json::to_value(text.parse::<toml::Table>().ok()?).ok()?;
            (of_tables(&value, &["dependencies", "dev-dependencies", "build-dependencies"]), &["Cargo.lock"])
        }
        "go.mod" => {
            let module = Regex::new(r"(?m)^(?:require )?\t?([\w.-]+\.[\w.-]+/\S+ v\S+)").ok()?;
            let replaced = text.contains("replace ");
            let names = module.captures_iter(text).map(|c| c[1].to_owned());
            (if replaced { BTreeSet::new() } else { names.collect() }, &["go.sum"])
        }
        "Gemfile" => {
            let gem = Regex::new(r#"(?m)^\s*gem ["']([\w.-]+)["'](?:,\s*["'][^"']*["'])*\s*$"#).ok()?;
            (gem.captures_iter(text).map(|c| c[1].to_owned()).collect(), &["Gemfile.lock"])
        }
        _ => return None,
    })
}

/// Dependencies that the branch adds to a manifest and that its lock file does not name.
fn out_of_step(job: &Job<'_>, file: &ChangedFile) -> Option<RawFinding> {
    let name = file.path.file_name();
    let text = file.new.as_deref()?;
    let (now, locks) = dependencies(name, text)?;
    let before = file.old.as_deref().and_then(|old| dependencies(name, old)).map(|(names, _)| names)?;
    let added: Vec<&String> = now.difference(&before).collect();
    if added.is_empty() {
        return None;
    }
    let (lock, locked) = lock_of(job, &file.path, locks)?;
    if !is_member(&file.path, text, &lock, &locked) {
        return None;
    }
    let is_locked = |name: &str| match lock.file_name() {
        "Cargo.lock" => locked.contains(&format!("name = \"{name}\"")),
        _ => locked.contains(name),
    };
    let missing: Vec<&String> = added.into_iter().filter(|name| !is_locked(name)).collect();
    let first = missing.first()?;
    let plain = first.split(' ').next().unwrap_or(first);
    let line = text.lines().position(|line| line.contains(plain)).map_or(1, |n| n as u32 + 1);
    let title = format!(
        "{} does not have {}",
        lock.file_name(),
        missing.iter().map(|n| n.as_str()).collect::<Vec<_>>().join(", ")
    );
    let body = format!("`{}` names it now. `{lock}` is to be made anew and committed with it.", file.path);
    let mut finding = remark(AGENT, "lock-out-of-step", Severity::Important, title, body);
    finding.anchors.push(anchor(&file.path, text, LineRange::line(line)));
    Some(finding)
}

/// Whether a lock file is for a manifest: one in another folder has to name it, as it does a workspace's members.
fn is_member(manifest: &RepoPath, text: &str, lock: &RepoPath, locked: &str) -> bool {
    if manifest.folder() == lock.folder() {
        return true;
    }
    let own = manifest.folder();
    let below = own.strip_prefix(lock.folder()).unwrap_or(own).trim_start_matches('/');
    match lock.file_name() {
        "Cargo.lock" => {
            let table = text.parse::<toml::Table>().ok();
            let name = table.as_ref().and_then(|t| t.get("package")?.get("name")?.as_str());
            name.is_some_and(|name| locked.contains(&format!("name = \"{name}\"")))
        }
        "pnpm-lock.yaml" => locked.contains(&format!("\n  {below}:")) || locked.contains(&format!("\n  '{below}':")),
        "package-lock.json" => locked.contains(&format!("\"{below}\": {{")),
        _ => false,
    }
}

/// The nearest lock file above a manifest, with its text; none if there are two kinds, or none can be read.
fn lock_of(job: &Job<'_>, manifest: &RepoPath, names: &[&str]) -> Option<(RepoPath, std::sync::Arc<str>)> {
    let mut at = manifest.folder();
    loop {
        let in_folder =
            |name: &&str| RepoPath::new(if at.is_empty() { (*name).to_owned() } else { format!("{at}/{name}") }).ok();
        let found: Vec<_> =
            names.iter().filter_map(in_folder).filter_map(|p| Some((p.clone(), job.read(&p)?))).collect();
        match (found.len(), at.is_empty()) {
            (1, _) => return found.into_iter().next(),
            (0, false) => at = at.rsplit_once('/').map_or("", |(up, _)| up),
            _ => return None,
        }
    }
}

/// What the two halves of a migration are called.
const HALVES: &[(&str, &str)] = &[(".up.sql", ".down.sql"), ("/up.sql", "/down.sql"), (".do.sql", ".undo.sql")];

/// A new migration without its counterpart, where all those beside it have one.
fn without_way_back(file: &ChangedFile, names: &[RepoPath]) -> Option<RawFinding> {
    let (path, text) = (file.path.as_str(), file.new.as_deref()?);
    let (stem, up, down) = HALVES.iter().find_map(|(up, down)| Some((path.strip_suffix(up)?, *up, *down)))?;
    let has = |path: &str| names.binary_search_by(|p| p.as_str().cmp(path)).is_ok();
    if file.kind != ChangeKind::Added || has(&format!("{stem}{down}")) {
        return None;
    }
    let place = stem.rsplit_once('/').map_or("", |(folder, _)| folder);
    let beside =
        names.iter().filter_map(|p| p.as_str().strip_suffix(up)).filter(|s| *s != stem && s.starts_with(place));
    let (paired, alone): (Vec<&str>, Vec<&str>) = beside.partition(|s| has(&format!("{s}{down}")));
    if paired.is_empty() || !alone.is_empty() {
        return None;
    }
    let title = format!("Migration has no way back: {} is missing", down.trim_start_matches(['/', '.']));
    let body = format!("Each of the {} others beside it has one.", paired.len());
    let mut finding = remark(AGENT, "migration-without-way-back", Severity::Important, title, body);
    finding.anchors.push(anchor(&file.path, text, LineRange::line(1)));
    Some(finding)
}

#[cfg(test)]
mod tests {
    use crate::remark::tests::run;
    use git::Snapshot;

    fn titles(base: &[(&str, &str)], new: &[(&str, &str)]) -> Vec<String> {
        run("manifests", &Snapshot::in_memory(base, new)).into_iter().map(|f| f.title).collect()
    }

    #[test]
    fn a_dependency_that_is_not_locked_is_named() {
        for (manifest, old, new, lock, locked, title) in [
            (
                "package.json",
                "{\"dependencies\": {}}",
                "{\"dependencies\": {\"left\": \"^1\"}}",
                "package-lock.json",
                "\"left\"",
                "package-lock.json does not have left",
            ),
            (
                "a/Cargo.toml",
                "[package]\nname = \"x\"\n[dependencies]\n",
                "[package]\nname = \"x\"\n[dependencies]\nleft = \"1\"\n",
                "Cargo.lock",
                "name = \"x\"\nname = \"left\"\n",
                "Cargo.lock does not have left",
            ),
            (
                "go.mod",
                "module a\n",
                "module a\n\nrequire example.org/left v1.0.0\n",
                "go.sum",
                "example.org/left v1.0.0 h1:x\n",
                "go.sum does not have example.org/left v1.0.0",
            ),
            ("Gemfile", "", "gem 'left'\n", "Gemfile.lock", "    left (1.0)\n", "Gemfile.lock does not have left"),
            (
                "composer.json",
                "{\"require\": {}}",
                "{\"require\": {\"a/left\": \"^1\", \"php\": \"8\"}}",
                "composer.lock",
                "\"a/left\"",
                "composer.lock does not have a/left",
            ),
        ] {
            let base = [(manifest, old), (lock, "name = \"x\"\n")];
            assert_eq!(titles(&base, &[(manifest, new), base[1]]), [title]);
            assert_eq!(titles(&base, &[(manifest, new), (lock, locked)]), Vec::<String>::new());
            assert_eq!(titles(&base[..1], &[(manifest, new)]), Vec::<String>::new(), "no lock file is kept");
        }
        let own = ("Cargo.toml", "[dependencies]\na = { path = \"a\" }\nb = { workspace = true }\n");
        assert_eq!(
            titles(&[("Cargo.toml", ""), ("Cargo.lock", "x")], &[own, ("Cargo.lock", "x")]),
            Vec::<String>::new()
        );
    }

    #[test]
    fn a_version_is_raised_everywhere_or_nowhere() {
        for (manifest, text, other, copy) in [
            ("package.json", "{\n  \"version\": \"@\"\n}\n", "package-lock.json", "{\n  \"version\": \"@\"\n}\n"),
            ("pyproject.toml", "[project]\nversion = \"@\"\n", "src/a/__init__.py", "__version__ = \"@\"\n"),
            ("CMakeLists.txt", "project(a VERSION @)\n", "include/version.h", "#define A_VERSION \"@\"\n"),
            ("a/Cargo.toml", "[package]\nversion = \"@\"\n", "a/src/version.rs", "no copy of it\n"),
        ] {
            let at = |text: &str, version: &str| text.replace('@', version);
            let (old, new, kept, raised) = (at(text, "1.2.0"), at(text, "1.3.0"), at(copy, "1.2.0"), at(copy, "1.3.0"));
            let base = [(manifest, &*old), (other, &*kept)];
            let found = titles(&base, &[(manifest, &new), (other, &kept)]);
            let wanted = format!("Version is 1.3.0 in {manifest}, and still 1.2.0 here");
            assert_eq!(found, if copy.contains('@') { vec![wanted] } else { Vec::new() }, "{manifest}");
            assert_eq!(titles(&base, &[(manifest, &new), (other, &raised)]), Vec::<String>::new());
        }
        // Another package has its own.
        let (old, new) = ("{\n  \"version\": \"1.0.0\"\n}\n", "{\n  \"version\": \"1.1.0\"\n}\n");
        let base = [("a/package.json", old), ("package.json", old)];
        assert_eq!(titles(&base, &[("a/package.json", new), ("package.json", old)]), Vec::<String>::new());
    }

    #[test]
    fn a_generated_file_is_not_edited_by_hand() {
        let text = |n: u32| {
            format!(
                "// Code generated by protoc-gen-go. DO NOT EDIT.\n// source: a.proto\n{}var x = {n}\n",
                "\n".repeat(12)
            )
        };
        let (old, new) = (text(1), text(2));
        let (source, other) = (("a.proto", "message A {}\n"), ("a.proto", "message B {}\n"));
        let title = ["A generated file was edited by hand"];
        assert_eq!(titles(&[("a.pb.go", &old), source], &[("a.pb.go", &new), source]), title);
        assert_eq!(titles(&[("a.pb.go", &old), source], &[("a.pb.go", &new), other]), Vec::<String>::new());
        // Of what it is made is not known: only where nothing else changed.
        assert_eq!(titles(&[("a.pb.go", &old)], &[("a.pb.go", &new)]), title);
        assert_eq!(
            titles(&[("a.pb.go", &old), ("b.go", "x")], &[("a.pb.go", &new), ("b.go", "y")]),
            Vec::<String>::new()
        );
    }

    #[test]
    fn a_new_file_is_in_the_list_that_names_all_others() {
        let list = ("CMakeLists.txt", "add_library(a src/a.c src/b.c src/c.c)\n");
        let there = [list, ("src/a.c", "a\n"), ("src/b.c", "b\n"), ("src/c.c", "c\n")];
        let with = |list: (&'static str, &'static str)| [list, there[1], there[2], there[3], ("src/new.c", "int n;\n")];
        assert_eq!(titles(&there, &with(list)), ["CMakeLists.txt does not name new.c"]);
        let named = ("CMakeLists.txt", "add_library(a src/a.c src/b.c src/c.c src/new.c)\n");
        assert_eq!(titles(&there, &with(named)), Vec::<String>::new());
        let globbed = ("CMakeLists.txt", "file(GLOB x src/*.c)\n");
        assert_eq!(titles(&there, &with(globbed)), Vec::<String>::new());

        let manifest = ("package.json", "{\"main\": \"index.js\", \"files\": [\"lib\"]}");
        let main = ("index.js", "const a = require('./helper')\n");
        for (new, is_found) in [("helper.js", true), ("lib/helper.js", false), ("other.js", false)] {
            let found = titles(&[manifest], &[manifest, main, (new, "x\n")]);
            assert_eq!(found.len(), usize::from(is_found), "{new}: {found:?}");
        }
    }

    #[test]
    fn a_migration_goes_both_ways_where_the_others_do() {
        let there = [("db/1_a.down.sql", "a"), ("db/1_a.up.sql", "a")];
        let with = |more: &[(&'static str, &'static str)]| -> Vec<(&'static str, &'static str)> {
            there.iter().chain(more).copied().collect()
        };
        assert_eq!(
            titles(&there, &with(&[("db/2_b.up.sql", "b")])),
            ["Migration has no way back: down.sql is missing"]
        );
        assert_eq!(titles(&there, &with(&[("db/2_b.down.sql", "b"), ("db/2_b.up.sql", "b")])), Vec::<String>::new());
        assert_eq!(titles(&[], &[("db/2_b.up.sql", "b")]), Vec::<String>::new());
    }
}
