//! The style of a repository: a file that its formatter would leave as it is stays one under a fix.
//!
//! Formatters are those of this table and no others, found on the user's path and never in the repository. They read the
//! text from us and give it back; where one is configured is asked of the repository's files. One whose configuration is code
//! of the repository runs only where the user trusts that.

use agent::detect;
use finding::RepoPath;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Which formatters may run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Formatting {
    /// None.
    Off,
    /// Those that run no code of the repository.
    #[default]
    Plain,
    /// Also those that do.
    Trusted,
}

/// A formatter.
#[derive(Debug)]
pub(super) struct Formatter {
    /// Its program.
    pub(super) name: &'static str,
    extensions: &'static [&'static str],
    /// What it is called with; `{file}` is the file, `{edition}` the edition of the Rust around it.
    args: &'static [&'static str],
    /// Files that configure it, beside the file or above it, with what has to stand in them. Empty where the language has
    /// one style for everybody.
    configured_by: &'static [(&'static str, &'static str)],
    /// Whether its configuration may be code, which it runs.
    runs_code: bool,
}

const PRETTIER: &[(&str, &str)] = &[
    (".prettierrc", ""),
    (".prettierrc.json", ""),
    (".prettierrc.yml", ""),
    (".prettierrc.yaml", ""),
    (".prettierrc.toml", ""),
    (".prettierrc.js", ""),
    (".prettierrc.cjs", ""),
    (".prettierrc.mjs", ""),
    ("prettier.config.js", ""),
    ("prettier.config.cjs", ""),
    ("prettier.config.mjs", ""),
    ("package.json", "\"prettier\":"),
];

/// The first that is configured for a file is its formatter.
const ALL: &[Formatter] = &[
    Formatter {
        name: "rustfmt",
        extensions: &["rs"],
        args: &["--quiet", "--edition", "{edition}"],
        configured_by: &[],
        runs_code: false,
    },
    Formatter { name: "gofmt", extensions: &["go"], args: &[], configured_by: &[], runs_code: false },
    Formatter { name: "zig", extensions: &["zig"], args: &["fmt", "--stdin"], configured_by: &[], runs_code: false },
    Formatter {
        name: "terraform",
        extensions: &["tf", "tfvars"],
        args: &["fmt", "-"],
        configured_by: &[],
        runs_code: false,
    },
    Formatter {
        name: "ruff",
        extensions: &["py", "pyi"],
        args: &["format", "--quiet", "--no-cache", "--stdin-filename", "{file}", "-"],
        configured_by: &[("ruff.toml", ""), (".ruff.toml", ""), ("pyproject.toml", "[tool.ruff")],
        runs_code: false,
    },
    Formatter {
        name: "black",
        extensions: &["py", "pyi"],
        args: &["--quiet", "--stdin-filename", "{file}", "-"],
        configured_by: &[("pyproject.toml", "[tool.black]")],
        runs_code: false,
    },
    Formatter {
        name: "clang-format",
        extensions: &["c", "h", "cc", "cpp", "cxx", "hh", "hpp", "m", "mm", "proto", "java", "cs"],
        args: &["--assume-filename={file}"],
        configured_by: &[(".clang-format", ""), ("_clang-format", "")],
        runs_code: false,
    },
    Formatter {
        name: "stylua",
        extensions: &["lua"],
        args: &["--stdin-filepath", "{file}", "-"],
        configured_by: &[("stylua.toml", ""), (".stylua.toml", "")],
        runs_code: false,
    },
    Formatter {
        name: "prettier",
        extensions: &["js", "jsx", "mjs", "cjs", "ts", "tsx", "mts", "cts", "css", "scss", "less", "vue", "json", "md"],
        args: &["--log-level", "silent", "--stdin-filepath", "{file}"],
        configured_by: PRETTIER,
        runs_code: true,
    },
];

/// A formatter as it is called for one file.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) name: &'static str,
    pub(super) program: PathBuf,
    args: Vec<String>,
}

impl Call {
    /// The arguments for a file whose copy is there.
    pub(super) fn args(&self, file: &Path) -> Vec<String> {
        self.args.iter().map(|arg| arg.replace("{file}", &file.display().to_string())).collect()
    }
}

/// The formatter of a file, where one is configured, may run, and is installed.
pub(super) fn of(path: &RepoPath, allowed: Formatting, read: &dyn Fn(&RepoPath) -> Option<Arc<str>>) -> Option<Call> {
    let formatter = configured(path, allowed, read)?;
    let program = detect::find_program(formatter.name)?;
    let edition = edition(path, read);
    let args = formatter.args.iter().map(|arg| arg.replace("{edition}", &edition)).collect();
    Some(Call { name: formatter.name, program, args })
}

fn configured(
    path: &RepoPath,
    allowed: Formatting,
    read: &dyn Fn(&RepoPath) -> Option<Arc<str>>,
) -> Option<&'static Formatter> {
    let extension = path.extension()?;
    let may_run = |formatter: &&Formatter| match allowed {
        Formatting::Off => false,
        Formatting::Plain => !formatter.runs_code,
        Formatting::Trusted => true,
    };
    let says = |(name, words): &(&str, &str)| {
        above(path, name).any(|file| read(&file).is_some_and(|text| text.contains(words)))
    };
    let is_its_own = |formatter: &&Formatter| {
        formatter.extensions.contains(&extension)
            && (formatter.configured_by.is_empty() || formatter.configured_by.iter().any(says))
    };
    ALL.iter().filter(may_run).find(is_its_own)
}

/// The files of a name in the folder of a file and in those above it, the nearest first.
fn above<'p>(path: &'p RepoPath, name: &'p str) -> impl Iterator<Item = RepoPath> + 'p {
    let inside = path.folders().rev().map(move |folder| format!("{folder}/{name}"));
    inside.chain([name.to_owned()]).filter_map(|file| RepoPath::new(file).ok())
}

/// The edition of the Rust around a file, as the nearest manifest that says one has it.
fn edition(path: &RepoPath, read: &dyn Fn(&RepoPath) -> Option<Arc<str>>) -> String {
    let said = |text: &str| {
        let mut lines = text.lines().filter_map(|line| line.trim().strip_prefix("edition"));
        lines.find_map(|rest| {
            let year = rest.trim_start().strip_prefix('=')?.trim().trim_matches('"');
            (year.len() == 4 && year.bytes().all(|b| b.is_ascii_digit())).then(|| year.to_owned())
        })
    };
    above(path, "Cargo.toml").find_map(|file| said(&read(&file)?)).unwrap_or_else(|| "2021".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_formatter_is_for_files_where_it_is_configured_and_may_run() {
        use Formatting::{Off, Plain, Trusted};
        let files = |files: &'static [(&'static str, &'static str)]| {
            move |path: &RepoPath| {
                files.iter().find(|(name, _)| *name == path.as_str()).map(|(_, text)| Arc::from(*text))
            }
        };
        for (path, allowed, there, expected) in [
            ("src/a.rs", Plain, &[][..], Some("rustfmt")),
            ("src/a.rs", Off, &[], None),
            ("a.go", Plain, &[], Some("gofmt")),
            ("a.py", Plain, &[], None),
            ("x/a.py", Plain, &[("pyproject.toml", "[tool.black]\nline-length = 80\n")], Some("black")),
            ("x/a.py", Plain, &[("pyproject.toml", "[tool.black]\n"), ("x/ruff.toml", "")], Some("ruff")),
            ("x/a.py", Plain, &[("y/ruff.toml", "")], None),
            ("x/a.py", Plain, &[("pyproject.toml", "[project]\n")], None),
            ("a.cpp", Plain, &[(".clang-format", "BasedOnStyle: LLVM\n")], Some("clang-format")),
            ("web/a.ts", Plain, &[(".prettierrc", "{}")], None),
            ("web/a.ts", Trusted, &[(".prettierrc", "{}")], Some("prettier")),
            ("web/a.ts", Trusted, &[("package.json", "{}")], None),
            ("web/a.ts", Trusted, &[("web/package.json", "{\"prettier\": {}}")], Some("prettier")),
            ("Makefile", Trusted, &[], None),
        ] {
            let found = configured(&RepoPath::new(path).unwrap(), allowed, &files(there)).map(|f| f.name);
            assert_eq!(found, expected, "{path} {allowed:?} {there:?}");
        }
    }

    #[test]
    fn the_edition_is_that_of_the_nearest_manifest_that_says_one() {
        let path = RepoPath::new("crates/x/src/a.rs").unwrap();
        let said = |inner: &'static str, outer: &'static str| {
            edition(&path, &|file: &RepoPath| match file.as_str() {
                "crates/x/Cargo.toml" => Some(Arc::from(inner)),
                "Cargo.toml" => Some(Arc::from(outer)),
                _ => None,
            })
        };
        assert_eq!(said("edition = \"2018\"\n", "edition = \"2024\"\n"), "2018");
        assert_eq!(said("edition.workspace = true\n", "[workspace.package]\nedition = \"2024\"\n"), "2024");
        assert_eq!(said("", "edition = \"; rm\"\n"), "2021");
    }
}
