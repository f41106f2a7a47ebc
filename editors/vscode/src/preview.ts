// A fix as a diff in the editor's own diff view, before it is applied. The right side is made here, and only shown.

import * as vscode from "vscode";
import type { WorkspaceEdit } from "vscode-languageclient/node";
import { edited, files } from "./edits";
import type { Finding } from "./protocol";
import type { Reference } from "./state";
import { Texts } from "./texts";

const SCHEME = "deep-review-fix";

export class Previews {
  private readonly texts = new Texts(SCHEME);

  register(): vscode.Disposable {
    return this.texts.register();
  }

  /** Shows the diff of one of the fixes; says no where the edit is not of one file. */
  async show(finding: Finding, fix: number | undefined, edit: WorkspaceEdit): Promise<boolean> {
    const [file, ...more] = files(edit);
    if (file === undefined || more.length > 0) return false;
    const document = await vscode.workspace.openTextDocument(vscode.Uri.parse(file.uri));
    const query = JSON.stringify({ root: finding.root, id: finding.id, ...(fix === undefined ? {} : { fix }) });
    const fixed = this.texts.keep(document.uri.path, query, applied(document, file.edits));
    const title =
      fix === undefined || finding.fixes === 1
        ? vscode.l10n.t("Fix of {0}: {1}", finding.label, finding.title)
        : vscode.l10n.t("Fix {2} of {0}: {1}", finding.label, finding.title, fix + 1);
    await vscode.commands.executeCommand("vscode.diff", document.uri, fixed, title, { preview: true });
    return true;
  }
}

/** A document's text after edits. */
export const applied = (document: vscode.TextDocument, edits: Parameters<typeof edited>[1]): string =>
  edited(document.getText(), edits, ({ line, character }) => document.offsetAt(new vscode.Position(line, character)));

/** The fix that an address shows. */
export function previewed(uri: vscode.Uri): (Reference & { fix?: number }) | undefined {
  return uri.scheme === SCHEME ? (JSON.parse(uri.query) as Reference & { fix?: number }) : undefined;
}

/** Closes the diffs of a finding. */
export async function closePreview(finding: Reference): Promise<void> {
  for (const tab of vscode.window.tabGroups.all.flatMap((group) => group.tabs)) {
    const { input } = tab;
    if (!(input instanceof vscode.TabInputTextDiff)) continue;
    const shown = previewed(input.modified);
    if (shown?.id === finding.id && shown.root === finding.root) await vscode.window.tabGroups.close(tab);
  }
}
