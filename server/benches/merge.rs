//! What merging is worth and what it costs: `cargo bench --bench merge`. The scores need the corpus in
//! `../shared`; the times do not.

mod corpus;

use deep_review::finding::Round;
use deep_review::finding::{AgentName, Anchor, Fix, LineRange, RawFinding, RawId, RepoPath, Severity};
use deep_review::merge::{Earlier, Input, Merger, merge};
use std::collections::{BTreeMap, BTreeSet};
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

fn main() {
    scores();
    times();
}

#[expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
fn scores() {
    let (Some(reviews), Some(pulls)) = (corpus::reviews(), corpus::pulls()) else {
        println!("scores: skipped, ../shared/corpus is not there");
        return;
    };
    println!("one issue or two, {} reviews:    {}", reviews.len(), corpus::score_pairs(&reviews));
    let numbers: BTreeSet<u64> = reviews.iter().map(|r| r.pull).collect();
    for pull in numbers {
        let of_pull = reviews.iter().filter(|r| r.pull == pull);
        println!("    pull request {pull}:              {}", corpus::score_pairs(of_pull));
    }
    let all = corpus::tools(&pulls);
    let three: BTreeSet<String> = ["claude", "copilot", "gemini"].map(String::from).into();
    for (name, tools) in [("all twelve tools", &all), ("claude, copilot, gemini", &three)] {
        let (confidence, score) = corpus::score_ranking(&pulls, tools);
        println!("ranking, {name:24}    {score}  (confidence ≥ {confidence:.2})");
    }
    let without: Vec<f64> = all
        .iter()
        .map(|tool| corpus::score_ranking(&pulls, &all.iter().filter(|t| *t != tool).cloned().collect()).1.f1)
        .collect();
    let names: Vec<&String> = all.iter().collect();
    let triples: Vec<f64> = (0..names.len())
        .flat_map(|a| (0..a).flat_map(move |b| (0..b).map(move |c| [a, b, c])))
        .map(|triple| corpus::score_ranking(&pulls, &triple.map(|i| names[i].clone()).into()).1.f1)
        .collect();
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len().max(1) as f64;
    println!(
        "    mean F1 without one tool {:.3}, of all {} triples {:.3}",
        mean(&without),
        triples.len(),
        mean(&triples)
    );
}

#[expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
fn times() {
    println!("agents × findings   findings     whole  µs a remark  one more agent  of the whole");
    for (agents, each) in [(3, 10), (3, 50), (12, 25), (12, 50), (12, 100), (12, 200)] {
        let raw = synthetic(agents, each);
        time(&format!("{agents:6} × {each:3}"), &raw, each, Input::of);
    }
    println!("the same in a second round, all files changed since the first");
    for (agents, each) in [(3, 50), (12, 50), (12, 100)] {
        let raw = synthetic(agents, each);
        let (then, now) = texts(&raw);
        let round = first_round(&raw);
        let input = |raw| {
            let earlier = vec![Earlier { round: &round, texts: &then }];
            Input { round: 2, earlier, texts: now.clone(), ..Input::of(raw) }
        };
        time(&format!("{agents:6} × {each:3}"), &raw, each, input);
    }
    println!("the same words over and over, each with a fix, in a thousand files; then reviewed again");
    for each in [125, 250, 500, 1000, 2000] {
        let raw = mechanical(10, each);
        time(&format!("{:6} × {each:3}", 10), &raw, each, Input::of);
        let texts = BTreeMap::new();
        let round = first_round(&raw);
        let input = |raw| Input { round: 2, earlier: vec![Earlier { round: &round, texts: &texts }], ..Input::of(raw) };
        time(&format!("{:6} × {each:3}", 10), &raw, each, input);
    }
}

/// Remarks as tools make them: in nearly the same words, each with a fix, spread over a thousand files.
fn mechanical(agents: usize, each: usize) -> Vec<RawFinding> {
    let one = |agent: usize, n: usize| {
        let number = agent * each + n;
        let (file, line) = (number % 1000, (number / 1000 * 10 + 5) as u32);
        let path = format!("part{}/module{file}.py", file % 20);
        let diff =
            format!("--- a/{path}\n+++ b/{path}\n@@ -{line} +{line} @@\n-value({line})\n+value({line}, {number})\n");
        RawFinding {
            id: RawId::new(format!("agent{agent}:{n}")),
            sure: None,
            agent: AgentName::new(format!("agent{agent}")),
            severity: Severity::ALL[1],
            title: format!("Case {number} of {path} is not handled: overflow_{}", number * 7919),
            body: format!("When value {number} arrives, the result is wrong. ").repeat(3),
            anchors: RepoPath::new(path)
                .ok()
                .map(|path| Anchor::lines(path, LineRange::new(line, line)))
                .into_iter()
                .collect(),
            symbol: None,
            classification: None,
            rule: None,
            fixes: vec![Fix { note: None, path: None, diff, by: Vec::new() }],
        }
    };
    (0..agents).flat_map(|agent| (0..each).map(move |n| one(agent, n))).collect()
}

/// Merges `raw` from scratch, and after all but the last `each` of them were merged before.
#[expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
fn time<'a>(name: &str, raw: &'a [RawFinding], each: usize, input: impl Fn(&'a [RawFinding]) -> Input<'a>) {
    let full = best_of(|| {
        black_box(merge(&input(raw)));
    });
    let merged = merge(&input(raw));
    let mut more = Duration::MAX;
    for _ in 0..5 {
        let mut merger = Merger::default();
        black_box(merger.merge(&input(&raw[..raw.len() - each])));
        let start = Instant::now();
        let again = merger.merge(&input(raw));
        more = more.min(start.elapsed());
        assert!(again == merged, "{each} more");
    }
    let (ms, share) = (|d: Duration| d.as_secs_f64() * 1e3, more.as_secs_f64() / full.as_secs_f64());
    let each_remark = ms(full) * 1e3 / raw.len() as f64;
    println!(
        "{name} {:15} {:6.1} ms {each_remark:12.1} {:12.1} ms {:10.0} %",
        merged.findings.len(),
        ms(full),
        ms(more),
        share * 100.0
    );
}

/// The files that remarks are in: as they were, and with a line more and a line changed.
fn texts(raw: &[RawFinding]) -> (BTreeMap<RepoPath, Arc<str>>, BTreeMap<RepoPath, Arc<str>>) {
    let text = |first: &str, middle: &str| -> Arc<str> {
        let lines = (0..1000).map(|n| if n == 500 { format!("{middle}\n") } else { format!("    step_{n}(x);\n") });
        format!("{first}{}", lines.collect::<String>()).into()
    };
    let paths: BTreeSet<&RepoPath> = raw.iter().flat_map(|r| &r.anchors).map(|a| &a.path).collect();
    let all = |text: &Arc<str>| paths.iter().map(|path| ((*path).clone(), Arc::clone(text))).collect();
    (all(&text("", "old")), all(&text("// Made anew.\n", "new")))
}

/// The round that `raw` comes to.
#[expect(clippy::expect_used, reason = "what is written here is a round")]
fn first_round(raw: &[RawFinding]) -> Round {
    let round = serde_json::json!({
        "schema": 1, "id": "r1", "number": 1, "started": "2026-01-01T00:00:00Z", "agents": [], "raw": raw,
        "findings": merge(&Input::of(raw)).findings, "scope": { "base_name": "main", "uncommitted": false },
    });
    serde_json::from_value(round).expect("a round")
}

fn best_of(mut run: impl FnMut()) -> Duration {
    let time = |run: &mut dyn FnMut()| {
        let start = Instant::now();
        run();
        start.elapsed()
    };
    (0..5).map(|_| time(&mut run)).min().unwrap_or_default()
}

/// Remarks as agents make them: a title, some sentences and a code block, on issues of which each agent finds
/// some. Words are as frequent as in a language: the n-th word one n-th as often as the first.
fn synthetic(agents: usize, each: usize) -> Vec<RawFinding> {
    let mut random = 0x9E37_79B9_7F4A_7C15_u64;
    let mut next = move |below: usize| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        (random >> 33) as usize % below.max(1)
    };
    let issues = each * 3;
    let letters: Vec<char> = ('a'..='z').collect();
    let vocabulary: Vec<String> = (0..4000).map(|_| (0..4 + next(6)).map(|_| letters[next(26)]).collect()).collect();
    let word = |next: &mut dyn FnMut(usize) -> usize| {
        // Log-uniform ranks follow that law.
        let rank = (vocabulary.len() as f64).powf(next(1_000_000) as f64 / 1e6) as usize;
        vocabulary[rank.min(vocabulary.len() - 1)].clone()
    };
    let words = |n: usize, next: &mut dyn FnMut(usize) -> usize| (0..n).map(|_| word(next)).collect::<Vec<_>>();
    let about: Vec<Vec<String>> = (0..issues).map(|_| words(40, &mut next)).collect();
    let mut raw = Vec::new();
    for agent in 0..agents {
        for n in 0..each {
            let issue = next(issues);
            let own = words(40, &mut next);
            let title: Vec<&str> = (0..8).map(|_| about[issue][next(40)].as_str()).collect();
            let mut body: Vec<&str> = (0..40).map(|_| about[issue][next(40)].as_str()).collect();
            body.extend(own.iter().map(String::as_str));
            let code = format!("```rust\nlet {} = {}();\nreturn {};\n```", about[issue][0], about[issue][1], own[0]);
            let line = 1 + (issue * 7 + next(5)) as u32 % 900;
            let path = RepoPath::new(format!("src/module_{}.rs", issue % 60)).ok();
            raw.push(RawFinding {
                id: RawId::new(format!("agent{agent}:{n}")),
                sure: None,
                agent: AgentName::new(format!("agent{agent}")),
                severity: Severity::ALL[next(3)],
                title: title.join(" "),
                body: format!("{}\n\n{code}\n", body.join(" ")),
                anchors: path.map(|path| Anchor::lines(path, LineRange::new(line, line + 4))).into_iter().collect(),
                symbol: None,
                classification: None,
                rule: None,
                fixes: Vec::new(),
            });
        }
    }
    raw
}
