//! Which changed files are not worth a reviewer's time: by name, by `.gitattributes`, by what they say of themselves.

use super::text::{Conversion, Eol};
use finding::LeftOut;
use git2::{AttrCheckFlags, AttrValue};
use std::collections::HashSet;
use std::path::Path;

/// What `.gitattributes` says of a file, as far as it matters here.
#[derive(Debug, Clone, Default)]
pub(crate) struct Attributes {
    /// `linguist-generated`: set, unset, or not said.
    generated: Option<bool>,
    /// `linguist-vendored`.
    vendored: Option<bool>,
    /// `diff`: unset by `-diff` and `binary`.
    diff: Option<bool>,
    pub(crate) conversion: Conversion,
}

/// How the repository converts line ends where attributes do not say.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Defaults {
    autocrlf: Option<Eol>,
    eol: Eol,
}

impl Defaults {
    pub(crate) fn of(repo: &git2::Repository) -> Self {
        let config = repo.config().ok();
        let get = |name| config.as_ref().and_then(|c: &git2::Config| c.get_string(name).ok());
        let native = if cfg!(windows) { Eol::CrLf } else { Eol::Lf };
        let eol = match get("core.eol").as_deref() {
            Some("crlf") => Eol::CrLf,
            Some("lf") => Eol::Lf,
            _ => native,
        };
        let autocrlf = match get("core.autocrlf").map(|v| v.to_ascii_lowercase()).as_deref() {
            Some("input") => Some(Eol::Lf),
            Some("true" | "yes" | "on" | "1" | "") => Some(Eol::CrLf),
            _ => None,
        };
        Self { autocrlf, eol }
    }
}

/// Which attributes any of the files that count mentions. libgit2 looks at each of these files again for each question,
/// so that asking about what nobody speaks of would take most of a snapshot's time.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Mentioned {
    generated: bool,
    vendored: bool,
    diff: bool,
    text: bool,
    eol: bool,
}

impl Mentioned {
    /// Reads the `.gitattributes` files of the folders that these paths are in, and the user's and the system's ones.
    pub(crate) fn of<'p>(repo: &git2::Repository, paths: impl Iterator<Item = &'p [u8]>) -> Self {
        let mut out = Self::default();
        let mut read = |path: &Path| {
            // More than git reads of one (100 MB) nobody has.
            if let Ok(Some(bytes)) = super::disk::read_regular(path, 16 * 1024 * 1024, None) {
                out.add(&bytes);
            }
        };
        read(&repo.commondir().join("info/attributes"));
        read(Path::new("/etc/gitattributes"));
        let config = repo.config().and_then(|c| c.get_path("core.attributesFile"));
        let home = |name: &str| std::env::var_os(name).map(std::path::PathBuf::from);
        let users =
            || Some(home("XDG_CONFIG_HOME").or_else(|| Some(home("HOME")?.join(".config")))?.join("git/attributes"));
        if let Some(path) = config.ok().or_else(users) {
            read(&path);
        }
        let root = repo.workdir().unwrap_or_else(|| repo.path());
        let index = repo.index().ok();
        let mut folders: HashSet<&[u8]> = HashSet::new();
        let mut absent = Vec::new();
        for path in paths {
            for end in memchr::memrchr_iter(b'/', path).chain([0]) {
                if !folders.insert(&path[..end]) {
                    break;
                }
                let name = Path::new(&super::changes::os_path(&path[..end])).join(".gitattributes");
                let on_disk = root.join(&name);
                if on_disk.is_file() { read(&on_disk) } else { absent.push(name) }
            }
        }
        // A sparse checkout leaves some out; git takes them from the index then.
        if let Some(index) = index {
            let in_index = absent.iter().filter_map(|name| index.get_path(name, 0));
            let blobs = in_index.filter_map(|entry| repo.find_blob(entry.id).ok());
            blobs.for_each(|blob| out.add(blob.content()));
        }
        out
    }

    /// A macro's definition names what it sets, but for the one that git brings: `binary` is `-diff -merge -text`.
    fn add(&mut self, bytes: &[u8]) {
        let has = |word: &str| memchr::memmem::find(bytes, word.as_bytes()).is_some();
        let binary = has("binary");
        self.generated |= has("linguist-generated");
        self.vendored |= has("linguist-vendored");
        self.diff |= binary || has("diff");
        self.text |= binary || has("text");
        self.eol |= has("eol");
    }
}

impl Attributes {
    /// Asks by name, so that macros and all the places where attributes are kept count.
    pub(crate) fn of(repo: &git2::Repository, path: &[u8], defaults: Defaults, mentioned: Mentioned) -> Self {
        let path = super::changes::os_path(path);
        let get = |asked: bool, name: &str| match asked {
            true => {
                AttrValue::from_bytes(repo.get_attr_bytes(&path, name, AttrCheckFlags::FILE_THEN_INDEX).ok().flatten())
            }
            false => AttrValue::Unspecified,
        };
        let flag = |asked, name| match get(asked, name) {
            AttrValue::True | AttrValue::String("true") => Some(true),
            AttrValue::False | AttrValue::String("false") => Some(false),
            AttrValue::String(_) | AttrValue::Bytes(_) | AttrValue::Unspecified => None,
        };
        Self {
            generated: flag(mentioned.generated, "linguist-generated"),
            vendored: flag(mentioned.vendored, "linguist-vendored"),
            diff: flag(mentioned.diff, "diff"),
            conversion: conversion(get(mentioned.eol, "eol"), get(mentioned.text, "text"), defaults),
        }
    }
}

/// As `gitattributes(5)` has it, "End-of-line conversion".
fn conversion(eol: AttrValue<'_>, text: AttrValue<'_>, defaults: Defaults) -> Conversion {
    let wanted = match eol {
        AttrValue::String("lf") => Some(Eol::Lf),
        AttrValue::String("crlf") => Some(Eol::CrLf),
        _ => None,
    };
    let configured = defaults.autocrlf.unwrap_or(defaults.eol);
    match text {
        AttrValue::False => Conversion::default(),
        AttrValue::String("auto") => Conversion { output: Some(wanted.unwrap_or(configured)), auto: true },
        AttrValue::True => Conversion { output: Some(wanted.unwrap_or(configured)), auto: false },
        _ => match (wanted, defaults.autocrlf) {
            (Some(eol), _) => Conversion { output: Some(eol), auto: false },
            (None, Some(eol)) => Conversion { output: Some(eol), auto: true },
            (None, None) => Conversion::default(),
        },
    }
}

/// Whether a file is left out for its name or attributes. What attributes say goes before what names suggest.
pub(crate) fn by_name(path: &str, attributes: &Attributes) -> Option<LeftOut> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let vendored = || path.split('/').rev().skip(1).any(|part| VENDORED.contains(&part));
    if attributes.diff == Some(false) {
        Some(LeftOut::DiffAttribute)
    } else if attributes.generated == Some(true) {
        Some(LeftOut::Generated)
    } else if attributes.generated.is_none() && LOCK_FILES.contains(&name) {
        Some(LeftOut::LockFile)
    } else if attributes.vendored.unwrap_or_else(vendored) {
        Some(LeftOut::Vendored)
    } else if attributes.generated.is_none() && GENERATED_SUFFIXES.iter().any(|s| name.ends_with(s)) {
        Some(LeftOut::Generated)
    } else {
        None
    }
}

/// Whether a file says at its top that a program wrote it.
pub(crate) fn is_generated(text: &str, attributes: &Attributes) -> bool {
    attributes.generated.is_none() && text.lines().take(10).any(says_generated)
}

fn says_generated(line: &str) -> bool {
    let line = line.get(..line.len().min(400)).unwrap_or("");
    let Some(comment) = COMMENTS.iter().find_map(|c| line.trim_start().strip_prefix(c)) else { return false };
    let lower = comment.to_ascii_lowercase();
    // "@generated" alone or followed by more, but not "`@generated`" in a comment about it.
    lower.split_whitespace().any(|word| word == "@generated")
        || lower.contains("<auto-generated")
        || (lower.contains("generated") && (lower.contains("do not edit") || lower.contains("do not modify")))
        || lower.contains("generated by the protocol buffer compiler")
}

const COMMENTS: [&str; 9] = ["//", "#", "/*", "*", "--", ";", "<!--", "%", "\"\"\""];

const GENERATED_SUFFIXES: [&str; 8] =
    [".min.js", ".min.css", ".js.map", ".css.map", ".pb.go", "_pb2.py", "_pb2_grpc.py", ".designer.cs"];

/// Names of folders that hold other people's code.
const VENDORED: [&str; 12] = [
    "vendor",
    "vendored",
    "node_modules",
    "bower_components",
    "jspm_packages",
    "third_party",
    "third-party",
    "thirdparty",
    "Godeps",
    "Pods",
    "Carthage",
    "site-packages",
];

/// What package managers write.
const LOCK_FILES: [&str; 39] = [
    ".terraform.lock.hcl",
    "Cargo.lock",
    "Cartfile.resolved",
    "Chart.lock",
    "Gemfile.lock",
    "MODULE.bazel.lock",
    "Package.resolved",
    "Pipfile.lock",
    "Podfile.lock",
    "buf.lock",
    "bun.lock",
    "bun.lockb",
    "cabal.project.freeze",
    "composer.lock",
    "conan.lock",
    "conda-lock.yml",
    "deno.lock",
    "devbox.lock",
    "flake.lock",
    "go.sum",
    "go.work.sum",
    "gradle.lockfile",
    "mix.lock",
    "npm-shrinkwrap.json",
    "package-lock.json",
    "packages.lock.json",
    "paket.lock",
    "pdm.lock",
    "pixi.lock",
    "pnpm-lock.yaml",
    "poetry.lock",
    "pubspec.lock",
    "rebar.lock",
    "renv.lock",
    "shard.lock",
    "stack.yaml.lock",
    "uv.lock",
    "yarn.lock",
    "yarn-offline-mirror.lock",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_attributes_say_what_is_left_out() {
        let none = Attributes::default();
        let cases: &[(&str, Option<LeftOut>)] = &[
            ("Cargo.lock", Some(LeftOut::LockFile)),
            ("web/package-lock.json", Some(LeftOut::LockFile)),
            ("vendor/a/b.go", Some(LeftOut::Vendored)),
            ("web/node_modules/x.js", Some(LeftOut::Vendored)),
            ("src/vendor.rs", None),
            ("vendor", None),
            ("static/app.min.js", Some(LeftOut::Generated)),
            ("src/lock.rs", None),
            ("api/v1.pb.go", Some(LeftOut::Generated)),
        ];
        for (path, expected) in cases {
            assert_eq!(by_name(path, &none), *expected, "{path}");
        }
        let wanted = Attributes { generated: Some(false), vendored: Some(false), ..Attributes::default() };
        for path in ["Cargo.lock", "vendor/a.go", "a.min.js"] {
            assert_eq!(by_name(path, &wanted), None, "{path} is asked for");
        }
    }

    #[test]
    fn files_say_themselves_that_they_are_generated() {
        let none = Attributes::default();
        for yes in [
            "// Code generated by protoc-gen-go. DO NOT EDIT.\n",
            "/**\n * @generated SignedSource<<x>>\n */\n",
            "# This file is automatically @generated by Cargo.\n",
            "// <auto-generated/>\n",
            "\u{0}\n// GENERATED CODE - DO NOT MODIFY BY HAND\n",
        ] {
            assert!(is_generated(yes, &none), "{yes}");
        }
        for no in [
            "let x = \"@generated\";\n",
            "// skips files with `@generated` in them\n",
            "// the report is generated once a day\n",
            &format!("{}// @generated\n", "x\n".repeat(10)),
        ] {
            assert!(!is_generated(no, &none), "{no}");
        }
    }
}
