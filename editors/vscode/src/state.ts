// The extension's one state: what the server last said of every repository. Everything shown is derived from it.

import * as vscode from "vscode";
import { counts, isDismissed, open, type Counts } from "./grouping";
import type { Installer } from "./install";
import type { AgentHere, AgentStatus, Answering, Finding, Repository } from "./protocol";
import { repositoryOf } from "./repositories";

/** A finding by what commands know of it. */
export interface Reference {
  root: string;
  id: string;
}

export class State {
  private current: readonly Repository[] = [];
  private said = "[]";
  private untrusted: readonly AgentHere[] = [];
  private readonly emitter = new vscode.EventEmitter<void>();
  private readonly ticker = new vscode.EventEmitter<void>();
  private readonly answers = new vscode.EventEmitter<Answering>();
  readonly onDidChange = this.emitter.event;
  /** What agents do and how long they have been at it: also while nothing else changes. */
  readonly onDidTick = this.ticker.event;
  /** What is written of an answer so far, while it is written. */
  readonly onDidAnswer = this.answers.event;

  /** Whether the server is asked which findings are the user's: it reads git's history for that. */
  asksMine = false;

  get repositories(): readonly Repository[] {
    return this.current;
  }

  get findings(): Finding[] {
    return this.current.flatMap((repository) => repository.findings);
  }

  get running(): boolean {
    return this.current.some((repository) => repository.running);
  }

  /** Takes what an agent has written so far. */
  hear(answering: Answering): void {
    this.answers.fire(answering);
  }

  /** The agents that are configured and not asked, because the workspace is not trusted. */
  get skipped(): readonly AgentHere[] {
    return this.untrusted;
  }

  finding({ root, id }: Reference): Finding | undefined {
    return this.findings.find((finding) => finding.id === id && finding.root === root);
  }

  /** The open findings at a line, the gravest first as the server lists them. */
  at(uri: vscode.Uri, line: number): Finding[] {
    const here = uri.toString();
    return open(this.findings).filter(
      ({ uri, range }) =>
        uri !== undefined &&
        range !== undefined &&
        range.start.line <= line &&
        line <= range.end.line &&
        vscode.Uri.parse(uri).toString() === here,
    );
  }

  /** The repository of a file, or the only one. */
  repositoryOf(uri: vscode.Uri | undefined): Repository | undefined {
    if (uri?.scheme === "deep-review") {
      const name = uri.authority.replace(/^base\./, "");
      return this.current.find(({ root, target }) => target !== undefined && root.endsWith(`/${name}`));
    }
    const here = this.current.filter(({ target }) => target === undefined);
    const found = uri?.scheme === "file" ? repositoryOf(here, uri.fsPath) : undefined;
    return found ?? (here.length === 1 ? here[0] : undefined);
  }

  /** Says nothing to anybody where nothing is new. */
  replace(repositories: readonly Repository[]): void {
    const said = JSON.stringify(repositories);
    if (said === this.said) return;
    this.said = said;
    this.current = repositories.map((repository) => ({
      ...repository,
      concerns: repository.concerns,
      findings: repository.findings.map((finding) => ({
        ...finding,
        root: repository.root,
        folder: repository.name,
      })),
    }));
    this.tell();
    this.emitter.fire();
    this.ticker.fire();
  }

  skip(agents: readonly AgentHere[]): void {
    if (JSON.stringify(agents) === JSON.stringify(this.untrusted)) return;
    this.untrusted = agents;
    this.ticker.fire();
  }

  /** The agents of each repository as they are now; everything else is as it was. */
  tick(now: readonly Pick<Repository, "root" | "agents">[]): void {
    const agents = new Map<string, AgentStatus[]>(now.map((repository) => [repository.root, repository.agents]));
    this.current = this.current.map((repository) => ({
      ...repository,
      agents: repository.running ? (agents.get(repository.root) ?? repository.agents) : repository.agents,
    }));
    this.ticker.fire();
  }

  private tell(): void {
    const any = (is: (repository: Repository) => boolean): boolean => this.current.some(is);
    setContext("running", this.running);
    setContext(
      "hasRound",
      any((repository) => repository.round !== undefined),
    );
    setContext("hasFindings", open(this.findings).length > 0);
    setContext("hasDismissed", this.findings.some(isDismissed));
    setContext(
      "incomplete",
      any((repository) => repository.round?.incomplete === true),
    );
    setContext("severalRepositories", this.current.length > 1);
    setContext("noRepository", this.current.length === 0);
    setContext(
      "hasVisit",
      any(({ target }) => target !== undefined),
    );
  }

  counts(): Counts {
    return counts(this.current);
  }

  dispose(): void {
    this.emitter.dispose();
    this.ticker.dispose();
  }
}

/** Sets a key that `when` clauses of the manifest use, and people's own key bindings can. */
export function setContext(
  key:
    | "running"
    | "hasRound"
    | "hasFindings"
    | "hasDismissed"
    | "incomplete"
    | "ready"
    | "noServer"
    | "noRepository"
    | "severalRepositories"
    | "hasVisit"
    | "filtered"
    | `install.${Installer["name"]}`,
  value: boolean,
): void {
  void vscode.commands.executeCommand("setContext", `deepReview.${key}`, value);
}
