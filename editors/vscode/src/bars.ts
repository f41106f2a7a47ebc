// A bar beside the lines of a finding that is of several: its squiggle is at the first alone.

import * as vscode from "vscode";
import { open, SEVERITIES } from "./grouping";
import type { Severity } from "./protocol";
import type { State } from "./state";

const COLORS: Record<Severity, string> = {
  critical: "problemsErrorIcon.foreground",
  important: "problemsWarningIcon.foreground",
  suggestion: "problemsInfoIcon.foreground",
};

export function bars(state: State): vscode.Disposable {
  const types = new Map(
    SEVERITIES.map((severity) => [
      severity,
      vscode.window.createTextEditorDecorationType({
        isWholeLine: true,
        borderWidth: "0 0 0 2px",
        borderStyle: "solid",
        borderColor: new vscode.ThemeColor(COLORS[severity]),
        overviewRulerColor: new vscode.ThemeColor(COLORS[severity]),
        overviewRulerLane: vscode.OverviewRulerLane.Left,
      }),
    ]),
  );
  const show = (): void => {
    for (const editor of vscode.window.visibleTextEditors) {
      const here = editor.document.uri.toString();
      const findings = open(state.findings).filter(
        ({ uri, range }) => uri !== undefined && range !== undefined && vscode.Uri.parse(uri).toString() === here,
      );
      for (const [severity, type] of types) {
        const ranges = findings.flatMap(({ severity: its, range }) =>
          its === severity && range !== undefined && range.end.line > range.start.line
            ? [new vscode.Range(range.start.line, 0, range.end.line, 0)]
            : [],
        );
        editor.setDecorations(type, ranges);
      }
    }
  };
  show();
  return vscode.Disposable.from(
    state.onDidChange(show),
    vscode.window.onDidChangeVisibleTextEditors(show),
    ...types.values(),
  );
}
