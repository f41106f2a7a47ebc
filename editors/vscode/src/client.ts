// Starts, restarts and stops the language server, and says what is missing when it cannot.

import { homedir } from "node:os";
import * as vscode from "vscode";
import { CloseAction, ErrorAction, LanguageClient, type LanguageClientOptions } from "vscode-languageclient/node";
import { assistance, tooltip, type OpenReport } from "./assist";
import { isOnPath, locate } from "./binary";
import type { Token } from "./chat";
import { commentsEnabled } from "./comments";
import { Errands, fixing, sayMended, type Answered, type Mended } from "./errands";
import { INSTALLERS, installers } from "./install";
import { keyEnvironment } from "./keys";
import {
  command,
  notification,
  request,
  type AgentHere,
  type Answering,
  type Finding,
  type Repository,
} from "./protocol";
import { setContext, type State } from "./state";

/** How often it is asked what agents do while they are at it, in milliseconds. */
const TICK = 1_000;

/** How often a server that ended by itself is started again, within this many milliseconds. */
const RESTARTS = 4;
const RESTART_WINDOW = 3 * 60_000;

export class Server {
  private client: LanguageClient | undefined;
  private path: string | undefined;
  /** Ends with the last start, stop or restart: the next waits for it, so that there is never a second server. */
  private turn: Promise<void> = Promise.resolve();
  private readonly ends: number[] = [];
  private ticking: NodeJS.Timeout | undefined;
  private readonly errands = new Errands();
  /** How often the state was asked for, and which of these answers is the newest that was taken. */
  private asked = 0;
  private taken = 0;

  constructor(
    private readonly context: vscode.ExtensionContext,
    private readonly state: State,
    readonly log: vscode.LogOutputChannel,
    private readonly openReport: OpenReport,
  ) {
    state.onDidChange(() => {
      this.tick();
    });
  }

  /** The path of the program; nothing where it was not found. */
  async program(): Promise<string | undefined> {
    await this.start();
    return this.path;
  }

  /** The running client; a message with what to do if there is none. */
  async running(): Promise<LanguageClient | undefined> {
    await this.start();
    return this.client;
  }

  /** Asks the server something; its refusal says what to do. */
  async request<T>(method: string, params: object): Promise<T> {
    const client = await this.running();
    if (client === undefined) throw new Error(vscode.l10n.t("Deep Review's server does not run."));
    return client.sendRequest<T>(method, params);
  }

  start(): Promise<void> {
    return this.inTurn(async () => {
      if (this.client === undefined) await this.launch();
    });
  }

  stop(): Promise<void> {
    return this.inTurn(() => this.end());
  }

  restart(): Promise<void> {
    return this.inTurn(async () => {
      await this.end();
      this.ends.length = 0;
      await this.launch();
    });
  }

  /** A command that comes while the server restarts waits for the new one. */
  private inTurn(act: () => Promise<void>): Promise<void> {
    const done = this.turn.then(act);
    this.turn = done.catch((error: unknown) => {
      this.log.error(String(error));
    });
    return done;
  }

  private async launch(): Promise<void> {
    const located = locate({
      setting: vscode.workspace.getConfiguration("deepReview").get("server.path", ""),
      extension: this.context.extensionPath,
      path: process.env.PATH ?? "",
      home: homedir(),
      windows: process.platform === "win32",
    });
    setContext("noServer", !located.found);
    this.path = located.found ? located.path : undefined;
    if (!located.found) {
      this.log.error(`no server; looked for:\n${located.tried.join("\n")}`);
      const here = installers((name) => isOnPath(name, process.env.PATH ?? "", process.platform === "win32"));
      for (const { name } of INSTALLERS)
        setContext(
          `install.${name}`,
          here.some((each) => each.name === name),
        );
      void this.explainMissing(located.tried[0] ?? "");
      return;
    }
    this.log.info(`server: ${located.path} (${located.how})`);
    const extra = vscode.workspace.isTrusted
      ? vscode.workspace.getConfiguration("deepReview").get<Record<string, string>>("server.extraEnv", {})
      : {};
    const env = { ...process.env, ...extra, ...(await keyEnvironment(this.context.secrets)) };
    const client = new LanguageClient(
      "deepReview",
      "Deep Review",
      { command: located.path, args: ["lsp"], options: { env } },
      this.options(),
    );
    client.onNotification(notification.changed, () => void this.refresh());
    client.onNotification(notification.answering, (answering: Answering) => {
      this.state.hear(answering);
    });
    this.client = client;
    try {
      await client.start();
      setContext("ready", true);
      await this.refresh();
    } catch (error) {
      this.client = undefined;
      this.log.error(`the server did not start: ${String(error)}`);
      void vscode.window.showErrorMessage(vscode.l10n.t("Deep Review's server did not start. The log says why."));
    }
  }

  private async end(): Promise<void> {
    const client = this.client;
    this.client = undefined;
    setContext("ready", false);
    this.state.replace([]);
    await client?.dispose();
  }

  /** Asks what the agents do, as long as any is at it. */
  private tick(): void {
    if (!this.state.running) {
      clearInterval(this.ticking);
      this.ticking = undefined;
      return;
    }
    this.ticking ??= setInterval(() => {
      void this.client
        ?.sendRequest<{ repositories: Repository[] }>(request.status, {})
        .then(({ repositories }) => {
          this.state.tick(repositories);
        })
        .catch(() => undefined); // the next one may be answered
    }, TICK);
  }

  /** A finding in words, for what is shown beside the list; nothing while there is no server. */
  async explain(finding: Finding): Promise<vscode.MarkdownString | undefined> {
    const explained = await this.explanation(finding);
    return explained === undefined ? undefined : tooltip(finding, explained);
  }

  /** All that is known of a finding but its title, as inert Markdown; nothing while there is no server. */
  async explanation({ id, root }: Finding): Promise<string | undefined> {
    try {
      return (await this.client?.sendRequest<{ markdown: string }>(request.explain, { id, root }))?.markdown;
    } catch {
      return undefined; // of a round that is no more
    }
  }

  /** Has an agent write a fix of each finding. What is proven is shown, to be confirmed. */
  async fix(root: string, ids: readonly string[]): Promise<void> {
    const client = await this.running();
    if (client === undefined) return;
    const findings = this.state.findings.filter(
      (finding) => finding.root === root && (ids.includes(finding.id) || ids.includes(finding.label)),
    );
    sayMended(await this.errands.run<Mended>(client, command.fix, { root, ids }, fixing(findings)));
  }

  /**
   * Has an agent answer a question about a finding; nothing where none came. Both are kept with the finding. It stops where
   * `token` says so, besides the notification.
   */
  async ask(finding: Finding, question: string, token?: Token): Promise<Answered | undefined> {
    const client = await this.running();
    if (client === undefined) return undefined;
    const { root, id, label, title } = finding;
    const words = vscode.l10n.t("Asking about {0}: {1}", label, title);
    const answered = await this.errands.run<Answered>(client, command.ask, { root, id, question }, words, token);
    await this.refresh();
    return answered;
  }

  /** Whom the want of trust leaves out; nobody where the workspace is trusted. */
  private async skipped(): Promise<AgentHere[]> {
    const root = this.state.repositories[0]?.root;
    if (vscode.workspace.isTrusted || root === undefined) return [];
    const answer = await this.client?.sendRequest<{ agents: AgentHere[] }>("workspace/executeCommand", {
      command: command.agents,
      arguments: [{ root }],
    });
    return answer?.agents.filter((agent) => agent.why === "not-allowed") ?? [];
  }

  /**
   * Asks for the whole state again: what is shown is never patched together from events. Answers may overtake each other:
   * an older one says what is not so any more.
   */
  async refresh(): Promise<void> {
    const number = ++this.asked;
    try {
      const explained = commentsEnabled();
      const answer = await this.client?.sendRequest<{ repositories: Repository[] }>(request.findings, {
        explained,
        mine: this.state.asksMine,
      });
      if (answer === undefined || number < this.taken) return;
      this.taken = number;
      this.state.replace(answer.repositories);
      this.state.skip(await this.skipped());
    } catch (error) {
      this.log.warn(`the findings could not be read: ${String(error)}`);
    }
  }

  private options(): LanguageClientOptions {
    return {
      // What is looked at without being checked out has read-only documents.
      documentSelector: [{ scheme: "file" }, { scheme: "deep-review" }],
      outputChannel: this.log,
      // The settings come along, so that nothing starts by itself before they are known.
      initializationOptions: {
        trusted: vscode.workspace.isTrusted,
        // The editor shows the diagnostic beside the hover, and folds.
        hover: "rich",
        deepReview: vscode.workspace.getConfiguration().get("deepReview"),
      },
      // Progress is shown from the state: in the status bar, and as a notification for what the user started.
      middleware: {
        ...assistance(this.state, this.openReport, (root, ids) => this.fix(root, ids)),
        handleWorkDoneProgress: (token, step) => {
          this.errands.tell(token, step);
        },
        workspace: {
          // A server that ends while its settings change misses them; the next one is started with them.
          didChangeConfiguration: (sections, next) =>
            next(sections).catch((error: unknown) => {
              this.log.warn(`the settings did not reach the server: ${String(error)}`);
            }),
        },
      },
      markdown: { isTrusted: false, supportHtml: true },
      errorHandler: {
        error: () => ({ action: ErrorAction.Continue }),
        closed: () => ({ action: this.mayRestart() ? CloseAction.Restart : CloseAction.DoNotRestart }),
      },
    };
  }

  private mayRestart(): boolean {
    const now = Date.now();
    this.ends.push(now);
    while ((this.ends[0] ?? now) < now - RESTART_WINDOW) this.ends.shift();
    this.state.replace([]);
    if (this.ends.length <= RESTARTS) {
      this.log.warn("the server ended; it is started again");
      return true;
    }
    this.client = undefined;
    void vscode.window
      .showErrorMessage(
        vscode.l10n.t("Deep Review's server ended several times and was not started again."),
        vscode.l10n.t("Restart"),
      )
      .then((choice) => (choice === undefined ? undefined : this.restart()));
    return false;
  }

  private async explainMissing(tried: string): Promise<void> {
    const [install, path] = [vscode.l10n.t("Install It…"), vscode.l10n.t("Choose the Program…")];
    const choice = await vscode.window.showErrorMessage(
      vscode.l10n.t("The program deep-review was not found ({0}). Install it, or set its path.", tried),
      install,
      path,
    );
    if (choice === install) await vscode.commands.executeCommand("deep-review.install");
    if (choice === path) await vscode.commands.executeCommand("deep-review.setPath");
  }
}
