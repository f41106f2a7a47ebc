//! The whole report as Markdown, section by section.

use crate::pills::Pill;
use crate::said::SaidView;
use crate::view::{
    FeedbackView, FindingView, FixupView, MessageView, ObservationView, Quote, SinceView, View, ViewOfWhole,
};
use crate::words::one_line;
use crate::{Texts, sanitize};
use finding::document::{ASIDE, FIX, FIXUPS, REPORT_MARK};
use finding::{Decisions, Round};
use std::fmt::Write as _;

/// A body in which no line passes for what we say of a finding: the colon leaves the bold, which looks the same.
fn unlike_facts(body: &str) -> String {
    let words = [
        "Fix",
        "Severity",
        "Severity set",
        "Settled",
        "Learned",
        "Contrary",
        "Doubtful",
        "Checked",
        "Rule",
        "Since",
        "Resolution",
    ];
    let line = |line: &str| {
        let word = words.iter().find(|w| line.strip_prefix("**").is_some_and(|l| l.starts_with(&format!("{w}:**"))));
        word.map_or_else(|| line.to_owned(), |w| format!("**{w}**:{}", &line[w.len() + 5..]))
    };
    body.lines().map(line).collect::<Vec<_>>().join("\n")
}

/// Writes the round as one Markdown document. Reading it gives the findings back.
#[must_use]
pub fn write(round: &Round, decisions: &Decisions, texts: &Texts) -> String {
    let view = View::of(round, decisions, texts);
    let mut out = Out::default();
    out.block(&format!("{REPORT_MARK}\n# Deep Review: {}", plain(view.id)));
    header(&mut out, &view);
    out.section("Executive Summary", view.summary.unwrap_or("No summary was given."));
    if let Some(since) = &view.since {
        out.aside(|out| since_before(out, since));
    }
    for severity in &view.severities {
        out.block(&format!("## {}", severity.heading));
        if severity.findings.is_empty() {
            out.block("None.");
        }
        for f in &severity.findings {
            finding(&mut out, f);
        }
    }
    for (heading, findings) in [("Doubtful", &view.doubtful), ("Refuted", &view.refuted)] {
        if !findings.is_empty() {
            out.block(&format!("## {heading}"));
            for f in findings {
                finding(&mut out, f);
            }
        }
    }
    out.block("## Design Observations");
    observations(&mut out, "Concerns", &view.concerns);
    observations(&mut out, "Strengths", &view.strengths);
    assessment(&mut out, &view);
    feedback(&mut out, &view);
    coverage(&mut out, &view);
    retro(&mut out, &view);
    resolutions(&mut out, &view);
    sanitize::document(&sanitize::visible(&out.text))
}

#[derive(Default)]
struct Out {
    text: String,
}

impl Out {
    /// Adds a block, with an empty line between it and the one before.
    fn block(&mut self, block: &str) {
        let block = block.trim_end();
        if block.trim().is_empty() {
            return;
        }
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        self.text.push_str(block);
        self.text.push('\n');
    }

    /// Adds blocks that a reader of the report leaves aside.
    fn aside(&mut self, write: impl FnOnce(&mut Self)) {
        self.block(ASIDE[0]);
        write(self);
        self.block(ASIDE[1]);
    }

    /// Adds text that is folded away below a line. What stands in a title or a text of others is inert already.
    fn folded(&mut self, line: &str, text: &str) {
        self.block(&format!("<details><summary>{line}</summary>"));
        self.block(text);
        self.block("</details>");
    }

    fn section(&mut self, heading: &str, text: &str) {
        self.block(&format!("## {heading}"));
        self.block(&sanitize::markdown(text));
    }
}

/// One line of text as Markdown that shows the same text: marks that agents use in titles (code, emphasis)
/// stay, the rest is made harmless.
fn plain(text: &str) -> String {
    sanitize::markdown_line(text)
}

/// A line of text as a table's cell.
fn cell(text: &str) -> String {
    plain(text).replace('|', "\\|")
}

/// Text in back quotes, whatever is in it.
pub(crate) fn code(text: &str) -> String {
    let text = one_line(text);
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    let pad = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

fn codes(texts: &[String]) -> String {
    texts.iter().map(|t| code(t)).collect::<Vec<_>>().join(", ")
}

/// Whether it is an address on the web that can stand in a document as it is.
fn is_address(url: &str) -> bool {
    let web = url.starts_with("https://") || url.starts_with("http://");
    web && url.bytes().all(|b| b.is_ascii_graphic() && !b"<>()|`\\\"".contains(&b))
}

fn labels(pills: &[Pill<'_>]) -> String {
    let names: Vec<String> = pills.iter().map(|p| one_line(p.label).replace([',', '[', ']'], " ")).collect();
    format!("[{}]", names.join(", "))
}

fn header(out: &mut Out, view: &View<'_>) {
    let mut rows: Vec<(&str, String)> = vec![("Date", view.date.clone()), ("Round", view.number.to_string())];
    if !view.author.trim().is_empty() {
        rows.push(("Author", cell(view.author)));
    }
    if let Some(pr) = &view.pull_request {
        let number = match pr.url.filter(|u| is_address(u)) {
            Some(url) => format!("[#{}]({url})", pr.number),
            None => format!("#{}", pr.number),
        };
        rows.push(("PR", format!("{number} — {}", cell(pr.title))));
    }
    if let Some(branch) = view.branch {
        rows.push(("Branch", code(branch).replace('|', "\\|")));
    }
    if !view.base.is_empty() {
        rows.push(("Base", code(view.base).replace('|', "\\|")));
    }
    if !view.commits.is_empty() {
        let commits: Vec<String> =
            view.commits.iter().map(|(id, subject)| format!("`{id}` {}", cell(subject))).collect();
        rows.push(("Commits", commits.join("<br>")));
    }
    let reviewers: Vec<String> = view.reviewers.iter().map(|p| cell(p.label).replace(',', " ")).collect();
    rows.push(("Reviewers", reviewers.join(", ")));
    rows.push(("Verdict", format!("**{}** — {}", view.verdict, cell(&view.verdict_note))));
    rows.push(("Wall-clock time", format!("`{}`", view.wall_clock)));
    let mut table = String::from("| | |\n|---|---|\n");
    for (name, value) in rows {
        let _ = writeln!(table, "| **{name}** | {value} |");
    }
    out.block(&table);
}

fn finding(out: &mut Out, f: &FindingView<'_>) {
    let title = if f.title.is_empty() { "(no title)".to_owned() } else { plain(&f.title) };
    out.block(&format!("### {}. {title}", one_line(f.label)));
    let mut facts = f.severity.to_string().to_lowercase();
    if let Some(classification) = f.classification {
        let _ = write!(facts, ", {classification}");
    }
    let places = codes(&f.places);
    let sep = if places.is_empty() { "" } else { " " };
    out.block(&format!("{places}{sep}{} ({facts})", labels(&f.agents)));
    if let Some(quote) = &f.quote {
        out.block(&quoted(quote));
    }
    out.block(&unlike_facts(&sanitize::markdown(f.body)));
    besides(out, f);
    let mut facts: Vec<String> = Vec::new();
    if let Some(dispute) = f.dispute {
        facts.push(format!("**Severity:** {}", plain(dispute)));
    }
    if let Some(settled) = &f.settled {
        facts.push(format!("**Settled:** {}", plain(settled)));
    }
    if let Some(graded) = &f.graded {
        facts.push(format!("**Severity set:** {}", plain(graded)));
    }
    if let Some(learned) = &f.learned {
        facts.push(format!("**Learned:** {}", plain(learned)));
    }
    facts.extend(f.contrary.iter().map(|contrary| format!("**Contrary:** {}", plain(contrary))));
    if let Some(doubts) = &f.doubts {
        facts.push(format!("**Doubtful:** {}", plain(doubts)));
    }
    if let Some(verification) = &f.verification {
        facts.push(format!("**Checked:** {}", plain(verification)));
    }
    if let Some(rule) = f.rule {
        facts.push(format!("**Rule:** {}", code(rule)));
    }
    if let Some(round) = f.since {
        facts.push(format!("**Since:** round {round}"));
    }
    if let Some(state) = &f.state {
        facts.push(format!("**Resolution:** {}", plain(state)));
    }
    for fact in facts {
        out.block(&fact);
    }
    for fix in &f.fixes {
        let by = if f.agents.len() > 1 && !fix.by.is_empty() { format!(" {}", labels(&fix.by)) } else { String::new() };
        let note = fix.note.map(|n| format!(" {}", plain(n))).unwrap_or_default();
        let path = fix.path.map(|p| format!(" ({})", code(p))).unwrap_or_default();
        out.block(&format!("{FIX}{note}{path}{by}"));
        out.block(&sanitize::fenced("diff", &sanitize::printable(fix.diff)));
    }
}

/// What its agents say besides, folded, who said it in an earlier round, and what was done and said about it since.
fn besides(out: &mut Out, f: &FindingView<'_>) {
    if f.said.is_empty() && f.people.is_empty() && f.earlier.is_empty() && f.attempts.is_empty() && f.thread.is_empty()
    {
        return;
    }
    out.aside(|out| {
        for SaidView { agent, severity, title, body, .. } in &f.said {
            let line = format!(
                "{} ({}): {}",
                sanitize::text_in_html(agent.label),
                severity.to_string().to_lowercase(),
                sanitize::text_in_html(title)
            );
            out.folded(&line, &sanitize::markdown(body));
        }
        for people in &f.people {
            out.block(&format!("*{}.*", plain(people).replace('*', "")));
        }
        for (agent, round) in &f.earlier {
            let label = plain(agent.label);
            out.block(&format!("*Said by {label} in round {round}, and not answered about since.*"));
        }
        for attempt in &f.attempts {
            out.block(&format!("*{}.*", plain(attempt).replace('*', "")));
        }
        for MessageView { who, text } in &f.thread {
            out.folded(
                &format!("{}: {}", sanitize::text_in_html(who), sanitize::text_in_html(text)),
                &sanitize::markdown(text),
            );
        }
    });
}

fn since_before(out: &mut Out, since: &SinceView<'_>) {
    out.block(&format!("## Since round {}", since.round));
    if since.new.is_empty() && since.gone.is_empty() {
        out.block("Nothing is new, and nothing is gone.");
    }
    let new = since.new.iter().map(|(label, title)| format!("- **New:** {} {}", one_line(label), plain(title)));
    let gone = since.gone.iter().map(|gone| {
        let fate = format!("{}{}", gone.fate[..1].to_uppercase(), &gone.fate[1..]);
        format!("- **{}:** {} {} (round {})", plain(&fate), one_line(gone.label), plain(&gone.title), gone.round)
    });
    out.block(&gone.chain(new).collect::<Vec<_>>().join("\n"));
}

/// A quote's fence says the language and the lines: `go 50-71`.
fn quoted(quote: &Quote<'_>) -> String {
    let language = quote.path.rsplit_once('.').map_or("text", |(_, ext)| ext);
    let language: String = language.chars().filter(char::is_ascii_alphanumeric).collect();
    let language = if language.is_empty() { "text" } else { &language };
    let info = match quote.start {
        Some(start) => format!("{language} {start}-{}", start as usize + quote.lines.len().max(1) - 1),
        None => format!("{language} quoted"),
    };
    let mut block = sanitize::fenced(&info, &sanitize::printable(&quote.lines.join("\n")));
    if quote.more > 0 {
        let lines = if quote.more == 1 { "line" } else { "lines" };
        let _ = write!(block, "\n\n*… and {} more {lines}.*", quote.more);
    }
    block
}

fn observations(out: &mut Out, heading: &str, list: &[ObservationView<'_>]) {
    out.block(&format!("### {heading}"));
    if list.is_empty() {
        out.block("None.");
    }
    for (n, o) in list.iter().enumerate() {
        let scope = o.scope.map(|s| format!(" ({s})")).unwrap_or_default();
        let agents = if o.agents.is_empty() { String::new() } else { format!(" {}", labels(&o.agents)) };
        let places = if o.places.is_empty() { String::new() } else { format!(" — {}", codes(&o.places)) };
        out.block(&format!("{}. **{}**{scope}{places}{agents}", n + 1, plain(o.title).replace("**", "")));
        out.block(&indented(n + 1, o.body));
    }
}

/// Text as part of the list's item `n`: below the first letter behind its number.
fn indented(n: usize, text: &str) -> String {
    let (text, indent) = (sanitize::markdown(text), " ".repeat(format!("{n}. ").len()));
    let line = |l: &str| if l.trim().is_empty() { String::new() } else { format!("{indent}{l}") };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

fn assessment(out: &mut Out, view: &View<'_>) {
    out.section("Testing Assessment", view.testing.unwrap_or("Not assessed."));
    if !view.untested.is_empty() {
        out.block("Untested scenarios ranked by risk:");
        let items: Vec<String> =
            view.untested.iter().enumerate().map(|(n, s)| format!("{}. {}", n + 1, plain(s))).collect();
        out.block(&items.join("\n"));
    }
    out.section("Documentation Assessment", view.documentation.unwrap_or("Not assessed."));
    out.section("Commit Structure", view.commit_structure.unwrap_or("Not assessed."));
    if !view.fixups.is_empty() {
        out.block(FIXUPS);
        let lines: Vec<String> = view.fixups.iter().map(FixupView::command).collect();
        out.block(&sanitize::fenced("sh", &lines.join("\n")));
    }
    out.block("## Acknowledged Limitations");
    if view.limitations.is_empty() {
        out.block("None.");
    }
    for (n, l) in view.limitations.iter().enumerate() {
        let place = l.place.as_ref().map(|p| format!(" — {}", code(p))).unwrap_or_default();
        out.block(&format!("{}. **{}**{place}", n + 1, plain(l.title).replace("**", "")));
        if let Some(quote) = l.quote {
            let lines = quote.lines().map(|line| format!("> {}", plain(line)));
            out.block(&indented(n + 1, &lines.collect::<Vec<_>>().join("\n")));
        }
        out.block(&indented(n + 1, l.body));
    }
}

/// What people said that is resolved: a line each, with its own words folded.
fn resolved_feedback(out: &mut Out, all: &[FeedbackView<'_>]) {
    if all.is_empty() {
        return;
    }
    out.aside(|out| {
        out.block("Resolved on the pull request:");
        for f in all {
            let place = f.place.as_ref().map(|p| format!(", {}", sanitize::text_in_html(p))).unwrap_or_default();
            let history = f.history.as_ref().map(|h| format!(" ({})", sanitize::text_in_html(h))).unwrap_or_default();
            out.folded(&format!("{}{place}{history}", sanitize::text_in_html(f.author)), &sanitize::markdown(f.text));
        }
    });
}

fn feedback(out: &mut Out, view: &View<'_>) {
    out.block("## Unresolved Feedback");
    if view.feedback.is_empty() {
        out.block(&view.no_feedback);
    }
    for (n, f) in view.feedback.iter().enumerate() {
        let place = f.place.as_ref().map(|p| format!(" — {}", code(p))).unwrap_or_default();
        let url = f.url.filter(|u| is_address(u)).map(|u| format!(" <{u}>")).unwrap_or_default();
        // A report that was read does not always say who said it.
        if f.author.trim().is_empty() {
            let text = indented(n + 1, f.text);
            out.block(&format!("{}. {}", n + 1, text.trim_start()));
            continue;
        }
        out.block(&format!("{}. **{}**{place}{url}", n + 1, plain(f.author).replace("**", "")));
        out.block(&indented(n + 1, f.text));
    }
    resolved_feedback(out, &view.resolved_feedback);
    out.block("## Declined in prior rounds");
    if view.declined.is_empty() {
        out.block("None.");
    }
    for d in &view.declined {
        out.block(&format!(
            "- **{}** — declined in round {}: {}",
            plain(d.title).replace("**", ""),
            d.round,
            plain(d.reason)
        ));
    }
}

fn coverage(out: &mut Out, view: &View<'_>) {
    out.block("## Coverage");
    if view.reviewed.is_empty() && view.left_out.is_empty() {
        out.block("Not recorded.");
        return;
    }
    let mut table = String::from("| File | Reviewed by | Findings |\n|---|---|---|\n");
    for file in &view.reviewed {
        let by: Vec<String> = file.agents.iter().map(|p| cell(p.label)).collect();
        let lossy = if file.lossy { " (not UTF-8, read lossily)" } else { "" };
        let found = if file.findings.is_empty() { "none".to_owned() } else { file.findings.join(", ") };
        let _ = writeln!(table, "| {}{lossy} | {} | {found} |", code(file.path).replace('|', "\\|"), by.join(", "));
    }
    for (path, why) in &view.left_out {
        let _ = writeln!(table, "| {} | not reviewed: {} | |", code(path).replace('|', "\\|"), cell(why));
    }
    out.block(&table);
}

/// An agent's view of the whole, part by part.
fn views(whole: &[ViewOfWhole<'_>]) -> String {
    let part = |ViewOfWhole { about, text }: &ViewOfWhole<'_>| {
        format!("**{about}**\n\n{}", sanitize::markdown(text).trim_end())
    };
    whole.iter().map(part).collect::<Vec<_>>().join("\n\n")
}

fn retro(out: &mut Out, view: &View<'_>) {
    out.block("## Agent Performance Retro");
    for r in &view.retro {
        out.block(&format!("### {}", plain(r.agent.label)));
        out.block(&sanitize::markdown(&r.text));
        if !r.whole.is_empty() {
            out.aside(|out| out.folded("What it says of the change", &views(&r.whole)));
        }
    }
    for (agent, round, whole) in &view.said_before {
        let line = format!("What {} said of the change in round {round}", sanitize::text_in_html(agent.label));
        out.aside(|out| out.folded(&line, &views(whole)));
    }
    out.block("### Summary");
    let mut table = String::from("| Metric |");
    for r in &view.retro {
        let _ = write!(table, " {} |", cell(r.agent.label));
    }
    table.push_str("\n|---|");
    table.push_str(&"---|".repeat(view.retro.len()));
    table.push('\n');
    for (name, cells) in &view.figures {
        let cells: Vec<String> = cells.iter().map(|c| cell(c)).collect();
        let _ = writeln!(table, "| {} | {} |", cell(name), cells.join(" | "));
    }
    out.block(&table);
    if let Some(calls) = &view.calls {
        out.aside(|out| out.block(&format!("{}.", plain(calls))));
    }
}

fn resolutions(out: &mut Out, view: &View<'_>) {
    if view.resolutions.is_empty() {
        return;
    }
    out.block("## Resolution");
    let mut table = String::from("| # | Finding | Action | When |\n|---|---|---|---|\n");
    for (n, r) in view.resolutions.iter().enumerate() {
        let finding = format!("{} {}: {}", r.severity, one_line(r.label), cell(r.title));
        let _ = writeln!(table, "| {} | {finding} | {} | {} |", n + 1, cell(&r.action), r.when);
    }
    out.block(&table);
}
