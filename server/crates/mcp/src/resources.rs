//! What can be read by address: the list of rounds, each round's report, each finding.
//!
//! ```text
//! deep-review://rounds
//! deep-review://rounds/8/report.md
//! deep-review://rounds/8/findings/I4
//! ```

use crate::bounds::{NOTICE, bounded_text};
use crate::desk::{Desk, Form};
use crate::said::Refusal;
use crate::text;
use crate::tools::rounds;
use rmcp::model::{ListResourcesResult, ReadResourceResult, Resource, ResourceContents, ResourceTemplate};
use std::fmt::Write as _;

const ROUNDS: &str = "deep-review://rounds";
/// Most reports in a page of the list.
const PAGE: usize = 50;

pub(crate) fn list(desk: &Desk, cursor: Option<&str>) -> Result<ListResourcesResult, Refusal> {
    let before = cursor.map(str::parse::<u32>).transpose();
    let before = before.map_err(|_| Refusal::new("that is no cursor; pass nextCursor of the page before"))?;
    let rows = rounds::rows(desk, before)?;
    let report = |row: &rounds::Row| {
        Resource::new(format!("{ROUNDS}/{}/report.md", row.number()), format!("Round {}", row.number()))
            .with_description(row.line())
            .with_mime_type("text/markdown")
    };
    let mut items: Vec<Resource> = rows.iter().take(PAGE).map(report).collect();
    if before.is_none() {
        let all = Resource::new(ROUNDS, "Rounds").with_description("The review rounds of the current branch.");
        items.insert(0, all.with_mime_type("text/plain"));
    }
    let mut page = ListResourcesResult::with_all_items(items);
    page.next_cursor = (rows.len() > PAGE).then(|| rows[PAGE - 1].number().to_string());
    Ok(page)
}

pub(crate) fn templates() -> Vec<ResourceTemplate> {
    vec![
        ResourceTemplate::new(format!("{ROUNDS}/{{round}}/report.md"), "Report of a round")
            .with_mime_type("text/markdown"),
        ResourceTemplate::new(format!("{ROUNDS}/{{round}}/findings/{{finding}}"), "A finding, by label or id")
            .with_mime_type("text/plain"),
    ]
}

/// What is at the address; `None` if it is none of ours.
pub(crate) fn read(desk: &Desk, uri: &str) -> Result<Option<ReadResourceResult>, Refusal> {
    let Some(rest) = uri.strip_prefix(ROUNDS) else { return Ok(None) };
    let parts: Vec<&str> = rest.trim_start_matches('/').split('/').collect();
    let number = |round: &str| round.parse::<u32>().ok();
    let (kind, said) = match parts[..] {
        [""] => {
            let mut said = String::new();
            for row in rounds::rows(desk, None)? {
                let _ = writeln!(said, "{}", row.line());
            }
            ("text/plain", said)
        }
        [round, "report.md"] => {
            let Some(round) = number(round) else { return Ok(None) };
            let (_, report) = rounds::write(desk, Some(round), Form::Markdown)?;
            ("text/markdown", format!("<!-- {NOTICE} -->\n\n{report}"))
        }
        [round, "findings", finding] => {
            let Some(round) = number(round) else { return Ok(None) };
            let now = desk.now(Some(round))?;
            let index = ops::find(&now.round, finding)?.index;
            let whole = ops::show(&now.situation(), index).ok_or_else(|| Refusal::internal("the finding is gone"))?;
            ("text/plain", text::whole(&whole))
        }
        _ => return Ok(None),
    };
    let contents = ResourceContents::text(bounded_text(&said), uri).with_mime_type(kind);
    Ok(Some(ReadResourceResult::new(vec![contents])))
}
