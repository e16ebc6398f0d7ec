/** The protocol over a child process: JSON-RPC in LSP's framing, typed by the generated contract. */
import type { Readable, Writable } from "node:stream";
import { CancellationTokenSource, createMessageConnection, ResponseError, StreamMessageReader, StreamMessageWriter } from "vscode-jsonrpc/node.js";
import type { Notifications, Requests } from "#protocol";

/** What the server refused; `code` is a name such as "unknown_mission". */
export class RefusedError extends Error {
  constructor(
    readonly code: string,
    message: string,
    hint = "",
  ) {
    super(hint ? `${message} (${hint})` : message);
  }
}

export interface Handlers {
  /** Answers a request of the server, or throws. */
  request(method: string, params: unknown): Promise<unknown>;
  notification(method: string, params: unknown): void;
}

export class Connection {
  private readonly rpc;
  private readonly gone = new AbortController();

  constructor(output: Writable, input: Readable, handlers: Handlers, onClosed: (reason: string) => void) {
    this.rpc = createMessageConnection(new StreamMessageReader(input), new StreamMessageWriter(output));
    this.rpc.onRequest((method, params) => handlers.request(method, params));
    this.rpc.onNotification((method, params) => handlers.notification(method, params));
    this.rpc.onError(([error]) => this.close(error.message));
    this.rpc.onClose(() => this.close("the server closed the connection"));
    this.gone.signal.addEventListener("abort", () => onClosed(String(this.gone.signal.reason)));
    this.rpc.listen();
  }

  /** Send a request; `signal` cancels it at the server. Throws RefusedError. */
  request<M extends keyof Requests>(method: M, params: Requests[M]["params"], signal?: AbortSignal): Promise<Requests[M]["result"]> {
    return this.call(method, params, signal) as Promise<Requests[M]["result"]>;
  }

  /** Any request, also one of LSP itself. */
  async call(method: string, params: unknown, signal?: AbortSignal): Promise<unknown> {
    this.refuseGone();
    const source = new CancellationTokenSource();
    const cancel = (): void => source.cancel();
    signal?.addEventListener("abort", cancel, { once: true });
    if (signal?.aborted) cancel();
    try {
      return await this.rpc.sendRequest(method, params, source.token);
    } catch (error) {
      this.refuseGone();
      if (!(error instanceof ResponseError)) throw error;
      const data = error.data as { code?: string; hint?: string } | undefined;
      throw new RefusedError(data?.code ?? String(error.code), error.message, data?.hint);
    } finally {
      signal?.removeEventListener("abort", cancel);
      source.dispose();
    }
  }

  notify<M extends keyof Notifications | "initialized">(method: M, params: M extends keyof Notifications ? Notifications[M]["params"] : object): void {
    if (!this.gone.signal.aborted) void this.rpc.sendNotification(method, params).catch(() => undefined);
  }

  close(reason: string): void {
    if (this.gone.signal.aborted) return;
    this.gone.abort(reason);
    this.rpc.dispose();
  }

  private refuseGone(): void {
    if (this.gone.signal.aborted) throw new RefusedError("server_gone", String(this.gone.signal.reason));
  }
}
