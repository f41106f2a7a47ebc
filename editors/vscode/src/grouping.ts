// How findings are grouped, ordered and put into words. Pure.

import type { Finding, Repository, Severity } from "./protocol";

export type Grouping = "severity" | "file" | "agent";

export interface Group {
  key: string;
  label: string;
  findings: Finding[];
}

export const SEVERITIES: readonly Severity[] = ["critical", "important", "suggestion"];

const rank = (finding: Finding): number => SEVERITIES.indexOf(finding.severity) + (finding.state === "open" ? 0 : 10);

/** Open ones first, then by severity; the server's order (its ranking) within. */
export function ordered(findings: readonly Finding[]): Finding[] {
  return [...findings].sort((a, b) => rank(a) - rank(b));
}

/** A finding of several agents is in the group of each of them. Groups without findings are left out. */
export function grouped(findings: readonly Finding[], by: Grouping, name: (key: string) => string): Group[] {
  const groups = new Map<string, Group>();
  for (const finding of ordered(findings)) {
    for (const [key, label] of keys(finding, by, name)) {
      const group = groups.get(key) ?? { key, label, findings: [] };
      group.findings.push(finding);
      groups.set(key, group);
    }
  }
  const all = [...groups.values()];
  if (by === "severity") {
    return all.sort((a, b) => SEVERITIES.indexOf(a.key as Severity) - SEVERITIES.indexOf(b.key as Severity));
  }
  return all.sort((a, b) => (a.label < b.label ? -1 : a.label > b.label ? 1 : 0));
}

function keys(finding: Finding, by: Grouping, name: (key: string) => string): [string, string][] {
  switch (by) {
    case "severity":
      return [[finding.severity, name(finding.severity)]];
    case "file":
      return [[finding.path ?? "", finding.path ?? name("branch")]];
    case "agent":
      return finding.agents.map((agent) => [agent.name, agent.label]);
  }
}

export const isOpen = (finding: Finding): boolean => finding.state === "open";
export const isDismissed = (finding: Finding): boolean => finding.state === "dismissed";
/** Whether a command that changes the text can be used on it. */
export const isFixable = (finding: Finding): boolean => isOpen(finding) && finding.fixable;

export const open = (findings: readonly Finding[]): Finding[] => findings.filter(isOpen);

export function counts(repositories: readonly Repository[]): Record<Severity, number> {
  const result = { critical: 0, important: 0, suggestion: 0 };
  for (const repository of repositories) {
    for (const finding of open(repository.findings)) result[finding.severity] += 1;
  }
  return result;
}

export interface Position {
  uri: string;
  line: number;
}

/** The open finding after (or before) a place, in order of file and line, going round at the end. */
export function neighbour(findings: readonly Finding[], from: Position | undefined, step: 1 | -1): Finding | undefined {
  const placed = open(findings)
    .filter((finding) => finding.uri !== undefined && finding.range !== undefined)
    .sort((a, b) => compare(place(a), place(b)));
  if (placed.length === 0) return undefined;
  if (from === undefined) return step === 1 ? placed[0] : placed.at(-1);
  const past =
    step === 1
      ? placed.find((finding) => compare(place(finding), from) > 0)
      : placed.findLast((finding) => compare(place(finding), from) < 0);
  return past ?? (step === 1 ? placed[0] : placed.at(-1));
}

const place = (finding: Finding): Position => ({ uri: finding.uri ?? "", line: finding.range?.start.line ?? 0 });

function compare(a: Position, b: Position): number {
  if (a.uri !== b.uri) return a.uri < b.uri ? -1 : 1;
  return a.line - b.line;
}

/** What is copied: enough to find it again. */
export function asText(finding: Finding): string {
  const line = finding.range === undefined ? "" : `:${finding.range.start.line + 1}`;
  const place = finding.path === undefined ? "" : ` (${finding.path}${line})`;
  return `${finding.label} ${finding.title}${place} — ${finding.agents.map((agent) => agent.label).join(", ")}`;
}

/** The agents' initials, for a badge that holds two characters: the first two agents', or one and how many more. */
export function initials(agents: readonly { label: string }[]): string {
  const letters = agents.map((agent) => String.fromCodePoint(agent.label.trim().codePointAt(0) ?? 63).toUpperCase());
  return letters.length <= 2 ? letters.join("") : `${letters[0] ?? ""}+`;
}
