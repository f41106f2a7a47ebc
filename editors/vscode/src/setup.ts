// Sets an agent up, step by step: a program that is here, or a provider with its key and a model; then one small call shows
// that it works. What is installed or logged in to is done in a terminal, where one sees it.

import { execFile } from "node:child_process";
import * as vscode from "vscode";
import { askForKeyOf, keyEnvironment } from "./keys";
import { pickOrType } from "./pick";
import type { AgentHere } from "./protocol";
import { addition, commandOf, freeName, modelsOf, PROVIDERS, type Provider } from "./providers";

/** Longest time for writing an agent down and asking it once, in milliseconds. */
const PATIENCE = 300_000;

export interface SetUp {
  /** The program deep-review. */
  program: string;
  folder: string | undefined;
  /** Those that there are. */
  agents: readonly AgentHere[];
  secrets: vscode.SecretStorage;
  /** The one that is meant, if it was named. */
  chosen: AgentHere | undefined;
  /** Has a running server take up what is new. */
  restart(): Promise<void>;
}

export async function setUpAgent(setUp: SetUp): Promise<void> {
  const chosen = setUp.chosen ?? (await choose(setUp.agents));
  if (chosen === undefined) return;
  if (chosen === "other") {
    terminal(setUp, await keyEnvironment(setUp.secrets)).sendText(`${quoted(setUp.program)} agents add`);
    return;
  }
  await ("adapter" in chosen ? addProvider(chosen, setUp) : useProgram(chosen, setUp));
}

async function choose(agents: readonly AgentHere[]): Promise<AgentHere | Provider | "other" | undefined> {
  const heading = (label: string): vscode.QuickPickItem & { is?: AgentHere | Provider | "other" } => ({
    label,
    kind: vscode.QuickPickItemKind.Separator,
  });
  const reviewers = agents.filter((agent) => agent.kind !== "built-in" && agent.kind !== "linter");
  const missing = reviewers.filter((agent) => agent.why === "not-installed");
  const item = (agent: AgentHere): vscode.QuickPickItem & { is: AgentHere } => ({
    label: `$(${agent.usable ? "pass" : agent.why === "not-logged-in" ? "key" : "cloud-download"}) ${agent.label}`,
    description: agent.detail,
    is: agent,
  });
  const chosen = await vscode.window.showQuickPick(
    [
      heading(vscode.l10n.t("Programs on this machine")),
      ...reviewers.filter((agent) => agent.why !== "not-installed").map(item),
      heading(vscode.l10n.t("A provider's model, with a key")),
      ...PROVIDERS.map((provider) => ({
        label: `$(globe) ${provider.label}`,
        description: provider.variable ?? vscode.l10n.t("on this machine, no key"),
        is: provider,
      })),
      ...(missing.length === 0 ? [] : [heading(vscode.l10n.t("Programs that can be installed")), ...missing.map(item)]),
      heading(""),
      { label: `$(terminal) ${vscode.l10n.t("Another program or server…")}`, is: "other" as const },
    ],
    { title: vscode.l10n.t("Set up an agent (1 of 3): which one?"), matchOnDescription: true, ignoreFocusOut: true },
  );
  return chosen?.is;
}

/** A program: installed, logged in to, or tested, whatever comes next. */
async function useProgram(agent: AgentHere, setUp: SetUp): Promise<void> {
  const command = agent.remedy === undefined ? undefined : commandOf(agent.remedy);
  const [test, run] = [vscode.l10n.t("Test with One Small Call"), vscode.l10n.t("Run in a Terminal")];
  if (agent.usable) {
    const says = vscode.l10n.t("{0} is ready: {1}", agent.label, agent.detail);
    if ((await vscode.window.showInformationMessage(says, test)) === test)
      await tell(setUp, ["agents", "test", agent.name]);
    return;
  }
  const says = `${agent.label}: ${agent.detail}. ${agent.remedy ?? ""}`;
  const choice = await vscode.window.showWarningMessage(says, ...(command === undefined ? [] : [run]));
  if (choice !== run || command === undefined) return;
  const shell = terminal(setUp, {});
  shell.sendText(command);
  const done = await vscode.window.showInformationMessage(
    vscode.l10n.t("When `{0}` is done, test {1}.", command, agent.label),
    test,
  );
  if (done === test) await tell(setUp, ["agents", "test", agent.name]);
}

async function addProvider(provider: Provider, setUp: SetUp): Promise<void> {
  if (provider.variable !== undefined && (await setUp.secrets.get(provider.variable)) === undefined) {
    if (((await askForKeyOf(provider, setUp.secrets)) ?? "") === "") return;
  }
  const url =
    provider.url === undefined || provider.variable !== undefined
      ? provider.url
      : await vscode.window.showInputBox({
          title: vscode.l10n.t("Set up an agent (2 of 3): the server's address"),
          value: provider.url,
          ignoreFocusOut: true,
        });
  if (url === undefined && provider.url !== undefined) return;
  const model = await askForModel(provider);
  if (model === undefined) return;
  const name = freeName(
    provider.name,
    setUp.agents.map((agent) => agent.name),
  );
  await tell(setUp, addition(provider, { name, model, ...(url === undefined ? {} : { url }) }));
  await setUp.restart();
}

/** One of its models, or whatever is typed. */
function askForModel(provider: Provider): Promise<string | undefined> {
  const question = {
    title: vscode.l10n.t("Set up an agent (3 of 3): the model of {0}", provider.label),
    placeholder: vscode.l10n.t("Choose a model, or type the name of another"),
    ignoreFocusOut: true,
  };
  return pickOrType(
    question,
    provider.models.map((name) => [name, ""]),
  );
}

/** Another model of an agent that there is, or how hard it thinks; the rest of the configuration stays as it is. */
export async function changeAgent(setUp: Omit<SetUp, "agents" | "chosen">, name: string): Promise<void> {
  const title = vscode.l10n.t("Change {0}", name);
  const own = vscode.l10n.t("its own choice");
  const what = await vscode.window.showQuickPick(
    [
      { label: `$(hubot) ${vscode.l10n.t("Model…")}`, effort: undefined },
      { label: vscode.l10n.t("How hard it thinks"), kind: vscode.QuickPickItemKind.Separator },
      ...["low", "medium", "high", "max"].map((effort) => ({ label: effort, effort })),
      { label: own, effort: "default" },
    ],
    { title },
  );
  if (what === undefined) return;
  let change = "effort" in what && what.effort !== undefined ? `--effort=${what.effort}` : undefined;
  if (change === undefined) {
    const placeholder = vscode.l10n.t("Choose a model, or type the name of another");
    const offers = [...modelsOf(name).map((model) => [model, ""] as const), [own, ""] as const];
    const model = await pickOrType({ title, placeholder, ignoreFocusOut: true }, offers);
    if (model === undefined) return;
    change = `--model=${model === own ? "" : model}`;
  }
  await tell(setUp, ["agents", "set", name, change], title);
  await setUp.restart();
}

/** Runs the program and says what it said: that the agent works, or why it does not. */
export async function tell(
  setUp: Pick<SetUp, "program" | "folder" | "secrets">,
  args: string[],
  title = vscode.l10n.t("Deep Review asks the agent about a change of three lines"),
): Promise<void> {
  const env = { ...process.env, ...(await keyEnvironment(setUp.secrets)) };
  const { code, says } = await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title, cancellable: true },
    (_, token) =>
      new Promise<{ code: number; says: string }>((resolve) => {
        const options = { cwd: setUp.folder, env, timeout: PATIENCE, maxBuffer: 1 << 20 };
        const child = execFile(setUp.program, args, options, (error, said, wrong) => {
          resolve({ code: error === null ? 0 : 1, says: said.trim() === "" ? wrong.trim() : said.trim() });
        });
        token.onCancellationRequested(() => child.kill());
      }),
  );
  void (code === 0 ? vscode.window.showInformationMessage(says) : vscode.window.showErrorMessage(says));
}

function terminal({ folder }: SetUp, env: Record<string, string>): vscode.Terminal {
  const shell = vscode.window.createTerminal({
    name: "Deep Review",
    env,
    ...(folder === undefined ? {} : { cwd: folder }),
  });
  shell.show();
  return shell;
}

const quoted = (path: string): string => (/^[\w./:\\-]+$/.test(path) ? path : `"${path}"`);
