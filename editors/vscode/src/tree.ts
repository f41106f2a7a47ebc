// The findings view: groups of findings, filtered and sorted, the resolved ones dimmed, and what is said of the design.

import * as vscode from "vscode";
import {
  counts,
  isFiltering,
  isFixable,
  names,
  NO_FILTER,
  outline,
  shortPlace,
  signature,
  sum,
  type ConcernNode,
  type Filter,
  type FindingNode,
  type GroupNode,
  type Grouping,
  type Node,
  type Sorting,
  type View,
} from "./grouping";
import type { Finding, Repository, Severity, State as FindingState } from "./protocol";
import { setContext, type Reference, type State } from "./state";

const ICONS: Record<Severity, [string, string]> = {
  critical: ["error", "problemsErrorIcon.foreground"],
  important: ["warning", "problemsWarningIcon.foreground"],
  suggestion: ["info", "problemsInfoIcon.foreground"],
};

/** Marks that tell what became of a finding apart, for those too who do not see colours. */
const RESOLVED: Record<Exclude<FindingState, "open">, string> = {
  fixed: "pass",
  dismissed: "circle-slash",
  outdated: "history",
};

const SCHEME = "deep-review-finding";

/** Explains a finding, as Markdown. */
export type Explain = (finding: Finding) => Promise<vscode.MarkdownString | undefined>;

export class FindingsTree implements vscode.TreeDataProvider<Node> {
  private readonly emitter = new vscode.EventEmitter<undefined>();
  private shown = "[]";
  private roots: Node[] | undefined;
  private filter: Filter = NO_FILTER;
  private view: vscode.TreeView<Node> | undefined;
  readonly onDidChangeTreeData = this.emitter.event;

  constructor(
    private readonly state: State,
    private readonly memento: vscode.Memento,
    private readonly explain: Explain,
  ) {
    // Only for what is shown here: a row's menu does not know its row while the tree is filled anew.
    state.onDidChange(() => {
      const shown = JSON.stringify(
        state.repositories.map(({ findings, hidden, mineUnknown, concerns }) => [
          findings,
          hidden,
          mineUnknown,
          concerns,
        ]),
      );
      if (shown === this.shown) return;
      this.shown = shown;
      this.fill();
    });
  }

  /** Shows it; a file's box is ticked when one has looked at it. */
  open(): vscode.TreeView<Node> {
    const view = vscode.window.createTreeView("deep-review.findings", {
      treeDataProvider: this,
      showCollapseAll: true,
      canSelectMany: true,
      manageCheckboxStateManually: true,
    });
    view.onDidChangeCheckboxState((change) => {
      for (const [node, state] of change.items) {
        if (node.kind === "group") this.mark(node, state === vscode.TreeItemCheckboxState.Checked);
      }
    });
    this.view = view;
    this.caption();
    return view;
  }

  get how(): View {
    return {
      grouping: this.memento.get<Grouping>("grouping", "severity"),
      sorting: this.memento.get<Sorting>("sorting", "severity"),
      filter: this.filter,
    };
  }

  /** The rows that are selected, where a command is about one of them: the command is about all then. */
  selected(row: Node): Finding[] {
    const rows = this.view?.selection ?? [];
    const isOne = rows.some((other) => other === row || (isSame(other, row) && rows.length > 1));
    const all = isOne ? rows : [row];
    return all.flatMap((node) => (node.kind === "finding" ? [node.finding] : []));
  }

  async groupBy(grouping: Grouping): Promise<void> {
    await this.memento.update("grouping", grouping);
    this.fill();
  }

  async sortBy(sorting: Sorting): Promise<void> {
    await this.memento.update("sorting", sorting);
    this.fill();
  }

  filterBy(filter: Filter): void {
    this.filter = filter;
    setContext("filtered", isFiltering(filter));
    this.fill();
  }

  private fill(): void {
    this.roots = undefined;
    this.emitter.fire(undefined);
    this.caption();
  }

  /** What is counted is what the badge, the status bar and Problems count; and why not all of it is seen. */
  private caption(): void {
    if (this.view === undefined) return;
    const value = sum(counts(this.state.repositories));
    this.view.badge = value === 0 ? undefined : { value, tooltip: vscode.l10n.t("{0} open findings", value) };
    this.view.message = hidden(this.state.repositories);
    if (!isFiltering(this.filter)) {
      this.view.description = "";
      return;
    }
    const seen = (nodes: readonly Node[]): number =>
      nodes.reduce((all, node) => all + (node.kind === "group" ? seen(node.children) : 1), 0);
    this.view.description =
      seen(this.getChildren()) === 0 ? vscode.l10n.t("nothing fits the filter") : describe(this.filter);
  }

  /** Notes that one has looked at a file, or not. */
  private mark(group: GroupNode, isViewed: boolean): void {
    const viewed = { ...this.memento.get<Record<string, string>>("viewed", {}) };
    if (isViewed) viewed[group.id] = signature(findingsOf(group));
    // eslint-disable-next-line @typescript-eslint/no-dynamic-delete -- the keys are those of a record
    else delete viewed[group.id];
    void this.memento.update("viewed", viewed).then(() => {
      this.fill();
    });
  }

  private isViewed(group: GroupNode): boolean {
    return this.memento.get<Record<string, string>>("viewed", {})[group.id] === signature(findingsOf(group));
  }

  getChildren(node?: Node): Node[] {
    if (node === undefined) return (this.roots ??= outline(this.state.repositories, this.how, nameOf));
    return node.kind === "group" ? node.children : [];
  }

  getTreeItem(node: Node): vscode.TreeItem {
    switch (node.kind) {
      case "group":
        return groupItem(node, node.by === "file" ? this.isViewed(node) : undefined);
      case "finding":
        return findingItem(node);
      case "concern":
        return concernItem(node);
    }
  }

  /** The tooltip is asked for when it is wanted. */
  async resolveTreeItem(item: vscode.TreeItem, node: Node): Promise<vscode.TreeItem> {
    if (node.kind !== "finding") return item;
    const explained = await this.explain(node.finding);
    if (explained !== undefined) item.tooltip = explained;
    return item;
  }
}

const isSame = (one: Node, other: Node): boolean =>
  one.kind === "finding" &&
  other.kind === "finding" &&
  one.group === other.group &&
  one.finding.id === other.finding.id &&
  one.finding.root === other.finding.root;

const findingsOf = (group: GroupNode): Finding[] =>
  group.children.flatMap((node) => (node.kind === "finding" ? [node.finding] : []));

/** How many findings the settings hide, and why the filter does not know whose they are, of each folder where that is so. */
function hidden(repositories: readonly Repository[]): string {
  const said = repositories.flatMap(({ name, hidden, mineUnknown }) =>
    [hidden, mineUnknown].flatMap((text) => {
      if (text === undefined) return [];
      return [repositories.length > 1 ? `${name}: ${text}` : text];
    }),
  );
  return said.join("\n");
}

/** What is asked for, in a few words. */
function describe(filter: Filter): string {
  const parts = [
    ...filter.severities.map(severityName),
    ...filter.states.map(stateName),
    ...filter.agents,
    ...(filter.onlyNew ? [vscode.l10n.t("new")] : []),
    ...(filter.onlyMine ? [vscode.l10n.t("mine")] : []),
    ...(filter.text === "" ? [] : [`“${filter.text}”`]),
  ];
  return vscode.l10n.t("only {0}", parts.join(", "));
}

export function severityName(severity: Severity): string {
  switch (severity) {
    case "critical":
      return vscode.l10n.t("Critical");
    case "important":
      return vscode.l10n.t("Important");
    case "suggestion":
      return vscode.l10n.t("Suggestion");
  }
}

function nameOf(key: Severity | "branch" | "none" | "concerns"): string {
  switch (key) {
    case "branch":
      return vscode.l10n.t("Whole branch");
    case "none":
      return vscode.l10n.t("No rule");
    case "concerns":
      return vscode.l10n.t("Design concerns");
    default:
      return severityName(key);
  }
}

function groupItem(group: GroupNode, viewed: boolean | undefined): vscode.TreeItem {
  const state = viewed === true ? vscode.TreeItemCollapsibleState.Collapsed : vscode.TreeItemCollapsibleState.Expanded;
  const item = new vscode.TreeItem(group.label, state);
  // One that was looked at is another one for the editor: it keeps what is folded by the id.
  item.id = viewed === true ? `${group.id}#viewed` : group.id;
  item.description = String(group.open);
  item.contextValue = group.by === "folder" && group.key.startsWith("deep-review:") ? "group visit" : "group";
  item.accessibilityInformation = { label: vscode.l10n.t("{0}, {1} open", group.label, group.open) };
  const [first] = group.children;
  switch (group.by) {
    case "severity":
      item.iconPath = severityIcon(group.key as Severity);
      break;
    case "agent":
      item.iconPath = new vscode.ThemeIcon("robot");
      break;
    case "rule":
      item.iconPath = new vscode.ThemeIcon("law");
      break;
    case "folder":
      item.iconPath = new vscode.ThemeIcon(item.contextValue === "group" ? "root-folder" : "git-pull-request");
      break;
    case "concerns":
      item.iconPath = new vscode.ThemeIcon("comment-discussion");
      break;
    default:
      if (first?.kind === "finding" && first.finding.uri !== undefined) {
        item.iconPath = vscode.ThemeIcon.File;
        item.resourceUri = vscode.Uri.parse(first.finding.uri);
      }
  }
  if (viewed !== undefined) {
    const { Checked, Unchecked } = vscode.TreeItemCheckboxState;
    const tooltip = viewed ? vscode.l10n.t("Viewed") : vscode.l10n.t("Mark as viewed");
    item.checkboxState = { state: viewed ? Checked : Unchecked, tooltip };
  }
  return item;
}

function findingItem({ finding, group }: FindingNode): vscode.TreeItem {
  const isOpen = finding.state === "open";
  const agents = names(finding.agents);
  const item = new vscode.TreeItem(finding.title);
  item.id = `${group}/${finding.root}/${finding.id}`;
  const parts = [shortPlace(finding), finding.label, isOpen ? "" : stateName(finding.state)];
  item.description = parts.filter((part) => part !== "").join(" · ");
  item.iconPath =
    finding.state === "open"
      ? severityIcon(finding.severity)
      : new vscode.ThemeIcon(RESOLVED[finding.state], new vscode.ThemeColor("disabledForeground"));
  item.contextValue = ["finding", finding.state, ...(isFixable(finding) ? ["fixable"] : [])].join(" ");
  item.accessibilityInformation = {
    label: vscode.l10n.t(
      "{0} finding {1}, {2}: {3}, {4}, by {5}",
      severityName(finding.severity),
      finding.label,
      stateName(finding.state),
      finding.title,
      shortPlace(finding),
      agents,
    ),
  };
  // The decoration provider dims by this address; the file's own one would bring its git colours.
  item.resourceUri = vscode.Uri.from({ scheme: SCHEME, path: `/${finding.state}/${finding.id}` });
  item.command = {
    command: "deep-review.open",
    title: vscode.l10n.t("Open"),
    arguments: [reference(finding)],
  };
  return item;
}

function concernItem({ concern }: ConcernNode): vscode.TreeItem {
  const item = new vscode.TreeItem(concern.title);
  item.description = shortPlace(concern);
  item.iconPath = new vscode.ThemeIcon("comment");
  item.contextValue = "concern";
  item.tooltip = `${concern.title}\n${names(concern.agents)}\n${concern.path}`;
  const { start } = concern.range;
  const at = new vscode.Position(start.line, start.character);
  item.command = {
    command: "vscode.open",
    title: vscode.l10n.t("Open"),
    arguments: [vscode.Uri.parse(concern.uri), { selection: new vscode.Range(at, at) }],
  };
  return item;
}

/** What commands are given: a finding may be another one by the time they run. */
export const reference = ({ root, id }: Finding): Reference => ({ root, id });

export function stateName(state: FindingState): string {
  switch (state) {
    case "fixed":
      return vscode.l10n.t("fixed");
    case "dismissed":
      return vscode.l10n.t("dismissed");
    case "outdated":
      return vscode.l10n.t("outdated");
    case "open":
      return vscode.l10n.t("open");
  }
}

export function severityIcon(severity: Severity): vscode.ThemeIcon {
  const [icon, color] = ICONS[severity];
  return new vscode.ThemeIcon(icon, new vscode.ThemeColor(color));
}

/** Dims the resolved findings of the tree. */
export const decorations: vscode.FileDecorationProvider = {
  provideFileDecoration(uri) {
    if (uri.scheme !== SCHEME || uri.path.startsWith("/open/")) return undefined;
    return new vscode.FileDecoration(undefined, undefined, new vscode.ThemeColor("disabledForeground"));
  },
};
