//! What a branch's rounds come to, drawn: what is open, what came and went, how each agent did, and what that took. Bars
//! as inline SVG without styles of its own, so that the page's colours (dark, light, print) hold; the numbers stand on the
//! bars, and in a table behind each chart.

use super::Listed;
use crate::view::short_duration;
use crate::words::one_line;
use finding::{AgentInfo, AgentName, FindingStatus, Round, Severity, Usage, Work};
use serde::Serialize;
use std::collections::BTreeMap;
use svg::node::element::{Group, Line, Rectangle, Text, Title};
use svg::{Document, Node};

/// Rounds that are drawn, the newest; the tables have all.
const MOST_DRAWN: usize = 24;
/// Sizes in the chart's own units.
const HEIGHT: f64 = 150.0;
const TOP: f64 = 18.0;
const FOOT: f64 = 24.0;
const WIDTH: f64 = 380.0;
/// The widest bar, and the widest gap between columns.
const BAR: f64 = 34.0;
const GAP: f64 = 18.0;
/// A part of a bar that is lower or narrower has no number on it.
const READABLE: f64 = 13.0;
/// What the name of a round needs.
const NAME: f64 = 18.0;

/// A chart with the table behind it.
#[derive(Debug, Serialize)]
pub(super) struct Chart {
    title: &'static str,
    /// Names of the series with the class of their colour, in the order of the bars.
    legend: Vec<(String, String)>,
    /// Inline SVG.
    svg: String,
    /// The first cell of each row, and the others.
    rows: Vec<(String, Vec<String>)>,
}

/// A series of values, one a column.
struct Series {
    name: String,
    class: String,
    values: Vec<f64>,
}

/// How the parts of a column stand.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Bars {
    /// One upon the other: together they are a whole.
    Stacked,
    /// Side by side.
    Beside,
}

/// What is drawn of rounds, which are in the order in which they are listed: the newest first.
pub(super) fn of(rounds: &[Listed<'_>]) -> Vec<Chart> {
    if rounds.is_empty() {
        return Vec::new();
    }
    let mut by_time: Vec<&Listed<'_>> = rounds.iter().collect();
    by_time.sort_by_key(|listed| listed.round.number);
    let columns: Vec<String> = by_time.iter().map(|listed| listed.round.number.to_string()).collect();
    let agents = crew(&by_time);
    let each = |of: &dyn Fn(&Round) -> f64| by_time.iter().map(|listed| of(listed.round)).collect::<Vec<f64>>();
    let open = Severity::ALL.into_iter().map(|severity| Series {
        name: severity.to_string(),
        class: severity.to_string().to_lowercase(),
        values: by_time
            .iter()
            .map(|listed| listed.round.deciding(listed.decisions).filter(|f| f.severity == severity).count() as f64)
            .collect(),
    });
    let news = [
        Series { name: "New".into(), class: "new".into(), values: each(&|round| came(round) as f64) },
        Series { name: "Fixed or gone".into(), class: "fixed".into(), values: each(&|round| went(round) as f64) },
    ];
    let over_rounds = |of: &dyn Fn(&Work) -> f64| -> Vec<Series> {
        let series = agents.iter().enumerate().map(|(n, one)| Series {
            name: one.label.clone(),
            class: format!("agent-{}", n % 8),
            values: each(&|round| one.names.iter().map(|name| of(&Work::of(round, name))).sum()),
        });
        series.filter(|series| series.values.iter().any(|value| *value > 0.0)).collect()
    };
    let minutes = over_rounds(&|work| work.duration_ms as f64);
    let cost = over_rounds(&|work| work.usage.cost_usd.unwrap_or(0.0));
    let mut charts = vec![
        chart("Open findings by round", &columns, &open.collect::<Vec<_>>(), Bars::Stacked, &whole),
        chart("New, and fixed since the round before", &columns, &news, Bars::Beside, &whole),
        by_agent(&by_time, &agents),
        chart("Time by round and agent", &columns, &minutes, Bars::Stacked, &|ms| short_duration(ms as u64)),
    ];
    if !cost.is_empty() {
        charts.push(chart("Cost by round and agent", &columns, &cost, Bars::Stacked, &|usd| format!("${usd:.2}")));
    }
    charts
}

fn whole(value: f64) -> String {
    format!("{value:.0}")
}

/// Findings that no earlier round had.
fn came(round: &Round) -> usize {
    if round.since_before.round == 0 { round.findings.len() } else { round.since_before.new.len() }
}

fn went(round: &Round) -> usize {
    round.since_before.fixed.len() + round.since_before.outdated.len()
}

/// Whom a chart shows as one: a reviewer, or all that only computes.
struct Crew<'a> {
    label: String,
    names: Vec<&'a AgentName>,
}

/// Everybody who took part in one of the rounds: the reviewers in the order in which they came, then the checkers and
/// linters as one. They are many, each does little, and nobody compares them.
fn crew<'a>(rounds: &[&Listed<'a>]) -> Vec<Crew<'a>> {
    let mut all: Vec<&AgentInfo> = Vec::new();
    for run in rounds.iter().flat_map(|listed| &listed.round.agents) {
        if !all.iter().any(|known| known.name == run.agent.name) {
            all.push(&run.agent);
        }
    }
    let (reviewers, checkers): (Vec<&AgentInfo>, Vec<&AgentInfo>) =
        all.into_iter().partition(|agent| agent.kind.is_reviewer());
    let one = |agent: &&'a AgentInfo| Crew { label: one_line(&agent.label), names: vec![&agent.name] };
    let mut crew: Vec<Crew<'a>> = reviewers.iter().map(one).collect();
    if !checkers.is_empty() {
        let names = checkers.iter().map(|agent| &agent.name).collect();
        crew.push(Crew { label: "Checkers and linters".into(), names });
    }
    crew
}

/// The findings of each over all rounds, each counted once, as the newest round has it.
fn by_agent(rounds: &[&Listed<'_>], crew: &[Crew<'_>]) -> Chart {
    let mut newest: BTreeMap<&finding::FindingId, &finding::Finding> = BTreeMap::new();
    for finding in rounds.iter().flat_map(|listed| &listed.round.findings) {
        newest.insert(&finding.id, finding);
    }
    let count = |one: &Crew<'_>, is: &dyn Fn(&finding::Finding) -> bool| {
        let raised = |f: &finding::Finding| f.agents().iter().any(|name| one.names.contains(name));
        newest.values().filter(|f| raised(f) && is(f)).count() as f64
    };
    let series = |name: &str, class: &str, is: &dyn Fn(&finding::Finding) -> bool| Series {
        name: name.into(),
        class: class.into(),
        values: crew.iter().map(|one| count(one, is)).collect(),
    };
    let all = [
        series("Confirmed by a check", "confirmed", &|f| matches!(f.verification, FindingStatus::Confirmed { .. })),
        series("Refuted", "refuted", &|f| f.is_refuted()),
        series("Found by nobody else", "unique", &|f| !f.is_refuted() && f.agents().len() == 1),
    ];
    let columns: Vec<String> = crew.iter().map(|one| one.label.clone()).collect();
    chart("Findings by agent", &columns, &all, Bars::Beside, &whole)
}

fn chart(
    title: &'static str,
    columns: &[String],
    series: &[Series],
    bars: Bars,
    show: &dyn Fn(f64) -> String,
) -> Chart {
    let cell = |column: usize| series.iter().map(|s| show(s.values[column])).collect::<Vec<_>>();
    Chart {
        title,
        legend: series.iter().map(|s| (s.name.clone(), s.class.clone())).collect(),
        svg: draw(title, columns, series, bars, show),
        rows: columns.iter().enumerate().map(|(n, column)| (column.clone(), cell(n))).collect(),
    }
}

fn draw(title: &str, columns: &[String], series: &[Series], bars: Bars, show: &dyn Fn(f64) -> String) -> String {
    let measure = Measure::of(columns.len(), series, bars);
    let base = TOP + HEIGHT;
    let mut document = Document::new()
        .set("viewBox", format!("0 0 {WIDTH} {}", base + FOOT))
        .set("class", "chart")
        .set("role", "img")
        .set("aria-label", format!("{title}; the table below has the numbers"))
        .add(Line::new().set("class", "axis").set("x1", 0).set("x2", WIDTH).set("y1", base).set("y2", base));
    for (column, name) in columns.iter().enumerate().skip(measure.first) {
        let mut group = measure.column(column, name, series, show);
        if (column - measure.first).is_multiple_of(measure.named) {
            let middle = measure.left(column) + measure.bar * measure.beside / 2.0;
            group.append(number(middle, base + 16.0, "name", clipped(name, measure.step.max(NAME))));
        }
        document = document.add(group);
    }
    document.to_string()
}

/// How large what is drawn is, in units of the picture.
struct Measure {
    bars: Bars,
    /// The first column that is drawn.
    first: usize,
    /// From one column to the next.
    step: f64,
    gap: f64,
    bar: f64,
    /// Bars of one column that stand beside each other.
    beside: f64,
    /// Every so manyth column has its name below it.
    named: usize,
    /// The value that is as high as the picture.
    most: f64,
}

impl Measure {
    fn of(columns: usize, series: &[Series], bars: Bars) -> Self {
        let first = columns.saturating_sub(MOST_DRAWN);
        let beside = if bars == Bars::Beside { series.len().max(1) as f64 } else { 1.0 };
        let count = (columns - first).max(1) as f64;
        let step = ((WIDTH - GAP) / count).min((BAR * beside + GAP) * 2.0);
        let gap = GAP.min(step * 0.3);
        let bar = BAR.min((step - gap) / beside);
        let named = (NAME / step).ceil().max(1.0) as usize;
        let heights = (first..columns).map(|column| height(series, bars, column));
        let most = heights.fold(0.0, f64::max).max(f64::MIN_POSITIVE);
        Self { bars, first, step, gap, bar, beside, named, most }
    }

    fn left(&self, column: usize) -> f64 {
        self.gap + self.step * (column - self.first) as f64
    }

    /// The bars of a column, with their values.
    fn column(&self, column: usize, name: &str, series: &[Series], show: &dyn Fn(f64) -> String) -> Group {
        let (left, base, bar) = (self.left(column), TOP + HEIGHT, self.bar);
        let mut group = Group::new();
        let mut y = base;
        for (n, one) in series.iter().enumerate() {
            let value = one.values[column];
            let tall = value / self.most * HEIGHT;
            let x = left + if self.bars == Bars::Beside { bar * n as f64 } else { 0.0 };
            let top = if self.bars == Bars::Beside { base - tall } else { y - tall };
            if value > 0.0 {
                let told = format!("{}, {}: {}", name, one.name, show(value));
                let drawn = Rectangle::new()
                    .set("class", one.class.as_str())
                    .set("x", x + 1.0)
                    .set("y", top)
                    .set("width", (bar - 2.0).max(1.0))
                    .set("height", tall)
                    .add(Title::new(told));
                group.append(drawn);
            }
            match self.bars {
                Bars::Beside if value > 0.0 && bar >= READABLE => {
                    group.append(number(x + bar / 2.0, top - 4.0, "out", show(value)));
                }
                Bars::Stacked if tall >= READABLE && bar >= READABLE => {
                    group.append(number(x + bar / 2.0, top + tall / 2.0 + 4.0, "in", show(value)));
                }
                Bars::Beside | Bars::Stacked => {}
            }
            y = if self.bars == Bars::Stacked { top } else { y };
        }
        let sum = height(series, self.bars, column);
        if self.bars == Bars::Stacked && sum > 0.0 && bar >= READABLE {
            group.append(number(left + bar / 2.0, y - 4.0, "out", show(sum)));
        }
        group
    }
}

/// How high a column is: that of all its bars on each other, or of the highest.
fn height(series: &[Series], bars: Bars, column: usize) -> f64 {
    let values = series.iter().map(|s| s.values[column]);
    match bars {
        Bars::Stacked => values.sum(),
        Bars::Beside => values.fold(0.0, f64::max),
    }
}

fn number(x: f64, y: f64, class: &str, text: String) -> Text {
    Text::new(text).set("class", class).set("x", x).set("y", y).set("text-anchor", "middle")
}

/// As much of a name as fits into so many units.
fn clipped(name: &str, room: f64) -> String {
    let most = (room / 6.5) as usize;
    if name.chars().count() <= most {
        name.to_owned()
    } else {
        name.chars().take(most.saturating_sub(1)).chain(['…']).collect()
    }
}

/// What all rounds cost together, where that is known.
pub(super) fn cost(rounds: &[Listed<'_>]) -> Option<String> {
    let used = rounds.iter().flat_map(|listed| &listed.round.agents).map(|run| run.usage);
    used.fold(Usage::default(), Usage::plus).cost_usd.map(|usd| format!("${usd:.2}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn checkers_are_one_and_many_rounds_fit_into_the_width() {
        let agent = |name: &str, kind: &str| json!({ "agent": { "name": name, "label": name, "kind": kind }, "outcome": { "outcome": "reviewed" }, "duration_ms": 1000 });
        let round = |number: u32| -> Round {
            serde_json::from_value(json!({
                "schema": 1, "id": "r", "number": number, "started": "2026-03-23T16:13:34Z",
                "scope": { "base_name": "main", "uncommitted": true },
                "agents": [agent("rules", "built-in"), agent("claude", "cli"), agent("ruff", "linter")],
            }))
            .unwrap()
        };
        let rounds: Vec<Round> = (1..=40).map(round).collect();
        let decisions = finding::Decisions::default();
        let listed = rounds.iter().rev().map(|round| Listed { round, decisions: &decisions, href: "" });
        let charts = of(&listed.collect::<Vec<_>>());
        let time = charts.iter().find(|chart| chart.title.starts_with("Time")).unwrap();
        let named: Vec<&str> = time.legend.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(named, ["claude", "Checkers and linters"]);
        assert_eq!(time.rows.len(), 40, "the table has all of them");
        for drawn in time.svg.split(" x=\"").skip(1) {
            let x: f64 = drawn.split('"').next().unwrap().parse().unwrap();
            assert!((0.0..WIDTH).contains(&x), "{x}");
        }
    }
}
