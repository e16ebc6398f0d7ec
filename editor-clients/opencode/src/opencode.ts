/** What we ask of OpenCode, in one place: its next generation is another file like this one. */
import type { PluginInput } from "@opencode-ai/plugin";
import type { AssistantMessage, Part, PermissionRuleset, Session } from "@opencode-ai/sdk/v2";

export type Variant = "info" | "success" | "warning" | "error";
export interface Answer {
  info: AssistantMessage;
  parts: Part[];
}
export interface Prompt {
  text: string;
  agent: string;
  model: { providerID: string; modelID: string } | undefined;
}
export interface Child {
  parentID: string | undefined;
  title: string;
  agent: string;
  permission: PermissionRuleset;
}

type Fetch = (request: Request) => Promise<Response>;

export class OpenCode {
  readonly directory: string;
  private readonly send: Fetch;
  private readonly base: string;

  constructor(input: PluginInput) {
    this.directory = input.directory;
    // Nothing listens on HTTP in the terminal UI: the client's own fetch reaches the API in process.
    const client = input.client as unknown as { _client?: { getConfig?(): { fetch?: Fetch; baseUrl?: string } } };
    const config = client._client?.getConfig?.();
    this.send = config?.fetch ?? ((request) => fetch(request));
    this.base = config?.baseUrl ?? input.serverUrl.href;
  }

  createSession(child: Child): Promise<Session> {
    return this.call("POST", "/session", child);
  }

  session(id: string): Promise<Session> {
    return this.call("GET", `/session/${id}`);
  }

  setTitle(id: string, title: string): Promise<unknown> {
    return this.call("PATCH", `/session/${id}`, { title });
  }

  /** One turn; answers when it has ended. Errors of the provider stand in `info.error`. */
  prompt(id: string, { text, agent, model }: Prompt): Promise<Answer> {
    return this.call("POST", `/session/${id}/message`, { agent, model, parts: [{ type: "text", text }] });
  }

  /** Show words in a session that no model ever reads. */
  say(id: string, text: string): Promise<unknown> {
    return this.call("POST", `/session/${id}/message`, { noReply: true, parts: [{ type: "text", text, ignored: true }] });
  }

  /** Take a message out of the history. */
  forget(id: string, messageId: string): Promise<unknown> {
    return this.call("DELETE", `/session/${id}/message/${messageId}`);
  }

  abort(id: string): Promise<unknown> {
    return this.call("POST", `/session/${id}/abort`);
  }

  async isBusy(id: string): Promise<boolean> {
    const all = await this.call<Record<string, { type: string }>>("GET", "/session/status");
    return (all[id]?.type ?? "idle") !== "idle";
  }

  refusePermission(requestId: string): Promise<unknown> {
    return this.call("POST", `/permission/${requestId}/reply`, { reply: "reject", message: "not in a mission" });
  }

  /** Never fails: without a terminal nobody sees toasts. */
  async toast(variant: Variant, title: string, message: string): Promise<void> {
    await this.call("POST", "/tui/show-toast", { variant, title, message, duration: 6_000 }).catch(() => undefined);
  }

  private async call<T = unknown>(method: string, path: string, body?: unknown): Promise<T> {
    const url = new URL(path, this.base);
    url.searchParams.set("directory", this.directory);
    const headers: Record<string, string> = body === undefined ? {} : { "content-type": "application/json" };
    const password = process.env["OPENCODE_SERVER_PASSWORD"];
    if (password) headers["authorization"] = `Basic ${btoa(`${process.env["OPENCODE_SERVER_USERNAME"] ?? "opencode"}:${password}`)}`;
    const response = await this.send(new Request(url, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) }));
    const text = await response.text();
    if (!response.ok) throw new Error(`OpenCode answered ${response.status} to ${method} ${path}: ${text.slice(0, 300)}`);
    return (text ? JSON.parse(text) : undefined) as T;
  }
}
