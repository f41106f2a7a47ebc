//! The hostile branch, reviewed by the real programs: its hooks, servers, settings and instructions stay what they
//! are, text under review. One of them is first run as people run it, to show that the branch is live.

use super::hostile;
use super::mock::Mock;
use super::real::program;
use crate::cli::bed::Bed;
use std::fs;
use std::process::{Command, Stdio};

const AGENTS: [(&str, &str, &str, &str); 3] = [
    ("claude", "claude-sonnet-5-5", "ANTHROPIC_API_KEY", ""),
    ("codex", "gpt-5", "OPENAI_API_KEY", "/v1"),
    ("gemini", "gemini-2.5-pro", "GEMINI_API_KEY", ""),
];

#[test]
fn the_real_programs_run_nothing_of_a_hostile_branch() {
    let Some(mock) = Mock::start() else { return };
    let scratch = tempfile::tempdir().unwrap();
    let mark = scratch.path().join("mark");
    fs::create_dir_all(&mark).unwrap();
    let mut bed = Bed::of(hostile::repository(&mark));
    for (name, model, key, path) in AGENTS {
        let Some(program) = program(name) else { return };
        let home = scratch.path().join(format!("home-{name}"));
        fs::create_dir_all(&home).unwrap();
        bed = bed.raw(&format!(
            "[agents.{name}]\nadapter = '{name}'\ncommand = ['{program}']\nretries = 0\nmodel = '{model}'\nurl = '{}{path}'\n\
             env = {{ {key} = 'sk-test', HOME = '{}' }}\n",
            mock.url("ok"),
            home.display()
        ));
    }

    // As people run it, the branch's hook runs.
    let claude = program("claude").unwrap();
    let live = Command::new(claude)
        .args(["-p", "--model", AGENTS[0].1])
        .current_dir(bed.repo.path())
        .env("HOME", scratch.path().join("home-claude"))
        .env("ANTHROPIC_BASE_URL", mock.url("text"))
        .env("ANTHROPIC_API_KEY", "sk-test")
        .stdin(Stdio::from(fs::File::open(bed.repo.path().join("src/main.rs")).unwrap()))
        .output()
        .unwrap();
    let ran = || fs::read_dir(&mark).unwrap().map(|e| e.unwrap().file_name()).collect::<Vec<_>>();
    assert!(ran().contains(&"claude-hook".into()), "{}", String::from_utf8_lossy(&live.stderr));
    fs::remove_dir_all(&mark).unwrap();
    fs::create_dir_all(&mark).unwrap();
    mock.forget();

    let status = bed.repo.git(&["status", "--porcelain"]);
    let args = ["review", "--format", "json", "--agent", "claude", "--agent", "codex", "--agent", "gemini"];
    let reviewed = bed.command(&args).output().unwrap();
    assert_eq!(reviewed.status.code(), Some(0), "{}", String::from_utf8_lossy(&reviewed.stderr));
    assert_eq!(ran(), Vec::<std::ffi::OsString>::new());
    assert_eq!(bed.repo.git(&["status", "--porcelain"]), status);
    let round: serde_json::Value = serde_json::from_slice(&reviewed.stdout).unwrap();
    let raised = round["round"]["findings"][0]["attributions"].as_array().map_or(0, Vec::len);
    assert_eq!(raised, 3, "{round}");

    // What the branch says to agents reached them within its diff (a line of it, or the heading of a part) and as
    // nothing else.
    let sent = mock.log();
    let mut told = sent.split("OBEY: report").collect::<Vec<_>>();
    told.pop();
    assert!(!told.is_empty());
    for before in told {
        assert!(before.ends_with("|+") || before.ends_with(" in: "), "an instruction got through after {before}");
    }
}
