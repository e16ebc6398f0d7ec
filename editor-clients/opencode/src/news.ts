/** What a person sees of missions: few toasts, counts in the session's title, the summary as a message. */
import type { HostNotify, MissionEvent, MissionProgress, PermissionRequest } from "#protocol";
import { asked } from "./commands.js";
import type { Connection } from "./connection.js";
import type { OpenCode, Variant } from "./opencode.js";

const GATHER_MS = 4_000;
const TITLE_PAUSE_MS = 2_000;
/** The parts of a summary that stand in chat. */
const TOLD = /^## (How it ended|Tasks|Not checked|Delivery)/;
const COUNTS = /^\[\d+\/\d+[^\]]*\] /;

export class News {
  private refused = 0;
  private findings = 0;
  private timer: NodeJS.Timeout | undefined;
  private readonly titles = new Map<string, { wanted: string; timer: NodeJS.Timeout | undefined }>();

  constructor(
    private readonly opencode: () => OpenCode,
    /** The session in which the mission was started here. */
    private readonly homeOf: (missionId: string) => string | undefined,
    private readonly connection: () => Connection | undefined,
  ) {}

  take(method: string, params: unknown): void {
    if (method === "mission/event") this.event(params as MissionEvent);
    else if (method === "mission/progress") this.progress(params as MissionProgress);
    else if (method === "permission/request") this.question(params as PermissionRequest);
    else if (method === "host/notify") this.notify(params as HostNotify);
  }

  toast(variant: Variant, text: string): void {
    void this.opencode().toast(variant, "Mission", text);
  }

  private event(event: MissionEvent): void {
    switch (event.type) {
      case "mission.taken_up":
        return this.toast("info", "The mission goes on.");
      case "plan.accepted":
        return this.toast("info", `The plan has ${event.data.tasks.length} tasks.`);
      case "attempt.refused":
        this.refused += 1;
        this.findings += event.data.findings.length;
        this.timer ??= setTimeout(() => this.gathered(), GATHER_MS);
        return;
      case "sealing.started":
        return this.toast("info", "All work is merged; every check runs again.");
      case "mission.ended":
      case "mission.delivered":
        return void this.summarize(event.missionId);
      default:
    }
  }

  private gathered(): void {
    this.timer = undefined;
    const results = this.refused === 1 ? "1 result was" : `${this.refused} results were`;
    this.toast("warning", `${results} refused (${this.findings} findings); they are being mended.`);
    this.refused = this.findings = 0;
  }

  private question({ missionId, question }: PermissionRequest): void {
    const home = this.homeOf(missionId);
    if (home) void this.say(home, `The mission ${asked(question)}`);
  }

  private notify({ level, text }: HostNotify): void {
    this.toast(level, text);
  }

  private progress({ missionId, counts, status }: MissionProgress): void {
    const home = this.homeOf(missionId);
    const isOver = ["sealed", "unverified", "failed", "stopped"].includes(status);
    if (home) this.title(home, isOver ? "" : `[${counts.done}/${counts.total} ${status}] `, isOver);
  }

  /** The counts stand before the session's title while the mission runs; set at most once in a while. */
  private title(home: string, wanted: string, isNow: boolean): void {
    const title = this.titles.get(home) ?? { wanted: "", timer: undefined };
    if (title.wanted === wanted) return;
    title.wanted = wanted;
    this.titles.set(home, title);
    if (isNow) clearTimeout(title.timer);
    else if (title.timer) return;
    const set = async (): Promise<void> => {
      title.timer = undefined;
      const bare = (await this.opencode().session(home)).title.replace(COUNTS, "");
      await this.opencode().setTitle(home, title.wanted + bare);
    };
    title.timer = setTimeout(() => void set().catch(() => undefined), isNow ? 0 : TITLE_PAUSE_MS);
  }

  private async summarize(missionId: string): Promise<void> {
    const home = this.homeOf(missionId);
    const connection = this.connection();
    if (!home || !connection) return;
    const summary = await connection.request("mission/summary", { missionId }).catch(() => undefined);
    const parts = summary?.markdown.split(/^(?=## )/m).filter((part) => !part.startsWith("## ") || TOLD.test(part)) ?? [];
    if (parts.length) await this.say(home, `${parts.join("")}\nThe whole story: orchestrator summary ${missionId}`);
  }

  private async say(home: string, text: string): Promise<void> {
    await this.opencode().say(home, text).catch(() => undefined); // the person may have deleted the session
  }
}
