//! The scores of merging on the corpus in `../shared`, where it is there. They are deterministic: a change that
//! makes merging worse fails here, one that makes it better raises the floor.

#[path = "../server/benches/corpus.rs"]
mod corpus;

use std::collections::BTreeSet;

#[test]
fn merging_is_as_good_as_it_was() {
    let (Some(reviews), Some(pulls)) = (corpus::reviews(), corpus::pulls()) else {
        eprintln!("skipped: ../shared/corpus is not there");
        return;
    };
    let pairs = corpus::score_pairs(&reviews);
    assert!(pairs.f1 >= 0.93 && pairs.precision >= 0.95, "{pairs}");
    // No single pull request carries the figure.
    for left_out in reviews.iter().map(|r| r.pull).collect::<BTreeSet<_>>() {
        let pairs = corpus::score_pairs(reviews.iter().filter(|r| r.pull != left_out));
        assert!(pairs.f1 >= 0.92 && pairs.precision >= 0.94, "without pull request {left_out}: {pairs}");
    }
    let three = ["claude", "copilot", "gemini"].map(String::from).into();
    for (name, tools, floor) in [("all", corpus::tools(&pulls), 0.63), ("three", three, 0.505)] {
        let (_, score) = corpus::score_ranking(&pulls, &tools);
        assert!(score.f1 >= floor, "{name}: {score}");
    }
}
