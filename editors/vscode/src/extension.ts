// Entry point: wires state, server, views, status bar and commands together.

import * as vscode from "vscode";
import { AgentsTree } from "./agents";
import { bars } from "./bars";
import type { Server } from "./client";
import { Commands } from "./commands";
import { participant, type Chat } from "./chat";
import { Threads } from "./comments";
import { open } from "./grouping";
import { State } from "./state";
import { statusItem } from "./status";
import { tasks } from "./tasks";
import { languageModelTools } from "./tools";
import { decorations, FindingsTree } from "./tree";

let server: Promise<Server> | undefined;

export function activate(context: vscode.ExtensionContext): void {
  const log = vscode.window.createOutputChannel("Deep Review", { log: true });
  const state = new State();
  // The language client is most of the bundle: it is evaluated after activation, so that it holds up nobody's start.
  const running = (): Promise<Server> =>
    (server ??= import("./client.js").then(
      (client) => new client.Server(context, state, log, (at) => commands.openReport(at)),
    ));
  const restart = async (): Promise<void> => (await running()).restart();
  const tree = new FindingsTree(state, context.workspaceState, async (finding) => (await running()).explain(finding));
  const threads = new Threads(state);
  const commands = new Commands(running, log, state, tree, threads, context);
  context.subscriptions.push(
    log,
    state,
    statusItem(state),
    tree.open(),
    vscode.window.createTreeView("deep-review.agents", { treeDataProvider: new AgentsTree(state) }),
    vscode.window.registerFileDecorationProvider(decorations),
    bars(state),
    threads.register(),
    tasks(async () => (await running()).program()),
    ...languageModelTools(async () => (await running()).program()),
    ...participant((vscode as { chat?: Chat }).chat, {
      findings: () => open(state.findings),
      here: () => {
        const editor = vscode.window.activeTextEditor;
        return editor === undefined ? [] : state.at(editor.document.uri, editor.selection.active.line);
      },
      ask: async (finding, question, hear, token) => {
        const heard = state.onDidAnswer(({ root, id, text }) => {
          if (root === finding.root && id === finding.id) hear(text);
        });
        try {
          return await (await running()).ask(finding, question, token);
        } finally {
          heard.dispose();
        }
      },
      fix: async (finding) => (await running()).fix(finding.root, [finding.id]),
    }),
    ...commands.register(),
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
