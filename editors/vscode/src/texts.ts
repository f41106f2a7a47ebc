// Texts of ours that are read and not written: the right side of a diff, an agent's log, the report of an older round. They
// are no files and no drafts: nobody is asked to save them.

import * as vscode from "vscode";

/** The texts of one scheme, each as long as its document is open. */
export class Texts implements vscode.TextDocumentContentProvider {
  private readonly texts = new Map<string, string>();

  constructor(private readonly scheme: string) {}

  register(): vscode.Disposable {
    return vscode.Disposable.from(
      vscode.workspace.registerTextDocumentContentProvider(this.scheme, this),
      vscode.workspace.onDidCloseTextDocument((document) => this.texts.delete(document.uri.toString())),
    );
  }

  provideTextDocumentContent(uri: vscode.Uri): string {
    return this.texts.get(uri.toString()) ?? "";
  }

  /** Keeps a text under a path, whose ending says what language it is in; `query` tells it from others of that path. */
  keep(path: string, query: string, text: string): vscode.Uri {
    const uri = vscode.Uri.from({ scheme: this.scheme, path, query });
    this.texts.set(uri.toString(), text);
    return uri;
  }
}
