// How findings are filtered, grouped, ordered and put into words. Pure.

import type { Agent, Concern, Finding, Repository, Severity, State } from "./protocol";

export const GROUPINGS = ["severity", "file", "agent", "rule", "folder", "none"] as const;
export type Grouping = (typeof GROUPINGS)[number];
export const SORTINGS = ["severity", "place", "agents"] as const;
export type Sorting = (typeof SORTINGS)[number];

export const SEVERITIES: readonly Severity[] = ["critical", "important", "suggestion"];
export const STATES: readonly State[] = ["open", "fixed", "dismissed", "outdated"];

/** What is shown of the findings; an empty list means all. */
export interface Filter {
  severities: Severity[];
  states: State[];
  /** Names of agents. */
  agents: string[];
  /** Only those that no earlier round had. */
  onlyNew: boolean;
  /** Only those at lines that the user changed last. */
  onlyMine: boolean;
  /** Words that are all in the title, the path, the label or the rule, in any case. */
  text: string;
}

export const NO_FILTER: Filter = { severities: [], states: [], agents: [], onlyNew: false, onlyMine: false, text: "" };

export const isFiltering = (filter: Filter): boolean =>
  filter.severities.length + filter.states.length + filter.agents.length > 0 ||
  filter.onlyNew ||
  filter.onlyMine ||
  filter.text !== "";

export function matches(filter: Filter, finding: Finding): boolean {
  const has = <T>(wanted: readonly T[], value: T): boolean => wanted.length === 0 || wanted.includes(value);
  const text = `${finding.label} ${finding.title} ${finding.path ?? ""} ${finding.rule ?? ""}`.toLowerCase();
  return (
    has(filter.severities, finding.severity) &&
    has(filter.states, finding.state) &&
    (filter.agents.length === 0 || finding.agents.some((agent) => filter.agents.includes(agent.name))) &&
    (!filter.onlyNew || finding.new) &&
    // Where it is not known whose they are, the view says so, and none is lost.
    (!filter.onlyMine || finding.mine !== false) &&
    words(filter.text).every((word) => text.includes(word))
  );
}

const words = (text: string): string[] => text.toLowerCase().split(/\s+/).filter(Boolean);

/** How the list is shown. */
export interface View {
  grouping: Grouping;
  sorting: Sorting;
  filter: Filter;
}

export interface FindingNode {
  kind: "finding";
  /** Of the branch that it hangs on: a finding of several agents is under each of them. */
  group: string;
  finding: Finding;
}
export interface ConcernNode {
  kind: "concern";
  concern: Concern;
}
/** A branch of the list. */
export interface GroupNode {
  kind: "group";
  /** Unique in the list. */
  id: string;
  by: Grouping | "concerns";
  /** What its members have in common. */
  key: string;
  label: string;
  /** How many of what is below can be acted on: open findings, and concerns. */
  open: number;
  children: Node[];
}
export type Node = GroupNode | FindingNode | ConcernNode;

/** What a group is called that is not called by its key. */
export type Naming = (key: Severity | "branch" | "none" | "concerns") => string;

/** The whole list, by folder first where there are several repositories. */
export function outline(repositories: readonly Repository[], view: View, name: Naming): Node[] {
  const filled = repositories.filter(({ findings, concerns }) => findings.length + concerns.length > 0);
  const isByFolder = view.grouping === "folder" || filled.length > 1;
  if (!isByFolder) return filled.flatMap((repository) => within(repository, view, name, ""));
  const folders = filled.map(({ root, name: label, ...rest }): GroupNode => {
    const children = within({ root, name: label, ...rest }, view, name, `${root}/`);
    return { kind: "group", id: `folder:${root}`, by: "folder", key: root, label, open: total(children), children };
  });
  return folders.filter((folder) => folder.children.length > 0);
}

function within(repository: Repository, view: View, name: Naming, prefix: string): Node[] {
  const shown = sorted(
    repository.findings.filter((finding) => matches(view.filter, finding)),
    view.sorting,
  );
  const grouping = view.grouping === "folder" ? "none" : view.grouping;
  const branches: Node[] =
    grouping === "none"
      ? shown.map((finding) => ({ kind: "finding", group: prefix, finding }))
      : grouped(shown, grouping, name).map(({ key, label, findings }) => {
          const id = `${prefix}${grouping}:${key}`;
          const children = findings.map((finding): Node => ({ kind: "finding", group: id, finding }));
          return { kind: "group", id, by: grouping, key, label, open: open(findings).length, children };
        });
  const concerns = repository.concerns.filter((concern) => showsConcern(view.filter, concern));
  if (concerns.length === 0) return branches;
  const children = concerns.map((concern): Node => ({ kind: "concern", concern }));
  const id = `${prefix}concerns`;
  return [
    ...branches,
    { kind: "group", id, by: "concerns", key: "", label: name("concerns"), open: children.length, children },
  ];
}

/** A concern has neither severity nor state, and is nobody's: it is shown where none is asked for. */
function showsConcern(filter: Filter, { title, path, agents }: Concern): boolean {
  const text = `${title} ${path}`.toLowerCase();
  return (
    filter.severities.length === 0 &&
    (filter.states.length === 0 || filter.states.includes("open")) &&
    !filter.onlyNew &&
    !filter.onlyMine &&
    (filter.agents.length === 0 || agents.some((agent) => filter.agents.includes(agent.name))) &&
    words(filter.text).every((word) => text.includes(word))
  );
}

function total(nodes: readonly Node[]): number {
  const of = (node: Node): number => {
    if (node.kind === "group") return node.by === "agent" ? 0 : node.open;
    return node.kind === "concern" || isOpen(node.finding) ? 1 : 0;
  };
  // Under agents a finding may be there several times.
  const ids = new Set<string>();
  for (const group of nodes) {
    if (group.kind !== "group" || group.by !== "agent") continue;
    for (const child of group.children) {
      if (child.kind === "finding" && isOpen(child.finding)) ids.add(child.finding.id);
    }
  }
  return nodes.reduce((sum, node) => sum + of(node), ids.size);
}

export interface Group {
  key: string;
  label: string;
  findings: Finding[];
}

const rank = (finding: Finding): number => SEVERITIES.indexOf(finding.severity) + (finding.state === "open" ? 0 : 10);

/** Open ones first, then by severity; the server's order (its ranking) within. */
export function ordered(findings: readonly Finding[]): Finding[] {
  return [...findings].sort((a, b) => rank(a) - rank(b));
}

function sorted(findings: readonly Finding[], by: Sorting): Finding[] {
  const all = ordered(findings);
  const later = (finding: Finding): number => (finding.state === "open" ? 0 : 1);
  switch (by) {
    case "severity":
      return all;
    case "place":
      return all.sort((a, b) => later(a) - later(b) || comparePaths(a, b));
    case "agents":
      return all.sort((a, b) => later(a) - later(b) || b.agents.length - a.agents.length);
  }
}

function comparePaths(a: Finding, b: Finding): number {
  const [one, two] = [a.path ?? "", b.path ?? ""];
  return one < two ? -1 : one > two ? 1 : place(a).line - place(b).line;
}

/** A finding of several agents is in the group of each of them. Groups without findings are left out. */
export function grouped(findings: readonly Finding[], by: Exclude<Grouping, "folder" | "none">, name: Naming): Group[] {
  const groups = new Map<string, Group>();
  for (const finding of findings) {
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

function keys(finding: Finding, by: Exclude<Grouping, "folder" | "none">, name: Naming): [string, string][] {
  switch (by) {
    case "severity":
      return [[finding.severity, name(finding.severity)]];
    case "file":
      return [[finding.path ?? "", finding.path ?? name("branch")]];
    case "agent":
      return finding.agents.map((agent) => [agent.name, agent.label]);
    case "rule":
      return [[finding.rule ?? "", finding.rule ?? name("none")]];
  }
}

/** All agents that have a part in findings or concerns, each once. */
export function agentsOf(repositories: readonly Repository[]): Agent[] {
  const all = repositories
    .flatMap(({ findings, concerns }) => [...findings, ...concerns])
    .flatMap(({ agents }) => agents);
  return [...new Map(all.map((agent) => [agent.name, agent])).values()];
}

export const isOpen = (finding: Finding): boolean => finding.state === "open";
export const isDismissed = (finding: Finding): boolean => finding.state === "dismissed";
/** Whether a command that changes the text can be used on it. */
export const isFixable = (finding: Finding): boolean => isOpen(finding) && finding.fixable;

export const open = (findings: readonly Finding[]): Finding[] => findings.filter(isOpen);

/** What the status bar, the badge and the list count; `elsewhere` of it is about a whole branch, which Problems cannot show. */
export interface Counts extends Record<Severity, number> {
  concerns: number;
  elsewhere: number;
}

export function counts(repositories: readonly Repository[]): Counts {
  const result = { critical: 0, important: 0, suggestion: 0, concerns: 0, elsewhere: 0 };
  for (const repository of repositories) {
    result.concerns += repository.concerns.length;
    for (const finding of open(repository.findings)) {
      result[finding.severity] += 1;
      if (finding.uri === undefined) result.elsewhere += 1;
    }
  }
  return result;
}

/** All that the list shows as open. */
export const sum = ({ critical, important, suggestion, concerns }: Counts): number =>
  critical + important + suggestion + concerns;

export interface Position {
  uri: string;
  line: number;
}

/** Where one goes next: the finding, and which one of how many it is. */
export interface Step {
  finding: Finding;
  number: number;
  of: number;
}

/**
 * The open finding after (or before) a place, going round at the end: by file and line, or the gravest first; then the place
 * says at which finding one is.
 */
export function neighbour(
  findings: readonly Finding[],
  from: Position | undefined,
  step: 1 | -1,
  by: "place" | "severity" = "place",
): Step | undefined {
  const placed = open(findings)
    .filter((finding) => finding.uri !== undefined && finding.range !== undefined)
    .sort((a, b) => compare(place(a), place(b)));
  if (by === "severity") placed.sort((a, b) => rank(a) - rank(b));
  if (placed.length === 0) return undefined;
  const index = from === undefined ? -1 : by === "place" ? past(placed, from, step) : after(placed, from, step);
  const found = index === -1 ? (step === 1 ? 0 : placed.length - 1) : index;
  const finding = placed[found];
  return finding && { finding, number: found + 1, of: placed.length };
}

function past(placed: readonly Finding[], from: Position, step: 1 | -1): number {
  return step === 1
    ? placed.findIndex((finding) => compare(place(finding), from) > 0)
    : placed.findLastIndex((finding) => compare(place(finding), from) < 0);
}

function after(placed: readonly Finding[], from: Position, step: 1 | -1): number {
  const here = placed.findIndex((finding) => compare(place(finding), from) === 0);
  const next = here + step;
  return here === -1 || next < 0 || next >= placed.length ? -1 : next;
}

const place = (finding: Finding): Position => ({ uri: finding.uri ?? "", line: finding.range?.start.line ?? 0 });

function compare(a: Position, b: Position): number {
  if (a.uri !== b.uri) return a.uri < b.uri ? -1 : 1;
  return a.line - b.line;
}

/** `pool.py:15`; empty where the whole branch is meant. */
export function shortPlace({ path, range }: { path?: string; range?: Concern["range"] }): string {
  const line = range === undefined ? "" : `:${range.start.line + 1}`;
  return path === undefined ? "" : `${path.split("/").at(-1) ?? ""}${line}`;
}

/** What is copied: enough to find it again. */
export function asText(finding: Finding): string {
  const line = finding.range === undefined ? "" : `:${finding.range.start.line + 1}`;
  const place = finding.path === undefined ? "" : ` (${finding.path}${line})`;
  return `${finding.label} ${finding.title}${place} — ${names(finding.agents)}`;
}

export const names = (agents: readonly Agent[]): string => agents.map((agent) => agent.label).join(", ");

/** What marks a file as looked at: one that gets another open finding is to be looked at again. */
export const signature = (findings: readonly Finding[]): string =>
  open(findings)
    .map((finding) => finding.id)
    .sort()
    .join();
