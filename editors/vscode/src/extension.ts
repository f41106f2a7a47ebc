// Entry point: wires state, server, view, status bar and commands together.

import * as vscode from "vscode";
import type { Server } from "./client";
import { Commands } from "./commands";
import { commentThreads } from "./comments";
import { open } from "./grouping";
import { State } from "./state";
import { statusItem } from "./status";
import { languageModelTools } from "./tools";
import { decorations, FindingsTree } from "./tree";

let server: Promise<Server> | undefined;

export function activate(context: vscode.ExtensionContext): void {
  const log = vscode.window.createOutputChannel("Deep Review", { log: true });
  const state = new State();
  const tree = new FindingsTree(state, context.workspaceState);
  // The language client is most of the bundle: it is evaluated after activation, so that it holds up nobody's start.
  const running = (): Promise<Server> =>
    (server ??= import("./client.js").then((client) => new client.Server(context, state, log)));
  const restart = async (): Promise<void> => (await running()).restart();
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
    ...languageModelTools(async () => (await running()).program()),
    ...new Commands(running, log, state, tree, context).register(),
    // Trust changes which agents may run and which settings count.
    vscode.workspace.onDidGrantWorkspaceTrust(restart),
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration("deepReview.server")) void restart();
      // The threads show more of a finding than the other views need.
      if (event.affectsConfiguration("deepReview.comments")) void running().then((started) => started.refresh());
    }),
  );
  setImmediate(() => void running().then((started) => started.start()));
}

export async function deactivate(): Promise<void> {
  await (await server)?.stop();
}
