//! Reports whose Markdown was lost on the way (copied out of a browser): headings are bare lines, table cells
//! run together, code stands without fences.

use super::lines::heading_level;

const HEADINGS: &[&str] = &[
    "Executive Summary",
    "Critical Issues",
    "Important Issues",
    "Suggestions",
    "Design Observations",
    "Concerns",
    "Strengths",
    "Testing Assessment",
    "Documentation Assessment",
    "Commit Structure",
    "Acknowledged Limitations",
    "Unresolved Feedback",
    "Declined in prior rounds",
    "Coverage",
    "Agent Performance Retro",
    "Summary",
    "Resolution",
];
const KEYS: &[&str] =
    &["Date", "Round", "Author", "PR", "Branch", "Base", "Commits", "Reviewers", "Verdict", "Wall-clock time", "Repo"];

/// Whether the text is a report without its Markdown.
pub(super) fn is_plain(text: &str) -> bool {
    let marked = text.lines().any(|l| heading_level(l).is_some() || l.starts_with("```"));
    !marked && text.lines().filter(|l| HEADINGS.contains(&l.trim())).nth(1).is_some()
}

/// Puts back the marks that the reader goes by.
pub(super) fn to_markdown(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    let reviewers: Vec<&str> = lines
        .iter()
        .find_map(|l| l.strip_prefix("Reviewers"))
        .map(|r| r.split(',').map(str::trim).collect())
        .unwrap_or_default();
    let mut out = String::new();
    let mut i = 0;
    let mut in_header = true;
    let words: Vec<&str> = reviewers.iter().filter_map(|r| r.split_whitespace().next()).collect();
    let mut concerns = false;
    while i < lines.len() {
        let line = lines[i];
        let text = line.trim();
        if i == 0 && !text.is_empty() {
            out.push_str(&format!("# {text}\n\n| | |\n|---|---|\n"));
        } else if in_header && text == HEADINGS[0] {
            in_header = false;
            out.push_str(&format!("\n## {text}\n"));
        } else if in_header {
            if let Some(key) = KEYS.iter().find(|k| line.starts_with(**k)) {
                let mut value = line[key.len()..].trim().to_owned();
                // Commits run over several lines.
                while *key == "Commits"
                    && lines.get(i + 1).is_some_and(|l| !KEYS.iter().any(|k| l.starts_with(k)) && !l.trim().is_empty())
                {
                    i += 1;
                    value.push_str(&format!("<br>{}", lines[i].trim()));
                }
                out.push_str(&format!("| **{key}** | {value} |\n"));
            }
        } else if line.trim_end() == text && HEADINGS.contains(&text) {
            concerns = matches!(text, "Concerns" | "Strengths");
            let level = if matches!(text, "Concerns" | "Strengths" | "Summary") { "###" } else { "##" };
            out.push_str(&format!("\n{level} {text}\n"));
        } else if reviewers.contains(&text) {
            out.push_str(&format!("\n### {text}\n"));
        } else if starts_code(line) && is_code(&lines, i) {
            let end = code_end(&lines, i);
            let diff = lines[i..end].iter().any(|l| l.starts_with(['+', '-']));
            out.push_str(if diff { "```diff\n" } else { "```\n" });
            for l in &lines[i..end] {
                out.push_str(l);
                out.push('\n');
            }
            out.push_str("```\n");
            i = end;
            continue;
        } else if let Some(row) = table_row(line, &lines, i, &reviewers) {
            out.push_str(&row);
        } else if concerns && !text.is_empty() {
            out.push_str(&concern(text, &words));
        } else {
            out.push_str(line.trim_start());
            out.push('\n');
        }
        i += 1;
    }
    out
}

fn starts_code(line: &str) -> bool {
    line.starts_with(['\t', '+', '-']) || line.starts_with(' ')
}

/// Whether code starts at `i`: after an empty line, and not as an indented list.
fn is_code(lines: &[&str], i: usize) -> bool {
    let text = lines[i].trim_start();
    let listed =
        text.split_once(['.', ' ']).is_some_and(|(n, _)| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()));
    let bullet = text.starts_with("- ") && !lines[i].starts_with('-');
    i > 0 && lines[i - 1].trim().is_empty() && !listed && !bullet
}

/// The line after the code: an empty line, or the next numbered finding.
fn code_end(lines: &[&str], start: usize) -> usize {
    (start + 1..lines.len())
        .find(|k| {
            let line = lines[*k];
            let numbered = line
                .split_once(". ")
                .is_some_and(|(n, _)| !n.is_empty() && n.len() < 4 && n.bytes().all(|b| b.is_ascii_digit()));
            line.trim().is_empty() || numbered
        })
        .unwrap_or(lines.len())
}

const METRICS: &[&str] = &[
    "Metric",
    "Duration",
    "Critical",
    "Important",
    "Suggestion",
    "Design observations",
    "False positives",
    "Unique insights",
    "Files reviewed",
    "Coverage misses",
    "Tool calls",
    "Cost",
];

/// A row of the summary table. Its cells lost their borders, so they are taken apart by what they look like:
/// one for each reviewer.
fn table_row(line: &str, lines: &[&str], i: usize, reviewers: &[&str]) -> Option<String> {
    let metric = METRICS.iter().find(|m| line.starts_with(**m))?;
    let rest = &line[metric.len()..];
    if *metric == "Metric" {
        let cells: Vec<&str> = reviewers.to_vec();
        let rule = "---|".repeat(cells.len() + 1);
        return rest.contains(reviewers.first()?).then(|| format!("| Metric | {} |\n|{rule}\n", cells.join(" | ")));
    }
    let near = METRICS.iter().any(|m| i > 0 && lines[i - 1].starts_with(m));
    let cells = split_cells(rest.trim(), reviewers.len()).filter(|_| near)?;
    Some(format!("| {metric} | {} |\n", cells.join(" | ")))
}

/// Splits `8:255:474:48` or `001 (disputed → 0)` into `n` cells.
fn split_cells(text: &str, n: usize) -> Option<Vec<String>> {
    if n == 0 || !text.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let mut cells: Vec<String> = Vec::new();
    if text.contains(':') {
        let mut rest = text;
        while let Some(colon) = rest.find(':') {
            let end = (colon + 3).min(rest.len());
            cells.push(rest.get(..end)?.to_owned());
            rest = rest.get(end..)?;
        }
    } else {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        // Words in brackets belong to the number before them.
        let noted: Vec<&str> = text[digits..].split(')').filter(|s| !s.trim().is_empty()).collect();
        let width = if noted.is_empty() && digits % n == 0 { digits / n } else { 1 };
        let mut rest = &text[..digits];
        while !rest.is_empty() {
            let (cell, after) = rest.split_at(width.max(1).min(rest.len()));
            cells.push(cell.to_owned());
            rest = after;
        }
        let mut tail = text[digits..].trim_start();
        while let Some((note, after)) = tail.strip_prefix('(').and_then(|t| t.split_once(')')) {
            if let Some(last) = cells.last_mut() {
                last.push_str(&format!(" ({note})"));
            }
            let digits = after.bytes().take_while(u8::is_ascii_digit).count();
            cells.extend(after[..digits].chars().map(String::from));
            tail = after[digits..].trim_start();
        }
    }
    (cells.len() == n).then_some(cells)
}

/// A design observation: its title is a numbered line that ends with agents; its text is indented below.
fn concern(text: &str, words: &[&str]) -> String {
    let Some((number, title)) = text.split_once(". ").filter(|(n, _)| n.bytes().all(|b| b.is_ascii_digit())) else {
        return format!("   {text}\n");
    };
    let mut title = title.trim_end();
    let mut agents: Vec<&str> = Vec::new();
    while let Some((before, last)) = title.rsplit_once(' ').filter(|(_, last)| words.contains(last)) {
        agents.insert(0, last);
        title = before;
    }
    let (title, scope) = match title.rsplit_once(" (") {
        Some((before, scope)) if scope.ends_with(')') => (before, format!(" ({scope}")),
        _ => (title, String::new()),
    };
    let agents = if agents.is_empty() { String::new() } else { format!(" [{}]", agents.join(", ")) };
    format!("{number}. **{title}**{scope}{agents}\n")
}
