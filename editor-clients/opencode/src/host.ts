/** Sessions of missions as child sessions in OpenCode: mediated, each with the server's tools and nothing else. */
import type { ToolContext } from "@opencode-ai/plugin";
import type { Event, PermissionRule } from "@opencode-ai/sdk/v2";
import type { ServerRequests, SessionCreateParams, ToolSchema } from "#protocol";
import { Account, type Price } from "./budget.js";
import { type Failure, failureOf, takenOver } from "./failures.js";
import type { Answer, Leave, OpenCode } from "./opencode.js";
import { type Connection, RefusedError } from "./server.js";
import { agentOf, CORE, MORE, PREFIX, RESULTS, SHELL } from "./tools.js";

const ABORT_TIMEOUT_MS = 25_000;
const REJOIN_TIMEOUT_MS = 60_000;
const PAUSE_MS = 100;
/** What is sent beside history and brief: the role's words, the tools, what a tool has answered. */
const FRAME_TOKENS = 1_000;
const GO_ON = "Go on where you stopped.";
const LEAVE: Readonly<Record<string, Leave>> = { allow: "once", always: "always", deny: "reject" };

type Arguments = Record<string, unknown>;
type Asked = Extract<Event, { type: "permission.asked" }>["properties"];

class Hosted {
  readonly account = new Account();
  /** The turn under way. `failure` is set when the server takes a retry over from OpenCode. */
  turn: { readonly stop: AbortController; failure: Failure | undefined } | undefined;
  /** Whether the server that is there now knows the session. */
  isKnown = true;
  brief = "";
  /** What stands behind the role's words once OpenCode has summed the history up, and with it the brief. */
  reminder: string[] = [];
  lastText = "";
  submitted = "";

  /** `id` is the server's name for it, `place` OpenCode's. */
  constructor(public id: string, readonly place: string, readonly params: SessionCreateParams) {}
}

export class Host {
  /** Sessions of missions by OpenCode's id. */
  readonly sessions = new Map<string, Hosted>();
  /** The server's tools that sessions here may call, by name. */
  readonly tools = new Map<string, ToolSchema>();
  /** What OpenCode and the mission both ask a person, by OpenCode's id; gone when it is answered. */
  private readonly asked = new Map<string, { hosted: Hosted; subject: string }>();
  /** To the server, while there is one. */
  connection: Connection | undefined;
  /** What the person's own configuration says of commands. */
  shellRules: readonly PermissionRule[] = [];

  constructor(private readonly opencode: () => OpenCode, private readonly homeOf: (missionId: string) => Promise<string | undefined>) {}

  /** Another connection, or none: then the next server asks for the sessions that it goes on with. */
  attach(connection: Connection | undefined): void {
    this.connection = connection;
    if (!connection) for (const hosted of this.sessions.values()) hosted.isKnown = false;
  }

  /** The connection to a server that knows the session, waiting for one a while. */
  private async connected(hosted: Hosted): Promise<Connection> {
    const late = Date.now() + REJOIN_TIMEOUT_MS;
    while (!this.connection || !hosted.isKnown) {
      if (Date.now() > late) throw new RefusedError("server_gone", "the mission server is away");
      await pause(PAUSE_MS);
    }
    return this.connection;
  }

  async request(method: string, params: unknown): Promise<unknown> {
    if (method === "session/create") return this.create(params as SessionCreateParams);
    const { place, sessionId, text } = params as ServerRequests["session/prompt"]["params"];
    const hosted = this.sessions.get(place);
    if (method === "session/messages") return this.look(hosted, sessionId);
    if (method === "session/abort") return this.abort(hosted);
    if (method === "session/delete") return this.remove(hosted);
    if (method !== "session/prompt") throw new Error(`unknown request ${method}`);
    if (!hosted || hosted.turn) throw new Error(`session ${place} is ${hosted ? "in a turn" : "not here"}`);
    hosted.id = sessionId;
    this.prompt(hosted, text);
    return {};
  }

  /** Events of OpenCode, the few that are about sessions of ours. */
  event(event: Event): void {
    if (event.type === "message.updated") {
      this.sessions.get(event.properties.sessionID)?.account.count(event.properties.info);
    } else if (event.type === "session.status") {
      const { sessionID, status } = event.properties;
      const hosted = this.sessions.get(sessionID);
      if (!hosted?.turn || hosted.turn.failure || status.type !== "retry") return;
      hosted.turn.failure = takenOver(status, Date.now()); // what the server heals better ends the turn
      if (hosted.turn.failure) void this.opencode().abort(sessionID);
    } else if (event.type === "permission.asked") {
      const hosted = this.sessions.get(event.properties.sessionID);
      if (hosted) void this.permission(hosted, event.properties).catch(() => undefined); // its turn has ended meanwhile
    } else if (event.type === "permission.replied") {
      void this.permitted(event.properties.requestID, event.properties.reply).catch(() => undefined); // or it was faster
    }
  }

  /** OpenCode asks a person; the mission asks everybody who is there. The first answer counts for both. */
  private async permission(hosted: Hosted, { id, permission, patterns }: Asked): Promise<void> {
    const subject = `${permission === SHELL ? "shell" : permission}: ${patterns.join(", ")}`;
    this.asked.set(id, { hosted, subject });
    const said = await this.leave(hosted, subject);
    if (this.asked.delete(id)) await this.opencode().permit(id, LEAVE[said.answer]!, said.text || "a person said no");
  }

  private async leave(hosted: Hosted, subject: string): Promise<{ answer: string; text: string }> {
    const stop = hosted.turn?.stop.signal;
    try {
      const connection = await this.connected(hosted);
      return await connection.request("permission/ask", { sessionId: hosted.id, subject, text: `asks for ${subject}` }, stop);
    } catch (error) {
      if (error instanceof RefusedError && error.code === "server_gone" && !stop?.aborted && !this.connection) return this.leave(hosted, subject);
      return { answer: "deny", text: String(error) };
    }
  }

  /** The person answered in OpenCode: the mission's question is answered, too. */
  private async permitted(id: string, reply: Leave): Promise<void> {
    const { hosted, subject } = this.asked.get(id) ?? {};
    if (!hosted || !this.asked.delete(id)) return;
    const connection = await this.connected(hosted);
    const { missionId, taskId } = hosted.params;
    const { questions } = await connection.request("mission/status", { missionId });
    const question = questions.find((one) => one.subject === subject && one.taskId === taskId);
    const answer = reply === "once" ? "allow" : reply === "always" ? "always" : "deny";
    if (question) await connection.request("permission/reply", { missionId, questionId: question.id, answer, text: "answered in OpenCode" });
  }

  /** Before a call to a model: nothing for ordinary chat. */
  async beforeCall(place: string, outputTokens: number, price: Price): Promise<void> {
    const hosted = this.sessions.get(place);
    if (!hosted) return;
    const stop = hosted.turn?.stop.signal;
    if (!stop || stop.aborted) throw new RefusedError("session_stopped", "this session's turn was stopped");
    const newTokens = FRAME_TOKENS + Math.ceil(Buffer.byteLength(hosted.brief) / 3);
    await hosted.account.reserve(await this.connected(hosted), hosted.id, newTokens, outputTokens, price, stop);
  }

  /** A tool call of a session, answered with text for it to read. */
  async callTool(name: string, args: Arguments, context: ToolContext): Promise<string> {
    const hosted = this.sessions.get(context.sessionID);
    if (!hosted) return "This tool works in the sessions of a mission alone.";
    if (name === RESULTS[hosted.params.role]?.tool) {
      hosted.submitted = JSON.stringify(args);
      return "Received. End your turn now.";
    }
    if (name !== MORE) return this.serve(hosted, name.slice(PREFIX.length), args, context);
    const { tools } = hosted.params;
    const tool = tools.find((one) => one.name === args["tool"]);
    if (!tool) return `There is no tool ${JSON.stringify(args["tool"])}: ${tools.map((one) => one.name).join(", ")}`;
    const inner = args["arguments"];
    if (typeof inner !== "object" || inner === null) return JSON.stringify(tool);
    return this.serve(hosted, tool.name, inner as Arguments, context);
  }

  private async serve(hosted: Hosted, tool: string, args: Arguments, { abort, ask }: ToolContext): Promise<string> {
    const { command } = args;
    if (typeof command === "string") await ask({ permission: SHELL, patterns: [command], always: [command], metadata: { command } });
    try {
      const connection = await this.connected(hosted);
      return (await connection.request("tool/call", { sessionId: hosted.id, tool, arguments: args }, abort)).text;
    } catch (error) {
      if (!(error instanceof RefusedError) || error.code !== "server_gone") throw error;
      return "The mission server was started anew while this tool ran. Look at what is there before you repeat it.";
    }
  }

  private async create(params: SessionCreateParams): Promise<{ place: string }> {
    for (const tool of params.tools) this.tools.set(tool.name, tool);
    const names = params.tools.map((tool) => tool.name);
    const shown = names.filter((name) => name in CORE).map((name) => PREFIX + name);
    if (names.length > shown.length) shown.push(MORE);
    const result = RESULTS[params.role];
    if (result) shown.push(result.tool);
    const rule = (permission: string, action: "allow" | "deny"): PermissionRule => ({ permission, pattern: "*", action });
    const { id: place } = await this.opencode().createSession({
      parentID: await this.homeOf(params.missionId),
      title: params.title || params.role,
      agent: agentOf(params.role),
      permission: [rule("*", "deny"), ...["invalid", ...shown].map((name) => rule(name, "allow")), ...(shown.includes(SHELL) ? this.shellRules : [])],
    });
    this.sessions.set(place, new Hosted(params.sessionId, place, params));
    return { place };
  }

  private prompt(hosted: Hosted, text: string): void {
    const words = text === hosted.brief ? GO_ON : text; // it stands in the history, whatever became of that turn
    hosted.brief ||= text; // what follows is about it
    hosted.submitted = "";
    const [providerID, ...model] = hosted.params.model.split("/");
    const wanted = providerID && model.length ? { providerID, modelID: model.join("/") } : undefined;
    hosted.turn = { stop: new AbortController(), failure: undefined };
    const answer = this.opencode().prompt(hosted.place, words, agentOf(hosted.params.role), wanted);
    void answer.then((said) => this.ended(hosted, said), (error: unknown) => this.ended(hosted, undefined, String(error)));
  }

  /** Tell the server how the turn ended, unless the server itself ended it. */
  private async ended(hosted: Hosted, answer?: Answer, problem = "no answer"): Promise<void> {
    const turn = hosted.turn!;
    const isStopped = turn.stop.signal.aborted;
    turn.stop.abort(); // nobody needs an answer to what it asked
    const parts = answer?.info.role === "assistant" ? answer.parts : []; // of a turn that was stopped early, it is the prompt
    hosted.lastText = hosted.submitted || parts.flatMap((part) => (part.type === "text" && !part.ignored ? [part.text] : [])).join("\n");
    const error = answer?.info.error;
    const crash = answer ? undefined : ({ failure: "crashed", text: problem, retryAfterS: null } as const);
    const failure = turn.failure ?? (error ? failureOf(error) : crash);
    if (answer) hosted.account.count(answer.info);
    if (this.connection) await hosted.account.settle(this.connection, hosted.id);
    hosted.turn = undefined;
    if (isStopped || !this.connection) return;
    const end = failure && !hosted.submitted ? { type: "failed" as const, ...failure } : { type: "idle" as const, text: hosted.lastText };
    this.connection.notify("session/event", { sessionId: hosted.id, ...end });
  }

  private async abort(hosted: Hosted | undefined): Promise<object> {
    if (!hosted?.turn) return {};
    hosted.turn.stop.abort();
    const late = Date.now() + ABORT_TIMEOUT_MS;
    // OpenCode may still be about to begin, so once is not enough.
    while (hosted.turn || (await this.opencode().isBusy(hosted.place))) {
      if (Date.now() > late) throw new Error(`session ${hosted.place} does not end`);
      await this.opencode().abort(hosted.place).catch(() => undefined);
      await pause(PAUSE_MS);
    }
    return {};
  }

  private look(hosted: Hosted | undefined, sessionId: string): ServerRequests["session/messages"]["result"] {
    if (!hosted) return { isAlive: false };
    hosted.id = sessionId;
    hosted.isKnown = true;
    return { isAlive: true, isBusy: hosted.turn !== undefined, messages: [{ role: "assistant", text: hosted.lastText }] };
  }

  private async remove(hosted: Hosted | undefined): Promise<object> {
    await this.abort(hosted);
    if (hosted) this.sessions.delete(hosted.place);
    return {};
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
