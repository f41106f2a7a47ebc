//! What earlier decisions say of a round's findings.

use agent::Sending;
use finding::{
    AgentName, AgentRun, Decisions, Finding, Learned, Learning, Learnings, Lesson, RawFinding, RawId, RepoPath,
    Severity,
};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What agents are told of the lines.
const ABOUT: &str = "What people decided about earlier findings here. Do not raise again what they call no problem or leave as it is, \
                     unless the reason does not hold for the code at hand: then say why it does not.";

/// What the base says for everybody, and what was learnt in this clone.
pub(super) fn all(local: &Learnings, conventions: &[(RepoPath, Arc<str>)]) -> Learnings {
    let shared = Learnings::shared_path();
    let text = conventions.iter().find(|(path, _)| *path == shared).map(|(_, text)| &**text);
    let mut all = Learnings::read(text.unwrap_or_default());
    all.add_all(local);
    all
}

/// Puts what is about the changed files among the conventions that agents are given.
pub(super) fn into_conventions(
    learnings: &Learnings,
    changed: &[RepoPath],
    sending: &Sending,
    conventions: &mut Vec<(RepoPath, Arc<str>)>,
) {
    let shared = Learnings::shared_path();
    conventions.retain(|(path, _)| *path != shared);
    let lines: Vec<String> =
        learnings.about(changed, |path| sending.allows(path)).iter().map(|item| format!("- {item}")).collect();
    if !lines.is_empty() {
        let text = format!("{ABOUT}\n{}", lines.join("\n"));
        conventions.push((shared, text.into()));
    }
}

/// Says of each finding what was learnt of its like, the newest word. What checkers and linters alone say under one rule
/// that people called no problem where it is, or left as it is, is a suggestion from then on; where they gave it a
/// severity, it has that one. A Critical finding stays what it is, and so does what a reviewer raised: its words may be the
/// same, and what they mean another thing.
/// What was given a severity itself needs no lesson of it.
pub(super) fn apply(
    findings: &mut [Finding],
    (raw, agents): (&[RawFinding], &[AgentRun]),
    (learnings, decisions): (&Learnings, &Decisions),
) {
    let known: Vec<(&Learning, Severity)> = learnings.learnings().filter_map(|l| Some((l, makes(l.lesson)?))).collect();
    if known.is_empty() {
        return;
    }
    let is_reviewer: BTreeSet<&AgentName> =
        agents.iter().filter(|run| run.agent.kind.is_reviewer()).map(|run| &run.agent.name).collect();
    let computed = raw.iter().filter(|raw| !is_reviewer.contains(&raw.agent));
    let rules: BTreeMap<&RawId, &str> =
        computed.filter_map(|raw| Some((&raw.id, raw.rule.as_ref()?.id.as_str()))).collect();
    for finding in findings.iter_mut().filter(|finding| !decisions.grades.contains_key(&finding.id)) {
        let Some(anchor) = finding.main_anchor() else { continue };
        let is_all_of = |rule: &str| finding.attributions.iter().all(|a| rules.get(&a.raw) == Some(&rule));
        let is_its_rule = |l: &Learning| l.rule.as_deref().is_some_and(is_all_of);
        let is_meant = |l: &Learning| l.holds_for(&anchor.path) && (is_its_rule(l) || l.title == finding.title);
        let Some((learning, severity)) = known.iter().rev().find(|(l, _)| is_meant(l)) else { continue };
        let was = finding.severity;
        let is_changed = is_its_rule(learning) && was != Severity::Critical && was != *severity;
        finding.learned = Some(Learned {
            learning: learning.to_string(),
            was: is_changed.then_some(was),
            is_raised: is_changed && *severity > was,
        });
        if is_changed {
            finding.severity = *severity;
        }
    }
}

/// The severity of what a lesson is about; `None` for one that says nothing of it.
fn makes(lesson: Lesson) -> Option<Severity> {
    match lesson {
        Lesson::NotAProblem | Lesson::Stays => Some(Severity::Suggestion),
        Lesson::Is(severity) => Some(severity),
        Lesson::OneIssue | Lesson::SeveralIssues => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::says;
    use finding::{AgentInfo, AgentKind, AgentOutcome, Anchor, Attribution, FindingId, LineRange, RuleRef};

    const LEARNT: &str = "\
- in src/db/ · rule lint/lock · not a problem · Lock held · on purpose · I4 of topic, 2026-03-23
- in src/db/ · rule lint/lock · stays as it is · Lock held · as before · I5 of topic, 2026-03-24
- everywhere · one issue · \"Lock held\" and \"Lock\" · I6 and I7 of topic, 2026-03-24
- in src/up/ · rule lint/lock · is Critical · Lock held · it is the pool · I6 of topic, 2026-03-24
- in src/mid/ · rule lint/lock · is Important · Lock held · I7 of topic, 2026-03-24
- in src/web/ · not a problem · The name is odd · it is a joke · S2 of topic, 2026-03-24
- We like it short.
";

    fn run_of(name: &str, kind: AgentKind) -> AgentRun {
        let agent = AgentInfo { name: AgentName::new(name), label: name.into(), kind };
        AgentRun::new(agent, AgentOutcome::Reviewed)
    }

    fn finding(severity: Severity, title: &str, path: &str, by: &[(&str, &str)]) -> (Finding, Vec<RawFinding>) {
        let anchor = Anchor::lines(RepoPath::new(path).unwrap(), LineRange::line(1));
        let raw = by.iter().map(|(agent, rule)| RawFinding {
            id: RawId::new(format!("{agent}:{title}")),
            agent: AgentName::new(*agent),
            rule: (!rule.is_empty()).then(|| RuleRef { id: (*rule).into(), url: None }),
            ..says(title).findings.remove(0)
        });
        let raw: Vec<RawFinding> = raw.collect();
        let said = raw.iter().map(|raw| Attribution { agent: raw.agent.clone(), severity, raw: raw.id.clone() });
        let mut finding = Finding::new(FindingId::new(title), severity, title);
        (finding.attributions, finding.anchors) = (said.collect(), vec![anchor]);
        (finding, raw)
    }

    #[test]
    fn what_was_learnt_lowers_what_is_computed_and_is_said_of_all_that_it_is_about() {
        use Severity::{Critical, Important, Suggestion};
        let learnings = Learnings::read(LEARNT);
        let agents = [run_of("lint", AgentKind::Linter), run_of("claude", AgentKind::Cli)];
        let lock: &[(&str, &str)] = &[("lint", "lint/lock")];
        for (severity, title, path, by, then, is_said) in [
            (Important, "Locked", "src/db/a.rs", lock, Suggestion, true),
            (Important, "Locked", "src/db/deep/a.rs", lock, Suggestion, true),
            (Suggestion, "Locked", "src/db/a.rs", lock, Suggestion, true),
            (Critical, "Locked", "src/db/a.rs", lock, Critical, true),
            (Important, "Locked", "src/a.rs", lock, Important, false),
            (Important, "Locked", "src/up/a.rs", lock, Critical, true),
            (Suggestion, "Locked", "src/up/a.rs", lock, Critical, true),
            (Suggestion, "Locked", "src/mid/a.rs", lock, Important, true),
            (Critical, "Locked", "src/mid/a.rs", lock, Critical, true),
            (Important, "Lock held", "src/up/a.rs", &[("claude", "")], Important, true),
            (Important, "Locked", "src/db/a.rs", &[("lint", "lint/other")], Important, false),
            (Important, "Locked", "src/db/a.rs", &[("claude", "lint/lock")], Important, false),
            (Important, "Locked", "src/db/a.rs", &[("lint", "lint/lock"), ("claude", "")], Important, false),
            (Important, "Lock held", "src/db/a.rs", &[("claude", "")], Important, true),
            (Important, "The name is odd", "src/web/a.rs", &[("claude", "")], Important, true),
            (Important, "The name is odd", "src/a.rs", &[("claude", "")], Important, false),
        ] {
            let (finding, raw) = finding(severity, title, path, by);
            let mut findings = [finding];
            apply(&mut findings, (&raw, &agents), (&learnings, &Decisions::default()));
            let [finding] = &findings;
            let case = format!("{severity} {title} {path} {by:?}");
            assert_eq!((finding.severity, finding.learned.is_some()), (then, is_said), "{case}");
            let was = finding.learned.as_ref().and_then(|learned| learned.was);
            assert_eq!(was, (then != severity).then_some(severity), "{case}");
            assert_eq!(finding.learned.as_ref().is_some_and(|learned| learned.is_raised), then > severity, "{case}");
            if path.starts_with("src/db") && is_said {
                let learned = finding.learned.as_ref().unwrap().to_string();
                assert!(learned.contains("as before · I5 of topic"), "the newest word: {learned}");
            }
        }
    }

    #[test]
    fn agents_are_given_what_is_about_the_changed_files() {
        let path = |path: &str| RepoPath::new(path).unwrap();
        let shared: Arc<str> = "- Ours.\n- We like it short.\n".into();
        let base = vec![(path("AGENTS.md"), Arc::from("Be nice.")), (Learnings::shared_path(), shared)];
        let all = all(&Learnings::read(LEARNT), &base);
        let mut conventions = base;
        into_conventions(&all, &[path("src/web/a.rs")], &Sending::default(), &mut conventions);
        let [(_, nice), (named, text)] = &conventions[..] else { panic!("{conventions:?}") };
        assert_eq!((&**nice, named.as_str()), ("Be nice.", ".deep-review/learnings.md"));
        let lines: Vec<&str> = text.lines().skip(1).collect();
        assert_eq!(lines[..2], ["- Ours.", "- We like it short."]);
        assert!(lines.len() == 4 && lines[2].contains("one issue") && lines[3].contains("it is a joke"), "{text}");
        let mut none = Vec::new();
        into_conventions(&Learnings::default(), &[path("a.rs")], &Sending::default(), &mut none);
        assert!(none.is_empty());
    }
}
