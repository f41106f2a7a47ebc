//! What else of deep-review is on the machine: copies of the program on the path, and set-ups of editors. Only looked at, with
//! bounds, and never run.

use super::{Check, Health};
use finding::counted;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// What the name says of an extension's folder: publisher, name, then its version and platform.
const EXTENSION: &str = "deep-review.deep-review-";
/// Files of an editor's configuration that are read at most, and the largest of them in bytes.
const MOST_FILES: usize = 500;
const LARGEST: u64 = 1 << 20;

/// Editors of VS Code's family, by where they keep extensions below the home folder.
const OF_CODE: [(&str, &str); 8] = [
    ("VS Code", ".vscode/extensions"),
    ("VS Code Insiders", ".vscode-insiders/extensions"),
    ("VS Code (remote)", ".vscode-server/extensions"),
    ("VSCodium", ".vscode-oss/extensions"),
    ("Cursor", ".cursor/extensions"),
    ("Windsurf", ".windsurf/extensions"),
    ("Positron", ".positron/extensions"),
    ("code-server", ".local/share/code-server/extensions"),
];

/// The others, by files and folders of their configuration below the home folder, on all systems: set up where one of them names us.
const OTHERS: [(&str, &[&str]); 8] = [
    ("Neovim", &[".config/nvim", "AppData/Local/nvim"]),
    ("Vim", &[".vimrc", ".vim/vimrc", "_vimrc", "vimfiles/vimrc"]),
    (
        "Emacs",
        &[
            ".emacs",
            ".emacs.d/init.el",
            ".config/emacs/init.el",
            "AppData/Roaming/.emacs",
            "AppData/Roaming/.emacs.d/init.el",
        ],
    ),
    ("Helix", &[".config/helix/languages.toml", "AppData/Roaming/helix/languages.toml"]),
    ("Kakoune", &[".config/kak/kakrc"]),
    ("Kate", &[".config/kate/lspclient/settings.json", "AppData/Local/kate/lspclient/settings.json"]),
    (
        "Sublime Text",
        &[
            ".config/sublime-text/Packages/User/LSP.sublime-settings",
            "Library/Application Support/Sublime Text/Packages/User/LSP.sublime-settings",
            "AppData/Roaming/Sublime Text/Packages/User/LSP.sublime-settings",
        ],
    ),
    (
        "Zed",
        &[
            ".local/share/zed/extensions/installed/deep-review/extension.toml",
            "Library/Application Support/Zed/extensions/installed/deep-review/extension.toml",
            "AppData/Local/Zed/extensions/installed/deep-review/extension.toml",
        ],
    ),
];

/// Which program is started by our name, and whether others lie behind it.
pub(super) fn copies(path: Option<&OsStr>, me: &Path) -> Check {
    let name = format!("deep-review{}", std::env::consts::EXE_SUFFIX);
    let mut found: Vec<PathBuf> = Vec::new();
    for folder in path.map(std::env::split_paths).into_iter().flatten().filter(|folder| folder.is_absolute()) {
        let Ok(file) = dunce::canonicalize(folder.join(&name)) else { continue };
        if file.is_file() && !found.contains(&file) {
            found.push(file);
        }
    }
    let here = dunce::canonicalize(me).unwrap_or_else(|_| me.to_owned());
    let Some((first, behind)) = found.split_first() else {
        let folder = me.parent().unwrap_or(me).display();
        let remedy = format!("add {folder} to PATH, or name the program in your editor's settings");
        let detail = "the path has no deep-review: editors that look for it there do not find this one";
        return Check::of("program", Health::Worse, detail, Some(remedy));
    };
    let remedy = || Some("remove the one that you do not use, so that an update reaches the other".to_owned());
    if *first != here {
        let detail = format!("{} is started by its name, and this is {}", first.display(), here.display());
        return Check::of("program", Health::Worse, detail, remedy());
    }
    match behind {
        [] => Check::good("program", format!("{} ({})", first.display(), env!("CARGO_PKG_VERSION"))),
        [other, ..] => {
            let detail = format!("{} is started by its name; {} is another copy", first.display(), other.display());
            Check::of("program", Health::Worse, detail, remedy())
        }
    }
}

/// Editors that are set up, extensions of another version than this, or that none is set up.
pub(super) fn editors(home: &Path, version: &str) -> Vec<Check> {
    let (mut checks, mut others) = (Vec::new(), Vec::new());
    for (editor, folder) in OF_CODE {
        let folder = home.join(folder);
        if !folder.is_dir() {
            continue;
        }
        match extension(&folder) {
            None => others.push(editor),
            Some(of) if is_of(&of, version) => {
                checks.push(Check::good("editor", format!("{editor} has the extension ({of})")));
            }
            Some(of) => {
                let detail = format!("{editor} has the extension {of}, and this program is {version}");
                checks.push(Check::of("editor", Health::Worse, detail, Some("update the older one".to_owned())));
            }
        }
    }
    for (editor, files) in OTHERS {
        let files: Vec<PathBuf> = files.iter().map(|file| home.join(file)).filter(|file| file.exists()).collect();
        if files.iter().any(|file| names_us(file)) {
            checks.push(Check::good("editor", format!("{editor} is set up")));
        } else if !files.is_empty() {
            others.push(editor);
        }
    }
    if checks.is_empty() && !others.is_empty() {
        let detail = format!("{} here, and not set up: {}", counted(others.len(), "editor"), others.join(", "));
        let remedy =
            "install the extension Deep Review, or have `deep-review lsp` started as a language server".to_owned();
        checks.push(Check::of("editor", Health::Worse, detail, Some(remedy)));
    }
    checks
}

/// The version of our extension in a folder of extensions, the newest where there are several.
fn extension(folder: &Path) -> Option<String> {
    let entries = std::fs::read_dir(folder).ok()?.flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    names.filter_map(|name| name.strip_prefix(EXTENSION).map(str::to_owned)).max_by_key(|version| numbers(version))
}

/// The numbers that a version begins with: `0.10.0-linux-x64` is newer than `0.9.1`.
fn numbers(version: &str) -> Vec<u64> {
    version.split(|c: char| !c.is_ascii_digit()).map_while(|number| number.parse().ok()).collect()
}

/// Whether `0.1.0-linux-x64` is of version `0.1.0`.
fn is_of(extension: &str, version: &str) -> bool {
    extension.strip_prefix(version).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
}

/// Whether a file, or one of the texts in a folder, has our name in it.
fn names_us(of: &Path) -> bool {
    let mut waiting = vec![of.to_owned()];
    let mut read = 0;
    while let Some(path) = waiting.pop() {
        let Ok(about) = path.metadata() else { continue };
        if about.is_dir() {
            // Not through links below the folder, which may lead round in a circle.
            let inside = std::fs::read_dir(&path).into_iter().flatten().flatten();
            waiting.extend(
                inside.filter(|entry| entry.file_type().is_ok_and(|kind| !kind.is_symlink())).map(|e| e.path()),
            );
            waiting.truncate(MOST_FILES);
        } else if about.is_file() && about.len() <= LARGEST && read < MOST_FILES {
            read += 1;
            if std::fs::read_to_string(&path).is_ok_and(|text| text.contains("deep-review")) {
                return true;
            }
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(home: &Path, file: &str, text: &str) {
        let file = home.join(file);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
    }

    /// Files of the home folder with their texts, and what is said.
    type Case<'a> = (&'a [(&'a str, &'a str)], &'a [&'a str]);

    #[test]
    fn editors_are_found_by_what_they_keep_in_the_home_folder() {
        let extension = |version: &str| format!(".vscode/extensions/deep-review.deep-review-{version}/package.json");
        let cases: [Case<'_>; 9] = [
            (&[], &[]),
            (
                &[(&extension("0.10.0"), "{}"), (&extension("0.9.1"), "{}")],
                &["Worse: VS Code has the extension 0.10.0, and this program is 0.1.0"],
            ),
            (&[(&extension("0.1.0-linux-x64"), "{}")], &["Good: VS Code has the extension (0.1.0-linux-x64)"]),
            (&[(&extension("0.0.9"), "{}")], &["Worse: VS Code has the extension 0.0.9, and this program is 0.1.0"]),
            (&[(&extension("0.1.01"), "{}")], &["Worse: VS Code has the extension 0.1.01, and this program is 0.1.0"]),
            (
                &[(".cursor/extensions/other.one-1.0.0/package.json", "{}"), (".vimrc", "set number\n")],
                &["Worse: 2 editors here, and not set up: Cursor, Vim"],
            ),
            (
                &[(".config/nvim/lua/plugins/review.lua", "require('deep-review').setup()"), (".vimrc", "")],
                &["Good: Neovim is set up"],
            ),
            (
                &[(".config/helix/languages.toml", "[language-server.deep-review]\n"), (".emacs", "(deep-review)")],
                &["Good: Emacs is set up", "Good: Helix is set up"],
            ),
            (
                &[("AppData/Local/nvim/init.lua", "require('deep-review').setup()"), ("_vimrc", "")],
                &["Good: Neovim is set up"],
            ),
        ];
        for (files, said) in cases {
            let home = tempfile::tempdir().unwrap();
            files.iter().for_each(|(file, text)| write(home.path(), file, text));
            let checks = editors(home.path(), "0.1.0");
            let checks: Vec<String> = checks.iter().map(|c| format!("{:?}: {}", c.health, c.detail)).collect();
            assert_eq!(checks, said, "{files:?}");
        }
    }

    #[test]
    #[cfg(unix)]
    fn a_folder_that_leads_round_in_a_circle_ends() {
        let home = tempfile::tempdir().unwrap();
        write(home.path(), ".config/nvim/init.lua", "vim.o.number = true\n");
        std::os::unix::fs::symlink(home.path(), home.path().join(".config/nvim/home")).unwrap();
        assert!(!names_us(&home.path().join(".config/nvim")));
    }

    #[test]
    fn copies_on_the_path_are_told_apart() {
        let root = tempfile::tempdir().unwrap();
        let root = dunce::canonicalize(root.path()).unwrap();
        let program = format!("deep-review{}", std::env::consts::EXE_SUFFIX);
        for folder in ["a", "b"] {
            write(&root, &format!("{folder}/{program}"), "");
        }
        // The folders of the path, which program runs, and what is said.
        let cases: [(&[&str], &str, Health, &str); 5] = [
            (&["a"], "a", Health::Good, "("),
            (&["a", "a"], "a", Health::Good, "("),
            (&[], "a", Health::Worse, "the path has no deep-review"),
            (&["a", "b"], "a", Health::Worse, "is another copy"),
            (&["b", "a"], "a", Health::Worse, "and this is"),
        ];
        for (folders, me, health, words) in cases {
            let path = std::env::join_paths(folders.iter().map(|folder| root.join(folder))).unwrap();
            let check = copies(Some(&path), &root.join(me).join(&program));
            assert_eq!(check.health, health, "{folders:?}: {}", check.detail);
            assert!(check.detail.contains(words), "{folders:?}: {}", check.detail);
        }
    }
}
