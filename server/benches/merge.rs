//! What merging is worth and what it costs: `cargo bench --bench merge`. The scores need the corpus in
//! `../shared`; the times do not.

mod corpus;

use deep_review::finding::{AgentName, Anchor, LineRange, RawFinding, RawId, RepoPath, Severity};
use deep_review::merge::{Input, Merger, merge};
use std::collections::BTreeSet;
use std::hint::black_box;
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
        let full = best_of(|| {
            black_box(merge(&Input::of(&raw)));
        });
        let (before, last) = raw.split_at(raw.len() - each);
        let mut more = Duration::MAX;
        for _ in 0..5 {
            let mut merger = Merger::default();
            black_box(merger.merge(&Input::of(before)));
            let start = Instant::now();
            let merged = merger.merge(&Input::of(&raw));
            more = more.min(start.elapsed());
            assert_eq!(merged.findings.len(), merge(&Input::of(&raw)).findings.len(), "{} more", last.len());
        }
        let findings = merge(&Input::of(&raw)).findings.len();
        let (ms, share) = (|d: Duration| d.as_secs_f64() * 1e3, more.as_secs_f64() / full.as_secs_f64());
        let each_remark = ms(full) * 1e3 / raw.len() as f64;
        println!(
            "{agents:6} × {each:3} {findings:15} {:6.1} ms {each_remark:12.1} {:12.1} ms {:10.0} %",
            ms(full),
            ms(more),
            share * 100.0
        );
    }
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
