//! A line of text that somebody types: a reason, words to look for.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// Most characters of it; what is pasted beyond is left out.
const MOST: usize = 1000;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Line {
    chars: Vec<char>,
    /// Before which character the next one goes.
    cursor: usize,
}

impl Line {
    pub(super) fn new(text: &str) -> Self {
        let chars: Vec<char> = text.chars().take(MOST).collect();
        Self { cursor: chars.len(), chars }
    }

    pub(super) fn text(&self) -> String {
        self.chars.iter().collect()
    }

    /// What stands before the cursor.
    pub(super) fn before(&self) -> String {
        self.chars[..self.cursor].iter().collect()
    }

    /// Takes a key, if it is one that edits.
    pub(super) fn press(&mut self, key: KeyEvent) {
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Left => self.cursor = self.cursor.saturating_sub(1),
            KeyCode::Right => self.cursor = (self.cursor + 1).min(self.chars.len()),
            KeyCode::Home => self.cursor = 0,
            KeyCode::End => self.cursor = self.chars.len(),
            KeyCode::Char('a') if control => self.cursor = 0,
            KeyCode::Char('e') if control => self.cursor = self.chars.len(),
            KeyCode::Char('u') if control => self.cut(0),
            KeyCode::Char('w') if control => self.cut(self.start_of_word()),
            KeyCode::Backspace => self.cut(self.cursor.saturating_sub(1)),
            KeyCode::Delete if self.cursor < self.chars.len() => drop(self.chars.remove(self.cursor)),
            KeyCode::Char(c) if !control && !key.modifiers.contains(KeyModifiers::ALT) => self.insert(c),
            _ => {}
        }
    }

    /// Takes what was pasted, as one line.
    pub(super) fn paste(&mut self, text: &str) {
        let one = |c: char| if matches!(c, '\n' | '\r' | '\t') { ' ' } else { c };
        text.chars().map(one).filter(|c| !c.is_control()).for_each(|c| self.insert(c));
    }

    fn insert(&mut self, c: char) {
        if self.chars.len() < MOST {
            self.chars.insert(self.cursor, c);
            self.cursor += 1;
        }
    }

    /// Takes away what stands between `from` and the cursor.
    fn cut(&mut self, from: usize) {
        self.chars.drain(from..self.cursor);
        self.cursor = from;
    }

    fn start_of_word(&self) -> usize {
        let before = &self.chars[..self.cursor];
        let end = before.iter().rposition(|c| *c != ' ').map_or(0, |last| last + 1);
        before[..end].iter().rposition(|c| *c == ' ').map_or(0, |space| space + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_edit_where_the_cursor_is() {
        use KeyCode::{Backspace, Delete, End, Home, Left, Right};
        let ctrl = |c| KeyEvent::new(KeyCode::Char(c), KeyModifiers::CONTROL);
        let plain = |code| KeyEvent::new(code, KeyModifiers::NONE);
        let c = |c| plain(KeyCode::Char(c));
        for (keys, before, text) in [
            (vec![c('x')], "not needed herex", "not needed herex"),
            (vec![plain(Left), plain(Left), c('x')], "not needed hex", "not needed hexre"),
            (vec![plain(Home), plain(Delete), plain(Right)], "o", "ot needed here"),
            (vec![plain(Backspace), plain(Backspace)], "not needed he", "not needed he"),
            (vec![ctrl('w')], "not needed ", "not needed "),
            (vec![ctrl('w'), ctrl('w')], "not ", "not "),
            (vec![ctrl('a'), ctrl('w'), plain(Backspace), plain(Left)], "", "not needed here"),
            (vec![plain(Left), ctrl('u')], "", "e"),
            (vec![plain(Home), plain(End), plain(Delete), ctrl('x')], "not needed here", "not needed here"),
        ] {
            let mut line = Line::new("not needed here");
            keys.iter().for_each(|key| line.press(*key));
            assert_eq!((line.before().as_str(), line.text().as_str()), (before, text), "{keys:?}");
        }
    }

    #[test]
    fn what_is_pasted_is_one_line_of_plain_characters_and_not_endless() {
        let mut line = Line::new("a");
        line.paste("b\nc\u{1b}[31m\u{7}");
        assert_eq!(line.text(), "ab c[31m");
        line.paste(&"x".repeat(MOST * 2));
        assert_eq!(line.text().chars().count(), MOST);
    }
}
