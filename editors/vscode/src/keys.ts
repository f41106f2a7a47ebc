// Keys of model providers: kept in the system's secret storage, handed to the server's environment, nowhere else.

import * as vscode from "vscode";
import { PROVIDERS, type Provider } from "./providers";

/** The stored keys as environment variables; none in a workspace that is not trusted. */
export async function keyEnvironment(secrets: vscode.SecretStorage): Promise<Record<string, string>> {
  const environment: Record<string, string> = {};
  if (!vscode.workspace.isTrusted) return environment;
  for (const { variable } of PROVIDERS) {
    const key = variable === undefined ? undefined : await secrets.get(variable);
    if (variable !== undefined && key !== undefined && key !== "") environment[variable] = key;
  }
  return environment;
}

/** Asks for a key and stores it; an empty one is removed. Says whether anything changed. */
export async function askForKey(secrets: vscode.SecretStorage): Promise<boolean> {
  const provider = await vscode.window.showQuickPick(
    PROVIDERS.flatMap((provider) =>
      provider.variable === undefined ? [] : [{ label: provider.label, description: provider.variable, provider }],
    ),
    { title: vscode.l10n.t("Set a provider's key"), placeHolder: vscode.l10n.t("Whose key?") },
  );
  return provider === undefined ? false : (await askForKeyOf(provider.provider, secrets)) !== undefined;
}

/** The same for one provider: what was stored, if anything was. */
export async function askForKeyOf(provider: Provider, secrets: vscode.SecretStorage): Promise<string | undefined> {
  const { label, variable } = provider;
  if (variable === undefined) return undefined;
  const key = await vscode.window.showInputBox({
    title: label,
    prompt: vscode.l10n.t("Kept in the system's secret storage. Leave it empty to remove it."),
    password: true,
    ignoreFocusOut: true,
  });
  if (key === undefined) return undefined;
  if (key.trim() === "") await secrets.delete(variable);
  else await secrets.store(variable, key.trim());
  return key.trim();
}
