// `@deep-review` in the editor's chat: a question about a finding is answered by the agent that raised it, and kept with
// the finding. Knows the chat by its shape alone: an editor without one has nothing of it.

import type { Finding } from "./protocol";

/** The id in the manifest. */
export const PARTICIPANT = "deep-review.chat";

/** Most findings that are named where none was meant. */
const MOST_NAMED = 20;

interface Disposable {
  dispose: () => unknown;
}

export interface Token {
  isCancellationRequested: boolean;
  onCancellationRequested: (listener: () => void) => Disposable;
}

interface ChatRequest {
  prompt: string;
  command?: string | undefined;
}

interface ChatStream {
  markdown: (text: string) => unknown;
  progress: (text: string) => unknown;
}

type Handler = (request: ChatRequest, context: unknown, stream: ChatStream, token: Token) => Promise<void>;

export interface Chat {
  createChatParticipant?: (id: string, handler: Handler) => Disposable;
}

/** What the chat is about, and what can be done about it. */
export interface Talk {
  /** The open findings, the gravest first. */
  findings: () => readonly Finding[];
  /** Those at the cursor. */
  here: () => readonly Finding[];
  /** Has the question answered; `hear` gets all that is written so far. Nothing where no answer came. */
  ask: (
    finding: Finding,
    question: string,
    hear: (text: string) => void,
    token: Token,
  ) => Promise<{ by: string; answer: string } | undefined>;
  /** Has a fix written, which comes with its proof to be confirmed. */
  fix: (finding: Finding) => Promise<void>;
}

/** The finding that is meant and what is said of it; or what there is to mean. */
export function meant(
  prompt: string,
  findings: readonly Finding[],
  here: readonly Finding[],
): { finding: Finding; words: string } | { among: readonly Finding[] } {
  for (const [word] of prompt.matchAll(/\b[CIS]\d+\b/gi)) {
    const finding = findings.find(({ label }) => label.toLowerCase() === word.toLowerCase());
    // Its name at the beginning is no part of the question.
    if (finding !== undefined) return { finding, words: prompt.replace(/^\s*[CIS]\d+\b[\s:,]*/i, "").trim() };
  }
  const [only, ...others] = here;
  return only !== undefined && others.length === 0
    ? { finding: only, words: prompt.trim() }
    : { among: here.length > 0 ? here : findings };
}

/** Takes part in the chat; nothing where the editor has none. */
export function participant(chat: Chat | undefined, talk: Talk): Disposable[] {
  if (chat?.createChatParticipant === undefined) return [];
  return [
    chat.createChatParticipant(PARTICIPANT, async ({ prompt, command }, _, stream, token) => {
      const said = meant(prompt, talk.findings(), talk.here());
      if ("among" in said) {
        stream.markdown(named(said.among));
        return;
      }
      const { finding, words } = said;
      if (command === "fix") {
        stream.progress(`An agent writes a fix of ${finding.label}`);
        await talk.fix(finding);
        stream.markdown(`What is proven is shown, to be confirmed; what was not taken says why: **${finding.label}**.`);
        return;
      }
      if (words === "") {
        stream.markdown(`What do you want to know about **${finding.label}**: ${escaped(finding.title)}?`);
        return;
      }
      stream.progress(`${finding.agents[0]?.label ?? "An agent"} looks at ${finding.label}`);
      let shown = "";
      const hear = (text: string): void => {
        if (!text.startsWith(shown)) return;
        stream.markdown(text.slice(shown.length));
        shown = text;
      };
      const answered = await talk.ask(finding, words, hear, token);
      if (answered === undefined) return;
      if (answered.answer.startsWith(shown)) stream.markdown(answered.answer.slice(shown.length));
      else stream.markdown(`\n\n${answered.answer}`);
    }),
  ];
}

function named(findings: readonly Finding[]): string {
  if (findings.length === 0) return "No finding is open.";
  const lines = findings.slice(0, MOST_NAMED).map(({ label, title }) => `- **${label}** ${escaped(title)}`);
  return `Which finding? Name it, as in \`${findings[0]?.label ?? "I1"} is this reachable?\`\n\n${lines.join("\n")}`;
}

/** A title as text. */
const escaped = (text: string): string => text.replace(/[\\`*_{}[\]()#+\-.!<>|~$]/g, "\\$&");
