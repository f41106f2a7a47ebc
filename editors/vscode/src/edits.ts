// Workspace edits of the server, as texts: what a file is after one, and how one is taken back. Knows nothing of VS Code,
// so that it can be tested as it is.

import type { Position, TextEdit, WorkspaceEdit } from "vscode-languageclient/node";

export interface FileEdits {
  uri: string;
  edits: TextEdit[];
}

/** The text edits of each file; creating, renaming and deleting files is not among them. */
export function files(edit: WorkspaceEdit): FileEdits[] {
  const plain = Object.entries(edit.changes ?? {}).map(([uri, edits]) => ({ uri, edits }));
  const versioned = (edit.documentChanges ?? []).flatMap((change) =>
    "textDocument" in change ? [{ uri: change.textDocument.uri, edits: change.edits as TextEdit[] }] : [],
  );
  return [...plain, ...versioned];
}

/** All edits refer to the text as it is, so they are made from its end. `at` says where a position is in it. */
export function edited(text: string, edits: readonly TextEdit[], at: (position: Position) => number): string {
  return edits
    .map(({ range, newText }) => ({ start: at(range.start), end: at(range.end), newText }))
    .sort((a, b) => b.start - a.start)
    .reduce((text, { start, end, newText }) => text.slice(0, start) + newText + text.slice(end), text);
}

/** What differs of two texts: from where to where, and what was there. Offsets are of `after`. */
export function difference(before: string, after: string): { start: number; end: number; text: string } {
  let start = 0;
  const shorter = Math.min(before.length, after.length);
  while (start < shorter && before[start] === after[start]) start += 1;
  let same = 0;
  while (same < shorter - start && before[before.length - 1 - same] === after[after.length - 1 - same]) same += 1;
  return { start, end: after.length - same, text: before.slice(start, before.length - same) };
}

/** The first line that an edit changes of a file. */
export const firstLine = ({ edits }: FileEdits): number => Math.min(...edits.map(({ range }) => range.start.line));
