/** The settings, and where the server's program is: a setting, the PATH, what `orchestrator install` wrote, a Python that has it. */
import { execFile } from "node:child_process";
import { accessSync, constants, readFileSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, isAbsolute, join } from "node:path";
import { type ConfigurationScope, workspace } from "vscode";
import type { ApprovalMode } from "#protocol";

export const INSTALL = "pip install opencode-orchestrator";
const LIMIT_MS = 20_000;
const ENTRY = /opencode_plugin\.js"\s*,\s*\{\s*"command"\s*:\s*(\[[^\]]*\])/;

/** As package.json describes them. */
type Settings = Record<"server.command" | "languages", readonly string[]> & Record<"trust" | "notify", boolean> & { host: string; approval: ApprovalMode | "" };

/** The program with its arguments, up to `serve`; `source` says to people where it was found. */
export type Program = { argv: readonly string[]; source: string };

export function setting<K extends keyof Settings>(name: K, scope?: ConfigurationScope): Settings[K] {
  return workspace.getConfiguration("orchestrator", scope).get(name) as Settings[K]; // package.json has defaults for all
}

/** The program with the words that start a server; undefined when there is none. */
export async function findProgram(named: readonly string[]): Promise<Program | undefined> {
  if (named.length > 0) return found(named[0]) ? { argv: named, source: "the setting orchestrator.server.command" } : undefined;
  const onPath = found("orchestrator");
  if (onPath) return { argv: [onPath, "serve"], source: "PATH" };
  const installed = ofInstallation();
  if (found(installed[0])) return { argv: installed, source: "orchestrator install" };
  for (const python of ["python3", "python"].map(found)) {
    if (python && (await run([python, "-m", "orchestrator", "--version"])).isGood) return { argv: [python, "-m", "orchestrator", "serve"], source: python };
  }
  return undefined;
}

/** Run a program to its end, at most 20 seconds; all that it said. */
export function run([program = "", ...args]: readonly string[], cwd?: string): Promise<{ isGood: boolean; output: string }> {
  return new Promise((resolve) => {
    const done = (problem: Error | null, out: string, err: string): void => resolve({ isGood: !problem, output: out + err });
    execFile(program, args, { cwd, timeout: LIMIT_MS, maxBuffer: 8_000_000 }, done).stdin?.end();
  });
}

/** The path of a program, which may be given as a path. */
function found(name = ""): string | undefined {
  const names = process.platform === "win32" ? [name, `${name}.exe`, `${name}.cmd`] : [name];
  const folders = (process.env["PATH"] ?? "").split(delimiter).filter(isAbsolute);
  return names.flatMap((one) => (isAbsolute(one) ? [one] : folders.map((folder) => join(folder, one)))).find(isProgram);
}

/** The command in OpenCode's configuration, where `orchestrator install opencode` has put the plugin; [] without one. */
function ofInstallation(): readonly string[] {
  const { OPENCODE_CONFIG, OPENCODE_CONFIG_DIR, XDG_CONFIG_HOME } = process.env;
  const folder = OPENCODE_CONFIG_DIR ?? join(XDG_CONFIG_HOME ?? join(homedir(), ".config"), "opencode");
  for (const file of [OPENCODE_CONFIG ?? "", join(folder, "opencode.jsonc"), join(folder, "opencode.json")]) {
    try {
      const argv: unknown = JSON.parse(ENTRY.exec(readFileSync(file, "utf8"))?.[1] ?? "[]");
      if (Array.isArray(argv) && argv.length > 0 && argv.every((word) => typeof word === "string")) return argv;
    } catch {
      continue; // no such file, or not ours to judge
    }
  }
  return [];
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
