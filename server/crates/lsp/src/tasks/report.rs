//! Reports of rounds as files, for editors to show and for diagnostics to lead to.

use crate::protocol::error::CommandError;
use crate::protocol::uri::file_uri;
use crate::state::projection::RoundIndex;
use crate::state::report_index::{ReportIndex, labels_in};
use crate::state::snapshot::Repo;
use finding::{Finding, Round};
use lsp_types::Uri;
use ops::{OpsError, RoundName};
use report::Format;
use std::path::PathBuf;

/// Rounds with more findings get no report for diagnostics to lead to: it would cost more than it gives.
const MAX_LINKED: usize = 1000;

/// Whether diagnostics of a round would lead to its report: rules have pages of their own.
pub(crate) fn is_worth_linking(round: &Round) -> bool {
    let has_no_page = |f: &Finding| f.rule.as_ref().is_none_or(|rule| rule.url.is_none());
    round.findings.len() <= MAX_LINKED && round.findings.iter().any(has_no_page)
}

/// Writes the report of the round that is shown, for diagnostics to lead to; `None` if that could not be done, or if
/// another round is stored by now.
pub(crate) fn write_index(repo: &Repo, round_index: &RoundIndex) -> Option<ReportIndex> {
    let round = round(repo, None).ok().filter(|round| round.id == round_index.round.id)?;
    Some(write(repo, &round, Format::Markdown).ok()?.index())
}

/// A report beside the rounds.
#[derive(Debug)]
pub(crate) struct Written {
    pub(crate) uri: Uri,
    pub(crate) text: String,
}

impl Written {
    /// Line (0-based) of a finding's heading.
    pub(crate) fn line_of(&self, label: &str) -> Option<u32> {
        self.headings().find(|(word, _)| *word == label).map(|(_, line)| line)
    }

    /// Where its findings are.
    fn index(&self) -> ReportIndex {
        ReportIndex {
            uri: self.uri.clone(),
            lines: self.headings().map(|(label, line)| (label.to_owned(), line)).collect(),
        }
    }

    /// The words of headings that look like labels.
    fn headings(&self) -> impl Iterator<Item = (&str, u32)> {
        let headings = (0..).zip(self.text.lines()).filter(|(_, line)| line.starts_with('#'));
        headings.filter_map(|(number, line)| Some((labels_in(line).next()?.1, number)))
    }
}

/// The whole round that is meant: by its id or number, or the one that is shown.
pub(crate) fn round(repo: &Repo, wanted: Option<&str>) -> Result<Round, CommandError> {
    let read = |name| Ok(repo.open_branch().round(name)?.value);
    match (wanted, &repo.round_index) {
        (Some(name), _) => read(RoundName::Named(name)),
        (None, None) => Err(OpsError::NoRound.into()),
        (None, Some(shown)) if repo.stored.as_ref().is_some_and(|stored| stored.round.id == shown.round.id) => {
            // What is shown lacks the raw findings.
            let id = &shown.round.id;
            match read(RoundName::Newest) {
                Ok(round) if round.id == *id => Ok(round),
                _ => read(RoundName::Named(id.as_str())),
            }
        }
        (None, Some(shown)) => Ok((*shown.round).clone()),
    }
}

/// Writes a round's report beside the rounds.
pub(crate) fn write(repo: &Repo, round: &Round, format: Format) -> Result<Written, CommandError> {
    let failed = |e: std::io::Error| CommandError::failed(format!("the report could not be written: {e}"));
    let mut document = ops::document(&repo.open_branch(), round.clone())?;
    // What the built-in agents saw by themselves is not stored.
    for path in round
        .texts
        .keys()
        .filter(|path| repo.round_index.as_ref().is_some_and(|p| p.round.id == round.id && p.file(path).is_some()))
    {
        if let Some(text) = repo.reviewed.get(path).and_then(|reviewed| reviewed.text()) {
            document.texts.insert(path.clone(), text.clone());
        }
    }
    document.trace(&repo.git);
    let folder = repo.store().folder().join("reports");
    let file = folder.join(file_name(&document.round, format));
    let text = document
        .write(format, Some(&file))
        .map_err(|e| CommandError::failed(format!("the report could not be written: {e}")))?;
    std::fs::create_dir_all(&folder).map_err(failed)?;
    std::fs::write(&file, &text).map_err(failed)?;
    let uri = file_uri(&file).ok_or_else(|| CommandError::failed("the report has no address"))?;
    Ok(Written { uri, text })
}

fn file_name(round: &Round, format: Format) -> PathBuf {
    let safe = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '-' };
    let name: String = round.id.as_str().chars().map(safe).collect();
    let extension = match format {
        Format::Markdown => "md",
        Format::Html => "html",
        Format::Text => "txt",
        Format::Junit => "xml",
        _ => "json",
    };
    format!("{name}.{extension}").into()
}
