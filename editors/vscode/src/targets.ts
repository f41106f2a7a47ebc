// What is reviewed without being checked out: chosen from a list, shown as read-only documents and diffs, and checked out by
// one click.

import * as vscode from "vscode";
import type { Server } from "./client";
import type { GroupNode, Node } from "./grouping";
import { command, request, type Commit, type PullRequest, type Repository, type Visit } from "./protocol";
import type { State } from "./state";
import { ago } from "./times";

const SCHEME = "deep-review";

/** What else commands can do that this needs. */
export interface Actions {
  execute<T>(name: string, argument: object): Promise<T | undefined>;
  repository(): Promise<Repository | undefined>;
  review(root: string): Promise<void>;
}

export class Targets implements vscode.TextDocumentContentProvider {
  private readonly emitter = new vscode.EventEmitter<vscode.Uri>();
  readonly onDidChange = this.emitter.event;

  constructor(
    private readonly server: () => Promise<Server>,
    private readonly state: State,
    private readonly actions: Actions,
  ) {}

  register(): vscode.Disposable {
    return vscode.workspace.registerTextDocumentContentProvider(SCHEME, this);
  }

  async provideTextDocumentContent(uri: vscode.Uri): Promise<string> {
    // The server's own spelling: the editor writes more characters as escapes.
    const answer = await (await this.server()).request<{ text: string }>(request.text, { uri: uri.toString() });
    return answer.text;
  }

  async pullRequest(): Promise<void> {
    const root = await this.checkedOut();
    if (root === undefined) return;
    const title = vscode.l10n.t("Review Pull Request");
    const placeholder = vscode.l10n.t("A pull request, its number, or the address of its page");
    const word = await choose(title, placeholder, asPullRequest, async () => {
      const server = await this.server();
      const { pullRequests } = await server.request<{ pullRequests: PullRequest[] }>(request.pullRequests, { root });
      return pullRequests.map(pullRequestItem);
    });
    if (word !== undefined) await this.open(root, word);
  }

  async commit(): Promise<void> {
    const root = await this.checkedOut();
    if (root === undefined) return;
    const title = vscode.l10n.t("Review Commit");
    const placeholder = vscode.l10n.t("A commit, or the name of one: HEAD~3, v1.2, 1a2b3c4");
    const typed = (text: string): string | undefined => (/^\S+$/.test(text) ? `commit:${text}` : undefined);
    const word = await choose(title, placeholder, typed, async () => {
      const { commits } = await (await this.server()).request<{ commits: Commit[] }>(request.commits, { root });
      return commits.map(commitItem);
    });
    if (word !== undefined) await this.open(root, word);
  }

  async staged(): Promise<void> {
    const root = await this.checkedOut();
    if (root !== undefined) await this.open(root, "--staged");
  }

  /** Shows a target's changes, and has them reviewed. */
  private async open(root: string, target: string): Promise<void> {
    const title = vscode.l10n.t("Opening {0}", target);
    const where = { location: vscode.ProgressLocation.Notification, title };
    const visit = await vscode.window.withProgress(where, () =>
      this.actions.execute<Visit>(command.open, { root, target }),
    );
    if (visit === undefined) return;
    for (const { uri } of vscode.workspace.textDocuments) if (uri.scheme === SCHEME) this.emitter.fire(uri);
    if (visit.files.length === 0) {
      const says = vscode.l10n.t("{0} changes nothing that can be reviewed.", visit.title);
      void vscode.window.showInformationMessage(says);
      return;
    }
    await showChanges(visit);
    await this.actions.review(visit.root);
  }

  /** The work tree, or a worktree beside it, gets what is looked at. Never over what is not committed without a yes. */
  async checkOut(target: unknown, worktree: boolean, carryChanges = false): Promise<void> {
    const root = this.named(target);
    if (root === undefined) return;
    interface Answer {
      dirty?: number;
      branch?: string;
      folder?: string;
    }
    const done = await this.actions.execute<Answer>(command.checkOut, { root, worktree, carryChanges });
    if (done === undefined) return;
    if (done.dirty !== undefined) {
      const yes = vscode.l10n.t("Check Out with My Changes");
      const beside = vscode.l10n.t("Open in a Worktree");
      const says = vscode.l10n.t("Not committed: changes in {0} file(s).", done.dirty);
      const detail = vscode.l10n.t("They would be carried along. Where that cannot be, nothing is checked out.");
      const choice = await vscode.window.showWarningMessage(says, { modal: true, detail }, yes, beside);
      if (choice !== undefined) await this.checkOut({ root }, choice === beside, choice === yes);
    } else if (done.folder !== undefined) {
      await vscode.commands.executeCommand("vscode.openFolder", vscode.Uri.file(done.folder), { forceNewWindow: true });
    } else {
      const on = done.branch ?? vscode.l10n.t("no branch");
      void vscode.window.showInformationMessage(vscode.l10n.t("It is checked out, on {0}.", on));
    }
  }

  async close(target: unknown): Promise<void> {
    const root = this.named(target);
    if (root === undefined) return;
    const name = root.slice(root.lastIndexOf("/") + 1);
    const isOf = (uri: vscode.Uri): boolean => uri.scheme === SCHEME && uri.authority.replace(/^base\./, "") === name;
    const tabs = vscode.window.tabGroups.all.flatMap((group) => group.tabs);
    const inputs = tabs.filter(({ input }) => {
      if (input instanceof vscode.TabInputText) return isOf(input.uri);
      return input instanceof vscode.TabInputTextDiff && (isOf(input.modified) || isOf(input.original));
    });
    await vscode.window.tabGroups.close(inputs);
    await this.actions.execute(command.close, { root });
  }

  /** What a row, an editor's title or the document in the editor is of; else the only one. */
  private named(target: unknown): string | undefined {
    const visits = this.state.repositories.filter((repository) => repository.target !== undefined);
    const uri = target instanceof vscode.Uri ? target : vscode.window.activeTextEditor?.document.uri;
    const key = isGroup(target) ? target.key : (target as { root?: string } | undefined)?.root;
    const root = key ?? (uri && this.state.repositoryOf(uri)?.root);
    const found = visits.find((visit) => visit.root === root) ?? (visits.length === 1 ? visits[0] : undefined);
    if (found === undefined)
      void vscode.window.showInformationMessage(vscode.l10n.t("Open what is meant first: a pull request or a commit."));
    return found?.root;
  }

  /** The root of the repository that is meant. */
  private async checkedOut(): Promise<string | undefined> {
    const repository = await this.actions.repository();
    return repository?.of ?? repository?.root;
  }
}

const isGroup = (target: unknown): target is GroupNode => (target as Partial<Node> | undefined)?.kind === "group";

/** All changes in one editor, as the editor shows those of a commit. */
async function showChanges(visit: Visit): Promise<void> {
  const uri = (text: string | undefined): vscode.Uri | undefined =>
    text === undefined ? text : vscode.Uri.parse(text);
  const rows = visit.files.map(({ uri: now, baseUri }) => [uri(now ?? baseUri), uri(baseUri), uri(now)]);
  await vscode.commands.executeCommand("vscode.changes", `${visit.title} ↔ ${visit.base}`, rows);
}

interface Item extends vscode.QuickPickItem {
  /** Missing where there is nothing to choose: why there is no list. */
  word?: string;
}

/** A number, or the address of a page. */
function asPullRequest(text: string): string | undefined {
  const number = /^#?(\d+)$/.exec(text)?.[1];
  if (number !== undefined) return `pr:${number}`;
  return /^https?:\/\/\S+$/.test(text) ? text : undefined;
}

function pullRequestItem({ number, title, author, opened, draft, askedOfMe, checks, branch }: PullRequest): Item {
  const words = [
    `@${author}`,
    opened === undefined ? "" : ago(opened, Date.now(), vscode.env.language),
    askedOfMe ? vscode.l10n.t("your review is asked for") : "",
    draft ? vscode.l10n.t("draft") : "",
    checks === undefined ? "" : checksText(checks),
  ];
  const icon = draft ? "git-pull-request-draft" : "git-pull-request";
  return {
    label: `$(${icon}) #${number} ${title}`,
    description: words.filter((word) => word !== "").join(" · "),
    detail: branch,
    word: `pr:${number}`,
  };
}

function checksText(checks: NonNullable<PullRequest["checks"]>): string {
  switch (checks) {
    case "passed":
      return vscode.l10n.t("checks passed");
    case "failed":
      return vscode.l10n.t("checks failed");
    case "running":
      return vscode.l10n.t("checks are running");
  }
}

const commitItem = ({ id, subject, author, at }: Commit): Item => ({
  label: `$(git-commit) ${subject}`,
  description: `${author} · ${ago(at, Date.now(), vscode.env.language)}`,
  detail: id.slice(0, 12),
  word: `commit:${id}`,
});

/** One of a list that comes later, or what was typed where that means something; nothing where nobody chose. */
async function choose(
  title: string,
  placeholder: string,
  typed: (text: string) => string | undefined,
  list: () => Promise<Item[]>,
): Promise<string | undefined> {
  const picker = Object.assign(vscode.window.createQuickPick<Item>(), {
    title,
    placeholder,
    busy: true,
    matchOnDescription: true,
    matchOnDetail: true,
  });
  let listed: Item[] = [];
  const offer = (): void => {
    const text = picker.value.trim();
    const word = typed(text);
    picker.items = word === undefined ? listed : [...listed, { label: text, word, alwaysShow: true }];
  };
  try {
    return await new Promise((resolve) => {
      picker.onDidChangeValue(offer);
      picker.onDidAccept(() => {
        resolve(picker.selectedItems[0]?.word);
      });
      picker.onDidHide(() => {
        resolve(undefined);
      });
      picker.show();
      list()
        .then((items) => {
          listed = items;
          if (items.length === 0) picker.placeholder = vscode.l10n.t("None is open; name one");
        })
        .catch((error: unknown) => {
          // One can be named all the same.
          const why = error instanceof Error ? error.message : String(error);
          listed = [{ label: `$(warning) ${why}`, alwaysShow: true }];
        })
        .finally(() => {
          picker.busy = false;
          offer();
        });
    });
  } finally {
    picker.dispose();
  }
}
