// Lets the user pick a base: what the newest round was compared with, what was picked before, a branch, or whatever is typed.

import * as vscode from "vscode";
import { pickOrType } from "./pick";

/** What is used of the git extension's interface; it has no types of its own to import. */
interface Git {
  getAPI(version: 1): {
    repositories: {
      rootUri: vscode.Uri;
      getBranches(query: { remote: boolean; sort: string }): Promise<{ name?: string }[]>;
    }[];
  };
}

const RECENT = "recentBases";
const MOST_RECENT = 5;

/** Asks for a base of a repository; `newest` is that of its newest round. */
export async function chooseBase(
  memento: vscode.Memento,
  root: string,
  newest: string | undefined,
): Promise<string | undefined> {
  const configured = vscode.workspace.getConfiguration("deepReview").get<string>("base") ?? "";
  const recent = memento.get<string[]>(RECENT, []);
  const known = new Map<string, string>();
  const add = (name: string | undefined, description: string): void => {
    if (name !== undefined && name !== "" && !known.has(name)) known.set(name, description);
  };
  add(newest, vscode.l10n.t("as the newest round: where this branch left it"));
  add(configured, vscode.l10n.t("as in the settings"));
  for (const name of recent) add(name, vscode.l10n.t("picked before"));
  add("HEAD~1", vscode.l10n.t("the last commit alone"));
  for (const name of await branches(root)) add(name, "");
  const question = {
    title: vscode.l10n.t("Review against"),
    placeholder: vscode.l10n.t("A branch, tag or commit to compare with"),
    ignoreFocusOut: false,
  };
  const chosen = await pickOrType(question, [...known]);
  if (chosen !== undefined)
    await memento.update(RECENT, [chosen, ...recent.filter((name) => name !== chosen)].slice(0, MOST_RECENT));
  return chosen;
}

async function branches(root: string): Promise<string[]> {
  try {
    const extension = vscode.extensions.getExtension<Git>("vscode.git");
    const git = (await extension?.activate())?.getAPI(1);
    const all = git?.repositories ?? [];
    const one = all.filter(({ rootUri }) => rootUri.fsPath === root);
    const found = await Promise.all(
      (one.length > 0 ? one : all).map((repository) => repository.getBranches({ remote: true, sort: "committerdate" })),
    );
    return found.flat().flatMap((branch) => branch.name ?? []);
  } catch {
    // Without the git extension (it can be switched off) a name can still be typed.
    return [];
  }
}
