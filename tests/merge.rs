//! Merging by the real binary: `plumbing merge` on whole reviews, in any order.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::process::{Command, Stdio};

/// The findings of each group, as sets of the remarks in them.
fn merged(lines: &[String]) -> BTreeSet<(String, BTreeSet<String>)> {
    let mut child = Command::new(env!("CARGO_BIN_EXE_deep-review"))
        .args(["plumbing", "merge"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(lines.join("\n").as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    let finding = |line: &str| {
        let finding: serde_json::Value = serde_json::from_str(line).unwrap();
        let members = finding["members"].as_array().unwrap();
        let members = members.iter().map(|id| id.as_str().unwrap().to_owned()).collect();
        (finding["group"].as_str().unwrap().to_owned(), members)
    };
    text.lines().map(finding).collect()
}

#[test]
fn whole_reviews_come_to_the_findings_that_people_see_in_them() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/merge/corpus.json");
    let reviews: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let (mut lines, mut expected) = (Vec::new(), BTreeSet::new());
    for review in reviews.as_array().unwrap() {
        let group = review["group"].as_str().unwrap();
        let mut alone: BTreeSet<String> = BTreeSet::new();
        for remark in review["remarks"].as_array().unwrap() {
            let mut line = remark.clone();
            line["group"] = group.into();
            lines.push(line.to_string());
            alone.insert(remark["id"].as_str().unwrap().to_owned());
        }
        for same in review["same"].as_array().unwrap() {
            let same: BTreeSet<String> =
                same.as_array().unwrap().iter().map(|id| id.as_str().unwrap().into()).collect();
            alone.retain(|id| !same.contains(id));
            expected.insert((group.to_owned(), same));
        }
        expected.extend(alone.into_iter().map(|id| (group.to_owned(), BTreeSet::from([id]))));
    }
    assert_eq!(merged(&lines), expected);
    lines.reverse();
    assert_eq!(merged(&lines), expected);
}
