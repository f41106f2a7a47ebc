//! `ARCHITECTURE.md` is a map, and this holds it: its table of rooms names every room and what each may use, and no two
//! files go round in a circle. Reads manifests and the `use` lines and paths of the sources, as text.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap()
}

/// The table of rooms: each folder with the names that its column "may use" has.
fn rooms() -> BTreeMap<String, BTreeSet<String>> {
    let map = std::fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let table = map.split_once("\n## The rooms\n").expect("a section of rooms").1;
    let table = table.split_once("\n## ").map_or(table, |(table, _)| table);
    let cells = |row: &str| row.split('|').map(|cell| cell.trim().to_owned()).collect::<Vec<_>>();
    let rows = table.lines().filter(|line| line.starts_with("| `")).map(cells);
    rows.map(|row| (row[1].trim_matches('`').to_owned(), quoted(&row[3]))).collect()
}

/// What stands in back quotes.
fn quoted(text: &str) -> BTreeSet<String> {
    text.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// The names of the workspace's crates that a manifest's `[dependencies]` has.
fn used_crates(manifest: &Path, all: &BTreeSet<String>) -> BTreeSet<String> {
    let text = std::fs::read_to_string(manifest).unwrap();
    let sections = text.split("\n[").filter(|s| s.starts_with("dependencies]") || s.starts_with("target."));
    let names = sections.flat_map(str::lines).filter_map(|line| line.split(['.', ' ', '=']).next());
    names.map(str::to_owned).filter(|name| all.contains(name)).collect()
}

fn folders(of: &Path) -> BTreeSet<String> {
    let entries = std::fs::read_dir(of).unwrap().map(Result::unwrap);
    let folders = entries.filter(|entry| entry.path().is_dir());
    folders.map(|entry| entry.file_name().into_string().unwrap()).collect()
}

#[test]
fn every_crate_has_a_row_and_uses_only_what_its_row_names() {
    let (rooms, crates) = (rooms(), root().join("server/crates"));
    let all = folders(&crates);
    let mut wrong = Vec::new();
    for name in &all {
        let Some(may) = rooms.get(&format!("server/crates/{name}/")) else {
            wrong.push(format!("server/crates/{name}/ has no row"));
            continue;
        };
        let uses = used_crates(&crates.join(name).join("Cargo.toml"), &all);
        wrong.extend(uses.difference(may).map(|other| format!("{name} uses {other}, which its row does not name")));
        let stale = may.iter().filter(|other| all.contains(*other) && !uses.contains(*other));
        wrong.extend(stale.map(|other| format!("{name} does not use {other}, which its row names")));
    }
    assert!(wrong.is_empty(), "ARCHITECTURE.md and the manifests differ:\n{}", wrong.join("\n"));
}

#[test]
fn every_row_is_of_a_folder_that_is_there() {
    let missing: Vec<_> = rooms().into_keys().filter(|folder| !root().join(folder).is_dir()).collect();
    assert!(missing.is_empty(), "rows of ARCHITECTURE.md without a folder: {missing:?}");
}

/// A package is what is in its folder: a file that it includes from elsewhere is missing where somebody installs it.
#[test]
fn what_a_crate_includes_is_in_its_folder() {
    let crates = root().join("server/crates");
    let all = folders(&crates).into_iter().map(|name| crates.join(name));
    let (mut seen, mut outside) = (0, Vec::new());
    for package in all.chain([root().join("server")]) {
        for file in sources(&package.join("src")) {
            let text = std::fs::read_to_string(&file).unwrap();
            let shipped = text.split("#[cfg(test)]").next().unwrap_or_default();
            for included in shipped.split("include_").skip(1).filter_map(|rest| rest.split('"').nth(1)) {
                let folder = file.parent().unwrap().join(included.rsplit_once('/').map_or("", |(folder, _)| folder));
                seen += 1;
                if !folder.canonicalize().is_ok_and(|folder| folder.starts_with(&package)) {
                    outside.push(format!("{}: {included}", file.display()));
                }
            }
        }
    }
    assert!(seen > 20, "{seen} were seen");
    assert!(outside.is_empty(), "{}", outside.join("\n"));
}

/// What the project was asked to be built on, by the name that the code uses; `Cargo.toml` says which continuation it is.
#[test]
fn the_libraries_that_were_asked_for_are_used() {
    let asked =
        ["tower-lsp", "tokio", "serde_json", "reqwest", "ropey", "git2", "dashmap", "tracing", "anyhow", "lsp-types"];
    let manifests = folders(&root().join("server/crates")).into_iter().map(|name| format!("server/crates/{name}"));
    let all = asked.map(str::to_owned).into_iter().collect();
    let used: BTreeSet<String> = manifests
        .chain(["server".to_owned()])
        .flat_map(|folder| used_crates(&root().join(folder).join("Cargo.toml"), &all))
        .collect();
    let missing: Vec<_> = all.difference(&used).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn the_walks_name_files_that_are_there_and_at_most_twelve_each() {
    let map = std::fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let walks = map.split_once("\n## Two walks\n").expect("a section of walks").1;
    let walks = walks.split_once("\n## ").map_or(walks, |(walks, _)| walks);
    let files = |walk: &str| quoted(walk).into_iter().filter(|name| name.contains("/src/")).collect::<BTreeSet<_>>();
    let walks: Vec<_> = walks.split("\n**").map(files).filter(|files| !files.is_empty()).collect();
    assert_eq!(walks.len(), 2);
    for walk in walks {
        let missing: Vec<_> = walk.iter().filter(|file| !root().join("server/crates").join(file).is_file()).collect();
        assert!(missing.is_empty(), "not there: {missing:?}");
        assert!(walk.len() <= 12, "{walk:?}");
    }
}

/// The page of reliability says which tests hold what did not hold once.
#[test]
fn the_tests_that_the_page_of_reliability_names_are_there() {
    let page = std::fs::read_to_string(root().join("docs/reliability.md")).unwrap();
    let section = page.split_once("\n## What did not hold once\n").expect("a section of what did not hold").1;
    let section = section.split_once("\n## ").map_or(section, |(section, _)| section);
    let is_test = |name: &String| name.matches('_').count() >= 3;
    let names: BTreeSet<String> =
        quoted(section).iter().filter_map(|name| Some(name.rsplit("::").next()?.to_owned())).filter(is_test).collect();
    assert!(names.len() >= 20, "{names:?}");
    let files = ["server/crates", "tests"].into_iter().flat_map(|folder| rust_files(&root().join(folder), |_| true));
    let all: String = files.map(|file| std::fs::read_to_string(file).unwrap()).collect();
    let missing: Vec<_> = names.iter().filter(|name| !all.contains(&format!("fn {name}("))).collect();
    assert!(missing.is_empty(), "no such tests: {missing:?}");
}

/// Rooms inside of a crate that has rows for them, as the language server: each folder has a row, which names the rooms
/// beside it that it uses.
#[test]
fn rooms_inside_of_a_crate_use_only_what_their_rows_name() {
    let rooms = rooms();
    let inner = rooms.keys().filter(|folder| folder.contains("/src/") && folder.starts_with("server/crates/"));
    let parents: BTreeSet<String> =
        inner.map(|folder| format!("{}/src", folder.split_once("/src/").unwrap().0)).collect();
    let mut wrong = Vec::new();
    for parent in parents {
        let names = folders(&root().join(&parent));
        for name in names.iter().filter(|name| !["tests", "snapshots"].contains(&name.as_str())) {
            let Some(may) = rooms.get(&format!("{parent}/{name}/")) else {
                wrong.push(format!("{parent}/{name}/ has no row"));
                continue;
            };
            for file in sources(&root().join(&parent).join(name)) {
                for path in paths(&file, &modules_of(&file)) {
                    if let Some(other) = path.first().filter(|o| names.contains(*o) && *o != name && !may.contains(*o))
                    {
                        wrong.push(format!("{} uses {other}, which the row of {name} does not name", file.display()));
                    }
                }
            }
        }
    }
    wrong.dedup();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The sources below a folder, without tests.
fn sources(folder: &Path) -> Vec<PathBuf> {
    rust_files(folder, |name| name != "tests" && !name.ends_with("tests.rs"))
}

/// The files below a folder in Rust, where their names and those of the folders on the way are wanted.
fn rust_files(folder: &Path, is_wanted: fn(&str) -> bool) -> Vec<PathBuf> {
    let mut out = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let (path, name) = (entry.path(), entry.file_name().into_string().unwrap());
        if !is_wanted(&name) {
            continue;
        }
        if path.is_dir() {
            out.extend(rust_files(&path, is_wanted));
        } else if name.ends_with(".rs") {
            out.push(path);
        }
    }
    out
}

/// The module that a file is: `crates/lsp/src/state/snapshot.rs` is `[state, snapshot]`.
fn modules_of(file: &Path) -> Vec<String> {
    let text = file.to_str().unwrap();
    let inside = text.rsplit_once("/src/").unwrap().1.trim_end_matches(".rs");
    let parts = inside.split('/').filter(|part| !["mod", "lib", "main"].contains(part));
    parts.map(str::to_owned).collect()
}

/// Paths of the crate itself that a file's code names, from the crate's root: those of `use` items and others.
fn paths(file: &Path, here: &[String]) -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(file).unwrap();
    let code: String =
        text.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n");
    // Without the tests in it; a line that only names a file of tests ends nothing.
    let opens = |rest: &str| rest.lines().next().is_some_and(|line| line.ends_with('{'));
    let tests = code.match_indices("#[cfg(test)]\nmod ").find(|(at, found)| opens(&code[at + found.len()..]));
    let code = &code[..tests.map_or(code.len(), |(at, _)| at)];
    let mut out = Vec::new();
    for start in ["crate::", "super::", "self::"] {
        for (at, _) in code.match_indices(start) {
            let is_start = code[..at].chars().next_back().is_none_or(|c| !c.is_alphanumeric() && !"_:$".contains(c));
            if is_start {
                let mut all = Vec::new();
                expand(&mut code[at..].chars().peekable(), &mut Vec::new(), &mut all);
                out.extend(all.into_iter().map(|path| absolute(&path, here)));
            }
        }
    }
    out
}

/// Reads one path with its groups: `a::{b, c::d}` is `a::b` and `a::c::d`.
fn expand(chars: &mut std::iter::Peekable<std::str::Chars<'_>>, path: &mut Vec<String>, out: &mut Vec<Vec<String>>) {
    let depth = path.len();
    loop {
        let mut word = String::new();
        while let Some(c) = chars.next_if(|c| c.is_alphanumeric() || *c == '_') {
            word.push(c);
        }
        if !word.is_empty() {
            path.push(word);
        }
        if chars.next_if_eq(&':').is_some() && chars.next_if_eq(&':').is_some() {
            continue;
        }
        if chars.next_if_eq(&'{').is_some() {
            loop {
                while chars.next_if(|c| c.is_whitespace() || *c == ',').is_some() {}
                match chars.peek() {
                    Some(c) if c.is_alphanumeric() || *c == '_' => {
                        expand(chars, path, out);
                        // `as name`
                        while chars.next_if(|c| *c != ',' && *c != '}').is_some() {}
                    }
                    _ => break,
                }
            }
            chars.next_if_eq(&'}');
        } else {
            out.push(path.clone());
        }
        path.truncate(depth);
        return;
    }
}

fn absolute(path: &[String], here: &[String]) -> Vec<String> {
    let (mut base, mut rest) = (here.to_vec(), path);
    while let [first, others @ ..] = rest {
        match first.as_str() {
            "crate" => base.clear(),
            "super" => drop(base.pop()),
            "self" => {}
            _ => break,
        }
        rest = others;
    }
    base.extend_from_slice(rest);
    base
}

#[test]
fn no_two_files_go_round_in_a_circle() {
    let mut circles = Vec::new();
    let crates = root().join("server/crates");
    let all = folders(&crates).into_iter().map(|name| crates.join(name).join("src"));
    for src in all.chain([root().join("server/src")]) {
        circles.extend(circles_of(&src));
    }
    assert!(circles.is_empty(), "circles:\n{}", circles.join("\n"));
}

/// Groups of files that use each other. A folder's own file and the files in the folder are one family: what they use of
/// each other closes no circle.
fn circles_of(src: &Path) -> Vec<String> {
    let files: BTreeMap<Vec<String>, PathBuf> = sources(src).into_iter().map(|f| (modules_of(&f), f)).collect();
    let mut uses: BTreeMap<&Vec<String>, BTreeSet<&Vec<String>>> = BTreeMap::new();
    for (module, file) in &files {
        for mut path in paths(file, module) {
            while !path.is_empty() && !files.contains_key(&path) {
                path.pop();
            }
            let Some((used, _)) = files.get_key_value(&path) else { continue };
            if !used.is_empty() && !used.starts_with(module) && !module.starts_with(used) {
                uses.entry(module).or_default().insert(used);
            }
        }
    }
    let reaches = |from: &Vec<String>| {
        let (mut seen, mut next) = (BTreeSet::new(), vec![from]);
        while let Some(at) = next.pop() {
            for used in uses.get(at).into_iter().flatten().copied() {
                if seen.insert(used) {
                    next.push(used);
                }
            }
        }
        seen
    };
    let reached: BTreeMap<&Vec<String>, _> = files.keys().map(|module| (module, reaches(module))).collect();
    let in_circle = reached.iter().filter(|(module, seen)| seen.contains(**module));
    let named = in_circle.map(|(module, seen)| {
        let with = seen.iter().filter(|other| reached[**other].contains(*module));
        with.map(|other| other.join("::")).collect::<Vec<_>>().join(", ")
    });
    named.collect::<BTreeSet<_>>().into_iter().map(|circle| format!("{}: {circle}", src.display())).collect()
}

/// What the set-ups of editors call is there: a command that was renamed would fail in front of a user.
#[test]
fn every_command_in_the_set_ups_of_editors_is_one_of_the_server() {
    let names = |text: &str| -> BTreeSet<String> {
        let after = text.split("deepReview.").skip(1);
        let word = |rest: &str| rest.chars().take_while(char::is_ascii_alphabetic).collect::<String>();
        after.map(word).filter(|word| !word.is_empty()).collect()
    };
    let read = |file: &str| std::fs::read_to_string(root().join(file)).unwrap_or_else(|e| panic!("{file}: {e}"));
    let known = names(&read("server/crates/lsp/src/protocol/commands.rs"));
    for file in ["editors/README.md", "editors/kakoune/deep-review.kak", "editors/sublime/DeepReview.sublime-commands"]
    {
        let called = names(&read(file));
        let gone: Vec<_> = called.difference(&known).collect();
        assert!(called.len() >= 3 && gone.is_empty(), "{file} calls {gone:?}, which the server does not have");
    }
    // They start the program by the same words.
    for (file, words) in [
        ("editors/jetbrains/deep-review/template.json", r#""default": "deep-review lsp""#),
        ("editors/kate/settings.json", r#""command": ["deep-review", "lsp"]"#),
        ("editors/sublime/LSP.sublime-settings", r#""command": ["deep-review", "lsp"]"#),
    ] {
        let text = read(file);
        assert!(text.contains(words) && serde_json::from_str::<serde_json::Value>(&text).is_ok(), "{file}: {text}");
    }
}

/// The page of editors says by which test each cell is held.
#[test]
fn every_cell_of_the_page_of_editors_names_a_test_that_is_there_or_says_that_there_is_none() {
    let page = std::fs::read_to_string(root().join("docs/editors.md")).unwrap();
    let table: Vec<Vec<&str>> = page
        .lines()
        .skip_while(|line| !line.starts_with("| | "))
        .take_while(|line| line.starts_with('|'))
        .map(|line| line.trim_matches('|').split(" | ").map(str::trim).collect())
        .collect();
    // VS Code, Neovim, Emacs, Helix, Vim.
    let folders = ["editors/vscode/test", "editors/neovim/tests", "editors", "editors", "editors"];
    let (mut tests, mut wrong) = (0, Vec::new());
    for row in &table[2..] {
        assert_eq!(row.len(), folders.len() + 1, "{row:?}");
        for (cell, folder) in row[1..].iter().zip(folders) {
            let is_test =
                |name: &String| name.ends_with("run") || [".js", ".lua", ".ts"].iter().any(|end| name.ends_with(end));
            let named: Vec<String> = quoted(cell).into_iter().filter(is_test).collect();
            let is_there = |name: &String| {
                let folder = root().join(folder);
                [folder.join(name), folder.join("ui/sessions").join(name)].iter().any(|file| file.is_file())
            };
            wrong.extend(named.iter().filter(|name| !is_there(name)).map(|name| format!("{}: no test {name}", row[0])));
            tests += named.len();
            let is_said = *cell == "no" || cell.starts_with("none: ") || cell.starts_with("not tested: ");
            if named.is_empty() != is_said {
                wrong.push(format!("{}: '{cell}' has to name a test, or to say that there is none", row[0]));
            }
        }
    }
    assert!(tests >= 50, "{tests} were seen");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
