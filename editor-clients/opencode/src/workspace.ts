/** One directory: its connection to the server, its hosted sessions, its news. Shared by all copies of the plugin. */
import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { run } from "./commands.js";
import { type Connection, RefusedError } from "./connection.js";
import { Host } from "./host.js";
import { News } from "./news.js";
import type { OpenCode } from "./opencode.js";
import { Server } from "./server.js";

const KEY = "opencode/";
const HEADLESS = process.env["ORCHESTRATOR_HEADLESS"] ?? "";
const HEADLESS_IDLE_MS = 60_000;
const COPIES = Symbol.for("opencode-orchestrator");
const shared = globalThis as unknown as { [COPIES]?: Map<string, Workspace> };

export class Workspace {
  readonly host: Host;
  private readonly copies: OpenCode[] = [];
  private readonly server: Server;
  private readonly news: News;
  private readonly homes = new Map<string, string>();
  private connection: Connection | undefined;

  private constructor(
    private readonly directory: string,
    command: readonly string[],
  ) {
    const opencode = (): OpenCode => this.copies[0]!;
    this.host = new Host(opencode, (missionId) => this.parentOf(missionId));
    this.news = new News(opencode, (missionId) => this.homes.get(missionId), () => this.connection);
    this.server = new Server({
      directory,
      command,
      clientName: HEADLESS || "OpenCode",
      handlers: {
        request: (method, params) => this.host.request(method, params),
        notification: (method, params) => this.news.take(method, params),
      },
      onReady: (connection) => {
        this.connection = connection;
        this.host.attach(connection);
        if (HEADLESS) this.endWhenIdle();
      },
      onLost: () => {
        if (HEADLESS) process.exit(0); // it lives for its server alone
        this.connection = undefined;
        this.host.detach();
      },
    });
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

  async release(opencode: OpenCode): Promise<void> {
    this.copies.splice(this.copies.indexOf(opencode), 1);
    if (this.copies.length) return;
    shared[COPIES]?.delete(this.directory);
    await this.server.dispose();
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
      const answer = await run(connection, name, text, `${KEY}${session}/${randomUUID()}`);
      const begun = /^Mission (\S+) has begun/.exec(answer)?.[1];
      if (begun) {
        this.homes.set(begun, session);
        this.news.toast("info", "The mission has begun.");
      }
      await opencode.say(session, answer);
    } catch (error) {
      const words = error instanceof Error ? error.message : String(error);
      await opencode.toast("error", "Mission", words);
      if (!(error instanceof RefusedError)) throw error;
      await opencode.say(session, words);
    }
  }

  /** A server with a client never ends, so an OpenCode that no mission needs must leave. */
  private endWhenIdle(): void {
    setInterval(() => {
      if (this.host.idleMs > HEADLESS_IDLE_MS) process.exit(0);
    }, HEADLESS_IDLE_MS / 4);
  }

  /** The session that the mission was started in, also when that was an earlier process; undefined when it is gone. */
  private async parentOf(missionId: string): Promise<string | undefined> {
    let home = this.homes.get(missionId);
    if (!home) {
      const first = await this.connection?.request("mission/events", { missionId, limit: 1 }).catch(() => undefined);
      const event = first?.events[0];
      const key = event?.type === "mission.accepted" ? event.data.key : "";
      home = key.startsWith(KEY) ? key.slice(KEY.length).split("/")[0] : undefined;
    }
    if (!home) return undefined;
    const isThere = await this.copies[0]!.session(home).then(() => true, () => false);
    if (isThere) this.homes.set(missionId, home);
    return isThere ? home : undefined;
  }
}
