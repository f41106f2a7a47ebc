use super::act::Act;
use super::draw::draw;
use super::ground::{Entry, Ground, Shown};
use super::keys::{described, paste, press};
use super::theme::Theme;
use super::view::{Mode, Said, View};
use finding::{AgentName, FindingId, LineRange, RepoPath, Severity};
use ops::{Code, FindingRow, FindingWhole, Remark, StateName, Suggestion};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::style::{Color, Modifier};

/// What an agent may write to take over a terminal.
const HOSTILE: &str = "\u{1b}]0;owned\u{7}Hostile \u{1b}[31mred\u{202e}";

fn row(label: &str, severity: Severity, state: StateName, title: &str, line: u32) -> FindingRow {
    FindingRow {
        id: FindingId::new(format!("id-{label}")),
        label: label.to_owned(),
        severity,
        state,
        title: title.to_owned(),
        path: Some(RepoPath::new("collector/src/queue/upload.rs").unwrap()),
        lines: Some(LineRange::new(line, line + 1)),
        agents: vec![AgentName::new("claude"), AgentName::new("codex")],
        fixes: 2,
        applies: true,
        confidence: 0.9,
    }
}

fn shown() -> Shown {
    use Severity::{Critical, Important, Suggestion};
    use StateName::{Dismissed, Fixed, Open};
    let rows = [
        row("C1", Critical, Open, "A batch that fails is sent twice, and counted once", 16),
        row("I1", Important, Open, HOSTILE, 30),
        row("I2", Important, Fixed, "The lock is held while the network is waited for", 41),
        row("I3", Important, Dismissed, "The queue has no limit", 52),
        row("S1", Suggestion, Open, "The name says nothing", 70),
    ];
    let entries = rows.into_iter().enumerate().map(|(index, row)| Entry { index, row, is_doubtful: index == 4 });
    let labels =
        [("claude", "Claude"), ("codex", "Codex")].map(|(name, label)| (AgentName::new(name), label.to_owned()));
    let ground = Ground {
        title: "Round 3 of batches".to_owned(),
        verdict: "Rework".to_owned(),
        entries: entries.collect(),
        labels: labels.into(),
    };
    Shown { ground, whole: None }
}

/// The chosen finding, as the loop has it worked out.
fn look(shown: &mut Shown, view: &View) {
    let entry = view.chosen.as_ref().and_then(|id| shown.ground.entry(id));
    shown.whole = entry.map(|entry| whole(entry.row.clone()));
}

fn whole(row: FindingRow) -> FindingWhole {
    let remark = |agent: &str, title: &str, body: &str| Remark {
        agent: AgentName::new(agent),
        severity: row.severity,
        title: title.to_owned(),
        body: body.to_owned(),
    };
    let diff =
        "diff --git a/upload.rs b/upload.rs\n@@ -16,2 +16,2 @@\n-    send(&batch);\n+    send(&batch)?;\n\tretry();\n";
    let fix = |number, applies, why: Option<&str>| Suggestion {
        number,
        note: Some("stop at the first error".to_owned()),
        by: vec![AgentName::new("claude")],
        applies,
        certain: applies,
        why_not: why.map(str::to_owned),
        diff: diff.to_owned(),
    };
    FindingWhole {
        body: format!(
            "`send` is tried again although the **first** try arrived.\n\n- {HOSTILE}\n- so it is counted once"
        ),
        symbol: None,
        classification: None,
        rule: None,
        dispute: None,
        graded: None,
        learned: None,
        dismissed: (row.state == StateName::Dismissed).then(|| "won't fix: it is short-lived".to_owned()),
        dismissed_by: None,
        remarks: vec![remark("claude", "Sent twice", "The retry has no id."), remark("codex", "Duplicate upload", "")],
        places: Vec::new(),
        code: Some(Code {
            first: row.lines.unwrap().start() - 1,
            lines: ["fn flush() {", "\tsend(&batch);", "\tretry();", "}"].map(str::to_owned).to_vec(),
        }),
        suggestions: vec![fix(0, true, None), fix(1, false, Some("its lines were changed since"))],
        attempts: Vec::new(),
        thread: Vec::new(),
        row,
    }
}

fn key(code: KeyCode) -> KeyEvent {
    KeyEvent::new(code, KeyModifiers::NONE)
}

/// Somebody at a terminal of that size.
struct Desk {
    shown: Shown,
    view: View,
    size: (u16, u16),
    theme: Theme,
}

impl Desk {
    fn new(size: (u16, u16)) -> Self {
        let mut desk = Self { shown: shown(), view: View::default(), size, theme: Theme { colours: true } };
        desk.view.settle(&desk.shown.ground);
        look(&mut desk.shown, &desk.view);
        desk.buffer();
        desk
    }

    fn press(&mut self, code: KeyCode) -> Option<Act> {
        let act = press(&mut self.view, &self.shown, key(code));
        look(&mut self.shown, &self.view);
        self.buffer();
        act
    }

    fn type_(&mut self, keys: &str) -> Option<Act> {
        keys.chars().map(|c| self.press(KeyCode::Char(c))).last().flatten()
    }

    fn buffer(&mut self) -> Buffer {
        let mut terminal = Terminal::new(TestBackend::new(self.size.0, self.size.1)).unwrap();
        let (shown, view, theme) = (&self.shown, &self.view, self.theme);
        let mut drawn = super::view::Drawn::default();
        terminal.draw(|frame| drawn = draw(frame, shown, view, theme)).unwrap();
        self.view.drawn = drawn;
        terminal.backend().buffer().clone()
    }

    fn screen(&mut self) -> String {
        let buffer = self.buffer();
        let width = usize::from(buffer.area.width);
        let lines = buffer.content.chunks(width);
        let text =
            |cells: &[ratatui::buffer::Cell]| cells.iter().map(ratatui::buffer::Cell::symbol).collect::<String>();
        lines.map(|cells| text(cells).trim_end().to_owned() + "\n").collect()
    }

    fn labels(&self) -> Vec<&str> {
        let visible = self.view.visible(&self.shown.ground);
        visible.iter().map(|index| self.shown.ground.entries[*index].row.label.as_str()).collect()
    }

    fn chosen(&self) -> &str {
        self.view.chosen.as_ref().map_or("nothing", |id| id.as_str().trim_start_matches("id-"))
    }

    fn said(&self) -> Option<&str> {
        self.view.said.as_ref().map(|said| match said {
            Said::Done(text) | Said::Failed(text) => text.as_str(),
        })
    }
}

#[test]
fn a_round_at_80_and_at_120_columns() {
    insta::assert_snapshot!("at_80", Desk::new((80, 24)).screen());
    insta::assert_snapshot!("at_120", Desk::new((120, 30)).screen());
}

#[test]
fn the_help_names_every_key() {
    let mut desk = Desk::new((80, 24));
    desk.type_("?");
    let screen = desk.screen();
    for (keys, _) in described() {
        assert!(screen.contains(&format!("│{keys}")), "{keys} is not in:\n{screen}");
    }
    insta::assert_snapshot!("help", screen);
    desk.type_("x");
    assert!(matches!(desk.view.mode, Mode::Browse));
}

#[test]
fn what_is_said_has_as_many_lines_as_it_needs_and_three_at_most() {
    for (words, lines) in [(10, 1), (30, 2), (50, 3), (500, 3)] {
        let mut desk = Desk::new((80, 24));
        desk.view.failed("why ".repeat(words));
        let screen = desk.screen();
        let said = screen.lines().rev().take_while(|line| !line.starts_with('└')).count();
        assert_eq!(said, lines, "{words}:\n{screen}");
        assert_eq!(screen.trim_end().ends_with('…'), words == 500, "{screen}");
    }
}

#[test]
fn every_size_is_drawn_and_nothing_of_others_steers_the_terminal() {
    for width in [1, 20, 30, 45, 80, 109, 110, 120, 300] {
        for height in [1, 7, 8, 12, 24, 60] {
            let mut desk = Desk::new((width, height));
            for keys in ["", "j", "?", "x", "/", "\u{1b}", "d", "no"] {
                desk.type_(keys);
                let screen = desk.screen();
                assert!(!screen.contains(|c: char| c.is_control() && c != '\n' || c == '\u{202e}'), "{width}x{height}");
            }
        }
    }
    let mut desk = Desk::new((120, 40));
    desk.type_("j");
    assert!(desk.screen().contains("Hostile red"), "{}", desk.screen());
}

#[test]
fn without_colours_there_is_none_and_what_they_say_is_said_otherwise() {
    let colours = |desk: &mut Desk| -> usize {
        let buffer = desk.buffer();
        buffer.content.iter().filter(|cell| cell.fg != Color::Reset || cell.bg != Color::Reset).count()
    };
    let mut desk = Desk::new((120, 30));
    assert!(colours(&mut desk) > 20);
    desk.theme = Theme { colours: false };
    assert_eq!(colours(&mut desk), 0);
    let chosen = desk.buffer().content.iter().filter(|cell| cell.modifier.contains(Modifier::REVERSED)).count();
    assert!(chosen > 20, "what is chosen is reversed, and has a mark");
    assert!(desk.screen().contains("│>+ C1"), "{}", desk.screen());
}

#[test]
fn next_and_previous_go_round_and_say_where() {
    let mut desk = Desk::new((80, 24));
    for (keys, chosen, place) in [
        ("", "C1", " 1 of 3 "),
        ("j", "I1", " 2 of 3 "),
        ("j", "S1", " 3 of 3 "),
        ("j", "C1", " 1 of 3 "),
        ("k", "S1", " 3 of 3 "),
        ("g", "C1", " 1 of 3 "),
        ("G", "S1", " 3 of 3 "),
    ] {
        desk.type_(keys);
        assert_eq!(desk.chosen(), chosen, "{keys}");
        assert!(desk.screen().contains(place), "{place}: {}", desk.screen());
    }
}

#[test]
fn the_filter_is_by_state_severity_and_words_and_is_left_at_once() {
    let mut desk = Desk::new((80, 24));
    assert_eq!(desk.labels(), ["C1", "I1", "S1"], "what is open");
    desk.type_("t");
    assert_eq!(desk.labels(), ["I2"]);
    desk.type_("t");
    assert_eq!(desk.labels(), ["I3"]);
    desk.type_("ttt");
    assert_eq!(desk.labels(), ["C1", "I1", "S1"], "round once");
    desk.type_("s");
    assert_eq!(desk.labels(), ["C1", "I1"]);
    desk.type_("/sent up");
    assert_eq!(desk.labels(), ["C1"]);
    desk.press(KeyCode::Enter);
    assert!(desk.screen().contains("shown: open, important or graver, with 'sent up'"), "{}", desk.screen());
    desk.press(KeyCode::Esc);
    assert_eq!(desk.labels(), ["C1", "I1", "S1"]);
    desk.type_("/nothing like it");
    assert_eq!((desk.labels().len(), desk.chosen()), (0, "nothing"));
    assert!(desk.screen().contains("None of 5 is open, with 'nothing like it'"), "{}", desk.screen());
    desk.press(KeyCode::Esc);
    assert_eq!(desk.chosen(), "C1");
}

#[test]
fn what_was_chosen_stays_chosen_and_its_neighbour_follows_when_it_goes() {
    let mut desk = Desk::new((80, 24));
    desk.type_("j");
    desk.shown.ground.entries[1].row.state = StateName::Fixed;
    desk.view.settle(&desk.shown.ground);
    assert_eq!(desk.chosen(), "S1", "the one that is in its place now");
    desk.view.turn_to(&desk.shown.ground, &FindingId::new("id-I1"));
    assert_eq!(desk.chosen(), "S1", "it is not shown");
    desk.shown.ground.entries[1].row.state = StateName::Open;
    desk.view.turn_to(&desk.shown.ground, &FindingId::new("id-I1"));
    assert_eq!(desk.chosen(), "I1", "as after an undo");
    desk.type_("j");
    desk.shown.ground.entries.remove(0);
    desk.view.settle(&desk.shown.ground);
    assert_eq!(desk.chosen(), "S1", "by what it is, not by where it was");
    desk.shown.ground.entries.clear();
    desk.view.settle(&desk.shown.ground);
    assert_eq!(desk.chosen(), "nothing");
    assert!(desk.screen().contains("Nobody found anything"), "{}", desk.screen());
    for key in ["a", "d", "f", "o", "r", "j", "k", "G"] {
        assert!(desk.type_(key).is_none(), "{key}");
    }
}

#[test]
fn a_reason_is_asked_for_and_never_nothing() {
    let mut desk = Desk::new((80, 24));
    desk.type_("d  ");
    assert!(desk.press(KeyCode::Enter).is_none());
    assert!(desk.said().unwrap().contains("Say why"), "{:?}", desk.said());
    desk.type_("it is meant so");
    desk.press(KeyCode::Tab);
    paste(&mut desk.view, &desk.shown, ",\nreally");
    assert!(desk.screen().contains("Why (won't fix; Tab: other kind):   it is meant so, really"), "{}", desk.screen());
    let act = desk.press(KeyCode::Enter);
    let Some(Act::Dismiss { finding, kind, reason }) = act else { panic!("{act:?}") };
    assert_eq!(
        (finding.as_str(), kind.to_string().as_str(), reason.trim()),
        ("id-C1", "won't fix", "it is meant so, really")
    );
    desk.type_("dno");
    assert!(desk.press(KeyCode::Esc).is_none());
    assert_eq!(desk.said(), Some("Nothing was dismissed"));
}

#[test]
fn keys_ask_for_acts_on_the_chosen_finding_or_say_why_not() {
    let mut desk = Desk::new((80, 24));
    let apply = |desk: &mut Desk| match desk.type_("a") {
        Some(Act::Apply { finding, fix, is_agreed: false }) => (finding.as_str().to_owned(), fix),
        other => panic!("{other:?}"),
    };
    assert_eq!(apply(&mut desk), ("id-C1".to_owned(), None));
    desk.press(KeyCode::Tab);
    assert_eq!(apply(&mut desk), ("id-C1".to_owned(), Some(0)));
    desk.press(KeyCode::Tab);
    assert_eq!(apply(&mut desk), ("id-C1".to_owned(), Some(1)));
    desk.press(KeyCode::Tab);
    assert_eq!(apply(&mut desk), ("id-C1".to_owned(), None), "round once");
    desk.press(KeyCode::Tab);
    desk.type_("j");
    assert_eq!(apply(&mut desk), ("id-I1".to_owned(), None), "a pick is of one finding");
    assert!(matches!(desk.type_("f"), Some(Act::Mend { .. })));
    assert!(matches!(desk.type_("o"), Some(Act::Open { .. })));
    assert!(matches!(desk.type_("u"), Some(Act::Undo)));
    assert!(matches!(desk.type_("R"), Some(Act::Reread)));
    assert!(matches!(desk.type_("q"), Some(Act::Quit)));
    assert!(desk.type_("r").is_none());
    assert_eq!(desk.said(), Some("I1 is not dismissed"));
    desk.type_("tt");
    assert!(desk.type_("d").is_none());
    assert_eq!(desk.said(), Some("I3 is dismissed already; r reopens it"));
    assert!(matches!(desk.type_("r"), Some(Act::Reopen { .. })));
    desk.shown.ground.entries[3].row.fixes = 0;
    assert!(desk.type_("a").is_none());
    assert_eq!(desk.said(), Some("I3 has no fix; f has an agent write one"));
}

#[test]
fn ctrl_c_leaves_from_everywhere_and_no_other_chord_does_anything() {
    for keys in ["", "?", "/wor", "dwh"] {
        let mut desk = Desk::new((80, 24));
        desk.type_(keys);
        let chord = |c| KeyEvent::new(KeyCode::Char(c), KeyModifiers::CONTROL);
        assert!(matches!(press(&mut desk.view, &desk.shown, chord('c')), Some(Act::Quit)), "{keys}");
    }
    let mut desk = Desk::new((80, 24));
    for c in ['a', 'd', 'q', 'u'] {
        let chord = KeyEvent::new(KeyCode::Char(c), KeyModifiers::CONTROL);
        assert!(press(&mut desk.view, &desk.shown, chord).is_none(), "{c}");
    }
}

#[test]
fn what_is_not_certain_is_agreed_to_first_and_only_y_agrees() {
    let ask = || Mode::Ask { question: "Apply it as shown?".to_owned(), act: Act::Undo };
    for (code, agrees) in
        [(KeyCode::Char('y'), true), (KeyCode::Char('n'), false), (KeyCode::Enter, false), (KeyCode::Esc, false)]
    {
        let mut desk = Desk::new((80, 24));
        desk.view.mode = ask();
        assert!(desk.screen().contains("Apply it as shown? y/n"));
        assert_eq!(desk.press(code).is_some(), agrees, "{code:?}");
        assert!(matches!(desk.view.mode, Mode::Browse));
    }
}

#[test]
fn while_an_agent_mends_only_stopping_it_is_possible() {
    let mut desk = Desk::new((80, 24));
    desk.view.mode = Mode::Mending { doing: "C1 CLAUDE writes a fix".to_owned(), is_stopping: false };
    assert!(desk.screen().contains("C1 CLAUDE writes a fix  (Esc stops it)"), "{}", desk.screen());
    assert!(desk.type_("aduf").is_none());
    assert!(matches!(desk.press(KeyCode::Esc), Some(Act::Stop)));
    assert!(desk.screen().contains("Stopping…"));
    assert!(desk.press(KeyCode::Esc).is_none(), "once is enough");
}

#[test]
fn an_offered_fix_is_read_to_its_end_and_taken_only_with_yes() {
    let text: String = (1..=60).map(|n| format!("+line {n}\n")).collect();
    let mut desk = Desk::new((80, 24));
    let offered = |desk: &mut Desk| desk.view.mode = Mode::Offered { text: text.clone(), attempts: Vec::new() };
    offered(&mut desk);
    assert!(desk.screen().contains("+line 1") && !desk.screen().contains("+line 60"));
    for _ in 0..10 {
        desk.press(KeyCode::Char(' '));
    }
    assert!(desk.screen().contains("+line 60"), "{}", desk.screen());
    assert!(matches!(desk.type_("y"), Some(Act::Take { .. })));
    for code in [KeyCode::Char('n'), KeyCode::Esc] {
        offered(&mut desk);
        assert!(desk.press(code).is_none() && matches!(desk.view.mode, Mode::Browse));
        assert!(desk.said().unwrap().starts_with("Nothing was written"));
    }
}

#[test]
fn the_text_is_scrolled_no_further_than_it_goes() {
    let mut desk = Desk::new((80, 24));
    for _ in 0..40 {
        desk.press(KeyCode::PageDown);
    }
    let deepest = desk.view.drawn.deepest;
    assert!(deepest > 0 && desk.view.scroll == deepest, "{} of {deepest}", desk.view.scroll);
    assert!(desk.screen().contains("retry();"), "{}", desk.screen());
    desk.type_("K");
    assert_eq!(desk.view.scroll, deepest - 1);
    desk.type_("j");
    assert_eq!(desk.view.scroll, 0, "another finding is read from its beginning");
}

#[test]
fn five_thousand_findings_are_drawn_where_the_chosen_one_is() {
    let mut desk = Desk::new((120, 30));
    let one = desk.shown.ground.entries[0].clone();
    desk.shown.ground.entries = (1..=5000)
        .map(|n| {
            let row = row(&format!("I{n}"), Severity::Important, StateName::Open, "Much the same", n);
            Entry { index: usize::try_from(n).unwrap(), row, ..one.clone() }
        })
        .collect();
    desk.view.settle(&desk.shown.ground);
    desk.type_("G");
    assert!(desk.screen().contains(" 5000 of 5000 ") && desk.screen().contains(">+ I5000"), "{}", desk.screen());
}
