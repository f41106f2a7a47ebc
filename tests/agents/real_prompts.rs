//! Every prompt of a round, as it was given to the real programs and as it reached the stand-in for their vendors.

use super::mock::Mock;
use super::real::{ODD, program, texts};
use crate::cli::bed::Bed;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use test_repo::Repo;

const AGENTS: [(&str, &str, &str, &str); 3] = [
    ("claude", "claude-sonnet-5-5", "ANTHROPIC_API_KEY", ""),
    ("codex", "gpt-5", "OPENAI_API_KEY", "/v1"),
    ("gemini", "gemini-2.5-pro", "GEMINI_API_KEY", ""),
];

/// What each prompt of ours begins with.
const KINDS: [&str; 3] = ["You are one of several", "You check findings", "You lead a review"];

/// A program that keeps what it is given on standard input in a file of `folder`, and hands it to the real one.
fn listening(program: &str, folder: &Path) -> String {
    fs::create_dir_all(folder).unwrap();
    let script = folder.with_extension("sh");
    let text = format!(
        "#!/bin/sh\nn=0\nwhile ! mkdir {folder}/$n.taken 2>/dev/null; do n=$((n + 1)); done\n\
         tee {folder}/$n.prompt | '{program}' \"$@\"\n",
        folder = folder.display()
    );
    fs::write(&script, text).unwrap();
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    script.to_string_lossy().into_owned()
}

/// The prompts that were kept there.
fn given(folder: &Path) -> Vec<String> {
    let files = fs::read_dir(folder).unwrap().flatten().map(|entry| entry.path());
    let prompts = files.filter(|path| path.extension().is_some_and(|ending| ending == "prompt"));
    let texts = prompts.map(|path| fs::read_to_string(path).unwrap());
    // The first line for Gemini CLI names the command that takes the rest as it is.
    let texts = texts.map(|text| text.strip_prefix("/deep-review\n").unwrap_or(&text).trim_end().to_owned());
    texts.filter(|text| !text.is_empty()).collect()
}

#[test]
fn every_prompt_of_a_round_reaches_the_model_byte_for_byte() {
    let Some(mock) = Mock::start() else { return };
    let scratch = tempfile::tempdir().unwrap();
    let repo = Repo::with_topic(&[("src/lib.rs", "a\n"), ("app.py", "@property\ndef g(): pass\n")]);
    repo.write_all(&ODD);
    repo.commit("Write what could be taken for something else: @test `$(ls)` /clear me@test.org");
    let mut bed = Bed::of(repo).configured("[merge]\nadjudicator = 'codex'\n");
    for (name, model, key, path) in AGENTS {
        let Some(program) = program(name) else { return };
        let home = scratch.path().join(format!("home-{name}"));
        fs::create_dir_all(&home).unwrap();
        bed = bed.raw(&format!(
            "[agents.{name}]\nadapter = '{name}'\ncommand = ['{}']\nretries = 0\nmodel = '{model}'\nurl = '{}{path}'\n\
             env = {{ {key} = 'sk-test', HOME = '{}', PATH = '{}' }}\n",
            listening(&program, &scratch.path().join(name)),
            mock.url(&format!("own-{name}")),
            home.display(),
            std::env::var("PATH").unwrap(),
        ));
    }
    let all = AGENTS.map(|(name, ..)| ["--agent", name]).concat();
    let ran = bed.run(&[&["review", "--fresh", "--verify", "lead"], &all[..]].concat());
    assert!(ran.code != 2, "{}{}", ran.out, ran.err);
    let log = mock.log();
    let requests: Vec<Value> = log.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let reached: BTreeSet<&str> = requests.iter().flat_map(texts).collect();
    let mut kinds: BTreeSet<&str> = BTreeSet::new();
    for (name, ..) in AGENTS {
        let given = given(&scratch.path().join(name));
        assert!(given.len() >= 2, "{name} was to review and to check: {}{}", ran.out, ran.err);
        for prompt in given {
            kinds.extend(KINDS.into_iter().filter(|kind| prompt.starts_with(kind)));
            let is_whole = reached.iter().any(|text| text.contains(&prompt));
            assert!(is_whole, "{name} changed a prompt on its way:\n{prompt}\n\n{log}");
        }
    }
    assert_eq!(kinds.len(), KINDS.len(), "{kinds:?}");
    assert!(!log.contains("root:x:0:0"), "a program read what a word in a prompt names");
}
