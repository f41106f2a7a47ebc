// The extension's one state: what the server last said of every repository. Everything shown is derived from it.

import * as vscode from "vscode";
import { counts, isDismissed, open } from "./grouping";
import type { Finding, Repository } from "./protocol";

export class State {
  private current: readonly Repository[] = [];
  private said = "[]";
  private readonly emitter = new vscode.EventEmitter<void>();
  readonly onDidChange = this.emitter.event;

  get repositories(): readonly Repository[] {
    return this.current;
  }

  get findings(): Finding[] {
    return this.current.flatMap((repository) => repository.findings);
  }

  get running(): boolean {
    return this.current.some((repository) => repository.running);
  }

  /** Says nothing to anybody where nothing is new. */
  replace(repositories: readonly Repository[]): void {
    const said = JSON.stringify(repositories);
    if (said === this.said) return;
    this.said = said;
    this.current = repositories;
    const incomplete = repositories.some((repository) => repository.round?.incomplete === true);
    setContext("running", this.running);
    setContext(
      "hasRound",
      repositories.some((repository) => repository.round !== undefined),
    );
    setContext("hasFindings", open(this.findings).length > 0);
    setContext("hasDismissed", this.findings.some(isDismissed));
    setContext("incomplete", incomplete);
    this.emitter.fire();
  }

  counts(): ReturnType<typeof counts> {
    return counts(this.current);
  }

  dispose(): void {
    this.emitter.dispose();
  }
}

/** Sets a key that `when` clauses of the manifest use. */
export function setContext(
  key: "running" | "hasRound" | "hasFindings" | "hasDismissed" | "incomplete" | "ready" | "noServer",
  value: boolean,
): void {
  void vscode.commands.executeCommand("setContext", `deepReview.${key}`, value);
}
