import assert from "node:assert/strict";
import { test } from "node:test";
import { forWebview } from "../../src/webview";

const labels = {
  open: "Open",
  apply: "Apply",
  dismiss: "Dismiss",
  reopen: "Reopen",
  history: "As of round 1",
  filter: "Filter",
};
const live = {
  findings: [{ id: "f1", severity: "important", isOpen: true, isDismissed: false, state: "", isFixable: true }],
  counts: "1 open",
  verdict: "Rework",
};
const page = (head: string, body: string): string =>
  `<!doctype html><html><head>${head}</head><body>${body}</body></html>`;

test("the policy stands first and replaces the page's own", () => {
  const html = forWebview(
    page(`<meta http-equiv="Content-Security-Policy" content="script-src *">`, ""),
    "N",
    labels,
    live,
  );
  assert.equal(html.match(/http-equiv/g)?.length, 1);
  assert.match(
    html,
    /<head><meta http-equiv="Content-Security-Policy" content="default-src 'none';[^"]*script-src 'nonce-N'">/,
  );
});

test("only scripts of the head may run", () => {
  const html = forWebview(page("<script>filter()</script>", "<script>evil()</script>"), "N", labels, live);
  assert.match(html, /<script nonce="N">filter\(\)/);
  assert.match(html, /<script>evil\(\)/);
});

test("words cannot end the script", () => {
  const html = forWebview(
    page("", ""),
    "N",
    { ...labels, open: "</script><b>" },
    { ...live, verdict: "</script><b>" },
    "</script><b>",
  );
  assert.ok(!html.includes("</script><b>"));
});

test("a text without a head is wrapped, under the policy", () => {
  assert.match(
    forWebview("<p>x", "N", labels, live),
    /^<!doctype html><html><head><meta http-equiv="Content-Security-Policy"/,
  );
});
