/** What a person sees of missions: few toasts, counts in the session's title, the summary as a message. */
import type { HostNotify, MissionEvent, MissionProgress, PermissionRequest } from "#protocol";
import { asked, FINAL } from "./commands.js";
import type { OpenCode, Variant } from "./opencode.js";
import type { Connection } from "./server.js";

const GATHER_MS = 4_000;
const TITLE_PAUSE_MS = 2_000;
/** The parts of a summary that stand in chat. */
const TOLD = /^## (How it ended|Tasks|Not checked|Delivery)/;
const COUNTS = /^\[\d+\/\d+[^\]]*\] /;

type Home = (missionId: string) => Promise<string | undefined>;

export class News {
  private refused = 0;
  private findings = 0;
  private timer: NodeJS.Timeout | undefined;
  /** What stands before each session's title, or soon will. */
  private readonly titles = new Map<string, { wanted: string; timer: NodeJS.Timeout | undefined }>();

  /** `homeOf` is the session in which the mission was started. */
  constructor(private readonly opencode: () => OpenCode, private readonly homeOf: Home, private readonly connection: () => Connection | undefined) {}

  take(method: string, params: unknown): void {
    if (method === "mission/event") this.event(params as MissionEvent);
    else if (method === "mission/progress") void this.progress(params as MissionProgress);
    else if (method === "permission/request") this.question(params as PermissionRequest);
    else if (method === "host/notify") this.notice(params as HostNotify);
  }

  toast(variant: Variant, text: string): void {
    void this.opencode().toast(variant, text);
  }

  private readonly notice = ({ level, title, text }: HostNotify): void => this.toast(level, `${title}: ${text}`);

  private event(event: MissionEvent): void {
    if (event.type === "mission.accepted") this.toast("info", "The mission has begun.");
    else if (event.type === "mission.taken_up") this.toast("info", "The mission goes on.");
    else if (event.type === "plan.accepted") this.toast("info", `The plan has ${event.data.tasks.length} tasks.`);
    else if (event.type === "sealing.started") this.toast("info", "All work is merged; every check runs again.");
    else if (event.type === "mission.ended" || event.type === "mission.delivered") void this.summarize(event.missionId);
    else if (event.type === "attempt.refused") {
      this.refused += 1;
      this.findings += event.data.findings.length;
      this.timer ??= setTimeout(() => this.gathered(), GATHER_MS);
    }
  }

  private gathered(): void {
    const results = this.refused === 1 ? "1 result was" : `${this.refused} results were`;
    if (this.refused) this.toast("warning", `${results} refused (${this.findings} findings) and sent back.`);
    this.refused = this.findings = 0;
    this.timer = clearTimeout(this.timer) as undefined;
  }

  private question({ missionId, question }: PermissionRequest): void {
    void this.say(missionId, `The mission ${asked(question)}`);
  }

  /** The counts stand before the session's title while the mission runs; set at most once in a while. */
  private async progress({ missionId, counts, status }: MissionProgress): Promise<void> {
    const home = await this.homeOf(missionId);
    if (!home) return;
    const title = this.titles.get(home) ?? { wanted: "", timer: undefined };
    this.titles.set(home, title);
    const wanted = FINAL.has(status) ? "" : `[${counts.done}/${counts.total} ${status}] `;
    if (title.wanted === wanted) return;
    title.wanted = wanted;
    const set = async (): Promise<void> => {
      title.timer = undefined;
      const bare = (await this.opencode().session(home)).title.replace(COUNTS, "");
      await this.opencode().setTitle(home, title.wanted + bare);
    };
    title.timer ??= setTimeout(() => void set().catch(() => undefined), TITLE_PAUSE_MS);
  }

  private async summarize(missionId: string): Promise<void> {
    this.gathered(); // what was refused is told before the end
    const summary = await this.connection()?.request("mission/summary", { missionId }).catch(() => undefined);
    const told = summary?.status.status === "stopped" ? /^## How it ended/ : TOLD; // the answer to /stop stays in view
    const parts = summary?.markdown.split(/^(?=## )/m).filter((part) => !part.startsWith("## ") || told.test(part)) ?? [];
    if (parts.length) await this.say(missionId, `${parts.join("")}\nThe whole story: orchestrator summary ${missionId}`);
  }

  private async say(missionId: string, text: string): Promise<void> {
    const home = await this.homeOf(missionId);
    if (home) await this.opencode().say(home, text).catch(() => undefined); // a person may have deleted the session
  }
}
