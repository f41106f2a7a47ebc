//! `deep-review report`

use super::args::ReportArgs;
use super::context::{self, Context, told};
use super::hyperlinks::{self, Links};
use super::{Exit, output, review};
use finding::Dial;
use report::Format;

pub(super) fn run(context: &Context, args: &ReportArgs) -> anyhow::Result<Exit> {
    let open = context.open()?;
    if args.index {
        let list = told(ops::report_pages(&open, args.output.as_deref())?);
        output::print(&format!("{}\n", list.display()))?;
        return Ok(Exit::Done);
    }
    let round = context::round(&open, args.round)?;
    let format = args.format.unwrap_or(Format::Text);
    let file = args.output.as_deref();
    let (text, _) = review::written(context, &open, &round, (format, Dial::default()), file)?;
    match file {
        Some(_) => output::to(file, &text)?,
        None if format == Format::Text => hyperlinks::page(&text, Links::of(context, &open, &round).as_ref())?,
        None => output::page(&text)?,
    }
    Ok(Exit::Done)
}
