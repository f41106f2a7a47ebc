// What a language model asks for, as a command line of deep-review. Knows nothing of VS Code, so that it can be tested as it is.

/** The tools by the names of the manifest. */
export const TOOLS = ["deepReview_findings", "deepReview_finding", "deepReview_verify"] as const;
export type Tool = (typeof TOOLS)[number];

/** Labels and ids of findings; never an option. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9-]{0,79}$/;
const SEVERITIES = ["critical", "important", "suggestion"];
const MOST_NAMES = 50;

/** The arguments of the program, or what is wrong with the input: a model wrote it. */
export function question(tool: Tool, input: unknown): { args: string[] } | { wrong: string } {
  const given = (typeof input === "object" && input !== null ? input : {}) as Record<string, unknown>;
  const form = ["--format", "agent"];
  switch (tool) {
    case "deepReview_findings": {
      const args = ["findings", ...form];
      const { severity, file } = given;
      if (severity !== undefined) {
        if (typeof severity !== "string" || !SEVERITIES.includes(severity))
          return { wrong: `severity is one of ${SEVERITIES.join(", ")}` };
        args.push("--severity", severity);
      }
      if (file !== undefined) {
        if (typeof file !== "string" || file === "") return { wrong: "file is a path from the top of the repository" };
        args.push(`--file=${file}`);
      }
      return { args };
    }
    case "deepReview_finding": {
      const { id } = given;
      if (typeof id !== "string" || !NAME.test(id)) return { wrong: "id is a finding's label (I4) or id" };
      return { args: ["show", id, ...form] };
    }
    case "deepReview_verify": {
      const { ids } = given;
      const named = Array.isArray(ids) && ids.length > 0 && ids.length <= MOST_NAMES;
      if (!named || !ids.every((id) => typeof id === "string" && NAME.test(id)))
        return { wrong: `ids are 1 to ${MOST_NAMES} labels (I4) or ids` };
      return { args: ["verify", ...(ids as string[]), ...form] };
    }
  }
}
