// Keys of model providers: kept in the system's secret storage, handed to the server's environment, nowhere else.

import * as vscode from "vscode";

export const PROVIDERS = [
  { label: "Anthropic", variable: "ANTHROPIC_API_KEY" },
  { label: "OpenAI", variable: "OPENAI_API_KEY" },
  { label: "Google Gemini", variable: "GEMINI_API_KEY" },
  { label: "OpenRouter", variable: "OPENROUTER_API_KEY" },
] as const;

/** The stored keys as environment variables; none in a workspace that is not trusted. */
export async function keyEnvironment(secrets: vscode.SecretStorage): Promise<Record<string, string>> {
  const environment: Record<string, string> = {};
  if (!vscode.workspace.isTrusted) return environment;
  for (const { variable } of PROVIDERS) {
    const key = await secrets.get(variable);
    if (key !== undefined && key !== "") environment[variable] = key;
  }
  return environment;
}

/** Asks for a key and stores it; an empty one is removed. Says whether anything changed. */
export async function askForKey(secrets: vscode.SecretStorage): Promise<boolean> {
  const provider = await vscode.window.showQuickPick(
    PROVIDERS.map(({ label, variable }) => ({ label, description: variable, variable })),
    { title: vscode.l10n.t("Set a provider's key"), placeHolder: vscode.l10n.t("Whose key?") },
  );
  if (provider === undefined) return false;
  const key = await vscode.window.showInputBox({
    title: provider.label,
    prompt: vscode.l10n.t("Kept in the system's secret storage. Leave it empty to remove it."),
    password: true,
    ignoreFocusOut: true,
  });
  if (key === undefined) return false;
  if (key.trim() === "") await secrets.delete(provider.variable);
  else await secrets.store(provider.variable, key.trim());
  return true;
}
