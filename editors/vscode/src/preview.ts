// A fix as a diff in the editor's own diff view, before it is applied. The right side is made here, and only shown.

import * as vscode from "vscode";
import type { TextEdit, WorkspaceEdit } from "vscode-languageclient/node";
import type { Finding } from "./protocol";

const SCHEME = "deep-review-fix";

export class Previews implements vscode.TextDocumentContentProvider {
  private readonly texts = new Map<string, string>();

  register(): vscode.Disposable {
    return vscode.Disposable.from(
      vscode.workspace.registerTextDocumentContentProvider(SCHEME, this),
      vscode.workspace.onDidCloseTextDocument((document) => this.texts.delete(document.uri.toString())),
    );
  }

  provideTextDocumentContent(uri: vscode.Uri): string {
    return this.texts.get(uri.toString()) ?? "";
  }

  /** Shows the diff; says no where the edit is not of one file. */
  async show(finding: Finding, edit: WorkspaceEdit): Promise<boolean> {
    const [file, ...more] = files(edit);
    if (file === undefined || more.length > 0) return false;
    const document = await vscode.workspace.openTextDocument(vscode.Uri.parse(file.uri));
    const fixed = vscode.Uri.from({ scheme: SCHEME, path: document.uri.path, query: finding.id });
    this.texts.set(fixed.toString(), edited(document, file.edits));
    const title = vscode.l10n.t("Fix of {0}: {1}", finding.label, finding.title);
    await vscode.commands.executeCommand("vscode.diff", document.uri, fixed, title, { preview: true });
    return true;
  }
}

/** The id of the finding whose fix an address shows. */
export function previewed(uri: vscode.Uri): string | undefined {
  return uri.scheme === SCHEME ? uri.query : undefined;
}

/** Closes the diff of a finding. */
export async function closePreview(finding: Finding): Promise<void> {
  for (const tab of vscode.window.tabGroups.all.flatMap((group) => group.tabs)) {
    const { input } = tab;
    if (input instanceof vscode.TabInputTextDiff && previewed(input.modified) === finding.id)
      await vscode.window.tabGroups.close(tab);
  }
}

function files(edit: WorkspaceEdit): { uri: string; edits: TextEdit[] }[] {
  const plain = Object.entries(edit.changes ?? {}).map(([uri, edits]) => ({ uri, edits }));
  const versioned = (edit.documentChanges ?? []).flatMap((change) =>
    "textDocument" in change ? [{ uri: change.textDocument.uri, edits: change.edits as TextEdit[] }] : [],
  );
  return [...plain, ...versioned];
}

/** All edits refer to the text as it is, so they are made from its end. */
function edited(document: vscode.TextDocument, edits: readonly TextEdit[]): string {
  const at = (position: { line: number; character: number }): number =>
    document.offsetAt(new vscode.Position(position.line, position.character));
  return edits
    .map(({ range, newText }) => ({ start: at(range.start), end: at(range.end), newText }))
    .sort((a, b) => b.start - a.start)
    .reduce((text, { start, end, newText }) => text.slice(0, start) + newText + text.slice(end), document.getText());
}
