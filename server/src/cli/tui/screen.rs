//! The terminal: the whole of it while we are there, and as it was when we are not.

use anyhow::Context as _;
use ratatui::crossterm::event::{self, DisableBracketedPaste, EnableBracketedPaste, Event, KeyEvent, KeyEventKind};
use ratatui::crossterm::{execute, style};
use ratatui::{DefaultTerminal, Frame};
use std::io::stdout;
use std::time::Duration;

/// What somebody at the terminal does.
#[derive(Debug)]
pub(super) enum Input {
    Key(KeyEvent),
    Pasted(String),
    /// The window has another size.
    Resized,
}

/// The terminal, ours until this is dropped: that gives it back, and so does a panic.
pub(super) struct Screen {
    terminal: DefaultTerminal,
}

impl Screen {
    /// # Errors
    /// When there is no terminal that can.
    pub(super) fn take(colours: bool) -> anyhow::Result<Self> {
        style::force_color_output(colours);
        Ok(Self { terminal: taken()? })
    }

    pub(super) fn draw(&mut self, draw: impl FnOnce(&mut Frame<'_>)) -> anyhow::Result<()> {
        self.terminal.draw(draw).map(drop).context("failed to draw on the terminal")
    }

    /// Draws all of it at the next drawing, whatever others wrote over it.
    pub(super) fn clear(&mut self) -> anyhow::Result<()> {
        self.terminal.clear().context("failed to clear the terminal")
    }

    /// What is done next; `None` if that is nothing for so long.
    pub(super) fn next(&self, patience: Option<Duration>) -> anyhow::Result<Option<Input>> {
        let waited = match patience {
            None => true,
            Some(patience) => event::poll(patience).context("failed to read the terminal")?,
        };
        if !waited {
            return Ok(None);
        }
        Ok(match event::read().context("failed to read the terminal")? {
            Event::Key(key) if key.kind != KeyEventKind::Release => Some(Input::Key(key)),
            Event::Paste(text) => Some(Input::Pasted(text)),
            Event::Resize(..) => Some(Input::Resized),
            _ => None,
        })
    }

    /// Gives the terminal to somebody else, and takes it again.
    pub(super) fn lend<T>(&mut self, to: impl FnOnce() -> T) -> anyhow::Result<T> {
        give_back();
        let came = to();
        self.terminal = taken()?;
        Ok(came)
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        give_back();
    }
}

fn taken() -> anyhow::Result<DefaultTerminal> {
    let terminal = ratatui::try_init().context("failed to take the terminal")?;
    execute!(stdout(), EnableBracketedPaste).context("failed to take the terminal")?;
    Ok(terminal)
}

/// As it was before. Nobody can be told that this failed.
fn give_back() {
    let _ = execute!(stdout(), DisableBracketedPaste);
    let _ = ratatui::try_restore();
}
