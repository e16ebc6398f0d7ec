/** What we ask of OpenCode, in one place: its next generation is another file like this one. */
import type { PluginInput } from "@opencode-ai/plugin";
import type { AssistantMessage, Part, PermissionRule, Session } from "@opencode-ai/sdk/v2";

export type Variant = "info" | "success" | "warning" | "error";
export type Answer = { info: AssistantMessage; parts: Part[] };
export type Leave = "once" | "always" | "reject";
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
    this.send = config?.fetch ?? fetch;
    this.base = config?.baseUrl ?? input.serverUrl.href;
  }

  readonly createSession = (child: { title: string; parentID: string | undefined; agent: string; permission: PermissionRule[] }) =>
    this.call<Session>("POST", "/session", child);
  readonly session = (id: string) => this.call<Session>("GET", `/session/${id}`);
  readonly setTitle = (id: string, title: string) => this.call("PATCH", `/session/${id}`, { title });
  readonly abort = (id: string) => this.call("POST", `/session/${id}/abort`);
  readonly permit = (requestId: string, reply: Leave, message: string) => this.call("POST", `/permission/${requestId}/reply`, { reply, message });

  /** One turn; answers when it has ended. Errors of the provider stand in `info.error`. */
  readonly prompt = (id: string, text: string, agent: string, model: { providerID: string; modelID: string } | undefined) =>
    this.call<Answer>("POST", `/session/${id}/message`, { agent, model, parts: [{ type: "text", text }] });

  /** Show words in a session that no model ever reads. */
  readonly say = (id: string, text: string) =>
    this.call("POST", `/session/${id}/message`, { noReply: true, parts: [{ type: "text", text, ignored: true }] });

  readonly isBusy = async (id: string) =>
    ((await this.call<Record<string, { type: string }>>("GET", "/session/status"))[id]?.type ?? "idle") !== "idle";

  /** Never fails: without a terminal nobody sees toasts. */
  readonly toast = (variant: Variant, message: string) =>
    this.call("POST", "/tui/show-toast", { variant, title: "Mission", message, duration: 6_000 }).catch(() => undefined);

  private async call<T = unknown>(method: string, path: string, body?: unknown): Promise<T> {
    const url = new URL(path, this.base);
    url.searchParams.set("directory", this.directory);
    const headers = new Headers({ "content-type": "application/json" });
    const { OPENCODE_SERVER_PASSWORD: password, OPENCODE_SERVER_USERNAME: user = "opencode" } = process.env;
    if (password) headers.set("authorization", `Basic ${btoa(`${user}:${password}`)}`);
    const response = await this.send(new Request(url, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) }));
    const text = await response.text();
    if (!response.ok) throw new Error(`OpenCode answered ${response.status} to ${method} ${path}: ${text.slice(0, 300)}`);
    return (text ? JSON.parse(text) : undefined) as T;
  }
}
