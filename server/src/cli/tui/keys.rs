//! What a key does. The help is this table.

use super::act::Act;
use super::ground::Shown;
use super::line::Line;
use super::view::{Mode, View, Words};
use finding::DismissReason;
use ops::StateName;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// What a key does while somebody walks through findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Do {
    Next,
    Previous,
    First,
    Last,
    Down,
    Up,
    PageDown,
    PageUp,
    Apply,
    PickFix,
    Dismiss,
    Mend,
    Open,
    Reopen,
    Undo,
    Search,
    State,
    Severity,
    Everything,
    Reread,
    Help,
    Quit,
}

/// Keys, what they are called, what they do in words, and what that is; no words where the row above has them.
type Binding = (&'static [KeyCode], &'static str, &'static str, Do);

const BINDINGS: &[Binding] = &[
    (
        &[KeyCode::Char('j'), KeyCode::Down, KeyCode::Char('n')],
        "j k ↓ ↑",
        "next, previous finding, round and round",
        Do::Next,
    ),
    (&[KeyCode::Char('k'), KeyCode::Up, KeyCode::Char('p')], "", "", Do::Previous),
    (&[KeyCode::Char('g'), KeyCode::Home], "g G", "first, last finding", Do::First),
    (&[KeyCode::Char('G'), KeyCode::End], "", "", Do::Last),
    (&[KeyCode::Char('J')], "J K", "the text a line down, up", Do::Down),
    (&[KeyCode::Char('K')], "", "", Do::Up),
    (&[KeyCode::Char(' '), KeyCode::PageDown], "Space b", "the text a page down, up", Do::PageDown),
    (&[KeyCode::Char('b'), KeyCode::PageUp], "", "", Do::PageUp),
    (&[KeyCode::Char('a')], "a", "apply its fix: the picked one, or what applies", Do::Apply),
    (&[KeyCode::Tab], "Tab", "pick one of several fixes", Do::PickFix),
    (&[KeyCode::Char('d')], "d", "dismiss it, with a reason", Do::Dismiss),
    (&[KeyCode::Char('f')], "f", "have an agent fix it; you see the proof first", Do::Mend),
    (&[KeyCode::Char('o'), KeyCode::Enter], "o Enter", "open its place in $VISUAL or $EDITOR", Do::Open),
    (&[KeyCode::Char('r')], "r", "reopen what was dismissed", Do::Reopen),
    (&[KeyCode::Char('u')], "u", "take back what was done last on the branch", Do::Undo),
    (&[KeyCode::Char('/')], "/", "look for words: title, place, agent", Do::Search),
    (&[KeyCode::Char('t')], "t", "only open, fixed, dismissed, outdated; all", Do::State),
    (&[KeyCode::Char('s')], "s", "only important and graver, only critical; all", Do::Severity),
    (&[KeyCode::Esc], "Esc", "what is open, without a filter", Do::Everything),
    (&[KeyCode::Char('R'), KeyCode::F(5)], "R F5", "read the round and the files again", Do::Reread),
    (&[KeyCode::Char('?'), KeyCode::F(1)], "? F1", "these keys", Do::Help),
    (&[KeyCode::Char('q')], "q Ctrl-C", "leave; all that was done is kept", Do::Quit),
];

/// What each key is called and does, for the help.
pub(super) fn described() -> impl Iterator<Item = (&'static str, &'static str)> {
    BINDINGS.iter().filter(|(_, _, says, _)| !says.is_empty()).map(|(_, shown, says, _)| (*shown, *says))
}

/// Takes a key: changes how somebody looks, and says what is to be done besides.
pub(super) fn press(view: &mut View, shown: &Shown, key: KeyEvent) -> Option<Act> {
    if key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL) {
        return Some(Act::Quit);
    }
    view.said = None;
    match std::mem::take(&mut view.mode) {
        Mode::Browse => browse(view, shown, key),
        Mode::Help => None,
        Mode::Search(line) => search(view, shown, line, key),
        Mode::Reason { kind, line } => reason(view, kind, line, key),
        Mode::Ask { act, .. } => match key.code {
            KeyCode::Char('y' | 'Y') => Some(act),
            _ => refused(view, "Nothing was done"),
        },
        Mode::Mending { doing, is_stopping } => {
            let stops = key.code == KeyCode::Esc && !is_stopping;
            view.mode = Mode::Mending { doing, is_stopping: is_stopping || stops };
            stops.then_some(Act::Stop)
        }
        Mode::Offered { text, attempts } => offered(view, text, attempts, key),
    }
}

/// Takes what was pasted: only where text is typed.
pub(super) fn paste(view: &mut View, shown: &Shown, text: &str) {
    match &mut view.mode {
        Mode::Search(line) => {
            line.paste(text);
            view.filter.words = line.text();
            view.settle(&shown.ground);
        }
        Mode::Reason { line, .. } => line.paste(text),
        _ => {}
    }
}

fn browse(view: &mut View, shown: &Shown, key: KeyEvent) -> Option<Act> {
    if key.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT) {
        return None;
    }
    let (.., does) = BINDINGS.iter().find(|(keys, ..)| keys.contains(&key.code))?;
    let ground = &shown.ground;
    let page = isize::try_from(view.drawn.page.max(2) - 1).unwrap_or(1);
    match does {
        Do::Next => view.step(ground, 1),
        Do::Previous => view.step(ground, -1),
        Do::First => view.jump(ground, false),
        Do::Last => view.jump(ground, true),
        Do::Down => view.scroll_by(1),
        Do::Up => view.scroll_by(-1),
        Do::PageDown => view.scroll_by(page),
        Do::PageUp => view.scroll_by(-page),
        Do::Search => view.mode = Mode::Search(Line::new(&view.filter.words)),
        Do::State => filtered(view, shown, Words::next_state),
        Do::Severity => filtered(view, shown, Words::next_severity),
        Do::Everything => filtered(view, shown, |filter| *filter = Words::default()),
        Do::Help => view.mode = Mode::Help,
        Do::Reread => return Some(Act::Reread),
        Do::Undo => return Some(Act::Undo),
        Do::Quit => return Some(Act::Quit),
        Do::Apply | Do::PickFix | Do::Dismiss | Do::Mend | Do::Open | Do::Reopen => return chosen(view, shown, *does),
    }
    None
}

fn filtered(view: &mut View, shown: &Shown, change: impl FnOnce(&mut Words)) {
    change(&mut view.filter);
    view.settle(&shown.ground);
}

/// What is done to the chosen finding.
fn chosen(view: &mut View, shown: &Shown, does: Do) -> Option<Act> {
    let Some(entry) = view.chosen.as_ref().and_then(|id| shown.ground.entry(id)) else {
        return refused(view, "No finding is chosen");
    };
    let (finding, label) = (entry.row.id.clone(), &entry.row.label);
    let is_dismissed = entry.row.state == StateName::Dismissed;
    match does {
        Do::Apply if entry.row.fixes == 0 => refused(view, format!("{label} has no fix; f has an agent write one")),
        Do::Apply => Some(Act::Apply { finding, fix: view.fix, is_agreed: false }),
        Do::PickFix if entry.row.fixes < 2 => refused(view, format!("{label} has no other fix to pick")),
        Do::PickFix => {
            view.fix = Some(view.fix.map_or(0, |fix| fix + 1)).filter(|fix| *fix < entry.row.fixes);
            None
        }
        Do::Dismiss if is_dismissed => refused(view, format!("{label} is dismissed already; r reopens it")),
        Do::Dismiss => {
            view.mode = Mode::Reason { kind: DismissReason::FalsePositive, line: Line::default() };
            None
        }
        Do::Reopen if !is_dismissed => refused(view, format!("{label} is not dismissed")),
        Do::Reopen => Some(Act::Reopen { finding }),
        Do::Mend => Some(Act::Mend { finding }),
        _ => Some(Act::Open { finding }),
    }
}

fn refused(view: &mut View, why: impl Into<String>) -> Option<Act> {
    view.failed(why);
    None
}

/// The list follows what is typed.
fn search(view: &mut View, shown: &Shown, mut line: Line, key: KeyEvent) -> Option<Act> {
    match key.code {
        KeyCode::Enter => {}
        KeyCode::Esc => filtered(view, shown, |filter| filter.words.clear()),
        _ => {
            line.press(key);
            filtered(view, shown, |filter| filter.words = line.text());
            view.mode = Mode::Search(line);
        }
    }
    None
}

fn reason(view: &mut View, kind: DismissReason, mut line: Line, key: KeyEvent) -> Option<Act> {
    let again = |view: &mut View, kind, line| {
        view.mode = Mode::Reason { kind, line };
        None
    };
    match key.code {
        KeyCode::Esc => refused(view, "Nothing was dismissed"),
        KeyCode::Enter if line.text().trim().is_empty() => {
            view.failed("Say why it is declined: later rounds and other people read it");
            again(view, kind, line)
        }
        KeyCode::Enter => {
            let finding = view.chosen.clone()?;
            Some(Act::Dismiss { finding, kind, reason: line.text() })
        }
        KeyCode::Tab => again(view, next_kind(kind), line),
        _ => {
            line.press(key);
            again(view, kind, line)
        }
    }
}

fn next_kind(kind: DismissReason) -> DismissReason {
    match kind {
        DismissReason::FalsePositive => DismissReason::WontFix,
        DismissReason::WontFix => DismissReason::Later,
        DismissReason::Later => DismissReason::FalsePositive,
    }
}

/// The change is scrolled through, taken or left.
fn offered(view: &mut View, text: String, attempts: Vec<finding::Attempt>, key: KeyEvent) -> Option<Act> {
    let page = isize::try_from(view.drawn.page.max(2) - 1).unwrap_or(1);
    let by = match key.code {
        KeyCode::Char('y' | 'Y') => {
            view.scroll = 0;
            return Some(Act::Take { attempts });
        }
        KeyCode::Char('n' | 'q') | KeyCode::Esc => {
            view.scroll = 0;
            return refused(view, "Nothing was written; what is proven is kept with the finding");
        }
        KeyCode::Down | KeyCode::Char('j' | 'J') => 1,
        KeyCode::Up | KeyCode::Char('k' | 'K') => -1,
        KeyCode::PageDown | KeyCode::Char(' ') => page,
        KeyCode::PageUp | KeyCode::Char('b') => -page,
        _ => 0,
    };
    view.scroll_by(by);
    view.mode = Mode::Offered { text, attempts };
    None
}
