// A choice from a list, or whatever is typed.

import * as vscode from "vscode";

/** What is offered: a name with a few words about it. */
export type Offer = readonly [name: string, description: string];

/** How it is asked for. */
type Question = Pick<vscode.QuickPick<vscode.QuickPickItem>, "title" | "placeholder" | "ignoreFocusOut">;

/** One of the names, or what was typed; nothing where nobody chose. */
export async function pickOrType(question: Question, offers: readonly Offer[]): Promise<string | undefined> {
  const picker = Object.assign(vscode.window.createQuickPick(), question);
  const known = offers.map(([label, description]) => ({ label, description }));
  const offer = (typed: string): void => {
    picker.items = typed === "" || known.some(({ label }) => label === typed) ? known : [{ label: typed }, ...known];
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
