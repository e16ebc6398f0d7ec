// Runs what tests send to it inside the extension host, over a socket named after the folder that is open.
const { existsSync, unlinkSync } = require("node:fs");
const { createServer } = require("node:net");
const { basename, join } = require("node:path");
const vscode = require("vscode");

const ours = () => vscode.extensions.getExtension("opencode-orchestrator.opencode-orchestrator");
const Script = Object.getPrototypeOf(async () => undefined).constructor;

async function answer(line) {
  const { code, args } = JSON.parse(line);
  try {
    const value = await new Script("vscode", "ours", "args", code)(vscode, ours, args);
    return JSON.stringify({ value: value ?? null });
  } catch (error) {
    return JSON.stringify({ error: String(error?.stack ?? error) });
  }
}

exports.activate = (context) => {
  const [folder] = vscode.workspace.workspaceFolders ?? [];
  const path = join(process.env.PROBE_FOLDER, `${folder ? basename(folder.uri.fsPath) : "none"}.sock`);
  if (existsSync(path)) unlinkSync(path);
  const server = createServer((socket) => {
    let text = "";
    socket.on("error", () => undefined);
    socket.on("data", async (data) => {
      text += data;
      const lines = text.split("\n");
      text = lines.pop();
      for (const line of lines) socket.write(`${await answer(line)}\n`);
    });
  }).listen(path);
  context.subscriptions.push({ dispose: () => server.close() });
};
