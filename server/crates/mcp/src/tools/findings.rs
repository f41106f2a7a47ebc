//! Findings listed, one whole, and whether they are gone.

use super::Answer;
use crate::bounds::NOTICE;
use crate::desk::Desk;
use crate::said::Refusal;
use crate::text;
use finding::{RepoPath, Severity};
use ops::{Filter, FindingList, FindingRow, FindingWhole, StateName, Verified};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Rows of a page where the agent does not say how many, and the most that it may ask for.
const PAGE: usize = 50;
const LARGEST_PAGE: usize = 200;
/// Bytes of rows after which a page ends, about 6,000 tokens.
const PAGE_BYTES: usize = 24_000;
/// Most findings that are proved in one call.
const MOST_PROVED: usize = 100;

/// Which findings.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum WhichState {
    /// What asks for something to be done.
    #[default]
    Open,
    /// What is in the files as it should be.
    Fixed,
    /// What was declined.
    Dismissed,
    /// What was about code that is gone.
    Outdated,
    /// Whatever became of them.
    All,
}

impl From<WhichState> for Option<StateName> {
    fn from(which: WhichState) -> Self {
        match which {
            WhichState::Open => Some(StateName::Open),
            WhichState::Fixed => Some(StateName::Fixed),
            WhichState::Dismissed => Some(StateName::Dismissed),
            WhichState::Outdated => Some(StateName::Outdated),
            WhichState::All => None,
        }
    }
}

/// Arguments of `findings`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ListArgs {
    /// Those of this severity or a graver one.
    severity: Option<Severity>,
    /// Those with a place in this file or folder, from the top of the repository.
    file: Option<String>,
    /// Those in this state.
    state: WhichState,
    /// Those that this reviewer raised.
    agent: Option<String>,
    /// Those at lines that the user changed last: not committed yet, or by a commit of git's user.email on this branch.
    #[serde(default)]
    mine: bool,
    /// The round's number; the newest without it.
    round: Option<u32>,
    /// Most findings of the page, 1 to 200; 50 without it.
    limit: Option<usize>,
    /// `next` of the page before, with the same arguments otherwise.
    cursor: Option<String>,
}

/// A page of findings.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Page {
    /// How the texts in it are to be taken.
    notice: &'static str,
    /// The round that they are of.
    round: u32,
    /// How many there are on all pages.
    total: usize,
    /// Those of this page, the gravest first.
    findings: Vec<FindingRow>,
    /// The `cursor` of the next page; nothing on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
    /// Whether long texts were cut.
    #[serde(skip_serializing_if = "Option::is_none")]
    cut: Option<bool>,
}

impl Page {
    pub(crate) fn round(&self) -> u32 {
        self.round
    }

    pub(crate) fn rows(&self) -> &[FindingRow] {
        &self.findings
    }

    pub(crate) fn next(&self) -> Option<&str> {
        self.next.as_deref()
    }
}

/// Where a page begins: the round, and how many rows come before.
fn read_cursor(cursor: &str) -> Result<(u32, usize), Refusal> {
    let parts = cursor.split_once(':').and_then(|(round, skip)| Some((round.parse().ok()?, skip.parse().ok()?)));
    parts.ok_or_else(|| {
        Refusal::new(format!("'{cursor}' is no cursor")).with_remedy("pass 'next' of the page before as it is")
    })
}

pub(crate) fn list(desk: &Desk, args: &ListArgs) -> Result<Answer, Refusal> {
    let (round, skip) = match &args.cursor {
        Some(cursor) => read_cursor(cursor).map(|(round, skip)| (Some(round), skip))?,
        None => (args.round, 0),
    };
    let limit = args.limit.unwrap_or(PAGE);
    if !(1..=LARGEST_PAGE).contains(&limit) {
        return Err(Refusal::new(format!("limit is {limit}, and a page has 1 to {LARGEST_PAGE} findings")));
    }
    let now = desk.now(round)?;
    let filter = Filter {
        severity: args.severity,
        path: args.file.as_deref().map(|path| RepoPath::new(path.trim_end_matches('/'))).transpose()?,
        agent: args.agent.clone(),
        state: args.state.into(),
        mine: args.mine.then(|| ops::mine(&now.open.repository, &now.open.text, &now.situation())).transpose()?,
        // An agent reads pages; nothing is hidden from it.
        ..Filter::default()
    };
    let all = ops::list(&now.situation(), &filter)?;
    let page = page(all, skip, limit);
    let next = page.next.as_ref().map(|next| format!("{} in all; next page: cursor {next:?}\n", page.total));
    let shown = FindingList { round: page.round, findings: page.findings.clone(), hidden: None };
    let said = format!("{}{}{NOTICE}\n", text::list(&shown), next.unwrap_or_default());
    Answer::new(&said, &page)
}

/// The rows from `skip` on, at most `limit`, and as many as an agent can take at once: never none while there are some.
pub(crate) fn page(all: FindingList, skip: usize, limit: usize) -> Page {
    let FindingList { round, findings, .. } = all;
    let total = findings.len();
    let mut bytes = 0;
    let fits = |row: &FindingRow| {
        let is_first = bytes == 0;
        bytes += serde_json::to_string(row).map_or(0, |text| text.len());
        is_first || bytes <= PAGE_BYTES
    };
    let findings: Vec<FindingRow> = findings.into_iter().skip(skip).take(limit).take_while(fits).collect();
    let end = skip + findings.len();
    let next = (end < total && !findings.is_empty()).then(|| format!("{round}:{end}"));
    Page { notice: NOTICE, round, total, findings, next, cut: None }
}

/// Arguments of `finding`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ShowArgs {
    /// The finding, by label (I4) or id.
    id: String,
    /// The round's number; the newest without it.
    round: Option<u32>,
}

/// One finding.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Shown {
    /// How the texts in it are to be taken.
    notice: &'static str,
    /// The round that it is of.
    round: u32,
    /// All of it.
    finding: FindingWhole,
    /// Whether long texts or lists were cut.
    #[serde(skip_serializing_if = "Option::is_none")]
    cut: Option<bool>,
}

pub(crate) fn show(desk: &Desk, args: &ShowArgs) -> Result<Answer, Refusal> {
    let now = desk.now(args.round)?;
    let index = ops::find(&now.round, &args.id)?.index;
    let finding = ops::show(&now.situation(), index).ok_or_else(|| Refusal::internal("the finding is gone"))?;
    let said = text::whole(&finding);
    Answer::new(&said, &Shown { notice: NOTICE, round: now.round.number, finding, cut: None })
}

/// Arguments of `verify`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct VerifyArgs {
    /// The findings, by label (I4) or id.
    #[schemars(length(min = 1, max = 100))]
    ids: Vec<String>,
}

/// What is proved.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Proved {
    /// How the texts in it are to be taken.
    notice: &'static str,
    /// The round that the findings are of.
    round: u32,
    /// Whether all of them are gone.
    gone: bool,
    /// Each of them.
    findings: Vec<Verified>,
    /// Whether long texts were cut.
    #[serde(skip_serializing_if = "Option::is_none")]
    cut: Option<bool>,
}

pub(crate) fn verify(desk: &Desk, args: &VerifyArgs) -> Result<Answer, Refusal> {
    if args.ids.len() > MOST_PROVED {
        return Err(Refusal::new(format!("{} findings at once; name at most {MOST_PROVED}", args.ids.len())));
    }
    let now = desk.now(None)?;
    let found = ops::find_all(&now.round, &args.ids)?;
    let ops::Verification { round, gone, findings } = ops::verify(&now.situation(), &found);
    let said: String = findings.iter().map(text::verified).collect();
    Answer::new(&format!("{said}{NOTICE}\n"), &Proved { notice: NOTICE, round, gone, findings, cut: None })
}
