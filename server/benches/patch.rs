//! How long placing fixes takes. `cargo bench --bench patch` prints the best and the median of the runs.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

use deep_review::finding::LineRange;
use deep_review::patch::{Hints, LineMap, Text, apply, apply_patch, find_quote, parse};
use std::fmt::Write as _;
use std::hint::black_box;
use std::time::{Duration, Instant};

/// `lines` lines of code, each of them once.
fn code(lines: usize) -> String {
    let mut out = String::new();
    for i in 0..lines {
        let _ = match i % 10 {
            0 => writeln!(out, "func handler{i}(ctx context.Context, request *Request) error {{"),
            8 => writeln!(out, "}}"),
            9 => writeln!(out),
            n => writeln!(out, "{}value{i}, err := service.Call(ctx, request.Field{n})", "\t".repeat(1 + n % 2)),
        };
    }
    out
}

/// A hunk with three lines of context on each side that changes line `at` (0-based).
fn hunk(lines: &[&str], at: usize) -> String {
    let mut out = String::from("@@ -1,7 +1,7 @@\n");
    for (i, line) in lines.iter().enumerate().skip(at - 3).take(7) {
        let _ = if i == at { writeln!(out, "-{line}\n+{line} // changed") } else { writeln!(out, " {line}") };
    }
    out
}

fn measure(name: &str, runs: usize, mut work: impl FnMut()) {
    work();
    let mut times: Vec<Duration> = (0..runs)
        .map(|_| {
            let start = Instant::now();
            work();
            start.elapsed()
        })
        .collect();
    times.sort();
    let ms = |d: Duration| d.as_secs_f64() * 1e3;
    println!("{name:<64} best {:>9.3} ms   median {:>9.3} ms", ms(times[0]), ms(times[runs / 2]));
}

fn main() {
    let none = Hints::default();

    let text = code(10_000);
    let lines: Vec<&str> = text.lines().collect();
    let hunks: Vec<String> = (0..1000).map(|i| hunk(&lines, i * 10 + 4)).collect();
    let all = hunks.concat();
    measure("1,000 hunks in one diff, 10,000 lines", 20, || {
        assert_eq!(apply(&text, &all, &none).map(|a| a.edits.len()), Ok(1000));
    });
    measure("1,000 diffs of one hunk, 10,000 lines, text prepared once", 20, || {
        let text = Text::new(&text);
        for hunk in &hunks {
            let patch = parse(hunk);
            assert!(patch.is_ok_and(|p| apply_patch(&text, &p, &none).is_ok()));
        }
    });
    let spaces = all.replace('\t', "    ");
    measure("1,000 hunks in one diff, 10,000 lines, spaces for tabs", 20, || {
        assert!(apply(&text, &spaces, &none).is_ok());
    });

    for size in [25_000, 50_000, 100_000] {
        let text = code(size);
        let lines: Vec<&str> = text.lines().collect();
        let one = hunk(&lines, size / 2 + 4);
        measure(&format!("one hunk, {size} lines"), 50, || assert!(apply(&text, &one, &none).is_ok()));
        let missing = one.replace("service", "elsewhere");
        measure(&format!("one hunk that is not there, {size} lines"), 50, || {
            assert!(apply(&text, &missing, &none).is_err());
        });
    }

    for size in [25_000, 50_000, 100_000] {
        let same = "\treturn nil\n".repeat(size);
        let diff = format!("{}-\treturn nil\n+\treturn err\n", " \treturn nil\n".repeat(1000));
        measure(&format!("identical lines, a hunk of 1,001, {size} lines"), 20, || {
            assert!(apply(&same, &diff, &none).is_err());
        });
        let elided = " \treturn nil\n ...\n".repeat(20) + "-\treturn nil\n+\treturn err\n";
        let hints = Hints { lines: Some(LineRange::line(500)), ..none };
        measure(&format!("identical lines, 20 elisions, {size} lines"), 20, || {
            assert!(apply(&same, &elided, &hints).is_err());
        });
    }

    let text = code(100_000);
    measure("a quote in 100,000 lines", 50, || {
        assert!(find_quote(&text, "value50003, err := service.Call(ctx, request.Field3)", None).is_some());
    });

    let mut map = LineMap::identity();
    for i in 0..1000 {
        map.edit(i * 90 + 1, 1, 2);
    }
    measure("an edit of a map with 1,000 runs, and 5,000 anchors carried", 200, || {
        map.edit(45_000, 1, 1);
        for i in 0..5000 {
            black_box(map.carry(LineRange::line(i * 18 + 1)));
        }
    });
    let changed = text.replacen("value5", "other5", 2000);
    measure("a map rebuilt from two texts of 100,000 lines", 10, || {
        black_box(LineMap::between(&text, &changed));
    });
}
