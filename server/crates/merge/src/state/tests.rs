use super::*;
use crate::tests::raws;
use crate::{Input, merge};
use finding::{DismissReason, Fix, Resolution};
use jiff::Timestamp;
use proptest::prelude::*;

const PATH: &str = "src/pool.rs";

fn path() -> RepoPath {
    RepoPath::new(PATH).unwrap()
}

/// A finding on line `line` (1-based) with a fix.
fn finding(line: usize, diff: &str) -> Finding {
    let raw = raws(&[&format!("one:1 important {PATH}:{line} | It is wrong here | Very.")]);
    let mut finding = merge(&Input::of(&raw)).findings.remove(0);
    finding.fixes = vec![Fix { note: None, path: Some(path()), diff: diff.into(), by: vec![] }];
    finding
}

fn text_state_of(finding: &Finding, then: &str, now: Option<&str>) -> TextState {
    let reviewed = |p: &RepoPath| (*p == path()).then(|| Arc::from(then));
    let current = |p: &RepoPath| now.filter(|_| *p == path()).map(Arc::from);
    Since::new(&reviewed, &current).text_state(finding, &Effects::of(finding, &reviewed))
}

const THEN: &str = "fn take(pool: &Pool) -> Slot {\n    let slot = pool.first();\n    log(slot);\n    slot\n}\n\n\
    fn give(pool: &Pool, slot: Slot) {\n    pool.push(slot);\n}\n";
const FIX: &str =
    "@@ -2,2 +2,2 @@\n-    let slot = pool.first();\n+    let slot = pool.first(now(), by(me));\n     log(slot);\n";

#[test]
fn a_fix_is_in_whatever_else_was_done_and_only_then() {
    use TextState::{Fixed, Gone, Same, Touched};
    let fixed = THEN.replace("first()", "first(now(), by(me))");
    for (name, now, state) in [
        ("as it was", THEN.to_owned(), Same),
        ("applied", fixed.clone(), Fixed),
        ("the line below too", fixed.replace("log(slot);", "log(&slot, 3);"), Fixed),
        ("the line above too", fixed.replace("pool: &Pool) -> Slot", "pool: &mut Pool) -> Slot"), Fixed),
        ("both, and lines before", format!("// new\n{}", fixed.replace("log(slot);", "")), Fixed),
        ("the line below gone", fixed.replace("    log(slot);\n", ""), Fixed),
        ("indented anew", fixed.replace("    ", "\t\t"), Fixed),
        ("broken anew", fixed.replace("(now(), by(me))", "(\n        now(),\n        by(me),\n    )"), Fixed),
        ("with other line ends", fixed.replace('\n', "\r\n"), Fixed),
        ("something like it", THEN.replace("first()", "first(now(), by(you))"), Touched),
        ("both there", THEN.replace("    log", "    let slot = pool.first(now(), by(me));\n    log"), Same),
        ("only below changed", THEN.replace("log(slot);", "log(&slot);"), Same),
        ("taken out", THEN.replace("    let slot = pool.first();\n", ""), Gone),
        ("moved away", THEN.replace("give", "let slot = pool.first(now(), by(me));\nfn give"), Same),
    ] {
        assert_eq!(text_state_of(&finding(2, FIX), THEN, Some(&now)), state, "{name}:\n{now}");
    }
    assert_eq!(text_state_of(&finding(2, FIX), THEN, None), Gone, "the file is gone");
}

#[test]
fn a_fix_that_takes_out_is_in_when_its_lines_are_out() {
    let out = "@@ -2,3 +2,2 @@\n     let slot = pool.first();\n-    log(slot);\n     slot\n";
    let fixed = THEN.replace("    log(slot);\n", "");
    for (now, state) in [
        (fixed.clone(), TextState::Fixed),
        (fixed.replace("    slot\n", "    slot.unwrap()\n"), TextState::Fixed),
        (fixed.replace("pool.first()", "pool.last()"), TextState::Fixed),
        (THEN.replace("pool.first()", "pool.last()"), TextState::Same),
        (THEN.replace("log(slot)", "log(3)"), TextState::Touched),
    ] {
        assert_eq!(text_state_of(&finding(3, out), THEN, Some(&now)), state, "{now}");
    }
}

#[test]
fn white_space_is_a_change_where_it_is_all_that_a_fix_changes() {
    let diff = "@@ -3,1 +3,1 @@\n-    log(slot);\n+        log(slot);\n";
    let fixed = THEN.replace("    log", "        log");
    assert_eq!(text_state_of(&finding(3, diff), THEN, Some(&fixed)), TextState::Fixed);
    assert_eq!(text_state_of(&finding(3, diff), THEN, Some(&format!("\n{THEN}"))), TextState::Same);
}

#[test]
fn a_persons_word_counts_until_the_text_takes_a_fix_back() {
    let finding = finding(2, FIX);
    let reviewed = |_: &RepoPath| Some(Arc::from(THEN));
    let effects = Effects::of(&finding, &reviewed);
    let (here, later) = (RoundId::new("r1"), RoundId::new("r2"));
    let dismissed = State::Dismissed { reason: DismissReason::WontFix, text: String::new() };
    let none = Effects::default();
    for (said, by, text, effects, state) in [
        (None, &here, TextState::Fixed, &effects, State::Fixed),
        (None, &here, TextState::Gone, &effects, State::Outdated),
        (Some(State::Open), &here, TextState::Fixed, &effects, State::Fixed),
        (Some(dismissed.clone()), &here, TextState::Fixed, &effects, dismissed),
        (Some(State::Fixed), &here, TextState::Touched, &effects, State::Fixed),
        (Some(State::Fixed), &here, TextState::Same, &effects, State::Open),
        (Some(State::Fixed), &here, TextState::Same, &none, State::Fixed),
        // A later round saw that it is not there any more.
        (Some(State::Fixed), &later, TextState::Same, &effects, State::Fixed),
    ] {
        let mut decisions = Decisions::default();
        let resolution = |state| Resolution {
            state,
            at: Timestamp::UNIX_EPOCH,
            round: by.clone(),
            code: None,
            commit: None,
            by: None,
        };
        decisions.resolutions.extend(said.clone().map(|state| (finding.id.clone(), resolution(state))));
        assert_eq!(super::state(&finding, &here, &decisions, text, effects), state, "{said:?} {text:?}");
    }
}

#[test]
fn a_fix_of_several_files_is_in_when_it_is_in_all() {
    let diff = "--- a/src/pool.rs\n+++ b/src/pool.rs\n@@ -3,1 +3,1 @@\n-    log(slot);\n+    note(slot);\n\
        --- /dev/null\n+++ b/src/note.rs\n@@ -0,0 +1,1 @@\n+fn note() {}\n";
    let mut finding = finding(3, diff);
    finding.fixes[0].path = None;
    let texts = |files: &[(&str, &str)]| -> BTreeMap<RepoPath, Arc<str>> {
        files.iter().map(|(p, t)| (RepoPath::new(*p).unwrap(), Arc::from(*t))).collect()
    };
    let fixed = THEN.replace("log", "note");
    let then = texts(&[(PATH, THEN)]);
    let reviewed = |p: &RepoPath| then.get(p).cloned();
    for (files, state) in [
        (texts(&[(PATH, &fixed)]), TextState::Touched),
        (texts(&[(PATH, THEN), ("src/note.rs", "fn note() {}\n")]), TextState::Same),
        (texts(&[(PATH, &fixed), ("src/note.rs", "fn note() {}\n")]), TextState::Fixed),
    ] {
        let now = |p: &RepoPath| files.get(p).cloned();
        let effects = Effects::of(&finding, &reviewed);
        assert_eq!(effects.paths().count(), 2);
        assert_eq!(Since::new(&reviewed, &now).text_state(&finding, &effects), state, "{files:?}");
    }
}

/// A file of short functions (the lines that fixes take out are told apart, those around them are not), and for each of some lines what stands there once its fix is in.
fn fixes() -> impl Strategy<Value = (Vec<String>, BTreeMap<usize, Vec<String>>)> {
    let block = |n: usize| {
        vec![format!("fn f{n}() {{"), format!("    call({n});"), format!("    check({n});"), "}".into(), String::new()]
    };
    let line = prop_oneof![
        4 => (0..1000_u32).prop_map(|n| format!("    done({n});")),
        1 => Just("    audit(pool);".to_owned()),
        1 => Just("    }".to_owned()),
    ];
    (2..8_usize).prop_flat_map(move |blocks| {
        let text: Vec<String> = (0..blocks).flat_map(block).collect();
        let lines = (0..text.len()).filter(|n| n % 5 < 3).collect::<Vec<_>>();
        let count = 1..lines.len().min(8);
        let edits = prop::sample::subsequence(lines, count).prop_flat_map({
            let line = line.clone();
            move |at| {
                let news = prop::collection::vec(prop::collection::vec(line.clone(), 0..3), at.len());
                news.prop_map(move |news| at.iter().copied().zip(news).collect::<BTreeMap<usize, Vec<String>>>())
            }
        });
        (Just(text), edits)
    })
}

fn with(text: &[String], edits: &BTreeMap<usize, Vec<String>>, applied: &[usize]) -> String {
    let mut out = String::new();
    for (n, line) in text.iter().enumerate() {
        let lines = match edits.get(&n).filter(|_| applied.contains(&n)) {
            Some(new) => new.clone(),
            None => vec![line.clone()],
        };
        out.extend(lines.into_iter().map(|line| line + "\n"));
    }
    out
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Fixes are applied, taken back and applied again in any order, and the file is formatted on the way: those that
    /// are in are fixed, and no other.
    #[test]
    fn what_is_in_is_fixed_and_nothing_else(
        (text, edits) in fixes(),
        steps in prop::collection::vec((any::<prop::sample::Index>(), any::<bool>()), 1..20),
    ) {
        let then = text.iter().map(|line| format!("{line}\n")).collect::<String>();
        let at: Vec<usize> = edits.keys().copied().collect();
        // Where one fix puts in what another one takes out, the same text has two stories.
        let removed: Vec<String> = edits.keys().map(|n| squeezed(&text[*n])).collect();
        prop_assume!(edits.values().flatten().all(|line| !removed.contains(&squeezed(line))));
        let findings: Vec<Finding> = edits
            .iter()
            .map(|(n, new)| {
                let put_in: String = new.iter().map(|line| format!("+{line}\n")).collect();
                finding(n + 1, &format!("@@ -{0},1 +{0},{1} @@\n-{2}\n{put_in}", n + 1, new.len(), text[*n]))
            })
            .collect();
        let reviewed = |_: &RepoPath| Some(Arc::<str>::from(then.as_str()));
        let effects: Vec<Effects> = findings.iter().map(|f| Effects::of(f, &reviewed)).collect();
        prop_assume!(effects.iter().all(|e| !e.is_empty()));
        let mut applied: Vec<usize> = Vec::new();
        for (which, format) in steps {
            let which = *which.get(&at);
            match applied.iter().position(|n| *n == which) {
                Some(there) => drop(applied.remove(there)),
                None => applied.push(which),
            }
            let mut now = with(&text, &edits, &applied);
            if format {
                now = now.replace("    ", "\t").replace("()", "<>").replace('(', "(\n").replace(')', ",\n)").replace("<>", "()");
            }
            let current = |_: &RepoPath| Some(Arc::<str>::from(now.as_str()));
            let since = Since::new(&reviewed, &current);
            for ((n, finding), effects) in at.iter().zip(&findings).zip(&effects) {
                let fixed = since.text_state(finding, effects) == TextState::Fixed;
                prop_assert_eq!(fixed, applied.contains(n), "line {} of\n{}\nis now\n{}", n + 1, then, now);
            }
        }
    }
}

/// What [`changes`] finds when it looks at all lines.
fn changes_of_all_lines(before: &str, after: &str) -> Vec<(Range<usize>, Vec<String>)> {
    let (old, new): (Vec<&str>, Vec<&str>) = (lines::split(before).collect(), lines::split(after).collect());
    let of = |key: &dyn Fn(&str) -> String| {
        let keys = |lines: &[&str]| lines.iter().map(|line| key(line)).collect::<Vec<String>>();
        let found = hunks(&keys(&old), &keys(&new)).into_iter();
        let found = found.map(|(at, to)| (at, new[to].iter().map(|line| (*line).to_owned()).collect()));
        found.collect::<Vec<(Range<usize>, Vec<String>)>>()
    };
    let squeezed = of(&squeezed);
    if squeezed.is_empty() { of(&|line| line.to_owned()) } else { squeezed }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

    #[test]
    fn what_a_fix_changes_is_found_in_its_own_lines_alone(
        before in some_lines(),
        marked in proptest::bool::weighted(0.1),
        cuts in proptest::collection::vec((0_usize..4, 0_usize..4, some_lines()), 0..3),
    ) {
        let before = format!("{}{before}", if marked { "\u{feff}" } else { "" });
        let (mut edits, mut line) = (Vec::new(), 1);
        for (skipped, count, text) in cuts {
            let start = (line + skipped).min(lines::count(&before) + 1);
            let end = (start + count).min(lines::count(&before) + 1);
            let number = |n: usize| u32::try_from(n).unwrap();
            edits.push(LineEdit { start: number(start), count: number(end - start), text });
            line = end + 1;
        }
        edits.retain(|edit| (edit.start as usize) <= lines::count(&before) + 1);
        let after = patch::apply_edits(&before, &edits);
        let found = changes(&Text::new(&before), &edits, &after).into_iter().map(|c| (c.old, c.new));
        let found: Vec<(Range<usize>, Vec<String>)> = found.collect();
        proptest::prop_assert_eq!(found, changes_of_all_lines(&before, &after), "{:?} {:?}", before, edits);
    }
}

/// A few short lines that are easily taken for each other, the last one perhaps without its end.
fn some_lines() -> impl Strategy<Value = String> {
    let line = proptest::sample::select(&["a\n", "a\n", " a\n", "b\r\n", "d\r", "\n", "c é\n", "c è\n"][..]);
    (proptest::collection::vec(line, 0..8), proptest::bool::weighted(0.8)).prop_map(|(lines, ended)| {
        let text = lines.concat();
        if ended { text } else { text.trim_end_matches(['\n', '\r']).to_owned() }
    })
}

#[test]
fn what_became_of_findings_is_the_same_whether_fixes_are_placed_in_files_that_nobody_touched_or_not() {
    let round = |finding: &Finding| finding::Round {
        findings: vec![finding.clone()],
        ..finding::Round::new(RoundId::new("r"), Timestamp::UNIX_EPOCH, scope())
    };
    let elsewhere = FIX.replace(PATH, "src/other.rs");
    let created = "--- /dev/null\n+++ b/src/new.rs\n@@ -0,0 +1 @@\n+fn new() {}\n";
    for (diff, now, other, want) in [
        (FIX, THEN, None, State::Open),
        ("no diff", THEN, None, State::Open),
        (created, THEN, None, State::Open),
        (created, THEN, Some("fn new() {}\n"), State::Fixed),
        (&*elsewhere, THEN, None, State::Open),
    ] {
        let mut finding = finding(2, diff);
        finding.fixes[0].path = (diff == created).then(|| RepoPath::new("src/new.rs").unwrap());
        let reviewed = |p: &RepoPath| (*p == path()).then(|| Arc::from(THEN));
        let current = |p: &RepoPath| if *p == path() { Some(Arc::from(now)) } else { other.map(Arc::from) };
        let all = states(&round(&finding), &Decisions::default(), &reviewed, &current);
        assert_eq!(all[&finding.id], want, "{diff}");
        let effects = Effects::of(&finding, &reviewed);
        let text = Since::new(&reviewed, &current).text_state(&finding, &effects);
        assert_eq!(state(&finding, &RoundId::new("r"), &Decisions::default(), text, &effects), want, "{diff}");
    }
}

fn scope() -> finding::RoundScope {
    finding::RoundScope { branch: None, base_name: "main".into(), base: None, head: None, uncommitted: true }
}

#[test]
fn a_lone_carriage_return_ends_a_line_here_as_everywhere() {
    let finding = finding(2, FIX);
    for now in [
        THEN.replace("    log(slot);\n", "    log(\rslot);\n"),
        format!("a\rb\rc\r{}", THEN.replace("pool.first", "pool\r.last")),
    ] {
        let state = text_state_of(&finding, THEN, Some(&now));
        let all = text_state_of(&finding, THEN, Some(&now.replace('\r', "\n")));
        assert_eq!(state, all, "{now:?}");
    }
}
