//! Fits the weights of merging: `cargo bench --bench fit -- FILE…`, with files of what people made of remarks, each a JSON
//! object a line (or one JSON document), recognised by content:
//!
//! - reviews: `{"pr", "raw": [{id, agent, title, body, files: [{path, start, end}]}], "pairs": [{a, b, label: same | different}]}`
//! - tools on pull requests: `{pull: {"remarks": [{id, tool, text, reference: issue or null}]}}`
//! - issues of their own: `{group, id, agent, title, body, path, start_line, end_line}`; each pair of a group is two.
//!
//! A logistic regression (L2, by Newton's method) on what [`merge::evidence`] says of each pair. It prints its weights beside
//! those of merging; then, for both, precision and recall where the log odds are above 0, and how often it is right where
//! it says at least 90 %. The fitted ones are scored by cross-validation: each repository or pull request by weights that
//! were fitted without it.

#![allow(clippy::print_stdout, clippy::expect_used, reason = "a tool prints, and stops at what it cannot read")]

use deep_review::finding::{AgentName, Anchor, LineRange, RawFinding, RawId, RepoPath, Severity};
use deep_review::merge::{self, FEATURES, Input};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Number of features.
const N: usize = FEATURES.len();
/// Strength of the prior that weights are 0 (that of the bias is not bound).
const RIDGE: f64 = 0.1;
/// Newton's steps; it converges in about eight.
const STEPS: usize = 25;

/// A pair of remarks of which is known whether they are one issue.
struct Example {
    /// What is left out together.
    fold: String,
    features: [f64; N],
    same: bool,
}

fn main() {
    // Cargo gives `--bench` to each benchmark.
    let files: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with("--")).collect();
    let mut examples = Vec::new();
    for file in &files {
        let of_file = read(&std::fs::read_to_string(file).expect("a file of labelled remarks"));
        let same = of_file.iter().filter(|e| e.same).count();
        println!("{file}: {} pairs, {same} of them one issue", of_file.len());
        examples.extend(of_file);
    }
    if examples.is_empty() {
        println!("nothing to fit; name files of labelled remarks (see the top of benches/fit.rs)");
        return;
    }
    let fitted = fit(&examples.iter());
    println!("{:12} {:>8} {:>8}", "", "fitted", "merging");
    for ((name, weight), fitted) in FEATURES.iter().zip(fitted) {
        println!("{name:12} {fitted:8.2} {weight:8.2}");
    }
    let folds: BTreeSet<&str> = examples.iter().map(|e| e.fold.as_str()).collect();
    let mut left_out: Vec<(f64, bool)> = Vec::new();
    for fold in &folds {
        let weights = fit(&examples.iter().filter(|e| e.fold != *fold));
        left_out.extend(examples.iter().filter(|e| e.fold == *fold).map(|e| (odds(&weights, e), e.same)));
    }
    println!("fitted, cross-validated over {} parts: {}", folds.len(), score(&left_out));
    let own = FEATURES.map(|(_, weight)| f64::from(weight));
    println!("merging: {}", score(&examples.iter().map(|e| (odds(&own, e), e.same)).collect::<Vec<_>>()));
}

fn odds(weights: &[f64; N], example: &Example) -> f64 {
    weights.iter().zip(example.features).map(|(w, x)| w * x).sum()
}

fn score(pairs: &[(f64, bool)]) -> String {
    let count = |wanted: &dyn Fn(f64, bool) -> bool| pairs.iter().filter(|(o, s)| wanted(*o, *s)).count() as f64;
    let (right, wrong) = (count(&|o, s| o > 0.0 && s), count(&|o, s| o > 0.0 && !s));
    let missed = count(&|o, s| o <= 0.0 && s);
    let (precision, recall) = (right / (right + wrong).max(1.0), right / (right + missed).max(1.0));
    let sure = 9.0_f64.ln();
    let (sure_right, all_sure) = (count(&|o, s| o >= sure && s), count(&|o, _| o >= sure));
    let f1 = 2.0 * precision * recall / (precision + recall).max(1e-9);
    format!("precision {precision:.3}  recall {recall:.3}  F1 {f1:.3}; at 90 %: {sure_right} of {all_sure} right")
}

/// The weights that make the examples likeliest.
fn fit<'a>(examples: &(impl Iterator<Item = &'a Example> + Clone)) -> [f64; N] {
    let mut weights = [0.0; N];
    for _ in 0..STEPS {
        let (mut gradient, mut hessian) = ([0.0; N], [[0.0; N]; N]);
        for i in 0..N {
            let ridge = if i == N - 1 { 1e-6 } else { RIDGE };
            gradient[i] = -ridge * weights[i];
            hessian[i][i] = ridge;
        }
        for example in examples.clone() {
            let p = 1.0 / (1.0 + (-odds(&weights, example)).exp());
            let (error, curve) = (f64::from(u8::from(example.same)) - p, p * (1.0 - p));
            for ((feature, slope), row) in example.features.iter().zip(&mut gradient).zip(&mut hessian) {
                *slope += error * feature;
                for (cell, other) in row.iter_mut().zip(&example.features) {
                    *cell += curve * feature * other;
                }
            }
        }
        let step = solve(hessian, gradient);
        weights.iter_mut().zip(step).for_each(|(w, s)| *w += s);
        if step.iter().all(|s| s.abs() < 1e-6) {
            break;
        }
    }
    weights
}

/// Solves `a · x = b` for a positive definite `a`.
fn solve(mut a: [[f64; N]; N], mut b: [f64; N]) -> [f64; N] {
    for i in 0..N {
        for j in i + 1..N {
            let (times, pivot) = (a[j][i] / a[i][i], a[i]);
            for (cell, above) in a[j].iter_mut().zip(pivot).skip(i) {
                *cell -= times * above;
            }
            b[j] -= times * b[i];
        }
    }
    for i in (0..N).rev() {
        let rest: f64 = (i + 1..N).map(|k| a[i][k] * b[k]).sum();
        b[i] = (b[i] - rest) / a[i][i];
    }
    b
}

/// The examples in a file of any of the three kinds.
fn read(text: &str) -> Vec<Example> {
    if let Ok(Value::Object(pulls)) = serde_json::from_str::<Value>(text)
        && pulls.values().all(|pull| pull["remarks"].is_array())
    {
        return pulls.iter().flat_map(|(name, pull)| of_pull(name, pull)).collect();
    }
    let lines: Vec<Value> = text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let reviews = lines.iter().filter(|line| line["pairs"].is_array()).flat_map(of_review);
    let mut groups: BTreeMap<&str, Vec<RawFinding>> = BTreeMap::new();
    for line in lines.iter().filter(|line| line["group"].is_string()) {
        let place = place(text_of(line, "path"), line["start_line"].as_u64(), line["end_line"].as_u64());
        let own = groups.entry(text_of(line, "group")).or_default();
        own.push(raw(
            text_of(line, "id"),
            text_of(line, "agent"),
            [text_of(line, "title"), text_of(line, "body")],
            place,
        ));
    }
    let alone = groups.iter().flat_map(|(name, raws)| examples(name, raws, |_, _| Some(false)));
    reviews.chain(alone).collect()
}

fn of_review(review: &Value) -> Vec<Example> {
    let raws: Vec<RawFinding> = list(review, "raw")
        .iter()
        .map(|r| {
            let file = list(r, "files").first();
            let place = file.and_then(|f| place(text_of(f, "path"), f["start"].as_u64(), f["end"].as_u64()));
            raw(text_of(r, "id"), text_of(r, "agent"), [text_of(r, "title"), text_of(r, "body")], place)
        })
        .collect();
    let labels: HashMap<(&str, &str), bool> = list(review, "pairs")
        .iter()
        .map(|p| ((text_of(p, "a"), text_of(p, "b")), text_of(p, "label") == "same"))
        .collect();
    let label = |a: &str, b: &str| labels.get(&(a, b)).or_else(|| labels.get(&(b, a))).copied();
    examples(&review["pr"].to_string(), &raws, label)
}

fn of_pull(name: &str, pull: &Value) -> Vec<Example> {
    let remarks = list(pull, "remarks");
    let raws: Vec<RawFinding> =
        remarks.iter().map(|r| raw(text_of(r, "id"), text_of(r, "tool"), [text_of(r, "text"), ""], None)).collect();
    let means: HashMap<&str, Option<u64>> =
        remarks.iter().map(|r| (text_of(r, "id"), r["reference"].as_u64())).collect();
    let label = |a: &str, b: &str| match (means.get(a)?, means.get(b)?) {
        (None, None) => None,
        (a, b) => Some(a == b),
    };
    examples(name, &raws, label)
}

fn examples(fold: &str, raws: &[RawFinding], label: impl Fn(&str, &str) -> Option<bool>) -> Vec<Example> {
    let example = |e: merge::Evidence| {
        let same = label(e.one.as_str(), e.other.as_str())?;
        Some(Example { fold: fold.to_owned(), features: e.features.map(f64::from), same })
    };
    merge::evidence(&Input::of(raws)).into_iter().filter_map(example).collect()
}

fn text_of<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().map_or(&[], Vec::as_slice)
}

fn place(path: &str, start: Option<u64>, end: Option<u64>) -> Option<Anchor> {
    let line = |n: u64| u32::try_from(n).ok();
    let start = start.and_then(line);
    let lines = start.map(|start| LineRange::new(start, end.and_then(line).unwrap_or(start)));
    Some(Anchor { path: RepoPath::new(path.trim_start_matches('/')).ok()?, lines, quote: None })
}

fn raw(id: &str, agent: &str, [title, body]: [&str; 2], place: Option<Anchor>) -> RawFinding {
    RawFinding {
        id: RawId::new(id),
        sure: None,
        agent: AgentName::new(agent),
        severity: Severity::Important,
        title: title.into(),
        body: body.into(),
        anchors: place.into_iter().collect(),
        symbol: None,
        classification: None,
        rule: None,
        fixes: Vec::new(),
    }
}
