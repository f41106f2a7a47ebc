// What the server says beyond the LSP; `docs/language-server.md` describes it. Only this file knows the names.

import type { Range } from "vscode-languageclient/node";

export type Severity = "critical" | "important" | "suggestion";
export type State = "open" | "fixed" | "dismissed" | "outdated";

export interface Agent {
  name: string;
  label: string;
}

export interface Finding {
  /** Root and name of its repository; filled in here. */
  root: string;
  folder: string;
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
  /** How many fixes were suggested. */
  fixes: number;
  /** Whether no earlier round of the branch had it. */
  new: boolean;
  /** Whether it is at lines that the user changed last; only where that was asked for and is known. */
  mine?: boolean;
  rule?: string;
  /** All that is known of it but the title, as inert Markdown; only where it was asked for. */
  explanation?: string;
  /** With it: questions (by nobody) and agents' answers, as inert Markdown, oldest first. */
  thread?: { by?: string; text: string }[];
}

/** What an agent says of the design: a diagnostic as findings are, with nothing to decide. */
export interface Concern {
  title: string;
  agents: Agent[];
  path: string;
  uri: string;
  range: Range;
}

export interface AgentStatus extends Agent {
  kind: string;
  state: "running" | "reviewed" | "failed";
  /** What it does now, or why it failed. */
  message?: string;
  /** How long it has been at it, or took. */
  elapsedMs: number;
  /** Remarks so far. */
  findings: number;
  tokens?: number;
  costUsd?: number;
}

/** An agent as `deepReview.agents` lists it: whether it can be used here, and what to do where it cannot. */
export interface AgentHere extends Agent {
  kind: string;
  usable: boolean;
  detail: string;
  remedy?: string;
  /** Why not, in a word: `not-installed`, `not-logged-in`, `not-allowed`, … */
  why?: string;
}

/** One repository of the workspace with its newest round. */
export interface Repository {
  root: string;
  name: string;
  branch?: string;
  running: boolean;
  round?: { number: number; verdict: string; incomplete: boolean; base: string; started: string };
  agents: AgentStatus[];
  findings: Finding[];
  /** How many open findings are not shown, and why. */
  hidden?: string;
  /** Why it is not known which findings are the user's, where that was asked for. */
  mineUnknown?: string;
  concerns: Concern[];
  /** Of what is looked at without being checked out: as it was named, and the root of its repository. */
  target?: string;
  of?: string;
}

/** What is looked at: `deepReview.open` answers it. */
export interface Visit {
  root: string;
  title: string;
  /** What it is compared with. */
  base: string;
  files: { path: string; uri?: string; baseUri?: string }[];
}

export interface PullRequest {
  number: number;
  title: string;
  author: string;
  branch: string;
  opened?: string;
  draft: boolean;
  askedOfMe: boolean;
  checks?: "passed" | "failed" | "running";
}

export interface Commit {
  id: string;
  subject: string;
  author: string;
  at: string;
}

export const request = {
  findings: "deepReview/findings",
  status: "deepReview/status",
  explain: "deepReview/explain",
  text: "deepReview/text",
  pullRequests: "deepReview/pullRequests",
  commits: "deepReview/commits",
} as const;
export const notification = { changed: "deepReview/roundChanged", answering: "deepReview/answering" } as const;

/** What an agent has written so far of its answer to a question about a finding. */
export interface Answering {
  root: string;
  id: string;
  by: string;
  text: string;
}

/** The server's own commands; the client library registers each under this name. */
export const command = {
  review: "deepReview.review",
  cancel: "deepReview.cancel",
  applyFix: "deepReview.applyFix",
  fixAll: "deepReview.fixAll",
  fix: "deepReview.fix",
  ask: "deepReview.ask",
  dismiss: "deepReview.dismiss",
  reopen: "deepReview.reopen",
  severity: "deepReview.severity",
  showReport: "deepReview.showReport",
  importReport: "deepReview.importReport",
  agents: "deepReview.agents",
  agentLog: "deepReview.agentLog",
  rounds: "deepReview.rounds",
  open: "deepReview.open",
  close: "deepReview.close",
  checkOut: "deepReview.checkOut",
} as const;
