/** The mission server of one directory: started over stdio, started again with growing pauses when it is gone. */
import { type ChildProcess, spawn } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { pathToFileURL } from "node:url";
import { type ClientCapabilities, PROTOCOL_VERSION } from "#protocol";
import { Connection, type Handlers, RefusedError } from "./connection.js";

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 30_000;
const STEADY_MS = 30_000;
export const HOW_TO_INSTALL = "run: orchestrator install opencode";

export interface ServerOptions {
  directory: string;
  /** The program with its arguments; empty: `orchestrator serve` of the PATH. */
  command: readonly string[];
  clientName: string;
  handlers: Handlers;
  /** A connection is ready, the first or a new one. */
  onReady(connection: Connection): void;
  onLost(reason: string): void;
}

export class Server {
  private connecting: Promise<Connection> | undefined;
  private child: ChildProcess | undefined;
  private timer: NodeJS.Timeout | undefined;
  private pauseMs = FIRST_PAUSE_MS;
  private isDisposed = false;

  constructor(private readonly options: ServerOptions) {}

  /** The connection, started if it is not there. Throws RefusedError with what to do. */
  connect(): Promise<Connection> {
    if (this.isDisposed) return Promise.reject(new RefusedError("server_gone", "OpenCode is closing"));
    clearTimeout(this.timer);
    this.connecting ??= this.start().catch((error: unknown) => {
      this.connecting = undefined;
      throw error;
    });
    return this.connecting;
  }

  /** Say goodbye; missions go on without us. */
  async dispose(): Promise<void> {
    this.isDisposed = true;
    clearTimeout(this.timer);
    const child = this.child;
    child?.stdin?.end();
    setTimeout(() => child?.kill("SIGKILL"), 3_000).unref();
  }

  private async start(): Promise<Connection> {
    const [program, ...args] = this.options.command.length ? this.options.command : [found("orchestrator") ?? "", "serve"];
    if (!program || (program.includes("/") && !isProgram(program))) {
      throw new RefusedError("server_missing", `the mission server is not installed${program ? ` at ${program}` : ""}`, HOW_TO_INSTALL);
    }
    const child = spawn(program, args, { cwd: this.options.directory, stdio: ["pipe", "pipe", "pipe"] });
    this.child = child;
    const begun = Date.now();
    let words = "";
    child.stderr.on("data", (chunk: Buffer) => (words = (words + chunk.toString()).slice(-2_000)));
    const connection = new Connection(child.stdin, child.stdout, this.options.handlers, (reason) => this.lost(child, begun, reason));
    child.on("error", (error) => connection.close(error.message));
    child.on("exit", () => connection.close(words.trim().split("\n").at(-1) || "the mission server ended"));
    await connection.call("initialize", this.hello());
    connection.notify("initialized", {});
    this.options.onReady(connection);
    return connection;
  }

  private lost(child: ChildProcess, begun: number, reason: string): void {
    child.kill();
    this.connecting = undefined;
    if (this.isDisposed) return;
    this.options.onLost(reason);
    if (Date.now() - begun > STEADY_MS) this.pauseMs = FIRST_PAUSE_MS;
    this.timer = setTimeout(() => this.connect().catch(() => undefined), this.pauseMs);
    this.timer.unref();
    this.pauseMs = Math.min(this.pauseMs * 2, LONGEST_PAUSE_MS);
  }

  private hello(): object {
    const orchestrator: ClientCapabilities = {
      protocolVersion: PROTOCOL_VERSION,
      host: { name: "opencode", containment: "mediated", maxSessions: 50, reportsUsage: true },
      show: { events: true, progress: true },
      approve: { permissions: true, plans: true },
    };
    return {
      processId: null, // we end the stream when we leave; in a container our number means nothing to the server
      clientInfo: { name: this.options.clientName },
      rootUri: pathToFileURL(this.options.directory).href,
      capabilities: { experimental: { orchestrator } },
    };
  }
}

function found(name: string): string | undefined {
  const folders = (process.env["PATH"] ?? "").split(delimiter).filter(Boolean);
  return folders.map((folder) => join(folder, name)).find(isProgram);
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
