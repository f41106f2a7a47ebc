//! `deep-review completions` and `deep-review man`

use super::{Cli, Exit, output};
use clap::CommandFactory;

pub(super) fn completions(shell: clap_complete::Shell) -> anyhow::Result<Exit> {
    let mut out = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "deep-review", &mut out);
    output::print(&String::from_utf8_lossy(&out))?;
    Ok(Exit::Done)
}

pub(super) fn man() -> anyhow::Result<Exit> {
    let mut out = Vec::new();
    clap_mangen::Man::new(Cli::command()).render(&mut out)?;
    output::print(&String::from_utf8_lossy(&out))?;
    Ok(Exit::Done)
}
