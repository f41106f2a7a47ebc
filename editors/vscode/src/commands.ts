// The commands of the palette, the tree and the report. Each asks what it needs and hands over to the server.

import * as vscode from "vscode";
import type { WorkspaceEdit } from "vscode-languageclient/node";
import type { AgentNode } from "./agents";
import { isReference } from "./assist";
import { isOnPath } from "./binary";
import { chooseBase } from "./bases";
import type { Server } from "./client";
import { findingOf, type Threads } from "./comments";
import { files, firstLine } from "./edits";
import { askForFilter } from "./filter";
import {
  asText,
  isDismissed,
  isFixable,
  isOpen,
  names,
  neighbour,
  NO_FILTER,
  ordered,
  type Filter,
  type Node,
} from "./grouping";
import { installers } from "./install";
import { askForKey } from "./keys";
import { closePreview, previewed, Previews } from "./preview";
import { showProgress } from "./progress";
import { command, type AgentHere, type Finding, type Repository, type Severity } from "./protocol";
import { ReportView } from "./report";
import { changeAgent, setUpAgent, tell } from "./setup";
import type { Reference, State } from "./state";
import { Targets } from "./targets";
import { Texts } from "./texts";
import { ago } from "./times";
import { reference, severityName, type FindingsTree } from "./tree";
import { changesOf, takeBack } from "./undo";

/** What a command can be called with: a row of a tree, a comment thread or what is written in one, a finding by its names, or the address of a diff. */
type Target =
  Node | AgentNode | vscode.CommentThread | vscode.CommentReply | vscode.Uri | (Reference & { fix?: number });

/**
 * None from the palette and from most keys. From a row it may hold nothing: the editor forgets a tree's rows while it
 * fills the tree anew. The keys of the view have as arguments what the editor itself replaces by the focused row (as it
 * does for the buttons in a view's title); where it does not, that is no target.
 */
type Arguments = [target?: Target | null, ...rest: unknown[]];

/** A finding with the one of its fixes that is meant, if one is. */
interface Meant {
  finding: Finding;
  fix?: number;
}

export class Commands {
  private readonly previews = new Previews();
  private readonly texts = new Texts("deep-review-text");
  private shown = 0;
  private readonly reportView: ReportView;
  private readonly targets: Targets;

  constructor(
    private readonly server: () => Promise<Server>,
    private readonly log: vscode.LogOutputChannel,
    private readonly state: State,
    private readonly tree: FindingsTree,
    private readonly threads: Threads,
    private readonly context: vscode.ExtensionContext,
  ) {
    this.reportView = new ReportView(state, {
      html: async (root) =>
        (await this.execute<{ text: string }>(command.showReport, { root, format: "html", show: false }))?.text,
      open: reveal,
      apply: (finding, fix) => this.applyFix({ finding, ...(fix === undefined ? {} : { fix }) }),
      dismiss: (finding) => this.dismiss([finding]),
      reopen: (finding) => this.reopen([finding]),
    });
    this.targets = new Targets(server, state, {
      execute: (name, argument) => this.execute(name, argument),
      repository: () => this.repository(),
      review: (root) => this.ask({ root }),
    });
  }

  register(): vscode.Disposable[] {
    const all: Record<string, (...args: Arguments) => Promise<unknown>> = {
      review: () => this.review({}),
      reviewUncommitted: () => this.review({ base: "HEAD", uncommitted: true }),
      reviewAgainst: () => this.reviewAgainst(),
      reviewPullRequest: () => this.targets.pullRequest(),
      reviewCommit: () => this.targets.commit(),
      reviewStaged: () => this.targets.staged(),
      checkOut: (...args) => this.targets.checkOut(args[0], false),
      openWorktree: (...args) => this.targets.checkOut(args[0], true),
      closeTarget: (...args) => this.targets.close(args[0]),
      cancel: () => this.execute(command.cancel, {}),
      applyFix: (...args) => this.onFindings(args, (all) => this.applyFixes(all), isFixable),
      previewFix: (...args) => this.onFinding(args, (meant) => this.previewFix(meant), isFixable),
      fixAll: () => this.fixAll(),
      fix: (...args) => this.onFindings(args, (all) => this.fix(all.map(({ finding }) => finding))),
      ask: (...args) => this.onFinding(args, ({ finding }) => this.askAbout(finding)),
      reply: (...args) => this.onReply(args[0], (finding, text) => this.question(finding, text)),
      dismissWith: (...args) => this.onReply(args[0], (finding, text) => this.dismiss([finding], text)),
      next: () => this.go(1),
      previous: () => this.go(-1),
      dismiss: (...args) => this.onFindings(args, (all) => this.dismiss(all.map(({ finding }) => finding))),
      severity: (...args) => this.onFindings(args, (all) => this.grade(all.map(({ finding }) => finding))),
      severityWith: (...args) => this.onReply(args[0], (finding, text) => this.grade([finding], text)),
      reopen: (...args) => this.onFindings(args, (all) => this.reopen(all.map(({ finding }) => finding)), isDismissed),
      report: (...args) => this.report(args[0]),
      import: () => this.import(),
      agents: () => this.agents(),
      setUpAgent: () => this.setUp(),
      chooseAgents: () => this.chooseAgents(),
      testAgent: (...args) => this.onAgent(args[0], (_, agent) => this.testAgent(agent)),
      changeAgent: (...args) => this.onAgent(args[0], (_, agent) => this.changeAgent(agent)),
      cancelAgent: (...args) => this.onAgent(args[0], (root, agent) => this.execute(command.cancel, { root, agent })),
      retryAgent: (...args) => this.onAgent(args[0], (root, agent) => this.ask({ root, agents: [agent] })),
      agentLog: (...args) => this.onAgent(args[0], (root, agent) => this.agentLog(root, agent)),
      rounds: () => this.rounds(),
      restart: async () => (await this.server()).restart(),
      log: () => {
        this.log.show();
        return Promise.resolve();
      },
      setKey: () => this.setKey(),
      install: (...args) => this.install(args[0]),
      setPath: () => setPath(),
      filter: () => this.filter(),
      clearFilter: () => this.filterBy(NO_FILTER),
      groupBySeverity: () => this.tree.groupBy("severity"),
      groupByFile: () => this.tree.groupBy("file"),
      groupByAgent: () => this.tree.groupBy("agent"),
      groupByRule: () => this.tree.groupBy("rule"),
      groupByFolder: () => this.tree.groupBy("folder"),
      ungroup: () => this.tree.groupBy("none"),
      sortBySeverity: () => this.tree.sortBy("severity"),
      sortByPlace: () => this.tree.sortBy("place"),
      sortByAgents: () => this.tree.sortBy("agents"),
      open: (...args) => this.onFinding(args, ({ finding }) => reveal(finding)),
      copy: (...args) =>
        this.onFindings(args, (all) =>
          vscode.env.clipboard.writeText(all.map(({ finding }) => asText(finding)).join("\n")),
        ),
    };
    const commands = Object.entries(all).map(([name, run]) =>
      vscode.commands.registerCommand(`deep-review.${name}`, run),
    );
    return [
      ...commands,
      this.previews.register(),
      this.texts.register(),
      this.reportView.register(),
      this.targets.register(),
    ];
  }

  /** Opens the report view: of the repository that is meant, at a finding where one is named. */
  async openReport({ root, id }: { root?: string; id?: string }): Promise<void> {
    const where = root ?? (await this.repository())?.root;
    if (where === undefined) return;
    const named = this.state.repositories.find((repository) => repository.root === where)?.findings ?? [];
    await this.reportView.show(where, named.find((finding) => finding.id === id || finding.label === id)?.id);
  }

  /** Runs a command of the server. A refusal is shown: it says what to do. */
  private async execute<T>(name: string, argument: object): Promise<T | undefined> {
    const client = await (await this.server()).running();
    if (client === undefined) return undefined;
    try {
      return await client.sendRequest<T>("workspace/executeCommand", { command: name, arguments: [argument] });
    } catch (error) {
      void vscode.window.showErrorMessage(`Deep Review: ${error instanceof Error ? error.message : String(error)}`);
      return undefined;
    }
  }

  /** The repository that a command is about: of the file in the editor, the only one, or the one that the user picks. */
  private async repository(): Promise<Repository | undefined> {
    // A server that starts is waited for: it says at once which repositories there are.
    if ((await (await this.server()).running()) === undefined) return undefined;
    const { repositories } = this.state;
    const meant = this.state.repositoryOf(vscode.window.activeTextEditor?.document.uri);
    if (meant !== undefined) return meant;
    if (repositories.length === 0) {
      void vscode.window.showInformationMessage(vscode.l10n.t("Open a folder with a git repository first."));
      return undefined;
    }
    const items = repositories.map((repository) => ({
      label: `$(root-folder) ${repository.name}`,
      description: repository.branch ?? "",
      detail: repository.root,
      repository,
    }));
    const title = vscode.l10n.t("Which repository?");
    return (await vscode.window.showQuickPick(items, { title, matchOnDescription: true }))?.repository;
  }

  private async review(scope: { base?: string; uncommitted?: boolean }): Promise<void> {
    const root = (await this.repository())?.root;
    if (root !== undefined) await this.ask({ root, ...scope });
  }

  /** Asks for a review and shows it until it is over. */
  private async ask(argument: {
    root: string;
    base?: string;
    uncommitted?: boolean;
    agents?: string[];
  }): Promise<void> {
    if ((await this.execute(command.review, argument)) === undefined) return;
    void showProgress(this.state, argument.root, {
      cancel: () => this.execute(command.cancel, { root: argument.root }),
      report: () => this.openReport({ root: argument.root }),
      retry: (agents) => this.ask({ root: argument.root, agents }),
    });
  }

  private async reviewAgainst(): Promise<void> {
    const repository = await this.repository();
    if (repository === undefined) return;
    const base = await chooseBase(this.context.workspaceState, repository.root, repository.round?.base);
    if (base !== undefined) await this.ask({ root: repository.root, base });
  }

  private named(target: Target | null | undefined): Meant | undefined {
    if (target === undefined || target === null) return undefined;
    const found = (reference: (Reference & { fix?: number }) | undefined): Meant | undefined => {
      const finding = reference && this.state.finding(reference);
      if (finding === undefined) return undefined;
      return reference?.fix === undefined ? { finding } : { finding, fix: reference.fix };
    };
    if (target instanceof vscode.Uri) return found(previewed(target));
    if (isReference(target)) return found(target);
    if ("kind" in target) return target.kind === "finding" ? found(reference(target.finding)) : undefined;
    return "comments" in target ? found(findingOf(target)) : undefined;
  }

  /**
   * The finding that the command was called with. Called with none, the one at the cursor; never that one where another
   * was meant, which is not known. Else one the user picks.
   */
  private async onFinding(
    args: Arguments,
    act: (meant: Meant) => PromiseLike<unknown>,
    fits: (finding: Finding) => boolean = isOpen,
  ): Promise<void> {
    const meant = args.length === 0 ? this.atCursor(fits) : this.named(args[0]);
    const picked = meant ?? (await this.pick(fits));
    if (picked !== undefined) await act(picked);
  }

  /** The same for all rows that are selected, where the command is about one of them. */
  private async onFindings(
    args: Arguments,
    act: (all: readonly Meant[]) => PromiseLike<unknown>,
    fits: (finding: Finding) => boolean = isOpen,
  ): Promise<void> {
    const [target] = args;
    if (target !== undefined && target !== null && "kind" in target && target.kind === "finding") {
      const chosen = this.tree.selected(target).flatMap((finding) => this.state.finding(reference(finding)) ?? []);
      const all = [...new Set(chosen)].filter((finding) => chosen.length === 1 || fits(finding));
      if (all.length > 0) {
        await act(all.map((finding) => ({ finding })));
        return;
      }
    }
    await this.onFinding(args, (meant) => act([meant]), fits);
  }

  private atCursor(fits: (finding: Finding) => boolean): Meant | undefined {
    const editor = vscode.window.activeTextEditor;
    if (editor === undefined) return undefined;
    const [uri, line] = [editor.document.uri.toString(), editor.selection.active.line];
    const finding = ordered(this.state.findings).find(
      (finding) =>
        finding.uri !== undefined &&
        vscode.Uri.parse(finding.uri).toString() === uri &&
        finding.range !== undefined &&
        finding.range.start.line <= line &&
        line <= finding.range.end.line &&
        fits(finding),
    );
    return finding && { finding };
  }

  private async pick(fits: (finding: Finding) => boolean): Promise<Meant | undefined> {
    const several = this.state.repositories.length > 1;
    const items = ordered(this.state.findings.filter(fits)).map((finding) => ({
      label: `${finding.label} ${finding.title}`,
      description: names(finding.agents),
      detail: several ? `${finding.folder}: ${finding.path ?? ""}` : (finding.path ?? ""),
      finding,
    }));
    if (items.length === 0) {
      void vscode.window.showInformationMessage(vscode.l10n.t("No finding fits this command."));
      return undefined;
    }
    const finding = (await vscode.window.showQuickPick(items, { title: "Deep Review", matchOnDetail: true }))?.finding;
    return finding && { finding };
  }

  /** Applies a fix, and goes to where it changed the text. */
  private async applyFix({ finding, fix }: Meant): Promise<boolean> {
    const { root, id } = finding;
    const which = fix === undefined ? {} : { fix };
    const dry = await this.execute<{ edit: WorkspaceEdit }>(command.applyFix, { root, id, ...which, dryRun: true });
    if (dry === undefined || (await this.execute(command.applyFix, { root, id, ...which })) === undefined) return false;
    await closePreview(finding);
    const changed = files(dry.edit);
    const file = changed.find(({ uri }) => uri === finding.uri) ?? changed[0];
    if (file !== undefined) await goTo(vscode.Uri.parse(file.uri), firstLine(file));
    return true;
  }

  private async applyFixes(all: readonly Meant[]): Promise<void> {
    const [only, ...more] = all;
    if (only === undefined) return;
    if (more.length === 0) {
      await this.applyFix(only);
      return;
    }
    let done = 0;
    for (const meant of all) if (await this.applyFix(meant)) done += 1;
    const says = vscode.l10n.t("{0} of {1} fixes were applied.", done, all.length);
    void vscode.window.showInformationMessage(says);
  }

  /** In the diff view; a fix of several files in the refactor preview, which can show them all. */
  private async previewFix({ finding, fix }: Meant): Promise<void> {
    const { root, id } = finding;
    const which = { root, id, ...(fix === undefined ? {} : { fix }) };
    const answer = await this.execute<{ edit: WorkspaceEdit }>(command.applyFix, { ...which, dryRun: true });
    if (answer === undefined || (await this.previews.show(finding, fix, answer.edit))) return;
    await this.execute(command.applyFix, { ...which, preview: true });
  }

  /** Says how many it is about, what came of it, and takes all of it back where that is wanted. */
  private async fixAll(): Promise<void> {
    interface Answer {
      edit: WorkspaceEdit;
      applied: string[];
      refused: string[];
    }
    const root = (await this.repository())?.root;
    if (root === undefined) return;
    const planned = await this.execute<Answer>(command.fixAll, { root, dryRun: true });
    if (planned === undefined) return;
    const count = files(planned.edit).length;
    const yes = vscode.l10n.t("Apply");
    const left = planned.refused.map((refused) => `• ${refused}`);
    const choice = await vscode.window.showWarningMessage(
      vscode.l10n.t("Apply {0} fixes in {1} files?", planned.applied.length, count),
      {
        modal: true,
        detail: [
          vscode.l10n.t("These are the fixes whose place is without doubt. All of it can be taken back at once."),
          ...(left.length === 0 ? [] : [vscode.l10n.t("Not applied:"), ...left.slice(0, 10)]),
        ].join("\n"),
      },
      yes,
    );
    if (choice !== yes) return;
    const changes = await changesOf(planned.edit);
    const done = await this.execute<Answer>(command.fixAll, { root });
    if (done === undefined) return;
    const [undo, save] = [vscode.l10n.t("Undo All"), vscode.l10n.t("Save All")];
    const refused =
      done.refused.length === 0
        ? ""
        : vscode.l10n.t("{0} were refused: {1}", done.refused.length, done.refused.join("; "));
    const says = vscode.l10n.t("{0} fixes were applied in {1} files.", done.applied.length, count);
    const next = await vscode.window.showInformationMessage(`${says} ${refused}`.trim(), undo, save);
    if (next === save) await vscode.workspace.saveAll(false);
    if (next !== undo) return;
    const { back, changed } = await takeBack(changes);
    const stays = changed === 0 ? "" : vscode.l10n.t("{0} were changed since, and stay.", changed);
    void vscode.window.showInformationMessage(`${vscode.l10n.t("{0} files are as they were.", back)} ${stays}`.trim());
  }

  /** Has an agent write fixes, of one repository after the other. */
  private async fix(findings: readonly Finding[]): Promise<void> {
    const server = await this.server();
    for (const root of new Set(findings.map((finding) => finding.root))) {
      const ids = findings.filter((finding) => finding.root === root).map(({ id }) => id);
      await server.fix(root, ids);
    }
  }

  /** Asks the user for a question, and an agent for the answer, which is shown in the report. */
  private async askAbout(finding: Finding): Promise<void> {
    const question = await vscode.window.showInputBox({
      title: vscode.l10n.t("Ask about {0}: {1}", finding.label, finding.title),
      prompt: vscode.l10n.t("{0} answers; question and answer are kept with the finding.", asked(finding)),
      placeHolder: vscode.l10n.t("Is this reachable from the API?"),
    });
    if (question === undefined || question.trim() === "") return;
    const answered = await (await this.server()).ask(finding, question);
    if (answered !== undefined) await this.openReport(reference(finding));
  }

  /** A question from a thread, where the answer is shown. */
  private async question(finding: Finding, text: string): Promise<void> {
    await (await this.server()).ask(finding, text);
  }

  /** What was written in a thread, about its finding. */
  private async onReply(
    target: Target | null | undefined,
    act: (finding: Finding, text: string) => Promise<unknown>,
  ): Promise<void> {
    if (target === undefined || target === null || !("text" in target)) return;
    const of = findingOf(target.thread);
    const finding = of && this.state.finding(of);
    if (finding !== undefined && target.text.trim() !== "") await act(finding, target.text.trim());
  }

  private async go(step: 1 | -1): Promise<void> {
    const editor = vscode.window.activeTextEditor;
    const from = editor && { uri: editor.document.uri.toString(), line: editor.selection.active.line };
    const order = vscode.workspace
      .getConfiguration("deepReview")
      .get<"place" | "severity">("navigation.order", "place");
    const next = neighbour(this.state.findings, from, step, order);
    if (next === undefined) {
      vscode.window.setStatusBarMessage(vscode.l10n.t("No open finding has a place."), 5_000);
      return;
    }
    await reveal(next.finding);
    const words = vscode.l10n.t("{0} of {1}: {2}", next.number, next.of, next.finding.title);
    vscode.window.setStatusBarMessage(`$(search) ${words}`, 10_000);
    // Who does not want to see comments gets the hover.
    if (!vscode.workspace.getConfiguration("comments").get<boolean>("visible", true)) {
      await vscode.commands.executeCommand("editor.action.showHover", { focus: "noAutoFocus" });
      return;
    }
    const explanation = await (await this.server()).explanation(next.finding);
    this.threads.peek(next.finding, vscode.l10n.t("{0} of {1}", next.number, next.of), explanation);
  }

  /** Dismisses them, for a kind of reason that is chosen; why in words is asked for where it was not said. */
  private async dismiss(findings: readonly Finding[], why?: string): Promise<void> {
    const [first, ...more] = findings;
    if (first === undefined) return;
    const title =
      more.length === 0
        ? vscode.l10n.t("Dismiss {0}: {1}", first.label, first.title)
        : vscode.l10n.t("Dismiss {0} findings", findings.length);
    const reason = await vscode.window.showQuickPick(
      [
        { label: vscode.l10n.t("False positive"), detail: vscode.l10n.t("It is not true."), reason: "false-positive" },
        { label: vscode.l10n.t("Won't fix"), detail: vscode.l10n.t("It is true and stays."), reason: "wont-fix" },
        {
          label: vscode.l10n.t("Later"),
          detail: vscode.l10n.t("It is true and will be done another time."),
          reason: "later",
        },
      ],
      { title },
    );
    if (reason === undefined) return;
    const prompt = vscode.l10n.t("Why? Later rounds will know. It may be empty.");
    const text = why ?? (await vscode.window.showInputBox({ title: reason.label, prompt }));
    if (text === undefined) return;
    for (const { root, id } of findings) await this.execute(command.dismiss, { root, id, reason: reason.reason, text });
  }

  /** Gives them another severity; why in words is asked for where it was not said. */
  private async grade(findings: readonly Finding[], why?: string): Promise<void> {
    const [first, ...more] = findings;
    if (first === undefined) return;
    const title =
      more.length === 0
        ? vscode.l10n.t("Severity of {0}: {1}", first.label, first.title)
        : vscode.l10n.t("Severity of {0} findings", findings.length);
    const others = SEVERITIES.filter((severity) => findings.some((finding) => finding.severity !== severity));
    const items = others.map((severity) => ({ label: severityName(severity), severity }));
    const chosen = await vscode.window.showQuickPick(items, { title });
    if (chosen === undefined) return;
    const prompt = vscode.l10n.t("Why? Later rounds will know. It may be empty.");
    const reason = why ?? (await vscode.window.showInputBox({ title: chosen.label, prompt }));
    if (reason === undefined) return;
    for (const { root, id, severity } of findings)
      if (severity !== chosen.severity)
        await this.execute(command.severity, { root, id, severity: chosen.severity, reason });
  }

  private async reopen(findings: readonly Finding[]): Promise<void> {
    for (const { root, id } of findings) await this.execute(command.reopen, { root, id });
  }

  private async filter(): Promise<void> {
    const filter = await askForFilter(this.state.repositories, this.tree.how.filter);
    if (filter !== undefined) await this.filterBy(filter);
  }

  private async filterBy(filter: Filter): Promise<void> {
    if (filter.onlyMine || this.state.asksMine) {
      this.state.asksMine = filter.onlyMine;
      await (await this.server()).refresh();
    }
    this.tree.filterBy(filter);
  }

  private async report(target: Target | null | undefined): Promise<void> {
    const finding = this.named(target)?.finding;
    await this.openReport(finding === undefined ? {} : reference(finding));
  }

  private async import(): Promise<void> {
    const root = (await this.repository())?.root;
    if (root === undefined) return;
    const files = await vscode.window.showOpenDialog({
      title: vscode.l10n.t("Import a report"),
      canSelectMany: true,
      filters: {
        [vscode.l10n.t("Reports")]: ["md", "txt", "sarif", "json", "rdjson", "jsonl"],
        [vscode.l10n.t("All files")]: ["*"],
      },
    });
    if (files !== undefined && files.length > 0) {
      await this.execute(command.importReport, { root, files: files.map((file) => file.fsPath) });
    }
  }

  /** The agent that a row of the agents view is about. */
  private async onAgent(
    target: Target | null | undefined,
    act: (root: string, agent: string) => Promise<unknown>,
  ): Promise<void> {
    if (target === undefined || target === null || !("kind" in target) || target.kind !== "agent") {
      await vscode.commands.executeCommand("deep-review.agents.focus");
      return;
    }
    await act(target.root, target.agent.name);
  }

  private async agentLog(root: string, agent: string): Promise<void> {
    const answer = await this.execute<{ text: string }>(command.agentLog, { root, agent });
    if (answer === undefined) return;
    await this.show(`${agent}.log`, answer.text);
  }

  /** Shows a text that is only read. */
  private async show(name: string, text: string): Promise<vscode.Uri> {
    const uri = this.texts.keep(`/${name}`, String(this.shown++), text);
    await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(uri), { preview: true });
    return uri;
  }

  /** All that there could be; one that is chosen is set up, tested, or its log shown. */
  private async agents(): Promise<void> {
    const root = (await this.repository())?.root;
    if (root === undefined) return;
    const answer = await this.execute<{ agents: AgentHere[] }>(command.agents, { root });
    if (answer === undefined) return;
    const set = vscode.l10n.t("Set Up an Agent…");
    const chosen = await vscode.window.showQuickPick(
      [
        ...answer.agents.map((agent) => ({
          label: `$(${agent.usable ? "pass" : "circle-slash"}) ${agent.label}`,
          description: agent.detail,
          ...(agent.remedy === undefined ? {} : { detail: agent.remedy }),
          agent,
        })),
        { label: `$(add) ${set}`, agent: undefined },
      ],
      { title: vscode.l10n.t("Agents"), matchOnDescription: true },
    );
    if (chosen !== undefined) await this.setUp(chosen.agent);
  }

  /** Who reviews when nobody says otherwise: a setting, empty for all. */
  private async chooseAgents(): Promise<void> {
    const root = (await this.repository())?.root;
    if (root === undefined) return;
    const answer = await this.execute<{ agents: AgentHere[] }>(command.agents, { root });
    if (answer === undefined) return;
    const settings = vscode.workspace.getConfiguration("deepReview");
    const before = settings.get<string[]>("agents", []);
    const usable = answer.agents.filter((agent) => agent.usable);
    const items = usable.map((agent) => ({
      label: agent.label,
      description: agent.detail,
      picked: before.length === 0 || before.includes(agent.name),
      name: agent.name,
    }));
    const title = vscode.l10n.t("Who reviews");
    const chosen = await vscode.window.showQuickPick(items, { title, canPickMany: true, matchOnDescription: true });
    if (chosen === undefined) return;
    const names = chosen.length === usable.length ? [] : chosen.map(({ name }) => name);
    await settings.update("agents", names, vscode.ConfigurationTarget.Global);
  }

  private async testAgent(name: string): Promise<void> {
    const program = await (await this.server()).program();
    if (program === undefined) return;
    const folder = this.state.repositories[0]?.root;
    await tell({ program, folder, secrets: this.context.secrets }, ["agents", "test", name]);
  }

  private async changeAgent(name: string): Promise<void> {
    const server = await this.server();
    const program = await server.program();
    if (program === undefined) return;
    const folder = this.state.repositories[0]?.root;
    await changeAgent({ program, folder, secrets: this.context.secrets, restart: () => server.restart() }, name);
  }

  private async setUp(agent?: AgentHere): Promise<void> {
    const server = await this.server();
    const program = await server.program();
    if (program === undefined) return;
    const root = this.state.repositories[0]?.root;
    const answer =
      root === undefined ? undefined : await this.execute<{ agents: AgentHere[] }>(command.agents, { root });
    await setUpAgent({
      program,
      folder: root,
      agents: answer?.agents ?? [],
      secrets: this.context.secrets,
      chosen: agent,
      restart: () => server.restart(),
    });
  }

  private async rounds(): Promise<void> {
    interface Row {
      id: string;
      number: number;
      started: string;
      verdict: string;
      counts: Record<Severity, number>;
    }
    const root = (await this.repository())?.root;
    if (root === undefined) return;
    const answer = await this.execute<{ rounds: Row[] }>(command.rounds, { root });
    if (answer === undefined) return;
    const choice = await vscode.window.showQuickPick(
      answer.rounds.map((round) => ({
        label: vscode.l10n.t("Round {0}", round.number),
        description: `${round.verdict} · ${ago(round.started, Date.now(), vscode.env.language)}`,
        detail: (Object.keys(round.counts) as Severity[])
          .map((severity) => `${severityName(severity)} ${round.counts[severity]}`)
          .join(" · "),
        id: round.id,
      })),
      { title: vscode.l10n.t("Rounds of this branch"), placeHolder: vscode.l10n.t("Open a round's report") },
    );
    if (choice === undefined) return;
    // An older round is as it was: a document to read.
    const report = await this.execute<{ text: string }>(command.showReport, {
      root,
      round: choice.id,
      format: "markdown",
      show: false,
    });
    if (report === undefined) return;
    const uri = await this.show("deep-review.md", report.text);
    await vscode.commands.executeCommand("markdown.showPreview", uri);
  }

  /** Installs the program in a terminal; `by` is the package manager that was chosen on the page. */
  private async install(by: unknown): Promise<void> {
    const here = installers((name) => isOnPath(name, process.env.PATH ?? "", process.platform === "win32"));
    const items = here.map(({ name, line }) => ({ label: name, description: line, line }));
    if (items.length === 0) {
      void vscode.window.showInformationMessage(
        vscode.l10n.t(
          "None of uv, pipx, npm, brew and cargo is on this machine. Install one of them, or choose the program.",
        ),
      );
      return;
    }
    const title = vscode.l10n.t("Install deep-review with");
    const chosen = items.find(({ label }) => label === by) ?? (await vscode.window.showQuickPick(items, { title }));
    if (chosen === undefined) return;
    const terminal = vscode.window.createTerminal({ name: "Deep Review" });
    terminal.show();
    terminal.sendText(chosen.line);
    const again = vscode.l10n.t("Start");
    const says = vscode.l10n.t("When `{0}` is done, start the server.", chosen.line);
    if ((await vscode.window.showInformationMessage(says, again)) === again) await (await this.server()).restart();
  }

  private async setKey(): Promise<void> {
    if (await askForKey(this.context.secrets)) await (await this.server()).restart();
  }
}

/** Asks for the program, and writes where it is into the setting: there, wherever the editor keeps settings of machines. */
async function setPath(): Promise<void> {
  const [program] =
    (await vscode.window.showOpenDialog({ title: vscode.l10n.t("The program deep-review"), canSelectMany: false })) ??
    [];
  if (program === undefined) return;
  const settings = vscode.workspace.getConfiguration("deepReview");
  await settings.update("server.path", program.fsPath, vscode.ConfigurationTarget.Global);
}

const SEVERITIES = ["critical", "important", "suggestion"] as const;

/** Who is asked about a finding: the first of those who raised it. */
const asked = (finding: Finding): string => finding.agents[0]?.label ?? vscode.l10n.t("An agent");

async function goTo(uri: vscode.Uri, line: number, character = 0): Promise<void> {
  const at = new vscode.Position(line, character);
  await vscode.window.showTextDocument(uri, { selection: new vscode.Range(at, at) });
}

async function reveal(finding: Finding): Promise<void> {
  if (finding.uri === undefined) {
    await vscode.commands.executeCommand("deep-review.report", reference(finding));
    return;
  }
  const start = finding.range?.start ?? { line: 0, character: 0 };
  await goTo(vscode.Uri.parse(finding.uri), start.line, start.character);
}
