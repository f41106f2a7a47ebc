//! `deep-review tui` and `deep-review review -i`: the round's findings on a terminal, to walk through and act on.
//!
//! What is seen is a function of what there is ([`ground`]: round, decisions, texts) and of how somebody looks at it
//! ([`view`]); keys change the look or ask for an act ([`keys`]), which goes through the operations ([`act`]), after which
//! everything is read anew. Here alone is the loop that joins them.

mod act;
mod detail;
mod draw;
mod ground;
mod keys;
mod line;
mod list;
mod screen;
#[cfg(test)]
mod tests;
mod theme;
mod view;
mod work;

use super::context::{Context, told};
use super::open::{place_of, start_editor};
use super::{Exit, output};
use act::{Act, Came};
use anyhow::{Context as _, bail};
use finding::FindingId;
use ground::{Ground, Shown};
use ops::{Now, OpenBranch, RoundName};
use screen::{Input, Screen};
use std::io::IsTerminal as _;
use std::time::Duration;
use theme::Theme;
use view::{Mode, View};
use work::{Told, Work};

/// How long a key is waited for while an agent is at work.
const MOMENT: Duration = Duration::from_millis(100);

/// How long it is waited, at an act, before it is looked whether the act is done.
const INSTANT: Duration = Duration::from_millis(10);

/// Shows a round of a branch until somebody leaves. Where a newer one comes meanwhile, that is shown.
///
/// # Errors
/// When there is no such round, or no terminal.
pub(super) fn run(context: &Context, open: OpenBranch, round: RoundName<'_>) -> anyhow::Result<Exit> {
    needs_terminal()?;
    let now = told(Now::of(open, round)?);
    let theme = Theme { colours: output::colours(context.color) };
    let mut session = Session {
        now,
        shown: Shown::default(),
        view: View::default(),
        work: None,
        theme,
        notes: output::Notes::take(),
    };
    session.settle()?;
    let mut screen = Screen::take(theme.colours)?;
    let ended = session.run(&mut screen);
    if let Some(work) = session.work.take() {
        work.end();
    }
    ended.map(|()| Exit::Done)
}

/// # Errors
/// Where there is no terminal to be interactive on.
pub(super) fn needs_terminal() -> anyhow::Result<()> {
    if !std::io::stdin().is_terminal() || !std::io::stdout().is_terminal() {
        bail!("this needs a terminal; 'deep-review findings' and 'deep-review show' print the same");
    }
    Ok(())
}

/// Draws all of it, and takes note of what that came to.
fn draw(screen: &mut Screen, shown: &Shown, view: &mut View, theme: Theme) -> anyhow::Result<()> {
    let mut drawn = view::Drawn::default();
    screen.draw(|frame| drawn = draw::draw(frame, shown, view, theme))?;
    view.drawn = drawn;
    view.scroll = view.scroll.min(drawn.deepest);
    Ok(())
}

/// Somebody at a terminal.
struct Session {
    now: Now,
    shown: Shown,
    view: View,
    work: Option<Work>,
    theme: Theme,
    /// What would be written over the screen.
    notes: output::Notes,
}

impl Session {
    fn run(&mut self, screen: &mut Screen) -> anyhow::Result<()> {
        loop {
            draw(screen, &self.shown, &mut self.view, self.theme)?;
            match screen.next(self.work.as_ref().map(|_| MOMENT))? {
                Some(Input::Key(key)) => {
                    let before = self.view.chosen.clone();
                    let act = keys::press(&mut self.view, &self.shown, key);
                    match act {
                        Some(Act::Quit) => return Ok(()),
                        Some(act) => self.act(act, screen)?,
                        None if self.view.chosen != before => self.look(),
                        None => {}
                    }
                }
                Some(Input::Pasted(text)) => {
                    keys::paste(&mut self.view, &self.shown, &text);
                    self.look();
                }
                Some(Input::Resized) | None => {}
            }
            self.hear()?;
        }
    }

    /// Reads everything anew: the round, the decisions, the files.
    fn reread(&mut self) -> anyhow::Result<()> {
        let read = Now::of(self.now.open.clone(), RoundName::Newest)?;
        self.now = read.value;
        self.settle()?;
        if let Some(aside) = read.set_aside.first() {
            self.view.failed(aside.to_string());
        }
        Ok(())
    }

    /// Works out what there is to see.
    fn settle(&mut self) -> anyhow::Result<()> {
        self.shown.ground = Ground::of(&self.now)?;
        self.view.settle(&self.shown.ground);
        self.look();
        Ok(())
    }

    /// Works out the text of the chosen finding.
    fn look(&mut self) {
        let entry = self.view.chosen.as_ref().and_then(|id| self.shown.ground.entry(id));
        self.shown.whole = entry.and_then(|entry| ops::show(&self.now.situation(), entry.index));
    }

    /// Does what was asked for, and says what came of it; what cannot be done changes nothing.
    fn act(&mut self, act: Act, screen: &mut Screen) -> anyhow::Result<()> {
        let came = match act {
            Act::Quit => return Ok(()),
            Act::Stop => {
                self.work.iter().for_each(Work::stop);
                return Ok(());
            }
            Act::Mend { finding } => self.mend(&finding),
            Act::Reread => {
                screen.clear()?;
                Ok(Came::Done("Read again".to_owned()))
            }
            Act::Open { finding } => self.open(&finding, screen)?,
            Act::Apply { finding, fix, is_agreed } => {
                self.write(screen, |now| act::apply(now, &finding, fix, is_agreed))?
            }
            Act::Dismiss { finding, kind, reason } => {
                self.write(screen, |now| act::dismiss(now, &finding, kind, &reason))?
            }
            Act::Reopen { finding } => self.write(screen, |now| act::reopen(now, &finding))?,
            Act::Take { attempts } => self.write(screen, |now| act::take(now, &attempts))?,
            Act::Undo => self.write(screen, act::undo)?,
        };
        self.reread()?;
        match came {
            Ok(Came::Done(what)) if what.is_empty() => {}
            Ok(Came::Done(what)) => self.view.done(what),
            Ok(Came::Back { what, finding }) => {
                self.view.done(what);
                finding.iter().for_each(|finding| self.view.turn_to(&self.shown.ground, finding));
                self.look();
            }
            Ok(Came::Ask { question, act }) => self.view.mode = Mode::Ask { question, act },
            Err(error) => {
                let (why, remedy) = output::explained(&error);
                self.view.failed(remedy.map_or(why.clone(), |remedy| format!("{why}; {remedy}")));
            }
        }
        Ok(())
    }

    /// Does what writes into the store. Where that waits for another process, it is seen.
    fn write(
        &mut self,
        screen: &mut Screen,
        act: impl FnOnce(&Now) -> anyhow::Result<Came> + Send,
    ) -> anyhow::Result<anyhow::Result<Came>> {
        let Self { now, view, shown, theme, notes, .. } = self;
        std::thread::scope(|scope| {
            let doing = scope.spawn(|| act(now));
            while !doing.is_finished() {
                if let Some(note) = notes.newest(INSTANT) {
                    view.done(note);
                    draw(screen, shown, view, *theme)?;
                }
            }
            Ok(doing.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
        })
    }

    /// Lets the user's editor have the terminal.
    fn open(&self, finding: &FindingId, screen: &mut Screen) -> anyhow::Result<anyhow::Result<Came>> {
        let index = ops::find(&self.now.round, finding.as_str())?.index;
        let (file, line) = match place_of(&self.now, index) {
            Ok(place) => place,
            Err(why) => return Ok(Err(why)),
        };
        let ended = screen.lend(|| start_editor(&file, line))?;
        Ok(ended.map(|()| Came::Done("Read again".to_owned())))
    }

    fn mend(&mut self, finding: &FindingId) -> anyhow::Result<Came> {
        let index = ops::find(&self.now.round, finding.as_str())?.index;
        self.work = Some(Work::mend(&self.now, index)?);
        self.view.mode = Mode::Mending { doing: "An agent is asked".to_owned(), is_stopping: false };
        Ok(Came::Done(String::new()))
    }

    /// Takes in what is told of the agent at work.
    fn hear(&mut self) -> anyhow::Result<()> {
        if let Some(note) = self.notes.newest(Duration::ZERO) {
            match &mut self.view.mode {
                Mode::Mending { doing, .. } => *doing = note,
                _ => self.view.done(note),
            }
        }
        let Some(work) = &self.work else { return Ok(()) };
        let mut all: Vec<Told> = work.told.try_iter().collect();
        if matches!(all.last(), Some(Told::Ended(_))) {
            let Some(Told::Ended(ended)) = all.pop() else { return Ok(()) };
            if let Some(work) = self.work.take() {
                work.end();
            }
            return self.mended(ended);
        }
        if let (Some(Told::Doing(what)), Mode::Mending { doing, .. }) = (all.pop(), &mut self.view.mode) {
            *doing = what;
        }
        Ok(())
    }

    /// Offers what an agent made.
    fn mended(&mut self, ended: Result<Vec<finding::Attempt>, String>) -> anyhow::Result<()> {
        self.view.mode = Mode::Browse;
        self.reread().context("failed to read the round again")?;
        match ended {
            Err(why) => self.view.failed(why),
            Ok(attempts) if attempts.iter().any(finding::Attempt::is_proven) => {
                let text = work::proof(&attempts, &self.now);
                self.view.scroll = 0;
                self.view.mode = Mode::Offered { text, attempts };
            }
            Ok(attempts) => self.view.failed(work::not_taken(&attempts)),
        }
        Ok(())
    }
}
