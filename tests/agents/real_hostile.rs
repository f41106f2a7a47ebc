//! The hostile branch, reviewed by the real programs: its hooks, servers, settings and instructions stay what they
//! are, text under review. Each is first run as people run it, to show that the branch's traps are live.

use super::hostile;
use super::mock::Mock;
use super::real::program;
use crate::cli::bed::Bed;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

const AGENTS: [(&str, &str, &str, &str); 3] = [
    ("claude", "claude-sonnet-5-5", "ANTHROPIC_API_KEY", ""),
    ("codex", "gpt-5", "OPENAI_API_KEY", "/v1"),
    ("gemini", "gemini-2.5-pro", "GEMINI_API_KEY", ""),
];

/// What each runs of the branch where nothing keeps it from doing so.
const LIVE: [(&str, &[&str]); 3] = [
    ("claude", &["claude-hook", "claude-server"]),
    ("codex", &["codex-server"]),
    ("gemini", &["gemini-hook", "gemini-server"]),
];

/// Runs a program in the repository, without any of our flags, by a user who trusts the folder.
fn as_people_run_it(name: &str, bed: &Bed, home: &Path, mock: &Mock) {
    let (_, model, key, path) = AGENTS.into_iter().find(|agent| agent.0 == name).unwrap();
    let (url, root) = (mock.url("text") + path, bed.repo.path());
    let mut command = Command::new(program(name).unwrap());
    match name {
        "claude" => {
            command.args(["-p", "--model", model]).env("ANTHROPIC_BASE_URL", url);
        }
        "codex" => {
            let provider = format!("{{name = 'm', base_url = '{url}', env_key = '{key}', wire_api = 'responses'}}");
            let settings = format!(
                "model = '{model}'\nmodel_provider = 'm'\nmodel_providers.m = {provider}\n\
                 [projects.'{}']\ntrust_level = 'trusted'\n",
                root.display()
            );
            fs::create_dir_all(home.join(".codex")).unwrap();
            fs::write(home.join(".codex/config.toml"), settings).unwrap();
            command.args(["exec", "-"]);
        }
        _ => {
            fs::create_dir_all(home.join(".gemini")).unwrap();
            let settings = r#"{"security": {"auth": {"selectedType": "gemini-api-key"}}}"#;
            fs::write(home.join(".gemini/settings.json"), settings).unwrap();
            command.args(["-m", model]).env("GOOGLE_GEMINI_BASE_URL", url);
            command.env("GEMINI_CLI_TRUST_WORKSPACE", "true").env("GEMINI_CLI_NO_RELAUNCH", "true");
        }
    }
    let prompt = fs::File::open(root.join("src/main.rs")).unwrap();
    let ran = command.current_dir(root).env("HOME", home).env(key, "sk-test").stdin(prompt).output().unwrap();
    let said = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "{name}: {} {said}", String::from_utf8_lossy(&ran.stdout));
    // Its own settings are out of the way of the review, which is to work without.
    fs::remove_dir_all(home).unwrap();
    fs::create_dir_all(home).unwrap();
}

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
            mock.url("main"),
            home.display()
        ));
    }

    // As people run them, each springs the branch's traps.
    for (name, expected) in LIVE {
        as_people_run_it(name, &bed, &scratch.path().join(format!("home-{name}")), &mock);
        let sprung = hostile::sprung(&mark);
        assert!(expected.iter().all(|trap| sprung.contains(*trap)), "{name} sprang {sprung:?}");
    }
    fs::remove_dir_all(&mark).unwrap();
    fs::create_dir_all(&mark).unwrap();
    mock.forget();

    let status = bed.repo.git(&["status", "--porcelain"]);
    let args = ["review", "--format", "json", "--agent", "claude", "--agent", "codex", "--agent", "gemini"];
    let reviewed = bed.command(&args).output().unwrap();
    // They say that they have read one of the files: no complete review, though none of them failed.
    assert_eq!(reviewed.status.code(), Some(3), "{}", String::from_utf8_lossy(&reviewed.stderr));
    assert_eq!(hostile::sprung(&mark), BTreeSet::new());
    assert_eq!(bed.repo.git(&["status", "--porcelain"]), status);
    let round: serde_json::Value = serde_json::from_slice(&reviewed.stdout).unwrap();
    let outcomes = round["round"]["agents"].as_array().unwrap().iter().map(|agent| &agent["outcome"]["outcome"]);
    assert!(outcomes.clone().count() == 3 && outcomes.into_iter().all(|outcome| outcome == "reviewed"), "{round}");
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
