// Which repository a command is about. Pure.

import type { Repository } from "./protocol";

/** The innermost repository that a file is in. Paths as the system spells them. */
export function repositoryOf<T extends Pick<Repository, "root">>(
  repositories: readonly T[],
  file: string,
): T | undefined {
  const holds = ({ root }: T): boolean => {
    const folder = root.endsWith("/") || root.endsWith("\\") ? root.slice(0, -1) : root;
    return file === folder || file.startsWith(`${folder}/`) || file.startsWith(`${folder}\\`);
  };
  return repositories.filter(holds).sort((a, b) => b.root.length - a.root.length)[0];
}
