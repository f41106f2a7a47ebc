//! A repository whose own files are anything: it is opened and compared, or refused with a reason.
//!
//! The input is the name of one of git's files (its first byte), and what is in it. The repository is made once; what was there
//! is put back after each input.
#![no_main]

use git::{Repository, ScopeRequest};
use libfuzzer_sys::fuzz_target;
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

/// Files that a hostile repository may bring, or a crash may leave.
const FILES: [&str; 12] = [
    ".git/HEAD",
    ".git/index",
    ".git/config",
    ".git/packed-refs",
    ".git/refs/heads/main",
    ".git/refs/heads/topic",
    ".git/shallow",
    ".git/info/attributes",
    ".git/info/exclude",
    ".git/logs/HEAD",
    ".gitattributes",
    ".gitignore",
];

fn repository() -> &'static PathBuf {
    static MADE: OnceLock<PathBuf> = OnceLock::new();
    MADE.get_or_init(|| {
        let folder = std::env::temp_dir().join(format!("fuzz-repository-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("the folder for temporary files can be written");
        let script = "git init -q -b main && echo a >a && git add a && git commit -qm A && git switch -qc topic && echo b >>a && git commit -qam B && git pack-refs --all && git branch x";
        let ran = Command::new("sh").args(["-c", script]).current_dir(&folder).envs([
            ("GIT_AUTHOR_NAME", "A"), ("GIT_AUTHOR_EMAIL", "a@example.org"), ("GIT_COMMITTER_NAME", "A"), ("GIT_COMMITTER_EMAIL", "a@example.org"),
            ("GIT_CONFIG_GLOBAL", "/dev/null"), ("GIT_CONFIG_NOSYSTEM", "1"),
        ]).status();
        assert!(ran.is_ok_and(|status| status.success()), "git makes the repository");
        folder
    })
}

fuzz_target!(|input: &[u8]| {
    let Some((which, bytes)) = input.split_first() else { return };
    let file = repository().join(FILES[usize::from(*which) % FILES.len()]);
    let before = std::fs::read(&file).ok();
    std::fs::write(&file, bytes).expect("the repository can be written");
    if let Ok(repository) = Repository::discover(repository())
        && let Ok(scope) = repository.scope(&ScopeRequest::default())
    {
        let _ = repository.head_state();
        let _ = repository.read_base_config(&scope);
    }
    match before {
        Some(before) => std::fs::write(&file, before).expect("the repository can be written"),
        None => std::fs::remove_file(&file).expect("the repository can be written"),
    }
});
