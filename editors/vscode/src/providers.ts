// The providers whose models can be asked with a key, and how one is added on the command line. Knows nothing of VS Code, so
// that it can be tested as it is.

export interface Provider {
  label: string;
  /** Environment variable that holds the key; none where none is needed. */
  variable?: string;
  adapter: string;
  name: string;
  /** Models to begin with; the first is proposed. Any other can be typed. */
  models: readonly string[];
  url?: string;
}

export const PROVIDERS: readonly Provider[] = [
  {
    label: "Anthropic",
    variable: "ANTHROPIC_API_KEY",
    adapter: "anthropic-http",
    name: "anthropic",
    models: ["claude-sonnet-5-5", "claude-opus-5", "claude-haiku-5"],
  },
  {
    label: "OpenAI",
    variable: "OPENAI_API_KEY",
    adapter: "openai-http",
    name: "openai",
    models: ["gpt-5", "gpt-5-mini"],
  },
  {
    label: "Google Gemini",
    variable: "GEMINI_API_KEY",
    adapter: "gemini-http",
    name: "google",
    models: ["gemini-3-pro", "gemini-3-flash"],
  },
  {
    label: "OpenRouter",
    variable: "OPENROUTER_API_KEY",
    adapter: "chat-http",
    name: "openrouter",
    models: [],
    url: "https://openrouter.ai/api/v1",
  },
  {
    label: "Ollama, llama.cpp, vLLM",
    adapter: "chat-http",
    name: "local",
    models: ["qwen3-coder"],
    url: "http://127.0.0.1:11434/v1",
  },
];

export interface Wanted {
  name: string;
  model: string;
  url?: string;
}

/** The command line that writes the agent into the user's configuration and tests it. */
export function addition({ adapter, variable, url }: Provider, wanted: Wanted): string[] {
  const address = wanted.url ?? url;
  return [
    "agents",
    "add",
    `--adapter=${adapter}`,
    `--name=${wanted.name}`,
    `--model=${wanted.model}`,
    ...(address === undefined ? [] : [`--url=${address}`]),
    ...(variable === undefined ? [] : [`--key-env=${variable}`]),
  ];
}

/** The vendors' programs, which take their models. */
const PROGRAMS: Readonly<Record<string, string>> = { claude: "anthropic", codex: "openai", gemini: "google" };

/** Models to choose from for an agent of that name; none where nothing is known of it. */
export function modelsOf(agent: string): readonly string[] {
  const name = agent.replace(/-\d+$/, "");
  return PROVIDERS.find((provider) => provider.name === (PROGRAMS[name] ?? name))?.models ?? [];
}

/** A name that no agent has yet. */
export function freeName(wanted: string, taken: readonly string[]): string {
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? wanted : `${wanted}-${number}`;
    if (!taken.includes(name)) return name;
  }
}

/** The command of a remedy of the server: "run `codex login`, or …"; none where it names none. */
export const commandOf = (remedy: string): string | undefined => /\brun `([^`\n]+)`/.exec(remedy)?.[1];
