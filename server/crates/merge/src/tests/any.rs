//! Whatever is said, in whatever order.

use super::*;
use proptest::prelude::*;

fn any_text() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "lock",
        "await",
        "`take_slot`",
        "pool",
        "deadlock",
        "index",
        "bounds",
        "typo",
        "README",
        "🦀",
        "\u{202e}abc",
        "שלום",
        "错误",
        "the",
        "",
        "\u{0}",
        "```",
        "\n",
    ]);
    prop::collection::vec(word, 0..12).prop_map(|words| words.join(" "))
}

prop_compose! {
    fn any_raw()(
        agent in 0..4_u8,
        severity in prop::sample::select(Severity::ALL.to_vec()),
        title in any_text(),
        body in any_text(),
        place in prop::option::of((0..2_u8, prop::option::of(1..60_u32))),
    ) -> RawFinding {
        let anchor = place.map(|(file, line)| Anchor {
            path: RepoPath::new(format!("src/{file}.rs")).unwrap(),
            lines: line.map(LineRange::line),
            quote: None,
        });
        let agent = AgentName::new(format!("agent{agent}"));
        let mut raw = raw("x:1 low - | ");
        (raw.agent, raw.severity, raw.title, raw.body, raw.anchors) = (agent, severity, title, body, anchor.into_iter().collect());
        raw
    }
}

fn numbered(mut raw: Vec<RawFinding>) -> Vec<RawFinding> {
    for (n, finding) in raw.iter_mut().enumerate() {
        finding.id = RawId::new(format!("{}:{n}", finding.agent));
    }
    raw
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn order_never_matters(
        (raw, shuffled) in prop::collection::vec(any_raw(), 0..14)
            .prop_map(numbered)
            .prop_flat_map(|raw| (Just(raw.clone()), Just(raw).prop_shuffle()))
    ) {
        prop_assert_eq!(merge(&Input::of(&raw)), merge(&Input::of(&shuffled)));
    }

    #[test]
    fn every_remark_is_in_one_finding(raw in prop::collection::vec(any_raw(), 0..14).prop_map(numbered)) {
        let merged = merge(&Input::of(&raw));
        let mut seen: Vec<&RawId> = merged.findings.iter().flat_map(|f| &f.attributions).map(|a| &a.raw).collect();
        seen.sort_unstable();
        let mut given: Vec<&RawId> = raw.iter().map(|r| &r.id).collect();
        given.sort_unstable();
        prop_assert_eq!(seen, given);
        let ids: BTreeSet<&FindingId> = merged.findings.iter().map(|f| &f.id).collect();
        prop_assert_eq!(ids.len(), merged.findings.len());
        prop_assert!(merged.findings.iter().all(|f| (0.0..=1.0).contains(&f.confidence)));
    }

    #[test]
    fn agents_one_by_one_come_to_the_same_as_all_at_once(
        raw in prop::collection::vec(any_raw(), 0..14).prop_map(numbered)
    ) {
        let mut merger = Merger::default();
        for agent in 0..4 {
            let answered: Vec<RawFinding> = raw
                .iter()
                .filter(|r| r.agent.as_str() <= format!("agent{agent}").as_str())
                .cloned()
                .collect();
            prop_assert_eq!(merger.merge(&Input::of(&answered)), merge(&Input::of(&answered)));
        }
    }

    /// An agent may answer in parts, and parts of agents may come in any order.
    #[test]
    fn batches_in_any_order_come_to_the_same_as_all_at_once(
        (raw, batches) in prop::collection::vec((any_raw(), 0..5_usize), 0..14).prop_map(|all| {
            let (raw, batches): (Vec<_>, Vec<_>) = all.into_iter().unzip();
            (numbered(raw), batches)
        })
    ) {
        let mut merger = Merger::default();
        let mut answered: Vec<RawFinding> = Vec::new();
        for now in 0..5 {
            let part = raw.iter().zip(&batches).filter(|(_, batch)| **batch == now);
            answered.extend(part.map(|(raw, _)| raw.clone()));
            prop_assert_eq!(merger.merge(&Input::of(&answered)), merge(&Input::of(&answered)));
        }
        prop_assert_eq!(merger.merge(&Input::of(&answered)), merge(&Input::of(&raw)));
    }

    #[test]
    fn what_is_said_twice_is_said_once(raw in prop::collection::vec(any_raw(), 0..10).prop_map(numbered)) {
        let mut twice = raw.clone();
        twice.extend(raw.iter().cloned().map(|mut r| {
            r.id = RawId::new(format!("{}-again", r.id));
            r
        }));
        let shape = |m: Merged| m.findings.into_iter().map(|f| (f.id, f.severity, f.confidence)).collect::<Vec<_>>();
        prop_assert_eq!(shape(merge(&Input::of(&raw))), shape(merge(&Input::of(&twice))));
    }
}

/// A remark as two, as an agent that says one thing in parts: the body cut at a word, the place the same.
fn cut(raw: &RawFinding, at: usize, named: bool) -> [RawFinding; 2] {
    let words: Vec<&str> = raw.body.split(' ').collect();
    let (one, two) = words.split_at(at.min(words.len()));
    let mut halves = [raw.clone(), raw.clone()];
    halves[0].body = one.join(" ");
    halves[1].body = two.join(" ");
    halves[1].id = RawId::new(format!("{}-more", raw.id));
    if named {
        halves[1].title += " (continued)";
    }
    halves
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// One finding that an agent gives in two parts stays one, with whoever else raised it, and the others as they were.
    #[test]
    fn a_finding_that_its_agent_cuts_in_two_is_one(
        which in 0..4_usize, at in 0..40_usize, named: bool, alone: bool, seed in any::<u64>(),
    ) {
        let mut raw = raws(&[CLAUDE_LOCK, CODEX_LOCK, GEMINI_NAME, GEMINI_README]);
        if alone {
            raw.retain(|r| r.id.as_str() != "codex:1");
        }
        let whole = merge(&Input::of(&raw));
        let which = which % raw.len();
        let halves = cut(&raw[which], at, named);
        let id = raw[which].id.to_string();
        raw.splice(which..=which, halves);
        let turn = seed as usize % raw.len();
        raw.rotate_left(turn);
        let merged = merge(&Input::of(&raw));
        let expected: Vec<Vec<String>> = groups(&whole)
            .into_iter()
            .map(|group| {
                let mut group: Vec<String> = group.into_iter().map(str::to_owned).collect();
                if group.contains(&id) {
                    group.push(format!("{id}-more"));
                }
                group.sort();
                group
            })
            .collect();
        prop_assert_eq!(groups(&merged), expected);
    }

    /// Whatever is cut, and however little the parts say: nothing is lost, and nothing is there twice.
    #[test]
    fn no_part_of_a_finding_cut_in_two_is_lost(
        mut raw in prop::collection::vec(any_raw(), 1..10).prop_map(numbered),
        which in any::<prop::sample::Index>(), at in 0..12_usize, named: bool,
    ) {
        let which = which.index(raw.len());
        let halves = cut(&raw[which], at, named);
        raw.splice(which..=which, halves);
        let merged = merge(&Input::of(&raw));
        let mut seen: Vec<&RawId> = merged.findings.iter().flat_map(|f| &f.attributions).map(|a| &a.raw).collect();
        let mut given: Vec<&RawId> = raw.iter().map(|r| &r.id).collect();
        seen.sort_unstable();
        given.sort_unstable();
        prop_assert_eq!(seen, given);
    }
}

#[test]
fn hostile_text_is_merged_like_any_other() {
    let long = "a".repeat(100_000);
    let many = "word ".repeat(20_000);
    let texts = [
        "",
        &long,
        &many,
        "🦀🦀🦀",
        "\u{202e}\u{2066}abc",
        "مرحبا بالعالم",
        "错误处理不正确",
        "`",
        "```\n```",
        "\u{0}",
    ];
    let mut all = Vec::new();
    for (n, title) in texts.iter().enumerate() {
        for (m, body) in texts.iter().enumerate() {
            let mut raw = raw(&format!("agent{}:{n}-{m} low a.rs:{} | ", n % 3, m + 1));
            (raw.title, raw.body) = ((*title).to_owned(), (*body).to_owned());
            all.push(raw);
        }
    }
    let merged = merge(&Input::of(&all));
    assert_eq!(merged.findings.iter().map(|f| f.attributions.len()).sum::<usize>(), all.len());
}

#[test]
fn thousands_of_findings_in_the_same_words_are_merged_and_each_is_kept() {
    // The same line, lines of their own, and no place: the worst of each.
    for place in ["a.rs:1", "a.rs:N", "-"] {
        let all: Vec<RawFinding> = (0..10_000)
            .map(|n| raw(&format!("agent{}:{n} low {} | Unused import", n % 12, place.replace('N', &n.to_string()))))
            .collect();
        let merged = merge(&Input::of(&all));
        assert_eq!(merged.findings.iter().map(|f| f.attributions.len()).sum::<usize>(), all.len(), "{place}");
    }
}
