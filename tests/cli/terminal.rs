//! A review on a terminal: the lines while it runs, and Ctrl-C.

use super::bed::{AFTER, Bed, answer, finding, with_fix};
use crate::support::terminal::{LONG, Terminal};
use std::time::Instant;

const CTRL_C: char = '\u{3}';

/// One agent that answers, and a program that does not end by itself, each of its processes marked in its command line.
fn bed(mark: &str, program: &str) -> Bed {
    let slow =
        format!("[agents.slow]\nadapter = 'command'\nlabel = 'SLOW'\ncommand = ['sh', '-c', '{program}', '{mark}']\n");
    Bed::new().agent("quick", &answer(&[finding("important", "Seen in time", (7, 7))])).configured(&slow)
}

fn on_terminal(bed: &Bed, args: &str) -> Option<Terminal> {
    Terminal::start(&bed.command(&[]), &bed.repo.beside("scratch"), args)
}

/// Waits until no process is left whose command line has the mark, and nothing in the scratch folder.
fn assert_nothing_is_left(bed: &Bed, mark: &str) {
    let until = Instant::now() + LONG;
    let living = || {
        let lines = std::fs::read_dir("/proc").into_iter().flatten().flatten();
        let lines = lines.filter_map(|e| std::fs::read(e.path().join("cmdline")).ok());
        lines.filter(|l| String::from_utf8_lossy(l).contains(mark)).count()
    };
    let scratch =
        || std::fs::read_dir(bed.repo.beside("scratch")).unwrap().map(|e| e.unwrap().path()).collect::<Vec<_>>();
    while living() > 0 || !scratch().is_empty() {
        assert!(Instant::now() < until, "{} processes, {:?}", living(), scratch());
        std::thread::yield_now();
    }
}

#[test]
fn each_agent_has_a_line_and_ctrl_c_keeps_what_was_answered() {
    let mark = "deep-review-terminal-polite";
    let bed = bed(mark, "sleep 1000");
    let Some(mut terminal) = on_terminal(&bed, "review --agent quick --agent slow") else { return };
    terminal.wait_for(&["QUICK", "SLOW", "1 finding"]);
    terminal.press(CTRL_C);
    let (code, seen) = terminal.end();
    assert_eq!(code, Some(3), "{seen}");
    let (_, after) = seen.split_once("Cancelling; what was answered is kept").unwrap_or_else(|| panic!("{seen}"));
    for said in ["Seen in time", "cancelled", "Incomplete", "Next: deep-review show I1"] {
        assert!(after.contains(said), "{said} is not in:\n{seen}");
    }
    assert_nothing_is_left(&bed, mark);
    // It is stored as what it is.
    let report = bed.run(&["report"]);
    assert!(report.out.contains("Seen in time") && report.out.contains("Incomplete"), "{}", report.out);
}

#[test]
fn a_second_ctrl_c_ends_it_at_once() {
    let mark = "deep-review-terminal-stubborn";
    let bed = bed(mark, "trap : TERM INT HUP; while :; do sleep 1; done");
    let Some(mut terminal) = on_terminal(&bed, "review --agent quick --agent slow") else { return };
    terminal.wait_for(&["QUICK", "SLOW", "1 finding"]);
    terminal.press(CTRL_C);
    terminal.wait_for(&["Press Ctrl-C again"]);
    terminal.press(CTRL_C);
    let (code, seen) = terminal.end();
    assert_eq!(code, Some(130), "{seen}");
    let (_, after) = seen.split_once("Press Ctrl-C again").unwrap();
    assert!(!after.contains("Verdict"), "no report is waited for: {seen}");
    assert_nothing_is_left(&bed, mark);
}

#[test]
fn without_a_command_it_says_what_it_sees_and_what_is_next() {
    let priced = "[agents.priced]\nadapter = 'command'\nlabel = 'PRICED'\ncommand = ['true']\nprice = [3.0, 15.0]\n";
    let bed = Bed::new().agent("quick", &answer(&[finding("important", "Seen in time", (7, 7))])).raw(priced);
    let seen = |bed: &Bed, args: &str| {
        let (code, seen) = on_terminal(bed, args)?.end();
        assert_eq!(code, Some(0), "{seen}");
        Some(seen)
    };
    let has = |seen: &str, words: &[&str]| {
        for words in words {
            assert!(seen.contains(words), "'{words}' is not in:\n{seen}");
        }
    };
    let Some(first) = seen(&bed, "") else { return };
    has(
        &first,
        &[
            "branch  topic, compared with main",
            "change  1 file in 1 commit, uncommitted work included",
            "QUICK: free",
            "PRICED: about ",
            " tokens, $0.",
            "review --dry-run",
        ],
    );
    assert!(!first.contains("round"), "{first}");
    bed.review(&["--agent", "quick"]);
    has(&seen(&bed, "").unwrap(), &["round   1 of 20", "Merge with fixes", "apply --all --check"]);
    bed.run(&["dismiss", "I1", "--reason", "so be it"]);
    has(&seen(&bed, "").unwrap(), &["Merge as is", "review --dry-run"]);
    let unkeyed = Bed::new();
    has(
        &seen(&unkeyed, "").unwrap(),
        &["built-in ones: nothing is sent, nothing to pay", "agents add", "no key, nothing is sent"],
    );
    unkeyed.repo.git(&["checkout", "-q", "main"]);
    has(&seen(&unkeyed, "").unwrap(), &["itself what branches are compared with", "commit:HEAD", "pr:NUMBER"]);
    let outside = unkeyed.repo.beside("outside");
    std::fs::create_dir(&outside).unwrap();
    let at = |folder: &std::path::Path| seen(&unkeyed, &format!("-C '{}'", folder.display())).unwrap();
    has(&at(&outside), &["outside' is not in a git repository; ", "git init", "deep-review demo"]);
    let bare = unkeyed.repo.beside("bare.git");
    unkeyed.repo.git(&["clone", "-q", "--bare", ".", &bare.to_string_lossy()]);
    has(&at(&bare), &["is a bare repository", "git worktree add"]);
    unkeyed.repo.git_in(&outside, &["init", "-q", "-b", "main"]);
    std::fs::write(outside.join("a.py"), "x = 1\n").unwrap();
    has(&at(&outside), &["main, which has no commit yet: every file is new", "1 file, not committed yet"]);
    unkeyed.repo.write("src/main.rs", "fn main() {}\n");
    has(&seen(&unkeyed, "").unwrap(), &["only uncommitted work is reviewed"]);
}

#[test]
fn a_script_without_a_command_is_told_so() {
    let ran = Bed::new().run(&[]);
    assert!(ran.code == 2 && ran.out.is_empty() && ran.err.contains("Usage: deep-review"), "{}{}", ran.out, ran.err);
}

#[test]
fn what_is_longer_than_the_terminal_goes_through_the_pager() {
    let many: Vec<_> = (1..=4).map(|n| finding("important", &format!("Issue number {n}"), (n + 2, n + 2))).collect();
    let bed = Bed::new().agent("quick", &answer(&many));
    bed.review(&["--agent", "quick"]);
    for (pager, args, is_paged) in [
        ("sed 's/^/| /'", "report", true),
        ("sed 's/^/| /'", "rounds", false),
        ("cat", "report", false),
        ("", "report", false),
        ("no-such-pager --fast", "report", false),
    ] {
        let mut like = bed.command(&[]);
        like.env("DEEP_REVIEW_PAGER", pager);
        let Some(terminal) = Terminal::start(&like, &bed.repo.beside("scratch"), args) else { return };
        let (code, seen) = terminal.end();
        assert_eq!(code, Some(0), "{seen}");
        assert_eq!(seen.contains("| Verdict") || seen.contains("| \u{1b}"), is_paged, "{pager} {args}:\n{seen}");
        assert!(seen.contains("Merge with fixes"), "{pager} {args}:\n{seen}");
    }
    let piped = bed.run(&["report"]);
    assert!(piped.out.starts_with("Round 1"), "{}", piped.out);
}

#[test]
fn a_round_is_walked_through_and_what_is_done_is_kept() {
    let fix = "-    std::env::args().count() as u32\n+    u32::try_from(std::env::args().count()).unwrap_or(0)";
    let all = [
        with_fix(finding("critical", "The count is cut", (7, 7)), fix),
        finding("suggestion", "A name says little", (6, 6)),
    ];
    let bed = Bed::new().agent("quick", &answer(&all));
    let Some(mut terminal) = on_terminal(&bed, "review --agent quick -i") else { return };
    terminal.wait_for(&["The count is cut", "? keys"]);
    // What is drawn are the cells that differ: what it did is asked of the files and of the store.
    let until = |what: &str, came: &dyn Fn() -> bool| {
        let end = Instant::now() + LONG;
        while !came() {
            assert!(Instant::now() < end, "{what}");
            std::thread::yield_now();
        }
    };
    terminal.press("a");
    until("a applies", &|| bed.repo.read("src/main.rs").contains("u32::try_from"));
    terminal.press("u");
    until("u takes it back", &|| bed.repo.read("src/main.rs") == AFTER);
    terminal.press("jdmeant so\r");
    until("d dismisses", &|| bed.run(&["findings", "--state", "dismissed"]).out.contains("S1"));
    terminal.press("q");
    let (code, seen) = terminal.end();
    assert_eq!(code, Some(0), "{seen}");
    assert!(seen.contains("\u{1b}[?1049l"), "the terminal is as it was before");
    let left = bed.run(&["findings"]).out;
    assert!(left.contains("C1") && !left.contains("S1"), "{left}");
}

#[test]
fn without_a_terminal_nothing_is_interactive_and_nothing_is_reviewed() {
    let bed = Bed::new().agent("quick", &answer(&[]));
    for args in [&["tui"][..], &["review", "-i"]] {
        let ran = bed.run(args);
        assert!(ran.code == 2 && ran.out.is_empty() && ran.err.contains("needs a terminal"), "{}{}", ran.out, ran.err);
    }
    assert!(bed.run(&["rounds"]).out.contains("No rounds"), "{}", bed.run(&["rounds"]).out);
    let Some(terminal) = on_terminal(&bed, "tui") else { return };
    let (code, seen) = terminal.end();
    assert!(code == Some(2) && seen.contains("'deep-review review' runs one"), "{seen}");
}
