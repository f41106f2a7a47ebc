//! How long a large import takes and how much memory it needs, each format in a process of its own: generates a file
//! of about 20 MB, reads it, and prints the time and the peak of the resident memory as a multiple of the file's size.
//!
//! `cargo bench --bench report`

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, reason = "a benchmark prints its figures")]

use deep_review::report::import::{Import, read};
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

const MB: usize = 1 << 20;

fn main() {
    let args: Vec<String> = std::env::args().collect();
    if let Some(at) = args.iter().position(|a| a == "--read") {
        return one(Path::new(&args[at + 1]));
    }
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [
        ("report.md", markdown(20 * MB)),
        ("review.md", plain(20 * MB)),
        ("tool.sarif", sarif(20 * MB)),
        ("reviewdog.jsonl", rdjsonl(20 * MB)),
    ] {
        let file = folder.path().join(name);
        std::fs::write(&file, text).unwrap();
        let status = Command::new(std::env::current_exe().unwrap()).arg("--read").arg(&file).status().unwrap();
        assert!(status.success());
    }
}

/// Reads one file and prints what it took. The best of three runs; the peak is that of all.
fn one(file: &Path) {
    let before = peak();
    let text = std::fs::read_to_string(file).unwrap();
    let mut best = f64::MAX;
    let mut findings = 0;
    for _ in 0..3 {
        let start = Instant::now();
        let import = read(&text, "bench").unwrap();
        best = best.min(start.elapsed().as_secs_f64());
        findings = match import {
            Import::Round(round, _) => round.findings.len(),
            Import::Answers(answers) => answers.iter().map(|said| said.answer.findings.len()).sum(),
        };
    }
    let size = text.len();
    println!(
        "{:<16} {:>5.1} MB  {findings:>6} findings  {best:>5.2} s  {:>5.1} x its size in memory",
        file.file_name().unwrap().to_string_lossy(),
        size as f64 / MB as f64,
        (peak() - before) as f64 / size as f64
    );
}

/// The most memory that this process ever had, in bytes; 0 where the system does not say.
fn peak() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:")).unwrap_or("0");
    line.trim().trim_end_matches(" kB").parse::<usize>().unwrap_or(0) * 1024
}

fn finding(n: usize) -> String {
    format!(
        "{n}. **Answer {n} is kept too long** — `src/part{}/file{}.rs:{}-{}` [Claude Opus 4.6, Codex GPT 5.4] (important, gap)\n\n```rust\nlet kept = all.get({n})?;\n```\n\nThe cache holds answer {n} after its owner has gone, so that the next one sees it.\n\nFix: drop it.\n\n```diff\n-let kept = all.get({n})?;\n+let kept = all.take({n})?;\n```\n\n",
        n % 40,
        n % 700,
        n % 900 + 1,
        n % 900 + 4
    )
}

fn grown(start: &str, size: usize, part: impl Fn(usize) -> String) -> String {
    let mut text = start.to_owned();
    for n in 1.. {
        text.push_str(&part(n));
        if text.len() > size {
            break;
        }
    }
    text
}

fn markdown(size: usize) -> String {
    grown(
        "# Deep Review: large\n\n| | |\n|---|---|\n| **Reviewers** | Claude Opus 4.6, Codex GPT 5.4 |\n\n## Important Issues\n\n",
        size,
        finding,
    )
}

fn plain(size: usize) -> String {
    grown("", size, |n| {
        format!(
            "[IMPORTANT] src/file{}.rs:{} — Answer {n} is kept too long\n\nThe cache holds it after its owner has gone.\n\n",
            n % 700,
            n % 900 + 1
        )
    })
}

fn sarif(size: usize) -> String {
    let part = |n: usize| {
        let mut text = if n == 1 { String::new() } else { ",".to_owned() };
        write!(text, "{{\"ruleId\":\"R{}\",\"level\":\"warning\",\"message\":{{\"text\":\"Answer {n} is kept too long\"}},\"locations\":[{{\"physicalLocation\":{{\"artifactLocation\":{{\"uri\":\"src/file{}.rs\"}},\"region\":{{\"startLine\":{},\"snippet\":{{\"text\":\"let kept = all.get({n})?;\"}}}}}}}}]}}", n % 90, n % 700, n % 900 + 1).unwrap();
        text
    };
    let mut text =
        grown("{\"version\":\"2.1.0\",\"runs\":[{\"tool\":{\"driver\":{\"name\":\"Bench\"}},\"results\":[", size, part);
    text.push_str("]}]}");
    text
}

fn rdjsonl(size: usize) -> String {
    grown("", size, |n| {
        format!(
            "{{\"message\":\"Answer {n} is kept too long\",\"location\":{{\"path\":\"src/file{}.rs\",\"range\":{{\"start\":{{\"line\":{}}}}}}},\"severity\":\"WARNING\",\"source\":{{\"name\":\"bench\"}}}}\n",
            n % 700,
            n % 900 + 1
        )
    })
}
