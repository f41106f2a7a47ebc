//! A repository with a branch, a configuration with recorded agents, and the binary.

use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use test_repo::{Repo, isolate};

pub(crate) const BEFORE: &str = "fn main() {\n    let n = 1;\n    println!(\"{n}\");\n}\n";
pub(crate) const AFTER: &str = "fn main() {\n    let n = first();\n    println!(\"{n}\");\n}\n\nfn first() -> u32 {\n    std::env::args().count() as u32\n}\n";

pub(crate) struct Bed {
    pub(crate) repo: Repo,
    config: String,
    path: String,
}

pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// A finding in the schema of answers, on lines of `src/main.rs`.
pub(crate) fn finding(severity: &str, title: &str, lines: (u32, u32)) -> Value {
    json!({
        "severity": severity, "title": title, "body": format!("{title}, at length."), "evidence": "",
        "classification": "regression",
        "places": [{ "path": "src/main.rs", "start_line": lines.0, "end_line": lines.1, "quote": "" }],
        "symbol": "", "fixes": [],
    })
}

/// The same with a fix.
pub(crate) fn with_fix(mut finding: Value, diff: &str) -> Value {
    finding["fixes"] = json!([{ "note": "", "path": "src/main.rs", "diff": diff }]);
    finding
}

pub(crate) fn answer(findings: &[Value]) -> Value {
    json!({
        "summary": "", "findings": findings, "observations": [], "testing": "", "untested": [],
        "documentation": "", "commit_structure": "", "limitations": [], "covered": [],
    })
}

/// An answer that behaves: `{"hang": true}`, `{"panic": true}`, …
pub(crate) fn playing(mut answer: Value, play: &Value) -> Value {
    answer["play"] = play.clone();
    answer
}

impl Bed {
    /// A branch that changes `src/main.rs`.
    pub(crate) fn new() -> Self {
        let repo = Repo::with_topic(&[("src/main.rs", BEFORE)]);
        repo.write("src/main.rs", AFTER);
        repo.commit("Count the arguments");
        Self::of(repo)
    }

    pub(crate) fn of(repo: Repo) -> Self {
        // Windows has no folder of its own for git.
        let path = if cfg!(windows) { std::env::var("PATH").unwrap_or_default() } else { "/usr/bin:/bin".into() };
        Self { repo, config: String::new(), path }
    }

    /// Has it find the git with which the test made the repository, where that is a newer one than the system's.
    #[cfg(unix)]
    pub(crate) fn with_git_of_the_test(mut self) -> Self {
        let all = std::env::var_os("PATH").unwrap_or_default();
        let git = std::env::split_paths(&all).map(|folder| folder.join("git")).find(|git| git.is_file()).unwrap();
        let bin = self.repo.beside("bin");
        std::fs::create_dir(&bin).unwrap();
        std::os::unix::fs::symlink(git, bin.join("git")).unwrap();
        self.path = format!("{}:{}", bin.display(), self.path);
        self
    }

    /// The git with which the test made the repository is the one that it finds.
    #[cfg(not(unix))]
    pub(crate) fn with_git_of_the_test(self) -> Self {
        self
    }

    /// Adds a recorded agent.
    pub(crate) fn agent(mut self, name: &str, answer: &Value) -> Self {
        self.says(name, answer);
        let file = self.repo.beside(&format!("{name}.json"));
        self.config.push_str(&format!(
            "[agents.{name}]\nadapter = 'recorded'\nlabel = '{}'\npath = '{}'\n",
            name.to_uppercase(),
            file.display()
        ));
        self
    }

    /// Has a recorded agent of the bed answer otherwise from now on.
    pub(crate) fn says(&self, name: &str, answer: &Value) {
        std::fs::write(self.repo.beside(&format!("{name}.json")), answer.to_string()).unwrap();
    }

    /// Adds lines to the configuration.
    pub(crate) fn raw(mut self, lines: &str) -> Self {
        self.config.push_str(lines);
        self
    }

    /// Puts lines before everything else in the configuration.
    pub(crate) fn configured(mut self, lines: &str) -> Self {
        self.config.insert_str(0, lines);
        self
    }

    fn config_file(&self) -> PathBuf {
        let file = self.repo.beside("config.toml");
        // Not while another command of the same test is reading it.
        if std::fs::read_to_string(&file).ok().as_ref() != Some(&self.config) {
            std::fs::write(&file, &self.config).unwrap();
        }
        file
    }

    /// The binary, in the repository, deaf to whoever runs the tests. It finds no agents but those of the bed.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_deep-review"));
        for (name, _) in std::env::vars_os() {
            let name = name.to_string_lossy().into_owned();
            let is_of_a_build = name == "CI" || name.starts_with("CI_") || name.starts_with("GIT");
            if is_of_a_build || name.starts_with("DEEP_REVIEW_") || name.ends_with("_API_KEY") || name == "NO_COLOR" {
                command.env_remove(name);
            }
        }
        isolate(&mut command)
            .current_dir(self.repo.path())
            .env("DEEP_REVIEW_CONFIG", self.config_file())
            .env("HOME", self.repo.beside("home"))
            .env_remove("XDG_CACHE_HOME")
            .env_remove("XDG_CONFIG_HOME")
            .env("PATH", &self.path)
            .stdin(Stdio::null())
            .args(args);
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Ran {
        let out = self.command(args).output().unwrap();
        Ran {
            code: out.status.code().unwrap_or(-1),
            out: String::from_utf8(out.stdout).unwrap(),
            err: String::from_utf8(out.stderr).unwrap(),
        }
    }

    /// Runs a review with the recorded agents alone and reads its JSON.
    pub(crate) fn review(&self, args: &[&str]) -> (i32, Value) {
        let all: Vec<&str> = ["review", "--format", "json"].iter().chain(args).copied().collect();
        let ran = self.run(&all);
        let round = serde_json::from_str(&ran.out).unwrap_or_else(|e| panic!("{e}: {}{}", ran.out, ran.err));
        (ran.code, round)
    }
}

/// Titles of the round's findings with their labels.
pub(crate) fn titles(document: &Value) -> Vec<String> {
    let findings = document["round"]["findings"].as_array().unwrap();
    let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
    findings.iter().map(|f| format!("{} {}", text(&f["label"]), text(&f["title"]))).collect()
}
