// Sessions of typing as VS Code's own document takes them, for a test of the server's (fixtures/lsp/documents.json):
//
//   npm install --no-save vscode-languageserver-textdocument && node tests/clients/documents.mjs >fixtures/lsp/documents.json
//
// Positions are in UTF-16. The sessions are the same in each run.

import { TextDocument } from "vscode-languageserver-textdocument";

let seed = 1;
const below = (n) => {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
  return Math.floor((seed / 2 ** 32) * n);
};
const PARTS = ["a", "b", "c ", "word", "\n", "\n", "\r\n", "\r", "\f", "\v", "\u0085", "\u2028", "\u2029", "\ufeff", "é", "𝄞", "e\u0301", "👩‍👧"];
const text = (most) => Array.from({ length: below(most) }, () => PARTS[below(PARTS.length)]).join("");

/** A place at the edge of a character; now and then one beyond the line or the text. */
function position(document) {
  if (below(12) === 0) return { line: below(40), character: below(40) };
  let offset = below(document.getText().length + 1);
  const unit = document.getText().charCodeAt(offset);
  if (unit >= 0xdc00 && unit < 0xe000) offset -= 1;
  return document.positionAt(offset);
}

function isInside(document, { line, character }) {
  const unit = document.getText().charCodeAt(document.offsetAt({ line, character }));
  return unit >= 0xdc00 && unit < 0xe000;
}

const sessions = [];
while (sessions.length < 150) {
  let document = TextDocument.create("file:///a", "text", 1, text(24));
  const session = { text: document.getText(), changes: [], after: "" };
  for (let version = 2; version < 10; version += 1) {
    const [start, end] = [position(document), position(document)];
    // Which half of a character is meant, each client says in its own way.
    if (isInside(document, start) || isInside(document, end)) continue;
    const range = document.offsetAt(start) <= document.offsetAt(end) ? { start, end } : { start: end, end: start };
    const change = below(15) === 0 ? { text: text(24) } : { range, text: text(5) };
    document = TextDocument.update(document, [change], version);
    session.changes.push(change);
  }
  session.after = document.getText();
  sessions.push(session);
}
process.stdout.write(`[\n${sessions.map((session) => JSON.stringify(session)).join(",\n")}\n]\n`);
