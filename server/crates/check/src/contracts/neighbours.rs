//! A call that leaves out the limit which every neighbouring call passes: a time-out, a signal to stop, a context.

use super::AGENT;
use crate::remark::{LONGEST_LINE, anchor, is_added, is_test, line_text, remark};
use crate::tree::{Tree, nodes};
use finding::{LineRange, RawFinding, Severity};
use git::ChangedFile;
use std::collections::BTreeMap;
use tree_sitter::Node;

/// So many other calls, all with the limit, make it a habit of the file.
const HABIT: usize = 3;
/// What a limit is called where arguments have names.
const LIMITS: &[&str] = &["timeout", "time_out", "deadline", "signal", "ctx", "context", "cancellationToken"];
/// Contexts of Go that nobody can cancel.
const UNBOUNDED: &[&str] = &["context.Background()", "context.TODO()"];

/// A call, and the limits that it passes.
struct Call {
    line: u32,
    last: u32,
    limits: Vec<&'static str>,
    /// A context of Go that nobody can cancel.
    is_unbounded: bool,
    may_pass_more: bool,
}

/// Whether a changed file can have one, by its words: a limit stands in it as often as makes a habit.
pub(super) fn may_be_in(file: &ChangedFile, text: &str) -> bool {
    let ending = file.path.extension().unwrap_or("");
    let is_read =
        matches!(ending, "py" | "go" | "js" | "jsx" | "mjs" | "cjs" | "ts" | "tsx" | "mts" | "cts" | "vue" | "svelte");
    let finds = |word: &str| memchr::memmem::find_iter(text.as_bytes(), word.as_bytes()).take(HABIT).count();
    is_read
        && !is_test(&file.path)
        && file.hunks.iter().any(|h| h.new_count > 0)
        && (ending != "go" || UNBOUNDED.iter().any(|call| finds(call) > 0))
        && LIMITS.iter().any(|limit| finds(limit) == HABIT)
}

/// Finds them in a changed file.
pub(super) fn in_tree(file: &ChangedFile, text: &str, tree: &Tree) -> Vec<RawFinding> {
    let ending = file.path.extension().unwrap_or("");
    let mut groups: BTreeMap<&str, Vec<Call>> = BTreeMap::new();
    let root = tree.root();
    for node in nodes(root.get_inner_node()) {
        if let Some((callee, call)) = call(node, text) {
            groups.entry(callee).or_default().push(call);
        }
    }
    let mut findings = Vec::new();
    for (callee, calls) in &groups {
        for (n, call) in calls.iter().enumerate().filter(|(_, call)| is_added(file, call.line)) {
            let others = || calls.iter().enumerate().filter(move |(m, _)| *m != n).map(|(_, other)| other);
            let is_habit = |limit: &&&str| others().all(|other| other.limits.contains(limit));
            let left_out = LIMITS.iter().find(is_habit).filter(|limit| {
                others().count() >= HABIT
                    && !call.limits.contains(limit)
                    && !call.may_pass_more
                    && (ending != "go" || call.is_unbounded)
            });
            let Some(limit) = left_out else { continue };
            let title = match call.is_unbounded {
                true => format!("Call of {callee} drops the context that all others pass"),
                false => format!("Call of {callee} has no {limit}, which all others pass"),
            };
            let body = format!(
                "The {} other calls in this file have one. Without it, this one may wait for ever.",
                others().count()
            );
            let mut finding = remark(AGENT, "dropped-limit", Severity::Important, title, body);
            finding.anchors.push(anchor(&file.path, text, LineRange::new(call.line, call.last.min(call.line + 9))));
            findings.push(finding);
        }
    }
    findings.sort_by_key(|f| f.anchors[0].lines);
    findings
}

/// A call with its callee; those of one client's verbs are neighbours of each other.
fn call<'t>(node: Node<'_>, text: &'t str) -> Option<(&'t str, Call)> {
    let callee = match node.kind() {
        "call" | "call_expression" => text.get(node.child_by_field_name("function")?.byte_range())?,
        _ => return None,
    };
    let list = node.child_by_field_name("arguments").filter(|l| matches!(l.kind(), "arguments" | "argument_list"))?;
    if callee.contains(['\n', '(']) || list.has_error() || line_text(text, node.start_byte()).len() > LONGEST_LINE {
        return None;
    }
    let group = match callee.rsplit_once('.') {
        Some((client @ ("requests" | "httpx" | "axios"), _)) => client,
        _ => callee,
    };
    let start = node.start_position().row as u32 + 1;
    let end = node.end_position().row as u32 + 1;
    let mut call = Call { line: start, last: end, limits: Vec::new(), is_unbounded: false, may_pass_more: false };
    let mut add = |name: &str| call.limits.extend(LIMITS.iter().copied().filter(|limit| *limit == name));
    let mut cursor = list.walk();
    for (n, argument) in list.named_children(&mut cursor).filter(|a| a.kind() != "comment").enumerate() {
        let whole = text.get(argument.byte_range())?;
        match argument.kind() {
            "keyword_argument" => add(text.get(argument.child_by_field_name("name")?.byte_range())?),
            "object" => {
                let mut cursor = argument.walk();
                for member in argument.named_children(&mut cursor) {
                    match member.kind() {
                        "pair" => {
                            add(text.get(member.child_by_field_name("key")?.byte_range())?.trim_matches(['"', '\'']));
                        }
                        "shorthand_property_identifier" => add(text.get(member.byte_range())?),
                        "spread_element" => call.may_pass_more = true,
                        _ => {}
                    }
                }
            }
            kind if kind.contains("splat") || kind.contains("spread") || kind.contains("variadic") => {
                call.may_pass_more = true;
            }
            _ if n == 0 && UNBOUNDED.contains(&whole) => call.is_unbounded = true,
            "identifier" if n == 0 && whole == "ctx" && list.kind() == "argument_list" => add("ctx"),
            // Options from elsewhere may have it.
            "identifier" if matches!(whole, "options" | "opts" | "config" | "init" | "kwargs") => {
                call.may_pass_more = true;
            }
            _ => {}
        }
    }
    // A context can be dropped only where there is one.
    call.is_unbounded &= takes_context(node, text);
    Some((group, call))
}

/// Whether the function around a call of Go is given a context.
fn takes_context(node: Node<'_>, text: &str) -> bool {
    let around = std::iter::successors(node.parent(), |n| n.parent());
    let functions =
        around.filter(|n| matches!(n.kind(), "function_declaration" | "method_declaration" | "func_literal"));
    functions
        .filter_map(|f| f.child_by_field_name("parameters"))
        .any(|parameters| text.get(parameters.byte_range()).is_some_and(|p| p.contains("ctx context.Context")))
}

#[cfg(test)]
mod tests {
    use crate::remark::tests::run;
    use git::Snapshot;

    fn titles(path: &str, old: &str, added: &str) -> Vec<String> {
        let new = old.replace("HERE", added);
        let found = run("contracts", &Snapshot::in_memory(&[(path, &old.replace("HERE", ""))], &[(path, &new)]));
        found.into_iter().map(|f| f.title).collect()
    }

    #[test]
    fn a_call_without_the_limit_of_all_others_is_found() {
        let python = "requests.get(a, timeout=1)\nrequests.post(b, timeout=1)\nrequests.get(c, timeout=T)\nHERE\n";
        let js = "fetch(a, { signal })\nfetch(b, { signal })\nfetch(c, { method: 'PUT', signal: s })\nHERE\n";
        let go = "package a\n\nfunc f(ctx context.Context) {\n\tdb.Get(ctx, 1)\n\tdb.Get(ctx, 2)\n\tdb.Get(ctx, 3)\n\tHERE\n}\n";
        for (path, old, added, title) in [
            ("a.py", python, "requests.get(d)", "Call of requests has no timeout, which all others pass"),
            ("a.js", js, "fetch(d, { method: 'PUT' })", "Call of fetch has no signal, which all others pass"),
            ("a.go", go, "db.Get(context.Background(), 4)", "Call of db.Get drops the context that all others pass"),
        ] {
            assert_eq!(titles(path, old, added), [title], "{path}");
        }
        for (path, old, added) in [
            ("a.py", python, "requests.get(d, timeout=2)"),
            ("a.py", python, "requests.get(d, **more)"),
            ("a.py", "requests.get(a, timeout=1)\nHERE\n", "requests.get(d)"),
            ("tests/a.py", python, "requests.get(d)"),
            ("a.js", js, "fetch(d, options)"),
            ("a.js", js, "fetch(d, { ...options })"),
            ("a.go", go, "db.Get(ctx, 4)"),
        ] {
            assert_eq!(titles(path, old, added), Vec::<String>::new(), "{path}: {added}");
        }
    }
}
