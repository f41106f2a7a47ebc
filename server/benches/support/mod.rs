//! What benchmarks share: large repositories made in a temporary folder, and timing side by side.

#![allow(dead_code, reason = "each benchmark uses another part of it")]
#![allow(clippy::expect_used, clippy::print_stdout, reason = "a benchmark that cannot start is to fail at once")]

use std::fmt::Write as _;
use std::time::{Duration, Instant};
use test_repo::Repo;

/// Numbers that are the same in each run (a linear congruential generator, as in Knuth's MMIX).
pub(crate) struct Numbers(u64);

impl Numbers {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit
    }
}

const WORDS: [&str; 24] = [
    "account",
    "buffer",
    "channel",
    "deadline",
    "entry",
    "frame",
    "gather",
    "handle",
    "index",
    "journal",
    "key",
    "ledger",
    "merge",
    "notify",
    "offset",
    "parse",
    "queue",
    "retry",
    "session",
    "token",
    "update",
    "verify",
    "window",
    "yield_now",
];

/// A made-up line of Rust.
fn code_line(numbers: &mut Numbers) -> String {
    let mut word = || WORDS[numbers.below(WORDS.len())];
    let (a, b, c, d) = (word(), word(), word(), word());
    match numbers.below(6) {
        // Names of which a large change takes some away altogether.
        0 => {
            let (n, m) = (numbers.below(4000), numbers.below(1000));
            format!("    let {a}_{b}_{n} = {c}.{d}({m});\n")
        }
        1 => format!("    if {a}.{b}() > {c}_{d} {{ return Err(Error::{a}); }}\n"),
        2 => format!("    // The {a} of a {b} is the {c} that the {d} has.\n"),
        3 => format!("    self.{a}.{b}(&{c}, |{d}| {d}.{a}());\n"),
        4 => "\n".to_owned(),
        _ => format!("    assert_eq!({a}_{b}({c}), {d}, \"{a} {b}\");\n"),
    }
}

fn file(numbers: &mut Numbers, lines: usize) -> Vec<String> {
    let mut out = vec![format!("pub fn {}_{}() {{\n", WORDS[numbers.below(WORDS.len())], numbers.below(100_000))];
    out.extend((2..lines).map(|_| code_line(numbers)));
    out.push("}\n".to_owned());
    out
}

fn path(n: usize) -> String {
    format!("crates/part_{}/src/{}/{}_{n}.rs", n % 17, WORDS[n % WORDS.len()], WORDS[n / 7 % WORDS.len()])
}

/// A branch of about 1,000 changed files and 50,000 added and removed lines, on a repository of 3,000 files: 900
/// modified, 40 new, 40 deleted, 20 renamed; all committed but for 20 files, and packed as after a clone.
pub(crate) fn branch_of_a_thousand_files() -> Repo {
    let mut numbers = Numbers::new(7);
    let repo = Repo::new();
    let mut files: Vec<Vec<String>> =
        (0..3000).map(|_| 60 + numbers.below(280)).map(|n| file(&mut Numbers::new(n as u64), n)).collect();
    for (n, lines) in files.iter_mut().enumerate() {
        // Unlike all others, and still a function.
        for at in (1..lines.len() - 1).step_by(3) {
            lines[at] = code_line(&mut numbers);
        }
        repo.write(path(n), lines.concat());
    }
    repo.commit("Start");
    repo.branch("topic");
    for (n, lines) in files.iter_mut().take(960).enumerate() {
        match n {
            0..40 => repo.remove(path(n)),
            _ => {
                for _ in 0..3 {
                    let (at, count) = (1 + numbers.below(lines.len() - 13), 3 + numbers.below(9));
                    let new: Vec<String> = (0..count + 2).map(|_| code_line(&mut numbers)).collect();
                    lines.splice(at..at + count, new);
                }
                let name = if n < 60 { format!("crates/moved/{n}.rs") } else { path(n) };
                if n < 60 {
                    repo.remove(path(n));
                }
                if n < 940 {
                    repo.write(name, lines.concat());
                }
            }
        }
        if n % 120 == 119 {
            repo.commit(&format!("Step {}", n / 120));
        }
    }
    for n in 0..40 {
        repo.write(format!("crates/new/{n}.rs"), file(&mut numbers, 150).concat());
    }
    repo.commit("Add new files");
    for (n, lines) in files.iter().enumerate().take(960).skip(940) {
        repo.write(path(n), lines.concat());
    }
    repo.git(&["gc", "-q"]);
    repo.git(&["update-index", "-q", "--refresh"]);
    repo
}

/// A repository of `files` files of about 1.5 KB, packed, on the branch `topic` with a few files changed.
pub(crate) fn many_files(files: usize) -> Repo {
    let repo = Repo::new();
    let mut numbers = Numbers::new(11);
    for n in 0..files {
        let mut text = String::new();
        for _ in 0..30 {
            text.push_str(&code_line(&mut numbers));
        }
        let _ = writeln!(text, "// {n}");
        repo.write(format!("area_{}/part_{}/file_{n}.rs", n % 40, n / 40 % 50), text);
    }
    repo.commit("Start");
    repo.branch("topic");
    repo.write("area_0/part_0/file_0.rs", "// changed\n");
    repo.commit("Change a file");
    repo.write("area_1/part_0/file_1.rs", "// not committed\n");
    // Without looking for deltas between them, which takes minutes and changes little.
    repo.git(&["repack", "-a", "-d", "-q", "--window=0"]);
    repo
}

/// What is compared: a name and the work.
pub(crate) type Contender<'a> = (&'a str, Box<dyn FnMut() + 'a>);

/// Runs all contenders in turn, `runs` times after one that is not counted, and prints the median of each and its ratio
/// to the first.
pub(crate) fn side_by_side(title: &str, runs: usize, contenders: &mut [Contender<'_>]) {
    side_by_side_with(title, runs, contenders, &mut || {});
}

/// The same, with something to do after each, which is not measured.
pub(crate) fn side_by_side_with(title: &str, runs: usize, contenders: &mut [Contender<'_>], after: &mut dyn FnMut()) {
    let mut times: Vec<Vec<Duration>> = vec![Vec::new(); contenders.len()];
    for run in 0..=runs {
        for ((_, work), times) in contenders.iter_mut().zip(&mut times) {
            let start = Instant::now();
            work();
            let took = start.elapsed();
            if run > 0 {
                times.push(took);
            }
            after();
        }
    }
    println!("{title} (median of {runs}, fastest to slowest)");
    let mut first = None;
    for ((name, _), times) in contenders.iter().zip(&mut times) {
        times.sort_unstable();
        let median = times[times.len() / 2];
        let first = *first.get_or_insert(median);
        let ms = |d: Duration| d.as_secs_f64() * 1000.0;
        println!(
            "  {name:<58} {:>8.1} ms  {:>5.2} x   ({:.1} to {:.1})",
            ms(median),
            median.as_secs_f64() / first.as_secs_f64(),
            ms(times[0]),
            ms(times[times.len() - 1]),
        );
    }
}
