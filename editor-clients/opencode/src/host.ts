/** Sessions of missions as child sessions in OpenCode: mediated, each with the server's tools and nothing else. */
import type { Event } from "@opencode-ai/sdk/v2";
import type { ServerRequests, SessionCreateParams, ToolSchema } from "#protocol";
import { Account, type Price } from "./budget.js";
import { type Connection, RefusedError } from "./connection.js";
import { type Failure, failureOf, takenOver } from "./failures.js";
import { agentOf, CORE, MORE, PREFIX, SUBMIT } from "./names.js";
import type { Answer, OpenCode } from "./opencode.js";

const ABORT_TIMEOUT_MS = 25_000;
const REJOIN_TIMEOUT_MS = 60_000;
const GO_ON = "Go on where you stopped.";
const REJOIN_PAUSE_MS = 200;

/** A turn under way. `failure` is set when the server takes a retry over from OpenCode. */
interface Turn {
  readonly stop: AbortController;
  readonly before: ReturnType<Account["total"]>;
  ended: Promise<void>;
  failure: Failure | undefined;
}

interface Hosted {
  /** The server's name for it; `place` is OpenCode's. */
  id: string;
  readonly place: string;
  readonly params: SessionCreateParams;
  readonly tools: ReadonlyMap<string, ToolSchema>;
  readonly account: Account;
  turn: Turn | undefined;
  /** Whether the server that is there now knows the session. */
  isKnown: boolean;
  brief: string;
  /** Whether its last turn failed after it had begun to work: then the same brief again means to go on. */
  isCut: boolean;
  promptBytes: number;
  lastText: string;
  submitted: string;
}

type Params<M extends keyof ServerRequests> = ServerRequests[M]["params"];

export class Host {
  private readonly byPlace = new Map<string, Hosted>();
  private connection: Connection | undefined;
  private lastUse = Date.now();

  constructor(
    private readonly opencode: () => OpenCode,
    private readonly parentOf: (missionId: string) => Promise<string | undefined>,
  ) {}

  /** The session of ours with OpenCode's id `place`. */
  hosted(place: string | undefined): Hosted | undefined {
    return place === undefined ? undefined : this.byPlace.get(place);
  }

  /** For how long no session has been hosted here. */
  get idleMs(): number {
    return this.byPlace.size ? 0 : Date.now() - this.lastUse;
  }

  /** A schema that some session was given for the server's tool `name`. */
  schema(name: string): ToolSchema | undefined {
    for (const hosted of this.byPlace.values()) {
      const schema = hosted.tools.get(name);
      if (schema) return schema;
    }
    return undefined;
  }

  /** The names of all tools that sessions here may call. */
  toolNames(): string[] {
    return [...new Set([...this.byPlace.values()].flatMap((hosted) => [...hosted.tools.keys()]))];
  }

  attach(connection: Connection): void {
    this.connection = connection;
  }

  /** The server is gone: the next one asks for the sessions that it goes on with. */
  detach(): void {
    this.connection = undefined;
    for (const hosted of this.byPlace.values()) hosted.isKnown = false;
  }

  /** The connection to a server that knows the session, waiting for one a while. */
  private async connected(hosted: Hosted): Promise<Connection> {
    const late = Date.now() + REJOIN_TIMEOUT_MS;
    while (!this.connection || !hosted.isKnown) {
      if (Date.now() > late) throw new RefusedError("server_gone", "the mission server is away");
      await pause(REJOIN_PAUSE_MS);
    }
    return this.connection;
  }

  async request(method: string, params: unknown): Promise<unknown> {
    switch (method) {
      case "session/create":
        return this.create(params as Params<"session/create">);
      case "session/prompt":
        return this.prompt(params as Params<"session/prompt">);
      case "session/abort":
        return this.abort(params as Params<"session/abort">);
      case "session/messages":
        return this.look(params as Params<"session/messages">);
      case "session/delete":
        return this.remove(params as Params<"session/delete">);
      default:
        throw new Error(`unknown request ${method}`);
    }
  }

  /** Events of OpenCode, the few that are about sessions of ours. */
  event(event: Event): void {
    if (event.type === "message.updated") {
      const { info } = event.properties;
      const hosted = info.role === "assistant" ? this.byPlace.get(info.sessionID) : undefined;
      if (hosted && info.role === "assistant") this.note(hosted, info);
    } else if (event.type === "session.status" && event.properties.status.type === "retry") {
      const hosted = this.byPlace.get(event.properties.sessionID);
      const failure = hosted?.turn && !hosted.turn.failure ? takenOver(event.properties.status, Date.now()) : undefined;
      if (hosted?.turn && failure) {
        hosted.turn.failure = failure;
        void this.opencode().abort(hosted.place);
      }
    } else if (event.type === "permission.asked" && this.byPlace.has(event.properties.sessionID)) {
      void this.opencode().refusePermission(event.properties.id);
    }
  }

  private note(hosted: Hosted, { id, cost, tokens }: Answer["info"]): void {
    const { input, output, reasoning, cache } = tokens;
    hosted.account.note(id, input + cache.read + cache.write, output + reasoning, cost);
  }

  /** Before a call to a model: nothing for ordinary chat. */
  async beforeCall(place: string, outputLimit: number, price: Price): Promise<void> {
    const hosted = this.byPlace.get(place);
    if (!hosted) return;
    const stop = hosted.turn?.stop.signal;
    if (!stop || stop.aborted) throw new RefusedError("session_stopped", "this session's turn was stopped");
    const connection = await this.connected(hosted);
    await hosted.account.reserve(connection, hosted.promptBytes, outputLimit, price, stop);
    hosted.promptBytes = 0;
  }

  /** A tool call of a session, answered with text for it to read. */
  async callTool(place: string, tool: string, args: Record<string, unknown>, abort: AbortSignal): Promise<string> {
    const hosted = this.byPlace.get(place);
    if (!hosted) return "This tool works in the sessions of a mission alone.";
    if (tool === SUBMIT) {
      hosted.submitted = JSON.stringify(args);
      return "Received. End your turn now.";
    }
    if (tool === MORE) return this.more(hosted, args, abort);
    return this.serve(hosted, tool.slice(PREFIX.length), args, abort);
  }

  private more(hosted: Hosted, args: Record<string, unknown>, abort: AbortSignal): Promise<string> {
    const schema = hosted.tools.get(String(args["tool"]));
    if (!schema) return Promise.resolve(`There is no tool ${JSON.stringify(args["tool"])}: ${[...hosted.tools.keys()].join(", ")}`);
    const inner = args["arguments"];
    if (typeof inner !== "object" || inner === null) return Promise.resolve(JSON.stringify(schema));
    return this.serve(hosted, schema.name, inner as Record<string, unknown>, abort);
  }

  private async serve(hosted: Hosted, tool: string, args: Record<string, unknown>, abort: AbortSignal): Promise<string> {
    try {
      const connection = await this.connected(hosted);
      const result = await connection.request("tool/call", { sessionId: hosted.id, tool, arguments: args }, abort);
      return result.text;
    } catch (error) {
      if (error instanceof RefusedError && error.code === "server_gone") {
        return "The mission server was started anew while this tool ran. Look at what is there before you repeat it.";
      }
      throw error;
    }
  }

  private async create(params: SessionCreateParams): Promise<{ place: string }> {
    const names = params.tools.map((tool) => tool.name);
    const shown = names.filter((name) => name in CORE).map((name) => PREFIX + name);
    if (names.length > shown.length) shown.push(MORE);
    if (params.role === "planner") shown.push(SUBMIT);
    const allow = ["invalid", ...shown].map((permission) => ({ permission, pattern: "*", action: "allow" as const }));
    const session = await this.opencode().createSession({
      parentID: await this.parentOf(params.missionId),
      title: params.title || params.role,
      agent: agentOf(params.role),
      permission: [{ permission: "*", pattern: "*", action: "deny" }, ...allow],
    });
    const hosted: Hosted = {
      id: params.sessionId,
      place: session.id,
      params,
      tools: new Map(params.tools.map((tool) => [tool.name, tool])),
      account: new Account(() => hosted.id),
      turn: undefined,
      isKnown: true,
      brief: "",
      isCut: false,
      promptBytes: 0,
      lastText: "",
      submitted: "",
    };
    this.byPlace.set(session.id, hosted);
    return { place: session.id };
  }

  private prompt({ place, sessionId, text }: Params<"session/prompt">): object {
    const hosted = this.byPlace.get(place);
    if (!hosted) throw new Error(`no session ${place} here`);
    if (hosted.turn) throw new Error(`session ${place} is in a turn`);
    hosted.id = sessionId;
    const words = hosted.isCut && text === hosted.brief ? GO_ON : text;
    hosted.brief = text;
    hosted.promptBytes = Buffer.byteLength(text);
    hosted.submitted = "";
    const [providerID, ...model] = hosted.params.model.split("/");
    const wanted = providerID && model.length ? { providerID, modelID: model.join("/") } : undefined;
    const answer = this.opencode().prompt(place, { text: words, agent: agentOf(hosted.params.role), model: wanted });
    const turn: Turn = { stop: new AbortController(), before: hosted.account.total(), ended: Promise.resolve(), failure: undefined };
    hosted.turn = turn;
    turn.ended = answer.then(
      (said) => this.ended(hosted, turn, said),
      (error: unknown) => this.ended(hosted, turn, undefined, String(error)),
    );
    return {};
  }

  /** Tell the server how the turn ended, unless the server itself ended it. */
  private async ended(hosted: Hosted, turn: Turn, answer?: Answer, problem = ""): Promise<void> {
    const said = answer?.info.role === "assistant" && answer.parts.length ? answer.info : undefined;
    if (answer && !said) {
      // Nothing was said, as when the first call is refused: the turn leaves no trace, and the brief is told once.
      const ids = [answer.info.id, answer.info.parentID].filter(Boolean);
      for (const id of ids) await this.opencode().forget(hosted.place, id).catch(() => undefined);
    }
    if (said) this.note(hosted, said);
    const parts = said ? answer!.parts : [];
    const text = parts.flatMap((part) => (part.type === "text" && !part.ignored ? [part.text] : [])).join("\n");
    hosted.lastText = hosted.submitted || text;
    const error = answer?.info.error;
    const failure = turn.failure ?? (error ? failureOf(error) : problem ? ({ failure: "crashed", text: problem, retryAfterS: null } as const) : undefined);
    const now = hosted.account.total();
    const used = { inputTokens: now.input - turn.before.input, outputTokens: now.output - turn.before.output, moneyUsd: now.moneyUsd - turn.before.moneyUsd };
    if (this.connection) await hosted.account.settle(this.connection);
    hosted.turn = undefined;
    hosted.isCut = failure !== undefined && said !== undefined;
    if (turn.stop.signal.aborted || !this.connection) return;
    const end = failure && !hosted.submitted ? { type: "failed" as const, ...failure } : { type: "idle" as const, text: hosted.lastText };
    this.connection.notify("session/event", { sessionId: hosted.id, ...end, ...used });
  }

  private async abort({ place }: Params<"session/abort">): Promise<object> {
    const hosted = this.byPlace.get(place);
    const turn = hosted?.turn;
    if (!turn) return {};
    turn.stop.abort();
    const late = Date.now() + ABORT_TIMEOUT_MS;
    let isOver = false;
    void turn.ended.then(() => (isOver = true));
    while (!isOver || (await this.opencode().isBusy(place))) {
      if (Date.now() > late) throw new Error(`session ${place} does not end`);
      await this.opencode().abort(place).catch(() => undefined);
      await Promise.race([turn.ended, pause(500)]);
      if (isOver) await pause(20);
    }
    return {};
  }

  private look({ place, sessionId }: Params<"session/messages">): ServerRequests["session/messages"]["result"] {
    const hosted = this.byPlace.get(place);
    if (!hosted) return { isAlive: false };
    hosted.id = sessionId;
    hosted.isKnown = true;
    return { isAlive: true, isBusy: hosted.turn !== undefined, messages: [{ role: "assistant", text: hosted.lastText }] };
  }

  private async remove(params: Params<"session/delete">): Promise<object> {
    await this.abort(params);
    this.byPlace.delete(params.place);
    this.lastUse = Date.now();
    return {};
  }

}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
