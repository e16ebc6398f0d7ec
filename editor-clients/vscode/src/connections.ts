/** One connection a workspace folder, made when it is first needed, and what is said when that fails. */
import { commands, env, type LogOutputChannel, window, workspace, type WorkspaceFolder } from "vscode";
import type { Connection, Listener } from "./connection.js";
import type { Missions } from "./missions.js";
import { findProgram, INSTALL, setting } from "./program.js";

export class Connections {
  private readonly opening = new Map<string, Promise<Connection>>();
  private readonly made = new Set<Connection>();
  private readonly listener: Listener;

  constructor(private readonly missions: Missions, private readonly log: LogOutputChannel) {
    this.listener = {
      ready: (connection) => void missions.learn(connection).catch((error: unknown) => log.error(String(error))),
      take: (connection, note) => missions.take(connection, note),
      lost: (connection, words, isFinal) => {
        if (!isFinal) return void window.showWarningMessage(`Orchestrator: ${words}, starting it again; missions go on where they were.`);
        this.drop(connection);
        void this.say(new Error(`${words}; missions are kept`));
      },
    };
  }

  /** Those that work now. */
  ready(): Connection[] { return [...this.made].filter((connection) => connection.isReady); }

  /** Connect every folder, for diagnostics and for missions that are under way; what fails is said once. */
  async openAll(): Promise<void> {
    const opened = (workspace.workspaceFolders ?? []).filter(({ uri }) => uri.scheme === "file").map((folder) => this.of(folder));
    for (const result of await Promise.allSettled(opened)) if (result.status === "rejected") void this.say(result.reason as Error);
  }

  /** The connection for the place where a person works: the editor's folder, else the first one. */
  async here(): Promise<Connection> {
    if (!workspace.isTrusted) throw new Error("missions run commands, so this workspace has to be trusted first (Workspaces: Manage Workspace Trust)");
    const document = window.activeTextEditor?.document.uri;
    const folder = (document && workspace.getWorkspaceFolder(document)) ?? workspace.workspaceFolders?.find(({ uri }) => uri.scheme === "file");
    if (!folder) throw new Error("open a folder first: a mission works on a folder");
    return this.of(folder);
  }

  /** End all and connect anew, for example after a setting was changed. */
  async restart(): Promise<void> {
    await this.close();
    await this.openAll();
  }

  async close(): Promise<void> {
    const made = [...this.made];
    this.opening.clear();
    made.forEach((connection) => this.drop(connection));
    await Promise.all(made.map((connection) => connection.stop()));
  }

  /** Show a problem, with what can be done about one that is not the server's own refusal. */
  async say(error: Error): Promise<void> {
    this.log.error(error.message);
    const actions: Record<string, () => unknown> = error.message.includes(INSTALL)
      ? { Install: installing, "Copy Command": () => env.clipboard.writeText(INSTALL), Settings: () => commands.executeCommand("workbench.action.openSettings", "orchestrator.server.command") }
      : { "Show Log": () => this.log.show(), ...(this.ready().length === 0 ? { "Try Again": () => this.restart() } : {}) };
    const chosen = await window.showErrorMessage(`Orchestrator: ${error.message}`, ...Object.keys(actions));
    await actions[chosen ?? ""]?.();
  }

  private of(folder: WorkspaceFolder): Promise<Connection> {
    const key = folder.uri.toString();
    const connection = this.opening.get(key) ?? this.connect(folder);
    this.opening.set(key, connection);
    connection.catch(() => this.opening.delete(key));
    return connection;
  }

  private async connect(folder: WorkspaceFolder): Promise<Connection> {
    const command = setting("server.command", folder);
    const program = await findProgram(command);
    if (!program) throw new Error(`${command[0] ?? "the server"} was not found; install it with: ${INSTALL}`);
    const { Connection: Made } = await import("./connection.js"); // the LSP client takes a while to load
    const connection = new Made(folder, program, this.log, this.listener);
    this.made.add(connection);
    return connection.start().then(() => connection, (error: unknown) => (this.made.delete(connection), Promise.reject(error as Error)));
  }

  private drop(connection: Connection): void {
    this.made.delete(connection);
    this.opening.delete(connection.folder.uri.toString());
    this.missions.forget(connection);
  }
}

function installing(): void {
  const terminal = window.createTerminal("Install Orchestrator");
  terminal.show();
  terminal.sendText(INSTALL, false); // the person presses Enter
}
