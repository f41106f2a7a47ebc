import assert from "node:assert/strict";
import { test } from "node:test";
import { forWebview } from "../../src/webview";

const labels = { open: "Open", apply: "Apply" };
const page = (head: string, body: string): string =>
  `<!doctype html><html><head>${head}</head><body>${body}</body></html>`;

test("the policy stands first and replaces the page's own", () => {
  const html = forWebview(page(`<meta http-equiv="Content-Security-Policy" content="script-src *">`, ""), "N", labels, [
    "f1",
  ]);
  assert.equal(html.match(/http-equiv/g)?.length, 1);
  assert.match(
    html,
    /<head><meta http-equiv="Content-Security-Policy" content="default-src 'none';[^"]*script-src 'nonce-N'">/,
  );
});

test("only scripts of the head may run", () => {
  const html = forWebview(page("<script>filter()</script>", "<script>evil()</script>"), "N", labels, ["f1"]);
  assert.match(html, /<script nonce="N">filter\(\)/);
  assert.match(html, /<script>evil\(\)/);
});

test("words cannot end the script", () => {
  const html = forWebview(page("", ""), "N", { open: "</script><b>", apply: "x" }, ["</script><b>"]);
  assert.ok(!html.includes("</script><b>"));
});

test("a text without a head is wrapped, under the policy", () => {
  assert.match(
    forWebview("<p>x", "N", labels, ["f1"]),
    /^<!doctype html><html><head><meta http-equiv="Content-Security-Policy"/,
  );
});
