// Finds the server's program. Knows nothing of VS Code, so that it can be tested as it is.

import { accessSync, constants, statSync } from "node:fs";
import { delimiter, isAbsolute, join } from "node:path";

/** Where a program was found, or everything that was tried. */
export type Located =
  { found: true; path: string; how: "setting" | "bundled" | "PATH" } | { found: false; tried: string[] };

export interface Places {
  /** `deepReview.server.path`; empty for none. */
  setting: string;
  /** The extension's own folder. */
  extension: string;
  /** `PATH` as the system gives it. */
  path: string;
  home: string;
  windows: boolean;
}

/**
 * The setting counts alone where it is given: falling back silently would run another program than the user named.
 */
export function locate(places: Places, isProgram: (path: string) => boolean = isExecutable): Located {
  const name = places.windows ? "deep-review.exe" : "deep-review";
  if (places.setting !== "") {
    const path = places.setting.replace(/^~(?=$|[\\/])/, places.home);
    return isAbsolute(path) && isProgram(path)
      ? { found: true, path, how: "setting" }
      : { found: false, tried: [path] };
  }
  const bundled = join(places.extension, "server", name);
  const folders = places.path.split(delimiter).filter((folder) => isAbsolute(folder));
  // Where cargo, uv and pipx put programs, whether or not that is on the editor's own PATH.
  folders.push(join(places.home, ".cargo", "bin"), join(places.home, ".local", "bin"));
  const onPath = folders.map((folder) => join(folder, name));
  if (isProgram(bundled)) return { found: true, path: bundled, how: "bundled" };
  const path = onPath.find(isProgram);
  return path === undefined ? { found: false, tried: [bundled, ...onPath] } : { found: true, path, how: "PATH" };
}

/** Whether a program is on `PATH`. */
export function isOnPath(name: string, path: string, windows: boolean): boolean {
  const names = windows ? [`${name}.exe`, `${name}.cmd`, `${name}.bat`] : [name];
  const folders = path.split(delimiter).filter((folder) => isAbsolute(folder));
  return folders.some((folder) => names.some((each) => isExecutable(join(folder, each))));
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
