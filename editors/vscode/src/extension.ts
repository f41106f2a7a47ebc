// Entry point: wires state, server, view, status bar and commands together.

import * as vscode from "vscode";
import { Server } from "./client";
import { Commands } from "./commands";
import { commentThreads } from "./comments";
import { open } from "./grouping";
import { State } from "./state";
import { statusItem } from "./status";
import { decorations, FindingsTree } from "./tree";

let server: Server | undefined;

export function activate(context: vscode.ExtensionContext): void {
  const log = vscode.window.createOutputChannel("Deep Review", { log: true });
  const state = new State();
  const tree = new FindingsTree(state, context.workspaceState);
  server = new Server(context, state, log);
  const started = server;
  const view = vscode.window.createTreeView("deep-review.findings", { treeDataProvider: tree, showCollapseAll: true });
  context.subscriptions.push(
    log,
    state,
    statusItem(state),
    view,
    state.onDidChange(() => {
      const value = open(state.findings).length;
      view.badge = value === 0 ? undefined : { value, tooltip: vscode.l10n.t("{0} open findings", value) };
    }),
    vscode.window.registerFileDecorationProvider(decorations),
    commentThreads(state),
    ...new Commands(started, state, tree, context).register(),
    // Trust changes which agents may run and which settings count.
    vscode.workspace.onDidGrantWorkspaceTrust(() => started.restart()),
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration("deepReview.server")) void started.restart();
    }),
  );
  // Not awaited: starting the server must not hold up the editor.
  void started.start();
}

export async function deactivate(): Promise<void> {
  await server?.stop();
}
