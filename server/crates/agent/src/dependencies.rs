//! Where the sources of the repository's dependencies are on this machine, in the versions that it pins: for agents that read
//! files, where the user allows it. Only those that changed files speak of.

use finding::RepoPath;
use git::Snapshot;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// More are not named in a prompt.
const MOST: usize = 24;
/// Folders that are looked at in one place: a virtual environment may have thousands.
const MOST_FOLDERS: usize = 10_000;

/// A dependency whose sources are here.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Dependency {
    /// Its name, as the project writes it.
    pub name: String,
    /// The version, where the project pins one.
    pub version: Option<String>,
    /// The folder with its sources.
    pub folder: PathBuf,
}

/// Where sources may be.
#[derive(Debug, Clone, Default)]
pub struct Places {
    /// Of crates: the folders below `registry/src` of Cargo's home.
    pub cargo: Vec<PathBuf>,
    /// Of Go's modules.
    pub go: Option<PathBuf>,
    /// The work tree, for `node_modules` and virtual environments.
    pub root: Option<PathBuf>,
}

impl Places {
    /// Those of this machine, for a repository.
    #[must_use]
    pub fn of(root: &Path) -> Self {
        let variable = |name: &str| std::env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
        let home = variable("HOME").or_else(|| variable("USERPROFILE"));
        let below_home = |rest: &str| home.as_ref().map(|home| home.join(rest));
        let registry = variable("CARGO_HOME").or_else(|| below_home(".cargo")).map(|cargo| cargo.join("registry/src"));
        let go = variable("GOMODCACHE")
            .or_else(|| variable("GOPATH").map(|path| path.join("pkg/mod")))
            .or_else(|| below_home("go/pkg/mod"));
        Self { cargo: registry.map(|r| folders(&r)).unwrap_or_default(), go, root: Some(root.to_owned()) }
    }
}

fn folders(of: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(of).into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = entries.map(|e| e.path()).filter(|p| p.is_dir()).take(MOST_FOLDERS).collect();
    found.sort();
    found
}

/// The dependencies that changed files speak of and whose sources are there.
#[must_use]
pub fn found(snapshot: &Snapshot, places: &Places) -> Vec<Dependency> {
    let words = words(snapshot);
    let is_spoken_of = |name: &str| {
        let last = name.rsplit('/').next().unwrap_or(name);
        [name, last].iter().any(|n| words.contains(*n) || words.contains(n.replace('-', "_").as_str()))
    };
    let mut all: BTreeSet<Dependency> = BTreeSet::new();
    for (name, version) in crates(snapshot).into_iter().filter(|(name, _)| is_spoken_of(name)) {
        let folder = places.cargo.iter().map(|at| at.join(format!("{name}-{version}"))).find(|f| f.is_dir());
        all.extend(folder.map(|folder| Dependency { name, version: Some(version), folder }));
    }
    for (name, version) in modules(snapshot).into_iter().filter(|(name, _)| is_spoken_of(name)) {
        let folder =
            places.go.as_ref().map(|at| at.join(format!("{}@{version}", escaped(&name)))).filter(|f| f.is_dir());
        all.extend(folder.map(|folder| Dependency { name, version: Some(version), folder }));
    }
    if let Some(root) = &places.root {
        for (folder, name) in packages(snapshot).into_iter().filter(|(_, name)| is_spoken_of(name)) {
            let folder = installed(root, &folder, &name);
            all.extend(folder.map(|folder| Dependency { name, version: None, folder }));
        }
        for site in sites(snapshot, root) {
            let is_used = |folder: &PathBuf| {
                let name = folder.file_name().and_then(|n| n.to_str()).unwrap_or_default();
                !name.contains('.') && !name.starts_with('_') && words.contains(name)
            };
            for folder in folders(&site).into_iter().filter(is_used) {
                let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
                all.extend(within(root, &folder).map(|folder| Dependency { name, version: None, folder }));
            }
        }
    }
    all.into_iter().take(MOST).collect()
}

/// What changed files have of words that may be a dependency's name, with `/` and `-` in them.
fn words(snapshot: &Snapshot) -> BTreeSet<String> {
    let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '/' | '.' | '@');
    let mut words = BTreeSet::new();
    for text in snapshot.files().iter().filter_map(|file| file.new.as_deref()) {
        for word in text.split(|c: char| !is_word(c)).filter(|w| (2..100).contains(&w.len())) {
            words.insert(word.trim_matches('.').to_owned());
            // `requests.get`, `@scope/kit/deep`: the beginning is what is depended on.
            words.extend(word.match_indices(['.', '/']).map(|(end, _)| word[..end].to_owned()));
        }
    }
    words
}

/// The folders on the way to each changed file, the repository's own (`""`) first.
fn ways(snapshot: &Snapshot) -> BTreeSet<String> {
    let folders = snapshot.files().iter().flat_map(|file| file.path.folders());
    folders.chain([""]).map(str::to_owned).collect()
}

/// The files of this name in the folders on the way to a change, each with its folder.
fn manifests<'a>(snapshot: &'a Snapshot, name: &'a str) -> impl Iterator<Item = (String, std::sync::Arc<str>)> + 'a {
    ways(snapshot).into_iter().filter_map(move |folder| {
        let path = if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
        let text = snapshot.read(&RepoPath::new(&path).ok()?).ok().flatten()?;
        Some((folder, text))
    })
}

/// A folder of the work tree, unless links lead out of that: a branch can bring links.
fn within(root: &Path, folder: &Path) -> Option<PathBuf> {
    let (root, real) = (root.canonicalize().ok()?, folder.canonicalize().ok()?);
    (real.is_dir() && real.starts_with(root)).then(|| folder.to_owned())
}

/// Where a package is that a manifest in `folder` names: the nearest `node_modules`, from there up to the root.
fn installed(root: &Path, folder: &str, name: &str) -> Option<PathBuf> {
    let from = root.join(folder);
    let up = from.ancestors().take_while(|at| at.starts_with(root));
    up.map(|at| at.join("node_modules").join(name)).find_map(|at| within(root, &at))
}

/// Names and versions in `Cargo.lock`.
fn crates(snapshot: &Snapshot) -> BTreeSet<(String, String)> {
    manifests(snapshot, "Cargo.lock").flat_map(|(_, lock)| locked(&lock)).collect()
}

fn locked(lock: &str) -> BTreeSet<(String, String)> {
    let value =
        |line: &str, key: &str| Some(line.strip_prefix(key)?.strip_prefix(" = \"")?.strip_suffix('"')?.to_owned());
    let mut found = BTreeSet::new();
    let mut name = None;
    for line in lock.lines() {
        if let Some(new) = value(line, "name") {
            name = Some(new);
        } else if let (Some(version), Some(name)) = (value(line, "version"), name.take())
            && is_plain(&name)
            && is_plain(&version)
        {
            found.insert((name, version));
        }
    }
    found
}

/// A name that leads nowhere else when it is part of a path: lock files are the branch's.
fn is_plain(name: &str) -> bool {
    !name.is_empty()
        && !name.split('/').any(|part| part.is_empty() || part.starts_with('.'))
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '+' | '/' | '@'))
}

/// Modules and versions in `go.mod`.
fn modules(snapshot: &Snapshot) -> BTreeSet<(String, String)> {
    manifests(snapshot, "go.mod").flat_map(|(_, text)| required(&text)).collect()
}

fn required(text: &str) -> BTreeSet<(String, String)> {
    let required = text.lines().filter_map(|line| {
        let mut words = line.trim().trim_start_matches("require ").split_whitespace();
        let (name, version) = (words.next()?, words.next()?);
        let is_one = name.contains('.') && version.starts_with('v') && is_plain(name) && is_plain(version);
        is_one.then(|| (name.to_owned(), version.to_owned()))
    });
    required.collect()
}

/// Go writes `!a` for `A` in its cache.
fn escaped(module: &str) -> String {
    let escape = |c: char| if c.is_ascii_uppercase() { format!("!{}", c.to_ascii_lowercase()) } else { c.to_string() };
    module.chars().map(escape).collect()
}

/// Names in each `package.json`, with the folder of that.
fn packages(snapshot: &Snapshot) -> Vec<(String, String)> {
    let named = |(folder, text): (String, std::sync::Arc<str>)| {
        let manifest = serde_json::from_str::<serde_json::Value>(&text).unwrap_or_default();
        let kinds = ["dependencies", "devDependencies", "peerDependencies"];
        let names = kinds.iter().filter_map(|kind| manifest[kind].as_object()).flat_map(|map| map.keys());
        names.filter(|name| is_plain(name)).map(|name| (folder.clone(), name.clone())).collect::<Vec<_>>()
    };
    manifests(snapshot, "package.json").flat_map(named).collect()
}

/// Folders of virtual environments in the work tree, on the way to a change.
fn sites(snapshot: &Snapshot, root: &Path) -> Vec<PathBuf> {
    let ways = ways(snapshot);
    let lib = ways.iter().flat_map(|way| [".venv/lib", "venv/lib"].map(|at| root.join(way).join(at)));
    let pythons = lib.flat_map(|lib| folders(&lib));
    pythons.map(|python| python.join("site-packages")).filter(|site| site.is_dir()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pinned_sources_that_the_change_speaks_of_are_found_and_no_other_folder() {
        let at = tempfile::tempdir().unwrap();
        let make = |name: &str| std::fs::create_dir_all(at.path().join(name)).unwrap();
        for folder in [
            "src/index/my-crate-1.2.3",
            "src/index/my-crate-1.0.0",
            "src/index/other-2.0.0",
            "mod/github.com/!some/thing@v1.4.0",
            "tree/node_modules/left-pad",
            "tree/node_modules/@scope/kit",
            "tree/.venv/lib/python3.13/site-packages/requests",
            "tree/.venv/lib/python3.13/site-packages/idle",
            "src/index/deep-crate-0.1.0",
            "mod/example.org/inner@v2.0.0",
            "tree/web/app/node_modules/own",
            "tree/web/node_modules/shared",
            "tree/py/venv/lib/python3.13/site-packages/flask",
            "secret",
        ] {
            make(folder);
        }
        // As a branch could bring it.
        #[cfg(unix)]
        std::os::unix::fs::symlink(at.path().join("secret"), at.path().join("tree/node_modules/linked")).unwrap();
        let places = Places {
            cargo: vec![at.path().join("src/index")],
            go: Some(at.path().join("mod")),
            root: Some(at.path().join("tree")),
        };
        let lock = "[[package]]\nname = \"my-crate\"\nversion = \"1.2.3\"\n\n[[package]]\nname = \"other\"\nversion = \
            \"2.0.0\"\n\n[[package]]\nname = \"../../../secret\"\nversion = \"1\"\n";
        let manifest = r#"{"dependencies": {"left-pad": "1", "../secret": "1", "linked": "1"}, "devDependencies": {"@scope/kit": "2"}}"#;
        let new = [
            ("Cargo.lock", lock),
            ("go.mod", "module x\nrequire (\n\tgithub.com/Some/thing v1.4.0\n\tgithub.com/un/used v1.0.0\n)\n"),
            ("package.json", manifest),
            ("a.rs", "use my_crate::x;\n"),
            ("a.go", "import \"github.com/Some/thing\"\n"),
            ("a.js", "import pad from 'left-pad'; import kit from '@scope/kit/deep'; import l from 'linked';\n"),
            ("a.py", "import requests\nrequests.get('x')\n"),
            // Projects below the root have their own.
            ("core/Cargo.lock", "[[package]]\nname = \"deep-crate\"\nversion = \"0.1.0\"\n"),
            ("core/src/lib.rs", "use deep_crate::x;\n"),
            ("svc/go.mod", "module y\nrequire example.org/inner v2.0.0\n"),
            ("svc/main.go", "import \"example.org/inner\"\n"),
            ("web/app/package.json", r#"{"dependencies": {"own": "1", "shared": "1"}}"#),
            ("web/app/src/a.ts", "import own from 'own'; import { a } from 'shared';\n"),
            ("py/app/a.py", "import flask\n"),
        ];
        let old = [("Cargo.lock", lock), ("go.mod", new[1].1), ("package.json", manifest)];
        let all = found(&Snapshot::in_memory(&old, &new), &places);
        let names: Vec<String> =
            all.iter().map(|d| format!("{} {}", d.name, d.version.as_deref().unwrap_or("-"))).collect();
        assert_eq!(
            names,
            [
                "@scope/kit -",
                "deep-crate 0.1.0",
                "example.org/inner v2.0.0",
                "flask -",
                "github.com/Some/thing v1.4.0",
                "left-pad -",
                "my-crate 1.2.3",
                "own -",
                "requests -",
                "shared -"
            ]
        );
        assert!(all.iter().all(|d| d.folder.is_dir() && !d.folder.ends_with("secret")));
    }
}
