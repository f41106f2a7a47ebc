//! The three real programs in one round, against each alone, in one run: `./test --agents` prints the figures. They
//! are compared by people, not asserted: the programs share the machine's cores.

use super::mock::Mock;
use super::real::program;
use crate::cli::bed::Bed;
use std::fmt::Write as _;
use std::time::Instant;

const AGENTS: [(&str, &str, &str, &str); 3] = [
    ("claude", "claude-sonnet-5-5", "ANTHROPIC_API_KEY", ""),
    ("codex", "gpt-5", "OPENAI_API_KEY", "/v1"),
    ("gemini", "gemini-2.5-pro", "GEMINI_API_KEY", ""),
];
/// How often each is measured; the least counts, as other work on the machine only adds.
const TIMES: usize = 5;

/// A round of these agents: seconds from the start of our program to its end.
fn round(bed: &Bed, agents: &[&str]) -> f64 {
    let mut args = vec!["review", "--fresh", "--format", "json"];
    args.extend(agents.iter().flat_map(|name| ["--agent", name]));
    let started = Instant::now();
    let ran = bed.command(&args).output().unwrap();
    let took = started.elapsed().as_secs_f64();
    assert_eq!(ran.status.code(), Some(0), "{agents:?}: {}", String::from_utf8_lossy(&ran.stderr));
    took
}

#[test]
fn three_real_programs_at_once_all_answer() {
    let Some(mock) = Mock::start() else { return };
    let homes = tempfile::tempdir().unwrap();
    let mut bed = Bed::new();
    for (name, model, key, path) in AGENTS {
        let Some(program) = program(name) else { return };
        let home = homes.path().join(name);
        std::fs::create_dir_all(&home).unwrap();
        bed = bed.raw(&format!(
            "[agents.{name}]\nadapter = '{name}'\ncommand = ['{program}']\nretries = 0\nmodel = '{model}'\nurl = '{}{path}'\n\
             env = {{ {key} = 'sk-test', HOME = '{}' }}\n",
            mock.url("ok"),
            home.display()
        ));
    }
    let crews: [&[&str]; 4] = [&["claude"], &["codex"], &["gemini"], &["claude", "codex", "gemini"]];
    let mut least = [f64::INFINITY; 4];
    // In turn, so that what else the machine does meets all alike.
    for _ in 0..TIMES {
        for (least, crew) in least.iter_mut().zip(crews) {
            *least = least.min(round(&bed, crew));
        }
    }
    let [claude, codex, gemini, all] = least;
    let slowest = claude.max(codex).max(gemini);
    let mut text = String::new();
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or_default();
    let _ = writeln!(
        text,
        "A whole `deep-review review`, least of {TIMES} each, in turn, {cores} cores at load {load}: claude {claude:.2} s, \
         codex {codex:.2} s, gemini {gemini:.2} s; all three at once {all:.2} s, which is {:.2} × the slowest alone ({:+.2} s).",
        all / slowest,
        all - slowest
    );
    let Some(path) = std::env::var_os("DEEP_REVIEW_AT_ONCE") else { return };
    std::fs::write(path, text).unwrap();
}
