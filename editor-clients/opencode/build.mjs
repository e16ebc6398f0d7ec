// Bundles the plugin into the one file that the wheel ships; `--check` compares instead of writing.
import { build } from "esbuild";
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

const target = fileURLToPath(new URL("../../server/orchestrator/install/opencode_plugin.js", import.meta.url));
const license = await readFile(new URL("node_modules/vscode-jsonrpc/License.txt", import.meta.url), "utf8");
const result = await build({
  entryPoints: [fileURLToPath(new URL("src/index.ts", import.meta.url))],
  bundle: true,
  write: false,
  format: "esm",
  platform: "node",
  target: "node20",
  charset: "utf8",
  legalComments: "none",
  // The plugin is ES; the bundled vscode-jsonrpc asks for node's modules in the older way.
  banner: { js: [
    "// Built by `npm run build` in editor-clients/opencode; changes here are lost.",
    `/*! Contains vscode-jsonrpc.\n${license.replaceAll("\r", "").trim()}\n*/`,
    'import { createRequire } from "node:module";',
    "const require = createRequire(import.meta.url);",
  ].join("\n") },
});
const text = result.outputFiles[0].text;
if (process.argv.includes("--check")) {
  if ((await readFile(target, "utf8")) !== text) {
    console.error(`${target} is older than its sources: npm run build`);
    process.exit(1);
  }
} else {
  await writeFile(target, text);
}
