/** The front door: makes the parts and registers them; the server is reached after that. */
import { commands, type ExtensionContext, window, workspace } from "vscode";
import { all } from "./commands.js";
import { Connections } from "./connections.js";
import { Missions } from "./missions.js";
import { Pages } from "./pages.js";
import { telling } from "./telling.js";
import { MissionTree } from "./view.js";

let connections: Connections;

/** Answers what tests look at. */
export function activate(context: ExtensionContext): object {
  const log = window.createOutputChannel("Orchestrator", { log: true });
  const missions = new Missions();
  const pages = new Pages();
  const tree = new MissionTree(missions);
  const view = window.createTreeView("orchestrator.missions", { treeDataProvider: tree, showCollapseAll: true });
  connections = new Connections(missions, log);
  const restart = (): void => void connections.restart();
  for (const [name, act] of Object.entries(all(connections, missions, pages))) {
    const said = (error: Error): void => void connections.say(error);
    context.subscriptions.push(commands.registerCommand(`orchestrator.${name}`, (...args: never[]) => act(...args).catch(said)));
  }
  context.subscriptions.push(
    ...[log, missions, pages.subscription, tree, view, ...telling(missions)],
    workspace.onDidChangeWorkspaceFolders(restart),
    workspace.onDidChangeConfiguration((change) => {
      if (change.affectsConfiguration("orchestrator.server") || change.affectsConfiguration("orchestrator.languages")) restart();
    }),
  );
  setImmediate(() => void connections.openAll());
  return { connections, missions, tree };
}

export const deactivate = (): Promise<void> => connections.close();
