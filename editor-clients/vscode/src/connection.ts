/** The connection of one workspace folder to its server: an LSP client that also speaks the methods of missions. */
import { type ChildProcess, spawn } from "node:child_process";
import { setTimeout as pause } from "node:timers/promises";
import type { LogOutputChannel, WorkspaceFolder } from "vscode";
import { CloseAction, ErrorAction, LanguageClient, type LanguageClientOptions, State } from "vscode-languageclient/node";
import { type ClientCapabilities, PROTOCOL_VERSION, type Requests } from "#protocol";
import type { Note } from "./missions.js";
import { type Program, setting } from "./program.js";

const START_LIMIT_MS = 90_000;
const STOP_LIMIT_MS = 3_000;
const MAX_RESTARTS = 3;
const RESTART_WINDOW_MS = 60_000;
const FIRST_PAUSE_MS = 250;
const NOTES = ["mission/event", "mission/progress", "mission/eventsDropped", "permission/request"] as const;
const APPROVE = { permissions: true, plans: true };
const CAPABILITIES: ClientCapabilities = { protocolVersion: PROTOCOL_VERSION, show: { events: true, progress: true }, approve: APPROVE };

export interface Listener {
  /** The server is there, for the first time or again. */
  ready(connection: Connection): void;
  /** The connection broke; it is made anew unless `isFinal`. */
  lost(connection: Connection, words: string, isFinal: boolean): void;
  take(connection: Connection, note: Note): void;
}

export class Connection {
  private readonly client: LanguageClient;
  private crashes: number[] = [];
  /** The end of what the server's program said on stderr. */
  private said = "";
  private isStarted = false;
  private isLeaving = false;

  constructor(readonly folder: WorkspaceFolder, readonly program: Program, log: LogOutputChannel, private readonly listener: Listener) {
    this.client = new LanguageClient("orchestrator", "Orchestrator", () => this.spawn(), this.options(log));
    this.client.error = (message, data) => log.error(message, data ?? ""); // people hear it from us, once
    this.client.registerFeature({
      ...{ getState: () => ({ kind: "static" }), initialize: () => undefined, clear: () => undefined },
      fillClientCapabilities: (capabilities) => {
        capabilities.experimental = { orchestrator: CAPABILITIES };
        capabilities.window = { ...capabilities.window, workDoneProgress: false }; // ours has a button that stops the mission
      },
    });
    for (const method of NOTES) this.client.onNotification(method, (params) => listener.take(this, { method, params } as Note));
    this.client.onDidChangeState(({ newState }) => {
      if (newState === State.Running && this.isStarted) listener.ready(this); // again; the first time `start` tells
    });
  }

  get isReady(): boolean { return this.isStarted && this.client.state === State.Running; }

  /** Which server this is; undefined when it is none of ours. */
  get server(): { serverVersion: string; pid: number; workspace: string } | undefined {
    return (this.client.initializeResult?.capabilities.experimental as { orchestrator?: Connection["server"] } | undefined)?.orchestrator;
  }

  /** Throws with words for a person. */
  async start(): Promise<void> {
    const late = pause(START_LIMIT_MS, undefined, { ref: false });
    try {
      await Promise.race([this.client.start(), late]);
      if (!this.client.isRunning()) throw new Error(`the server did not answer within ${START_LIMIT_MS / 1_000} s`);
      if (!this.server) throw new Error(`${this.program.argv[0]} is no orchestrator server; look at the setting orchestrator.server.command`);
    } catch (error) {
      await this.stop();
      throw new Error(this.lastWords() || words(error));
    }
    this.isStarted = true;
    this.listener.ready(this);
  }

  /** Say goodbye; missions go on without us. */
  async stop(): Promise<void> {
    this.isLeaving = true;
    await this.client.dispose(STOP_LIMIT_MS).catch(() => undefined); // it may be gone already
  }

  /** Ask the server. Throws words for a person. */
  async request<M extends keyof Requests>(method: M, params: Requests[M]["params"]): Promise<Requests[M]["result"]> {
    return this.call(method, params) as Promise<Requests[M]["result"]>;
  }

  /** Fix one rule everywhere: the server sends the edit. */
  fixRule(rule: string): Promise<unknown> {
    return this.call("workspace/executeCommand", { command: "orchestrator.fixRule", arguments: [rule] });
  }

  private async call(method: string, params: unknown): Promise<unknown> {
    if (!this.isReady) throw new Error("the server is not connected now");
    return this.client.sendRequest(method, params).catch((error: unknown) => Promise.reject(new Error(words(error))));
  }

  private options(log: LogOutputChannel): LanguageClientOptions {
    const pattern = `${this.folder.uri.fsPath.replaceAll("\\", "/").replaceAll(/[[\]{}*?]/g, "[$&]")}/**/*`;
    return {
      workspaceFolder: this.folder,
      documentSelector: setting("languages", this.folder).map((language) => ({ language, scheme: "file", pattern })),
      outputChannel: log,
      initializationOptions: { commands: false }, // the ids of two folders' servers would collide
      initializationFailedHandler: (error) => {
        if (this.isStarted) this.listener.lost(this, words(error), true); // else `start` says why
        return false;
      },
      errorHandler: { error: () => ({ action: ErrorAction.Continue, handled: true }), closed: () => this.closed() },
    };
  }

  private async spawn(): Promise<ChildProcess> {
    const [command = "", ...args] = this.program.argv;
    const child = spawn(command, args, { cwd: this.folder.uri.fsPath });
    this.said = "";
    child.stderr.on("data", (data: Buffer) => (this.said = (this.said + data.toString()).slice(-2_000)));
    await new Promise((resolve, reject) => child.once("spawn", resolve).once("error", reject));
    return child;
  }

  private lastWords(): string { return this.said.trim().split("\n").at(-1) ?? ""; }

  private async closed(): Promise<{ action: CloseAction; handled: true }> {
    const end = { action: CloseAction.DoNotRestart, handled: true } as const;
    if (this.isLeaving || !this.isStarted) return end;
    this.crashes = [...this.crashes.filter((at) => at > Date.now() - RESTART_WINDOW_MS), Date.now()];
    const isFinal = this.crashes.length > MAX_RESTARTS;
    this.listener.lost(this, ["the server ended", this.lastWords()].filter(Boolean).join(": "), isFinal);
    if (isFinal) return end;
    await pause(FIRST_PAUSE_MS * 2 ** this.crashes.length);
    return this.isLeaving ? end : { action: CloseAction.Restart, handled: true };
  }
}

/** What an error says to a person: the message, and what to do. */
function words(error: unknown): string {
  const { message, data } = error as Error & { data?: { hint?: string } };
  return [message, data?.hint].filter(Boolean).join("; ");
}
