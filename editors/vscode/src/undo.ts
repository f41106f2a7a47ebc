// Takes back what was applied to several files at once: each file whose text is still what it came to.

import * as vscode from "vscode";
import type { WorkspaceEdit } from "vscode-languageclient/node";
import { difference, files } from "./edits";
import { applied } from "./preview";

interface Change {
  uri: vscode.Uri;
  before: string;
  after: string;
}

/** What an edit is going to change. */
export async function changesOf(edit: WorkspaceEdit): Promise<Change[]> {
  const changes = files(edit).map(async ({ uri, edits }): Promise<Change[]> => {
    try {
      const document = await vscode.workspace.openTextDocument(vscode.Uri.parse(uri));
      return [{ uri: document.uri, before: document.getText(), after: applied(document, edits) }];
    } catch {
      return []; // one that is made by the edit
    }
  });
  return (await Promise.all(changes)).flat();
}

/** Puts the texts back; what somebody changed since stays, and is counted. */
export async function takeBack(changes: readonly Change[]): Promise<{ back: number; changed: number }> {
  const edit = new vscode.WorkspaceEdit();
  let changed = 0;
  for (const { uri, before, after } of changes) {
    const document = await vscode.workspace.openTextDocument(uri);
    if (document.getText() !== after) {
      changed += 1;
      continue;
    }
    const { start, end, text } = difference(before, after);
    edit.replace(uri, new vscode.Range(document.positionAt(start), document.positionAt(end)), text);
  }
  await vscode.workspace.applyEdit(edit);
  return { back: changes.length - changed, changed };
}
