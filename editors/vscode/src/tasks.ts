// Tasks that run deep-review: its findings as problems, for those who want them without the server, or behind another task.

import * as vscode from "vscode";

const TYPE = "deep-review";

interface Definition extends vscode.TaskDefinition {
  arguments: string[];
}

export function tasks(program: () => Promise<string | undefined>): vscode.Disposable {
  const task = async (
    definition: Definition,
    scope: vscode.WorkspaceFolder | vscode.TaskScope,
  ): Promise<vscode.Task[]> => {
    const path = await program();
    if (path === undefined) return [];
    const execution = new vscode.ProcessExecution(path, definition.arguments);
    const name = definition.arguments.join(" ");
    return [new vscode.Task(definition, scope, name, "deep-review", execution, "$deep-review")];
  };
  return vscode.tasks.registerTaskProvider(TYPE, {
    provideTasks: async () => {
      const folders = vscode.workspace.workspaceFolders ?? [];
      const all = folders.flatMap((folder) =>
        [["findings"], ["review"]].map((words) => task({ type: TYPE, arguments: words }, folder)),
      );
      return (await Promise.all(all)).flat();
    },
    resolveTask: async ({ definition, scope }) => {
      const given = (definition as Partial<Definition>).arguments;
      if (given === undefined) return undefined;
      return (await task({ ...definition, arguments: given }, scope ?? vscode.TaskScope.Workspace))[0];
    },
  });
}
