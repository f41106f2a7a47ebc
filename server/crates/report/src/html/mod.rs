//! The report as one self-contained page: no network, no inline event handlers, one script known by its hash.
//!
//! Everything from agents goes through the template's escaping or through [`sanitize`]; nothing else is put in
//! as markup.

mod charts;
mod highlight;

use super::view::{View, minute};
use super::{Texts, sanitize};
use finding::{Decisions, Round, Verdict};
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, Value, context};
use serde::Serialize;
use sha2::{Digest, Sha256};

/// What each of our pages has in its head, before the version.
pub const GENERATOR: &str = "<meta name=\"generator\" content=\"deep-review ";

const CSS: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");
const REPORT: &str = include_str!("report.html");
const INDEX: &str = include_str!("index.html");

/// Writes the round as one page. A finding's card has the id `finding-<FindingId>`; places carry `data-place`.
#[must_use]
pub fn write(round: &Round, decisions: &Decisions, texts: &Texts) -> String {
    page(round, decisions, texts, None)
}

/// The same with a link to the page that lists all rounds.
#[must_use]
pub fn page(round: &Round, decisions: &Decisions, texts: &Texts, list: Option<&str>) -> String {
    let view = View::of(round, decisions, texts);
    let url = view
        .pull_request
        .as_ref()
        .and_then(|p| p.url)
        .filter(|u| u.starts_with("https://") || u.starts_with("http://"));
    let context = context! {
        v => Value::from(Serde(&view)),
        pr_url => url,
        list => list,
        verdict_class => class_of(round.verdict(decisions)),
        css => CSS,
        js => SCRIPT,
        csp => policy(),
        version => env!("CARGO_PKG_VERSION"),
    };
    sanitize::visible(&render(REPORT, &context))
}

/// A round in the list of all, with the file or address of its page.
#[derive(Debug, Clone, Copy)]
pub struct Listed<'a> {
    /// The round.
    pub round: &'a Round,
    /// What was decided on its branch.
    pub decisions: &'a Decisions,
    /// Where its page is, relative to the list.
    pub href: &'a str,
}

/// Writes the page that lists rounds of a branch, in the given order, and draws what they come to. `decisions` of each are
/// those that held when it was the newest.
#[must_use]
pub fn index(rounds: &[Listed<'_>]) -> String {
    #[derive(Serialize)]
    struct Row<'a> {
        href: &'a str,
        title: String,
        verdict: String,
        note: String,
        class: &'static str,
        number: u32,
        date: String,
        agents: Vec<&'a str>,
    }
    let none = Texts::default();
    let rows: Vec<Row<'_>> = rounds
        .iter()
        .map(|l| {
            let view = View::of(l.round, l.decisions, &none);
            let branch = l.round.scope.branch.clone().unwrap_or_else(|| l.round.id.to_string());
            Row {
                href: l.href,
                title: l.round.pull_request.as_ref().map_or(branch, |p| format!("#{} {}", p.number, p.title)),
                verdict: view.verdict,
                note: view.verdict_note,
                class: class_of(l.round.verdict(l.decisions)),
                number: l.round.number,
                date: minute(l.round.started),
                agents: l.round.agents.iter().map(|r| r.agent.label.as_str()).collect(),
            }
        })
        .collect();
    let context = context! {
        rounds => Value::from(Serde(&rows)),
        charts => Value::from(Serde(&charts::of(rounds))),
        cost => charts::cost(rounds),
        css => CSS,
        csp => policy(),
        version => env!("CARGO_PKG_VERSION"),
    };
    sanitize::visible(&render(INDEX, &context))
}

fn class_of(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::NoVerdict => "none",
        Verdict::MergeAsIs => "merge",
        Verdict::MergeWithFixes => "fixes",
        Verdict::Rework => "rework",
    }
}

#[expect(clippy::expect_used, reason = "the templates are constants, and every part of them is rendered by a test")]
fn render(template: &'static str, context: &Value) -> String {
    let mut env = Environment::new();
    env.set_auto_escape_callback(|_| AutoEscape::Html);
    env.add_filter("md", |text: &str| Value::from_safe_string(sanitize::html(text)));
    env.add_filter("mdline", |text: &str| Value::from_safe_string(sanitize::html_line(text)));
    env.add_filter("words", |text: &str| text.replace(['`', '*'], ""));
    env.add_function("highlight", |path: &str, lines: Vec<String>| highlight::lines(path, &lines));
    env.add_function("diff", |text: &str| Value::from(Serde(diff(text))));
    env.add_template("page", template).expect("a valid template");
    let page = env.get_template("page").expect("added above");
    page.render(context).expect("a template over plain data")
}

#[derive(Serialize)]
struct DiffLine {
    kind: &'static str,
    sign: &'static str,
    text: String,
}

/// The lines of a diff by what they do. Other forms of fixes are shown as they are.
fn diff(text: &str) -> Vec<DiffLine> {
    let line = |l: &str| {
        let (kind, sign, text) = match l.as_bytes().first() {
            Some(b'+') if !l.starts_with("+++") => ("add", "+", &l[1..]),
            Some(b'-') if !l.starts_with("---") => ("del", "−", &l[1..]),
            Some(b'@' | b'`') => ("at", "", l),
            Some(b' ') => ("same", "", &l[1..]),
            _ => ("same", "", l),
        };
        DiffLine { kind, sign, text: text.to_owned() }
    };
    sanitize::printable(text).trim_end_matches('\n').lines().map(line).collect()
}

/// Nothing but the page's own style and script.
fn policy() -> String {
    format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
        base64(&Sha256::digest(CSS)),
        base64(&Sha256::digest(SCRIPT))
    )
}

fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let n = chunk.iter().fold(0u32, |n, b| n << 8 | u32::from(*b)) << (8 * (3 - chunk.len()));
        for i in 0..4 {
            let at = (n >> (18 - 6 * i)) as usize & 63;
            out.push(if i <= chunk.len() { char::from(ALPHABET[at]) } else { '=' });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOSTILE: &str = "# Deep Review: <script>alert(1)</script>\n\n| | |\n|---|---|\n| **Reviewers** | Ann\"><script>x</script>, Bob |\n| **PR** | [#7](javascript:alert(1)) — </title><script>t</script> |\n\n## Executive Summary\n\n<img src=x onerror=alert(1)> and [x](javascript:y)\n\n## Critical Issues\n\n1. **T <b>i</b>** — `a.go:3` [Ann, Bob] (critical, gap)\n\n```go\nx := \"</code><script>q</script>\"\n```\n\n<style>*{}</style>\n\nFix: <i>n</i>\n\n```diff\n-</td><script>d</script>\n+ok\n```\n\n## Resolution\n\n| # | Finding | Action |\n|---|---|---|\n| 1 | Critical C1: t | Fixed |\n";

    #[test]
    fn nothing_that_an_agent_wrote_becomes_markup() {
        let (round, decisions) = import::prose::read(HOSTILE).unwrap();
        let page = write(&round, &decisions, &Texts::default());
        assert_eq!(page.matches("<script>").count(), 1, "only our own script");
        for bad in ["<img", "<style>*", "href=\"javascript", "<b>i", "<i>n", " onerror=alert(1)>"] {
            assert!(!page.contains(bad), "{bad}");
        }
        for good in ["&lt;script&gt;d&lt;", "<ins>ok</ins>", "id=\"finding-", ">Fixed<", "data-no=\"3\""] {
            assert!(page.contains(good), "{good}");
        }
    }

    #[test]
    fn the_list_links_to_every_round() {
        let (round, decisions) = import::prose::read(HOSTILE).unwrap();
        let page = index(&[Listed { round: &round, decisions: &decisions, href: "a.html" }]);
        assert!(page.contains("<a href=\"a.html\">") && page.contains("Merge as is"), "{page}");
    }

    #[test]
    fn hashes_are_written_in_base64() {
        for (bytes, want) in [(&b""[..], ""), (b"f", "Zg=="), (b"fo", "Zm8="), (b"foo", "Zm9v"), (b"foob", "Zm9vYg==")]
        {
            assert_eq!(base64(bytes), want);
        }
    }
}
