#!/usr/bin/env node
// Starts the program of the package that npm chose for this machine. Nothing is downloaded here.
"use strict";

const { spawn } = require("node:child_process");
const { constants } = require("node:os");

/** The packages of this platform; on Linux npm puts in the one of the C library that is there. */
function candidates() {
  const base = `@deep-review/${process.platform}-${process.arch}`;
  return process.platform === "linux" ? [`${base}-gnu`, `${base}-musl`] : [base];
}

function program() {
  const file = process.platform === "win32" ? "deep-review.exe" : "deep-review";
  for (const name of candidates()) {
    try {
      return require.resolve(`${name}/${file}`);
    } catch {
      // The other one, perhaps.
    }
  }
  console.error(
    `deep-review: no program for ${process.platform}-${process.arch} is installed.\n` +
      `Looked for ${candidates().join(" and ")}. If npm was told to omit optional packages, install again without that;\n` +
      "otherwise there is none for this platform: cargo install deep-review builds one.",
  );
  process.exit(2);
}

const path = program();
const args = process.argv.slice(2);
const child = spawn(path, args, { stdio: "inherit", windowsHide: true });
// What ends us ends the program, and then the program says how it ended.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
child.on("error", (error) => {
  console.error(`deep-review: ${path} cannot be started: ${error.message}`);
  process.exitCode = 2;
});
child.on("exit", (code, signal) => {
  process.exitCode = signal === null ? code : 128 + (constants.signals[signal] ?? 0);
});
