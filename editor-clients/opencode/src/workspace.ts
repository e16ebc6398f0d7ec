/** One directory: its connection to the server, its hosted sessions, its news. Shared by all copies of the plugin. */
import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { COMMANDS } from "./commands.js";
import { Host } from "./host.js";
import { News } from "./news.js";
import type { OpenCode } from "./opencode.js";
import { type Client, type Connection, RefusedError, Server } from "./server.js";

/** A mission's key tells the session that it was started in, also to a later process. */
const KEY = /^opencode\/([^/]+)\//;
const HEADLESS = process.env["ORCHESTRATOR_HEADLESS"] ?? "";
const HEADLESS_IDLE_S = 60;
const COPIES = Symbol.for("opencode-orchestrator");
const shared = globalThis as unknown as { [COPIES]?: Map<string, Workspace> };

export class Workspace implements Client {
  readonly host: Host;
  private readonly copies: OpenCode[] = [];
  private readonly server: Server;
  private readonly news: News;
  private readonly homes = new Map<string, string | undefined>();
  private idleS = 0;

  private constructor(private readonly directory: string, command: readonly string[]) {
    const opencode = (): OpenCode => this.copies[0]!;
    const homeOf = (missionId: string): Promise<string | undefined> => this.homeOf(missionId);
    this.host = new Host(opencode, homeOf);
    this.news = new News(opencode, homeOf, () => this.host.connection);
    this.server = new Server(directory, command, HEADLESS || "OpenCode", this);
  }

  /** The directory's one workspace; every copy of the plugin that takes it must release it. */
  static take(opencode: OpenCode, command: readonly string[]): Workspace {
    const all = (shared[COPIES] ??= new Map());
    const workspace = all.get(opencode.directory) ?? new Workspace(opencode.directory, command);
    all.set(opencode.directory, workspace);
    workspace.copies.push(opencode);
    // A mission may be under way that wants a host; where there never was one, nothing is started.
    if (HEADLESS || existsSync(join(opencode.directory, ".opencode", "todo.md"))) workspace.server.connect().catch(() => undefined);
    return workspace;
  }

  release(opencode: OpenCode): void {
    this.copies.splice(this.copies.indexOf(opencode), 1);
    if (this.copies.length) return;
    shared[COPIES]?.delete(this.directory);
    this.server.dispose();
  }

  /** Whether this copy speaks for the directory: events come to each copy. */
  isSpeaker(opencode: OpenCode): boolean {
    return this.copies[0] === opencode;
  }

  /** Run a slash command that was given in `session`, and show its answer there. */
  async command(name: string, text: string, session: string): Promise<void> {
    const opencode = this.copies[0]!;
    try {
      const connection = await this.server.connect();
      if (name === "stop" || name === "cancel") this.news.toast("info", "Stopping…");
      await opencode.say(session, await COMMANDS[name]!.run(connection, text, `opencode/${session}/${randomUUID()}`));
    } catch (error) {
      const words = error instanceof Error ? error.message : String(error);
      this.news.toast("error", words);
      if (!(error instanceof RefusedError)) throw error;
      await opencode.say(session, words);
    }
  }

  readonly request = (method: string, params: unknown): Promise<unknown> => this.host.request(method, params);
  readonly notification = (method: string, params: unknown): void => this.news.take(method, params);

  ready(connection: Connection): void {
    this.host.attach(connection);
    // A server with a client never ends, so an OpenCode that no mission needs must leave.
    if (HEADLESS) setInterval(() => this.endWhenIdle(), 1_000);
  }

  private endWhenIdle(): void {
    this.idleS = this.host.sessions.size ? 0 : this.idleS + 1;
    if (this.idleS > HEADLESS_IDLE_S) process.exit(0);
  }

  lost(): void {
    if (HEADLESS) process.exit(0); // it lives for its server alone
    this.host.attach(undefined);
  }

  /** The session that the mission was started in, also when that was an earlier process. */
  private async homeOf(missionId: string): Promise<string | undefined> {
    if (!this.homes.has(missionId)) {
      const first = await this.host.connection?.request("mission/events", { missionId, limit: 1 }).catch(() => undefined);
      const event = first?.events[0];
      if (event?.type === "mission.accepted") this.homes.set(missionId, KEY.exec(event.data.key)?.[1]);
    }
    return this.homes.get(missionId);
  }
}
