/** The mission server of one directory: started over stdio, started again with growing pauses when it is gone. */
import { type ChildProcess, spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import { pathToFileURL } from "node:url";
import { CancellationTokenSource, createMessageConnection, ResponseError, StreamMessageReader, StreamMessageWriter } from "vscode-jsonrpc/node.js";
import { type ClientCapabilities, type Notifications, PROTOCOL_VERSION, type Requests } from "#protocol";

const FIRST_PAUSE_MS = 250;
/** A server that lived longer than this is steady: its pauses begin anew. */
const LONGEST_PAUSE_MS = 30_000;
/** A server that ends says why a little after it has closed the connection. */
const LAST_WORDS_MS = 250;
const PATIENCE_MS = 3_000;
/** The events that the news tell; a mission of fifty sessions has hundreds of others. */
const NEWS = ["mission.accepted", "mission.taken_up", "mission.ended", "mission.delivered", "plan.accepted", "sealing.started", "attempt.refused"];
const WE_CAN: ClientCapabilities = {
  protocolVersion: PROTOCOL_VERSION,
  host: { name: "opencode", containment: "mediated", maxSessions: 50, reportsUsage: false },
  show: { events: true, eventTypes: NEWS, progress: true },
  approve: { permissions: true, plans: true },
};

/** What the server refused; `code` is a name such as "unknown_mission". */
export class RefusedError extends Error {
  constructor(readonly code: string, message: string, hint = "") {
    super(hint ? `${message} (${hint})` : message);
  }
}

/** Whoever answers the server. */
export interface Client {
  request(method: string, params: unknown): Promise<unknown>;
  notification(method: string, params: unknown): void;
  /** A connection is ready, the first or a new one. */
  ready(connection: Connection): void;
  lost(): void;
}

export class Connection {
  private readonly rpc;
  private closed = "";

  constructor(output: Writable, input: Readable, client: Client, private readonly onClosed: () => void) {
    this.rpc = createMessageConnection(new StreamMessageReader(input), new StreamMessageWriter(output));
    this.rpc.onRequest((method, params) => client.request(method, params));
    this.rpc.onNotification((method, params) => client.notification(method, params));
    this.rpc.onError(([error]) => this.close(error.message));
    this.rpc.onClose(() => setTimeout(() => this.close("the server closed the connection"), LAST_WORDS_MS));
    this.rpc.listen();
  }

  /** Send a request; `signal` cancels it at the server. Throws RefusedError. */
  async request<M extends keyof Requests>(method: M, params: Requests[M]["params"], signal?: AbortSignal): Promise<Requests[M]["result"]> {
    return (await this.call(method, params, signal)) as Requests[M]["result"];
  }

  /** Any request, also one of LSP itself. */
  async call(method: string, params: unknown, signal?: AbortSignal): Promise<unknown> {
    const source = new CancellationTokenSource();
    const cancel = (): void => source.cancel();
    signal?.addEventListener("abort", cancel, { once: true });
    if (signal?.aborted) cancel();
    try {
      return await this.rpc.sendRequest(method, params, source.token);
    } catch (error) {
      if (this.closed) throw new RefusedError("server_gone", this.closed);
      if (!(error instanceof ResponseError)) throw error;
      const data = error.data as { code?: string; hint?: string } | undefined;
      throw new RefusedError(data?.code ?? String(error.code), error.message, data?.hint);
    } finally {
      signal?.removeEventListener("abort", cancel);
      source.dispose();
    }
  }

  notify<M extends keyof Notifications | "initialized">(method: M, params: M extends keyof Notifications ? Notifications[M]["params"] : object): void {
    if (!this.closed) void this.rpc.sendNotification(method, params).catch(() => undefined);
  }

  close(reason: string): void {
    if (this.closed) return;
    this.closed = reason;
    this.rpc.dispose();
    this.onClosed();
  }
}

export class Server {
  private connecting: Promise<Connection> | undefined;
  private child: ChildProcess | undefined;
  private timer: NodeJS.Timeout | undefined;
  private pauseMs = FIRST_PAUSE_MS;
  private isDisposed = false;

  /** `command` is the program with its arguments; empty: `orchestrator serve` of the PATH. */
  constructor(private readonly directory: string, private readonly command: readonly string[], private readonly name: string, private readonly client: Client) {}

  /** The connection, started if it is not there. Throws RefusedError with what to do. */
  connect(): Promise<Connection> {
    if (this.isDisposed) return Promise.reject(new RefusedError("server_gone", "OpenCode is closing"));
    clearTimeout(this.timer);
    this.connecting ??= this.start().catch((error: unknown) => {
      this.connecting = undefined;
      this.child?.kill(); // it may have started and refused us
      throw error;
    });
    return this.connecting;
  }

  /** Say goodbye; missions go on without us. */
  dispose(): void {
    this.isDisposed = true;
    clearTimeout(this.timer);
    this.child?.stdin?.end();
    setTimeout(() => this.child?.kill("SIGKILL"), PATIENCE_MS).unref();
  }

  private async start(): Promise<Connection> {
    const [program = "", ...args] = this.command.length ? this.command : ["orchestrator", "serve"];
    const child = (this.child = spawn(program, args, { cwd: this.directory, stdio: "pipe" }));
    await new Promise((resolve, reject) => {
      child.once("spawn", resolve);
      const why = (error: Error): string => `the mission server can't be started as ${program}: ${error.message}`;
      child.once("error", (error) => reject(new RefusedError("server_missing", why(error), "run: orchestrator install opencode")));
    });
    const begun = Date.now();
    let words = "";
    child.stderr.on("data", (chunk: Buffer) => (words = (words + chunk.toString()).slice(-2_000)));
    const connection = new Connection(child.stdin, child.stdout, this.client, () => this.lost(child, begun));
    child.on("close", () => connection.close(words.trim().split("\n").at(-1) || "the mission server ended"));
    await connection.call("initialize", {
      processId: null, // we end the stream when we leave; in a container our number means nothing to the server
      clientInfo: { name: this.name },
      rootUri: pathToFileURL(this.directory).href,
      capabilities: { experimental: { orchestrator: WE_CAN } },
    });
    connection.notify("initialized", {});
    this.client.ready(connection);
    return connection;
  }

  private lost(child: ChildProcess, begun: number): void {
    child.kill();
    this.connecting = undefined;
    if (this.isDisposed) return;
    this.client.lost();
    if (Date.now() - begun > LONGEST_PAUSE_MS) this.pauseMs = FIRST_PAUSE_MS;
    this.timer = setTimeout(() => this.connect().catch(() => undefined), this.pauseMs);
    this.timer.unref();
    this.pauseMs = Math.min(this.pauseMs * 2, LONGEST_PAUSE_MS);
  }
}
