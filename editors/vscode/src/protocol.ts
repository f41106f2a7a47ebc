// What the server says beyond the LSP; `docs/language-server.md` describes it. Only this file knows the names.

import type { Range } from "vscode-languageclient/node";

export type Severity = "critical" | "important" | "suggestion";
export type State = "open" | "fixed" | "dismissed" | "outdated";

export interface Agent {
  name: string;
  label: string;
}

export interface Finding {
  id: string;
  /** Short name within the round: `I1`. */
  label: string;
  severity: Severity;
  title: string;
  agents: Agent[];
  state: State;
  /** Path in the repository, for people; missing where the whole branch is meant. */
  path?: string;
  uri?: string;
  /** Where it is in the current text. */
  range?: Range;
  /** Whether a fix of it applies to the current text. */
  fixable: boolean;
  /** All that is known of it but the title, as inert Markdown; only where it was asked for. */
  explanation?: string;
}

export interface AgentStatus extends Agent {
  state: "running" | "reviewed" | "failed";
  /** What it does now, or why it failed. */
  message?: string;
}

/** One repository of the workspace with its newest round. */
export interface Repository {
  root: string;
  name: string;
  branch?: string;
  running: boolean;
  round?: { number: number; verdict: string; incomplete: boolean };
  agents: AgentStatus[];
  findings: Finding[];
}

export const request = { findings: "deepReview/findings" } as const;
export const notification = { changed: "deepReview/roundChanged" } as const;

/** The server's own commands; the client library registers each under this name. */
export const command = {
  review: "deepReview.review",
  cancel: "deepReview.cancel",
  applyFix: "deepReview.applyFix",
  fixAll: "deepReview.fixAll",
  dismiss: "deepReview.dismiss",
  reopen: "deepReview.reopen",
  showReport: "deepReview.showReport",
  importReport: "deepReview.importReport",
  agents: "deepReview.agents",
  rounds: "deepReview.rounds",
} as const;
