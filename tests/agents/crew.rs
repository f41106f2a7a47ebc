//! A repository with agents that are small programs: each notes every call with the whole prompt, and answers by
//! what it is asked.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use crate::cli::bed::{Bed, Ran};
use serde_json::Value;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

pub(super) struct Crew {
    pub(super) bed: Bed,
}

/// What a program does when it is asked to review, to check others' findings, to lead: shell commands. The prompt is
/// in the file `$prompt`.
#[derive(Default)]
pub(super) struct Does {
    pub(super) review: String,
    pub(super) verify: String,
    pub(super) lead: String,
}

/// Prints a value.
pub(super) fn says(value: &Value) -> String {
    format!("cat <<'ANSWER'\n{value}\nANSWER")
}

impl Does {
    pub(super) fn review(answer: &Value) -> Self {
        Self { review: says(answer), verify: "exit 9".into(), lead: "exit 9".into() }
    }
}

impl Crew {
    pub(super) fn of(bed: Bed) -> Self {
        Self { bed }
    }

    /// Adds a program; `more` are further lines of its configuration.
    pub(super) fn with(mut self, name: &str, does: &Does, more: &str) -> Self {
        let (folder, program) = (self.calls_folder(name), self.bed.repo.beside(&format!("{name}.sh")));
        fs::create_dir_all(&folder).unwrap();
        let Does { review, verify, lead } = does;
        // Two of them may run at once: each takes a number that no other has.
        let text = format!(
            "#!/bin/sh\nn=0\nwhile ! mkdir {folder}/$n.taken 2>/dev/null; do n=$((n + 1)); done\n\
             prompt={folder}/$(printf %03d $n)\ncat >$prompt.part\n\
             mv $prompt.part $prompt\ncase $(head -c 40 $prompt) in\n'You check findings'*)\n{verify}\n;;\n\
             'You lead a review'*)\n{lead}\n;;\n*)\n{review}\n;;\nesac\n",
            folder = folder.display()
        );
        fs::write(&program, text).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        self.bed = self.bed.raw(&format!(
            "[agents.{name}]\nadapter = 'command'\nlabel = '{}'\ncommand = ['{}']\nretries = 0\n{more}\n",
            name.to_uppercase(),
            program.display()
        ));
        self
    }

    /// Puts lines before everything else in the configuration.
    pub(super) fn configured(mut self, lines: &str) -> Self {
        self.bed = self.bed.configured(lines);
        self
    }

    fn calls_folder(&self, name: &str) -> PathBuf {
        self.bed.repo.beside(&format!("{name}.calls"))
    }

    /// The prompts that the program was given so far.
    pub(super) fn calls(&self, name: &str) -> Vec<String> {
        let entries = fs::read_dir(self.calls_folder(name)).unwrap();
        let mut files: Vec<PathBuf> = entries.map(|e| e.unwrap().path()).filter(|p| p.extension().is_none()).collect();
        files.sort();
        files.iter().map(|f| fs::read_to_string(f).unwrap()).collect()
    }

    /// Reviews with these agents; the exit code, the round, and what was said on standard error.
    pub(super) fn review(&self, agents: &[&str], args: &[&str]) -> (i32, Value, String) {
        let ran = self.run(agents, args);
        let document: Value = serde_json::from_str(&ran.out).unwrap_or_else(|e| panic!("{e}: {}{}", ran.out, ran.err));
        (ran.code, document["round"].clone(), ran.err)
    }

    pub(super) fn run(&self, agents: &[&str], args: &[&str]) -> Ran {
        self.bed.run(&arguments(agents, args))
    }
}

pub(super) fn arguments<'a>(agents: &[&'a str], args: &[&'a str]) -> Vec<&'a str> {
    let named = agents.iter().flat_map(|name| ["--agent", name]);
    ["review", "--format", "json"].into_iter().chain(named).chain(args.iter().copied()).collect()
}

/// The finding of that title.
pub(super) fn finding<'a>(round: &'a Value, title: &str) -> &'a Value {
    let findings = round["findings"].as_array().unwrap();
    findings.iter().find(|f| f["title"] == title).unwrap_or_else(|| panic!("no finding '{title}' in {findings:#?}"))
}

/// The agent's part in the round.
pub(super) fn part<'a>(round: &'a Value, agent: &str) -> &'a Value {
    round["agents"].as_array().unwrap().iter().find(|a| a["agent"]["name"] == agent).unwrap()
}
