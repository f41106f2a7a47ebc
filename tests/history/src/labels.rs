//! What people said of findings, and what is found of it today.

use super::{Range, found};
use anyhow::Context as _;
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// A finding that a person has read.
#[derive(Debug, PartialEq, Eq)]
struct Label {
    range: Range,
    path: String,
    rule: String,
    is_right: bool,
}

/// Reads a table with a heading and the columns repository, range, path, line, rule, right or wrong, why.
fn read(text: &str) -> anyhow::Result<Vec<Label>> {
    text.lines()
        .enumerate()
        .skip(1)
        .filter(|(_, line)| !line.is_empty())
        .map(|(n, line)| {
            let cells: Vec<&str> = line.split('\t').collect();
            let [repository, range, path, _, rule, label, ..] = cells.as_slice() else {
                anyhow::bail!("line {}: too few columns", n + 1);
            };
            let (base, head) = range.split_once("..").with_context(|| format!("line {}: no range", n + 1))?;
            let range = Range { repository: (*repository).into(), base: base.into(), head: head.into() };
            let is_right = match *label {
                "right" => true,
                "wrong" => false,
                other => anyhow::bail!("line {}: '{other}' is neither right nor wrong", n + 1),
            };
            Ok(Label { range, path: (*path).into(), rule: (*rule).into(), is_right })
        })
        .collect()
}

/// Compares what is found today in the labelled ranges with the labels, by file and rule.
pub(super) fn compare(folder: &Path, file: &Path) -> anyhow::Result<()> {
    let labels = read(&std::fs::read_to_string(file).with_context(|| file.display().to_string())?)?;
    let ranges: BTreeSet<&Range> =
        labels.iter().map(|l| &l.range).filter(|r| folder.join(&r.repository).exists()).collect();
    let rows: Vec<_> = ranges
        .par_iter()
        .flat_map_iter(|range| match found(folder, range) {
            Ok(rows) => rows,
            Err(e) => {
                eprintln!("{range:?}: {e:#}");
                Vec::new()
            }
        })
        .collect();
    // Right and wrong, found again and not.
    let mut counts: BTreeMap<&str, [[usize; 2]; 2]> = BTreeMap::new();
    for label in labels.iter().filter(|l| ranges.contains(&l.range)) {
        let same = rows.iter().find(|r| r.range == label.range && r.path == label.path && r.rule == label.rule);
        let (again, title) = (same.is_some(), same.map_or("", |r| &r.title));
        counts.entry(&label.rule).or_default()[usize::from(!label.is_right)][usize::from(!again)] += 1;
        let word = if label.is_right { "right" } else { "wrong" };
        println!(
            "{}\t{word}\t{:?}\t{}\t{}\t{title}",
            if again { "found" } else { "not found" },
            label.range,
            label.path,
            label.rule
        );
    }
    for row in &rows {
        if !labels.iter().any(|l| l.range == row.range && l.path == row.path && l.rule == row.rule) {
            println!("new\t\t{:?}\t{}:{}\t{}\t{}\t{}", row.range, row.path, row.line, row.rule, row.title, row.quote);
        }
    }
    eprintln!("{} ranges; right: found, not; wrong: found, not", ranges.len());
    for (rule, [[right, missed], [wrong, gone]]) in counts {
        eprintln!("{rule}: right {right}, {missed}; wrong {wrong}, {gone}");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_read_line_by_line() {
        let head = "repository\trange\tpath\tline\trule\tlabel\twhy\n";
        let labels = read(&format!("{head}a\t1..2\tb.rs\t3\tdebugger\tright\tleft in\n\n")).unwrap();
        let range = Range { repository: "a".into(), base: "1".into(), head: "2".into() };
        assert_eq!(labels, [Label { range, path: "b.rs".into(), rule: "debugger".into(), is_right: true }]);
        for (line, error) in [
            ("a\t1..2\tb.rs", "line 2: too few columns"),
            ("a\t1-2\tb.rs\t3\tr\tright", "line 2: no range"),
            ("a\t1..2\tb.rs\t3\tr\tmaybe", "line 2: 'maybe' is neither right nor wrong"),
        ] {
            assert_eq!(read(&format!("{head}{line}\n")).unwrap_err().to_string(), error);
        }
    }
}
