// Lets the user pick a base: a branch that the git extension knows, or whatever is typed.

import * as vscode from "vscode";

/** What is used of the git extension's interface; it has no types of its own to import. */
interface Git {
  getAPI(version: 1): {
    repositories: { getBranches(query: { remote: boolean; sort: string }): Promise<{ name?: string }[]> }[];
  };
}

export async function chooseBase(configured: string): Promise<string | undefined> {
  const picker = vscode.window.createQuickPick();
  picker.title = vscode.l10n.t("Review against");
  picker.placeholder = vscode.l10n.t("A branch, tag or commit to compare with");
  const known = [...new Set([configured, ...(await branches())])].filter((name) => name !== "");
  const offer = (typed: string): void => {
    const names = typed === "" || known.includes(typed) ? known : [typed, ...known];
    picker.items = names.map((label) => ({ label }));
  };
  offer("");
  try {
    return await new Promise((resolve) => {
      picker.onDidChangeValue((value) => {
        offer(value.trim());
      });
      picker.onDidAccept(() => {
        resolve(picker.selectedItems[0]?.label);
      });
      picker.onDidHide(() => {
        resolve(undefined);
      });
      picker.show();
    });
  } finally {
    picker.dispose();
  }
}

async function branches(): Promise<string[]> {
  try {
    const extension = vscode.extensions.getExtension<Git>("vscode.git");
    const git = (await extension?.activate())?.getAPI(1);
    const all = await Promise.all(
      git?.repositories.map((repository) => repository.getBranches({ remote: true, sort: "committerdate" })) ?? [],
    );
    return all.flat().flatMap((branch) => branch.name ?? []);
  } catch {
    // Without the git extension (it can be switched off) a name can still be typed.
    return [];
  }
}
