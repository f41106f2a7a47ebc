//! How long placing fixes takes. `cargo bench --bench patch` prints the best and the median of the runs.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

use deep_review::finding::LineRange;
use deep_review::patch::{Hints, LineMap, Text, find_quote, parse, place, place_patch};
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

/// Best of the runs, in milliseconds.
fn measure(name: &str, runs: usize, mut work: impl FnMut()) -> f64 {
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
    ms(times[0])
}

/// Measures the same work for texts of 25,000, 50,000 and 100,000 lines, and says by how much each step grows: 2 where
/// it is linear in the length of the text.
fn grows(name: &str, text: impl Fn(usize) -> String, work: impl Fn(&str)) {
    let best = [25_000, 50_000, 100_000].map(|size| {
        let text = text(size);
        measure(&format!("{name}, {size} lines"), 20, || work(&text))
    });
    println!("{name:<64} ×{:.1}, ×{:.1}", best[1] / best[0], best[2] / best[1]);
}

/// `lines` lines of which the first one is `odd[0]`, the second `odd[1]`, and so on, over and over.
fn repeated(odd: &[&str], lines: usize) -> String {
    odd.iter().cycle().take(lines).flat_map(|line| [line, "\n"]).collect()
}

fn main() {
    let none = Hints::default();

    let text = code(10_000);
    let lines: Vec<&str> = text.lines().collect();
    let hunks: Vec<String> = (0..1000).map(|i| hunk(&lines, i * 10 + 4)).collect();
    let all = hunks.concat();
    measure("1,000 hunks in one diff, 10,000 lines", 20, || {
        assert_eq!(place(&text, &all, &none).map(|a| a.edits.len()), Ok(1000));
    });
    measure("1,000 diffs of one hunk, 10,000 lines, text prepared once", 20, || {
        let text = Text::new(&text);
        for hunk in &hunks {
            let patch = parse(hunk);
            assert!(patch.is_ok_and(|p| place_patch(&text, &p, &none).is_ok()));
        }
    });
    let spaces = all.replace('\t', "    ");
    measure("1,000 hunks in one diff, 10,000 lines, spaces for tabs", 20, || {
        assert!(place(&text, &spaces, &none).is_ok());
    });

    // Twice as many hunks, of which each could be compared with each.
    for count in [250, 500, 1000] {
        let hunk = |lines: &str| format!("@@ -1,1 +1,1 @@\n{lines}");
        let places: String = (0..100).map(|n| format!("func step{n}() {{\n\treturn nothing\n}}\n")).collect();
        let fits: String = (0..count).map(|n| hunk(&format!("-\treturn nothing\n+\treturn something{n}\n"))).collect();
        measure(&format!("{count} hunks that fit in 100 places each"), 5, || {
            assert!(place(&places, &fits, &none).is_err());
        });
        let moved = |sign: char, n: usize| format!("{sign}some_line_that_moves_{n}()\n");
        let taken_out: String = (0..count).map(|n| hunk(&moved('-', n))).collect();
        let put_in: String = (0..count).map(|n| moved('+', n)).collect();
        let all = taken_out + &hunk(" func step50() {\n") + &put_in;
        measure(&format!("{count} hunks that take out what another puts in"), 5, || {
            assert!(place(&places, &all, &none).is_ok());
        });
        let text = code(count * 10);
        let blocks: String = (0..count)
            .map(|n| {
                format!("\t\tvalue{0}, err := service.Call(ctx, request.Field3)\n=======\n\t\tother{0}()\n", n * 10 + 3)
            })
            .map(|block| format!("<<<<<<< SEARCH\n{block}>>>>>>> REPLACE\n"))
            .collect();
        measure(&format!("{count} search blocks, {} lines", count * 10), 5, || {
            assert!(place(&text, &blocks, &none).is_ok());
        });
    }

    let in_the_middle = |text: &str| {
        let lines: Vec<&str> = text.lines().collect();
        hunk(&lines, lines.len() / 2 + 4)
    };
    let middles = [25_000, 50_000, 100_000].map(|size| {
        let text = code(size);
        (size, text.len(), in_the_middle(&text))
    });
    let of = |text: &str| middles.iter().find(|m| m.1 == text.len()).map_or("", |m| &m.2);
    grows("one hunk", code, |text| assert!(place(text, of(text), &none).is_ok()));
    let missing = middles[0].2.replace("service", "elsewhere");
    grows("one hunk that is not there", code, |text| assert!(place(text, &missing, &none).is_err()));

    // Texts and hunks that are made to be slow.
    let cited = Hints { lines: Some(LineRange::line(500)), ..none };
    let same = |lines| repeated(&["\treturn nil"], lines);
    let refused = |diff: String| move |text: &str| assert!(place(text, &diff, &cited).is_err());
    let context = " \treturn nil\n";
    let change = "-\treturn nil\n+\treturn err\n";
    grows("identical lines, a hunk of 1,001", same, refused(context.repeat(1000) + change));
    grows("identical lines, a hunk of 10,000", same, refused(context.repeat(10_000) + change));
    grows("identical lines, 20 elisions", same, refused(" \treturn nil\n ...\n".repeat(20) + change));
    grows("identical lines, 1,000 elisions", same, refused(" \treturn nil\n ...\n".repeat(1000) + change));
    let longer: String = (1..200).map(|n| context.repeat(n) + " ...\n").collect();
    grows("identical lines, 200 pieces of 1 to 200 lines", same, refused(longer + change));
    let almost = context.repeat(2000) + " \treturn it\n" + change;
    grows("identical lines, a hunk that fails at its end", same, refused(almost));
    let two = |lines| repeated(&["\ta()", "\tb()"], lines);
    grows("two lines in turn, a hunk of 2,000", two, refused(" \ta()\n \tb()\n".repeat(1000) + "-\ta()\n+\tc()\n"));
    let changes: String = (0..5000).map(|n| format!("-\told_line_{n}()\n+\tnew_line_{n}()\n")).collect();
    grows("a hunk of 10,000 lines that is not there", code, refused(changes.clone()));
    let there =
        |lines: usize| code(lines / 2) + &(0..lines / 2).map(|n| format!("\tnew_line_{n}()\n")).collect::<String>();
    grows("a hunk of 10,000 lines, of which half is there", there, refused(changes));
    let long = |lines: usize| "x = f(1); ".repeat(lines * 3) + "\nend\n";
    grows("one very long line", long, |text| assert!(place(text, "-end\n+fin\n", &none).is_ok()));
    grows("one very long line, a search inside of it", long, |text| {
        assert!(place(text, r#"{"old":"x = f(1); x = f(1); end","new":"y"}"#, &none).is_err());
    });

    let text = code(10_000);
    let lines: Vec<&str> = text.lines().collect();
    let every_second: String = lines
        .iter()
        .enumerate()
        .map(|(i, l)| if i % 2 == 0 { format!(" {l}\n") } else { format!("-{l}\n+{l} // x\n") })
        .collect();
    measure("one hunk of 10,000 lines that applies, 10,000 lines", 20, || {
        assert!(place(&text, &every_second, &none).is_ok());
    });
    let spaces = every_second.replace('\t', "  ");
    measure("the same, spaces for tabs", 20, || assert!(place(&text, &spaces, &none).is_ok()));

    let text = code(100_000);
    measure("a quote in 100,000 lines", 50, || {
        assert!(find_quote(&text, "value50003, err := service.Call(ctx, request.Field3)", None).is_some());
    });

    for runs in [1000, 10_000, 100_000] {
        let lines = |odd: &str| -> String {
            (0..runs * 9).map(|i| if i % 9 == 0 { format!("{odd}{i}\n") } else { format!("line{i}\n") }).collect()
        };
        let map = LineMap::between(&lines("old"), &lines("new"));
        measure(&format!("5,000 anchors carried by a map with {runs} runs"), 50, || {
            for i in 0..5000 {
                black_box(map.carry(LineRange::line(i * 18 + 1)));
            }
        });
    }
    let changed = text.replacen("value5", "other5", 2000);
    measure("a map rebuilt from two texts of 100,000 lines", 10, || {
        black_box(LineMap::between(&text, &changed));
    });
}
