//! How long a large import takes and how much memory it needs, each format in a process of its own: generates a file
//! of about 20 MB, reads it, and prints the time and the peak of the resident memory as a multiple of the file's size.
//! Markdown twice: with findings as long as those of real reviews, and with terse ones, which are the hardest.
//!
//! `cargo bench --bench report`

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, reason = "a benchmark prints its figures")]

use deep_review::import::{Import, read};
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
        ("report.md", markdown(20 * MB, long)),
        ("terse.md", markdown(20 * MB, terse)),
        ("review.md", plain(20 * MB, true)),
        ("terse-review.md", plain(20 * MB, false)),
        ("tool.sarif", sarif(20 * MB)),
        ("reviewdog.jsonl", rdjsonl(20 * MB)),
    ] {
        let file = folder.path().join(name);
        std::fs::write(&file, text).unwrap();
        let status = Command::new(std::env::current_exe().unwrap()).arg("--read").arg(&file).status().unwrap();
        assert!(status.success());
    }
}

/// Reads one file and prints what it took: the best time of three, and the peak after the first, because an import
/// reads a file once.
fn one(file: &Path) {
    let before = peak();
    let text = std::fs::read_to_string(file).unwrap();
    let mut best = f64::MAX;
    let mut findings = 0;
    let mut first = 0;
    for _ in 0..3 {
        let start = Instant::now();
        let import = read(&text, "bench").unwrap();
        best = best.min(start.elapsed().as_secs_f64());
        findings = match import {
            Import::Round(round, _) => round.findings.len(),
            Import::Reviews(reviews) => reviews.iter().map(|said| said.answer.findings.len()).sum(),
        };
        first = if first == 0 { peak() } else { first };
    }
    let size = text.len();
    println!(
        "{:<18} {:>5.1} MB  {findings:>6} findings  {best:>5.2} s  {:>5.1} x its size in memory",
        file.file_name().unwrap().to_string_lossy(),
        size as f64 / MB as f64,
        (first - before) as f64 / size as f64
    );
}

/// The most memory that this process ever had, in bytes; 0 where the system does not say.
fn peak() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:")).unwrap_or("0");
    line.trim().trim_end_matches(" kB").parse::<usize>().unwrap_or(0) * 1024
}

/// A finding as short as they come.
fn terse(n: usize) -> String {
    format!(
        "{n}. **Answer {n} is kept too long** — `src/part{}/file{}.rs:{}-{}` [Claude Opus 4.6, Codex GPT 5.4] (important, gap)\n\n```rust\nlet kept = all.get({n})?;\n```\n\nThe cache holds answer {n} after its owner has gone, so that the next one sees it.\n\nFix: drop it.\n\n```diff\n-let kept = all.get({n})?;\n+let kept = all.take({n})?;\n```\n\n",
        n % 40,
        n % 700,
        n % 900 + 1,
        n % 900 + 4
    )
}

/// A finding as long as those of real reviews: 1 to 2 kB, with the code that it is about, three paragraphs and a diff.
fn long(n: usize) -> String {
    let (file, line) = (n % 700, n % 900 + 1);
    let code = |first: &str| -> String {
        let lines = (0..3 + n % 5).map(|k| format!("{first}    self.entries.insert(key_{k}, answer_{n}.clone())?;\n"));
        lines.collect()
    };
    format!(
        "{n}. **Answer {n} stays in the cache after its owner has gone** — `src/part{}/file{file}.rs:{line}-{}` [Claude Opus 4.6, Codex GPT 5.4] (important, gap)\n\n```rust\n{}```\n\n{}\n\nClaude rated this critical, because of what `part{}::answers()` promises to its callers.\n\nFix: take each entry out when its owner goes.\n\n```diff\n@@ -{line},3 +{line},9 @@\n{}{}```\n\n",
        n % 40,
        line + 9,
        code(""),
        PROSE,
        n % 40,
        code("-"),
        code("+"),
    )
}

const PROSE: &str = "The cache holds the answer after its owner has gone, so the next one who asks with the same key is given what was \
meant for another. The entry is made where the request comes in, and nothing takes it out again when the request is \
cancelled, times out, or ends with an error.\n\nIn a long session the map grows with each request; a hundred thousand \
of them are about 80 MB. The test covers the case in which the owner is there until the end only.";

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

fn markdown(size: usize, finding: fn(usize) -> String) -> String {
    grown(
        "# Deep Review: large\n\n| | |\n|---|---|\n| **Reviewers** | Claude Opus 4.6, Codex GPT 5.4 |\n\n## Important Issues\n\n",
        size,
        finding,
    )
}

/// One agent's review, a tag before each finding; `long` says whether it explains them.
fn plain(size: usize, long: bool) -> String {
    let why = if long { PROSE } else { "The cache holds it after its owner has gone." };
    grown("", size, |n| {
        format!("[IMPORTANT] src/file{}.rs:{} — Answer {n} is kept too long\n\n{why}\n\n", n % 700, n % 900 + 1)
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
