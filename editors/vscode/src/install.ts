// The ways to the server's program where it is missing. What is installed is installed in a terminal, where one sees it, and
// only after a click. Pure, but for what is looked at.

/** A package manager, how it is called, and the line that installs the program with it. */
export interface Installer {
  name: "uv" | "pipx" | "npm" | "cargo" | "brew";
  line: string;
}

export const INSTALLERS: readonly Installer[] = [
  { name: "uv", line: "uv tool install deep-review" },
  { name: "pipx", line: "pipx install deep-review" },
  { name: "npm", line: "npm install -g deep-review" },
  { name: "brew", line: "brew install deep-review/tap/deep-review" },
  { name: "cargo", line: "cargo install deep-review" },
];

/** Those that are on this machine, the fastest first. */
export const installers = (isHere: (name: string) => boolean): Installer[] =>
  INSTALLERS.filter(({ name }) => isHere(name));
