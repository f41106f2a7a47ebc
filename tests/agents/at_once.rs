//! The three real programs in one round, against each alone and against a shell script that starts the same three with the
//! same prompt, in one run: `./test --agents` prints the figures. They are compared by people, not asserted: the programs
//! share the machine's cores. `DEEP_REVIEW` names the build to measure, as people have it (`target/release/deep-review`); without it,
//! it is the one that is tested.

use super::mock::Mock;
use super::real::program;
use crate::cli::bed::Bed;
use deep_review::agent::answer::review_schema;
use serde_json::Value;
use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

const AGENTS: [(&str, &str, &str, &str); 3] = [
    ("claude", "claude-sonnet-5-5", "ANTHROPIC_API_KEY", ""),
    ("codex", "gpt-5", "OPENAI_API_KEY", "/v1"),
    ("gemini", "gemini-2.5-pro", "GEMINI_API_KEY", ""),
];
/// How often each is measured; the least counts, as other work on the machine only adds.
const TIMES: usize = 5;

/// The build to measure, in the bed.
fn command(bed: &Bed, args: &[&str]) -> Command {
    let tested = bed.command(args);
    let Some(program) = std::env::var_os("DEEP_REVIEW") else { return tested };
    let mut command = Command::new(program);
    command.args(tested.get_args()).current_dir(bed.repo.path()).stdin(Stdio::null());
    for (name, value) in tested.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command
}

/// A round of these agents: seconds from the start of our program to its end, and how much of them its slowest agent took.
fn round(bed: &Bed, agents: &[&str]) -> (f64, f64) {
    let mut args = vec!["review", "--fresh", "--format", "json"];
    args.extend(agents.iter().flat_map(|name| ["--agent", name]));
    let started = Instant::now();
    let ran = command(bed, &args).output().unwrap();
    let took = started.elapsed().as_secs_f64();
    assert_eq!(ran.status.code(), Some(0), "{agents:?}: {}", String::from_utf8_lossy(&ran.stderr));
    let round: Value = serde_json::from_slice(&ran.stdout).unwrap();
    let agents = round["round"]["agents"].as_array().unwrap().iter().filter_map(|agent| agent["duration_ms"].as_f64());
    (took, agents.fold(0.0, f64::max) / 1000.0)
}

/// What `tests/agents/by-hand` needs, with the prompt that the round sends.
fn prepare_by_hand(bed: &Bed, folder: &Path) {
    let dry = bed.command(&["review", "--dry-run", "--fresh", "--agent", "claude"]).output().unwrap();
    let text = String::from_utf8(dry.stdout).unwrap();
    let prompt = text.split_once(" bytes\n").unwrap().1.rsplit_once("\n--- end").unwrap().0;
    let prompt = prompt.lines().filter(|line| !line.starts_with("--- ")).collect::<Vec<_>>().join("\n");
    std::fs::write(folder.join("prompt.md"), prompt).unwrap();
    std::fs::write(folder.join("schema.json"), review_schema().to_string()).unwrap();
    for name in ["claude", "codex", "gemini/.gemini", "scratch", "repository"] {
        std::fs::create_dir_all(folder.join(name)).unwrap();
    }
    std::fs::copy(bed.repo.path().join("src/main.rs"), folder.join("repository/main.rs")).unwrap();
    let settings = r#"{"security": {"auth": {"selectedType": "gemini-api-key"}}}"#;
    std::fs::write(folder.join("gemini/.gemini/settings.json"), settings).unwrap();
}

/// The same three programs from a shell: seconds until the last has ended.
fn by_hand(folder: &Path, url: &str) -> f64 {
    let programs = std::env::var_os("DEEP_REVIEW_AGENT_CLIS").unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/agents/by-hand");
    let started = Instant::now();
    let ran = Command::new(script).arg(programs).arg(folder).arg(url).output().unwrap();
    let took = started.elapsed().as_secs_f64();
    let said = ["claude", "codex", "gemini"].map(|name| std::fs::read_to_string(folder.join(format!("{name}.out"))));
    let failed = ["claude", "codex", "gemini"].map(|name| std::fs::read_to_string(folder.join(format!("{name}.err"))));
    assert!(ran.status.success(), "{}: {failed:?}", String::from_utf8_lossy(&ran.stderr));
    for said in said {
        assert!(
            said.as_ref().is_ok_and(|said| ["\"result\"", "turn.completed"].iter().any(|end| said.contains(end))),
            "{said:?}: {failed:?}"
        );
    }
    took
}

#[test]
fn three_real_programs_at_once_all_answer() {
    let Some(mock) = Mock::start() else { return };
    let homes = tempfile::tempdir().unwrap();
    std::fs::create_dir(homes.path().join("by-hand")).unwrap();
    let mut bed = Bed::new();
    for (name, model, key, path) in AGENTS {
        let Some(program) = program(name) else { return };
        let home = homes.path().join(name);
        std::fs::create_dir_all(&home).unwrap();
        bed = bed.raw(&format!(
            "[agents.{name}]\nadapter = '{name}'\ncommand = ['{program}']\nretries = 0\nmodel = '{model}'\nurl = '{}{path}'\n\
             env = {{ {key} = 'sk-test', HOME = '{}' }}\n",
            mock.url("main"),
            home.display()
        ));
    }
    let crews: [&[&str]; 4] = [&["claude"], &["codex"], &["gemini"], &["claude", "codex", "gemini"]];
    let hand = homes.path().join("by-hand");
    prepare_by_hand(&bed, &hand);
    let (mut least, mut hand_least, mut beyond) = ([f64::INFINITY; 4], f64::INFINITY, f64::INFINITY);
    // In turn, so that what else the machine does meets all alike.
    for _ in 0..TIMES {
        for (least, crew) in least.iter_mut().zip(crews) {
            let (took, slowest) = round(&bed, crew);
            *least = least.min(took);
            if crew.len() == AGENTS.len() {
                beyond = beyond.min(took - slowest);
            }
        }
        hand_least = hand_least.min(by_hand(&hand, &mock.url("main")));
    }
    let [claude, codex, gemini, all] = least;
    let slowest = claude.max(codex).max(gemini);
    let mut text = String::new();
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or_default();
    let build =
        if std::env::var_os("DEEP_REVIEW").is_some() { "the build that `DEEP_REVIEW` names" } else { "a debug build" };
    let _ = writeln!(
        text,
        "A whole `deep-review review` ({build}), least of {TIMES} each, in turn, {cores} cores at load {load}: claude {claude:.2} s, \
         codex {codex:.2} s, gemini {gemini:.2} s; all three at once {all:.2} s, which is {:.2} × the slowest alone ({:+.2} s).\n\n\
         The same three from a shell script with the same prompt (`tests/agents/by-hand`): {hand_least:.2} s; the round takes {:+.2} s \
         beside it. What the round itself adds to its slowest agent, the start and end of the process included: {beyond:.3} s.",
        all / slowest,
        all - slowest,
        all - hand_least
    );
    let Some(path) = std::env::var_os("DEEP_REVIEW_AT_ONCE") else { return };
    std::fs::write(path, text).unwrap();
}
