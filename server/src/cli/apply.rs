//! `deep-review apply`

use super::args::ApplyArgs;
use super::context::{self, Context, Open};
use super::worktree::{Texts, WorkTree};
use super::{Exit, decide, output};
use finding::{Finding, Fix, LineRange, RepoPath, Round, State};
use patch::{Hints, LineMap, Placement, Refusal};
use report::sanitize::printable;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

/// A finding's fix that is to be applied, with what says where it belongs in the text as it is now.
struct Chosen<'a> {
    finding: &'a Finding,
    fix: &'a Fix,
    path: Option<&'a RepoPath>,
    lines: Option<LineRange>,
}

pub(super) fn run(context: &Context, args: &ApplyArgs) -> anyhow::Result<Exit> {
    let open = context.open()?;
    let round = open.round(None)?;
    let findings: Vec<&Finding> = if args.all {
        round.standing().filter(|f| open.decisions.is_open(&f.id) && !f.fixes.is_empty()).collect()
    } else {
        args.ids.iter().map(|id| context::finding(&round, id)).collect::<anyhow::Result<_>>()?
    };
    if findings.is_empty() {
        output::print("No open finding has a fix.\n")?;
        return Ok(Exit::Done);
    }
    let tree = WorkTree::of(&open.repository)?;
    let (texts, mut refused) = read(&tree, &findings);
    let snapshot = review::document::texts(&open.store, &round);
    let mut chosen = Vec::new();
    for finding in findings {
        match choose(finding, &texts, &snapshot, args.all) {
            Ok(one) => chosen.push(one),
            // A file that could not be read says better why.
            Err(why) => drop(refused.entry(finding.label.as_str()).or_insert(why)),
        }
    }
    let fixes: Vec<patch::Fix<'_>> =
        chosen.iter().map(|c| patch::Fix { name: &c.finding.label, diff: &c.fix.diff, hints: hints(c) }).collect();
    let outcome = patch::place_set(&fixes, &|path| texts.get(path)?.as_deref());
    if !args.check {
        tree.change(&texts, &outcome.files)?;
    }
    let mut applied = Vec::new();
    for (one, result) in chosen.iter().zip(&outcome.fixes) {
        match result {
            Ok(_) => applied.push(one.finding),
            Err(why) => drop(refused.insert(&one.finding.label, why.to_string())),
        }
    }
    if !args.check && !applied.is_empty() {
        mark(&open, &round, &applied)?;
    }
    tell(&applied, &refused, &round, args.check)?;
    Ok(match (applied.is_empty(), refused.is_empty()) {
        (_, true) => Exit::Done,
        (true, false) => Exit::Impossible,
        (false, false) => Exit::Incomplete,
    })
}

/// The texts of all files that the fixes may be about, as they are now; and which findings have a file that cannot
/// be read, with the reason.
fn read<'a>(tree: &WorkTree, findings: &[&'a Finding]) -> (Texts, BTreeMap<&'a str, String>) {
    let (mut texts, mut refused) = (Texts::new(), BTreeMap::new());
    for finding in findings {
        for path in paths(finding) {
            let Entry::Vacant(place) = texts.entry(path) else { continue };
            match tree.read(place.key()) {
                Ok(text) => drop(place.insert(text)),
                Err(why) => drop(refused.insert(finding.label.as_str(), format!("{why:#}"))),
            }
        }
    }
    (texts, refused)
}

fn paths(finding: &Finding) -> Vec<RepoPath> {
    let mut paths: Vec<RepoPath> = finding.anchors.iter().map(|a| a.path.clone()).collect();
    for fix in &finding.fixes {
        paths.extend(fix.path.clone());
        let files = patch::parse(&fix.diff).map(|p| p.files).unwrap_or_default();
        let names = files.into_iter().flat_map(|file| [file.path, file.old_path]);
        paths.extend(names.flatten().filter_map(|name| RepoPath::new(name).ok()));
    }
    paths
}

fn hints<'a>(chosen: &Chosen<'a>) -> Hints<'a> {
    let anchor = chosen.finding.anchors.first().filter(|a| Some(&a.path) == chosen.path);
    Hints {
        path: chosen.path,
        lines: chosen.lines,
        quote: anchor.and_then(|a| a.quote.as_deref()),
        symbol: chosen.finding.symbol.as_deref(),
    }
}

/// The finding's first fix that applies by itself; otherwise why the first one does not.
fn choose<'a>(
    finding: &'a Finding,
    texts: &Texts,
    snapshot: &report::Texts,
    only_certain: bool,
) -> Result<Chosen<'a>, String> {
    let mut first_refusal = None;
    for fix in &finding.fixes {
        let anchor = finding.anchors.first();
        let path = fix.path.as_ref().or(anchor.map(|a| &a.path));
        let now = path.and_then(|p| texts.get(p)?.as_deref());
        let cited = anchor.filter(|a| Some(&a.path) == path).and_then(|a| a.lines);
        // The lines were cited in the text that was reviewed.
        let lines = match (cited, path.and_then(|p| snapshot.get(p)), now) {
            (Some(lines), Some(then), Some(now)) => Some(LineMap::between(then, now).carry(lines).lines()),
            (cited, ..) => cited,
        };
        let chosen = Chosen { finding, fix, path, lines };
        let one = patch::Fix { name: &finding.label, diff: &fix.diff, hints: hints(&chosen) };
        match patch::place_set(&[one], &|path| texts.get(path)?.as_deref()).fixes.pop() {
            Some(Ok(Placement::Fuzzy)) if only_certain => {
                let why = "its place is not certain; name it to apply it all the same";
                first_refusal.get_or_insert_with(|| why.to_owned());
            }
            Some(Ok(_)) => return Ok(chosen),
            // That nobody need do anything is the better news.
            Some(Err(Refusal::AlreadyApplied)) => first_refusal = Some(Refusal::AlreadyApplied.to_string()),
            // What was there when it was reviewed was edited since.
            Some(Err(Refusal::NotFound)) if fits_in(path.and_then(|p| snapshot.get(p)), fix, path, cited) => {
                first_refusal.get_or_insert_with(|| Refusal::Touched.to_string());
            }
            Some(Err(why)) => drop(first_refusal.get_or_insert_with(|| why.to_string())),
            None => {}
        }
    }
    Err(first_refusal.unwrap_or_else(|| "it has no fix".to_owned()))
}

/// Whether the fix fits in the text that was reviewed.
fn fits_in(then: Option<impl AsRef<str>>, fix: &Fix, path: Option<&RepoPath>, lines: Option<LineRange>) -> bool {
    then.is_some_and(|then| patch::place(then.as_ref(), &fix.diff, &Hints { path, lines, ..Hints::default() }).is_ok())
}

/// Notes that the findings are fixed.
fn mark(open: &Open, round: &Round, applied: &[&Finding]) -> anyhow::Result<()> {
    let fixed: Vec<_> = applied
        .iter()
        .map(|finding| (finding.id.clone(), decide::resolution(open, round, finding, State::Fixed)))
        .collect();
    open.branch.decide(|decisions| decisions.resolutions.extend(fixed))?;
    Ok(())
}

fn tell(applied: &[&Finding], refused: &BTreeMap<&str, String>, round: &Round, check: bool) -> anyhow::Result<()> {
    let mut text = String::new();
    for finding in applied {
        let done = if check { "applies" } else { "applied" };
        text.push_str(&format!("{done:8} {:4} {}\n", finding.label, printable(&finding.title)));
    }
    for (label, why) in refused {
        let title = round.findings.iter().find(|f| f.label == *label).map_or("", |f| f.title.as_str());
        text.push_str(&format!("refused  {label:4} {}\n              {}\n", printable(title), printable(why)));
    }
    output::print(&text)
}
