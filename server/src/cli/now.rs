//! A round with the work tree as it is now, for the commands that list, show, prove and fix.

use super::context::{Context, told};
use ops::{Now, RoundName};

/// The round of that number, or the newest.
pub(super) fn now(context: &Context, number: Option<u32>) -> anyhow::Result<Now> {
    Ok(told(Now::of(context.open()?, number.map_or(RoundName::Newest, RoundName::Number))?))
}
