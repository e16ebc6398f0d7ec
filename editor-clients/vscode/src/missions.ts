/** What this window knows of missions: read from the server when it says that something changed. */
import { type Disposable, EventEmitter } from "vscode";
import type { FindingView, MissionEvent, MissionStatus, MissionStatusResult, QuestionView, ServerNotifications, TaskCounts } from "#protocol";
import type { Connection } from "./connection.js";

const REFRESH_MS = 250;
const MAX_KEPT = 200;
const FINAL: ReadonlySet<MissionStatus> = new Set(["sealed", "unverified", "failed", "stopped"]);

/** One notification of the server's, by its method. */
export type Note = { [M in keyof ServerNotifications]: { method: M; params: ServerNotifications[M]["params"] } }[keyof ServerNotifications];

export class Mission {
  text = "";
  status: MissionStatus = "queued";
  counts: TaskCounts | undefined;
  details: MissionStatusResult | undefined;
  findings: readonly FindingView[] = [];
  /** When each task ran, in seconds, and who works on it. */
  readonly spans = new Map<string, { begun: number; ended?: number; owner: string }>();
  /** The times of the first and the newest event, in seconds. */
  begun = 0;
  newest = 0;
  lastSeq = 0;
  timer: NodeJS.Timeout | undefined;

  constructor(readonly id: string, public connection: Connection) {}

  get isOver(): boolean { return FINAL.has(this.status); }

  get questions(): readonly QuestionView[] { return this.isOver ? [] : (this.details?.questions ?? []); }

  get title(): string {
    const line = (this.text || this.id).split("\n")[0] ?? "";
    return line.length > 60 ? `${line.slice(0, 59)}…` : line;
  }

  /** Fold one event into the times. */
  take({ at, seq, type, data }: MissionEvent): void {
    this.begun ||= at;
    this.newest = Math.max(this.newest, at);
    this.lastSeq = Math.max(this.lastSeq, seq);
    if (type === "attempt.started") {
      this.spans.set(data.taskId, { begun: this.spans.get(data.taskId)?.begun ?? at, owner: `${data.role} on ${data.host}` });
    } else if (type === "attempt.integrated" || type === "attempt.interrupted" || type === "attempt.refused") {
      const span = this.spans.get(data.taskId);
      if (span) span.ended = at;
    }
  }
}

export class Missions implements Disposable {
  private readonly known = new Map<string, Mission>();
  private readonly changes = new EventEmitter<void>();
  private readonly notes = new EventEmitter<{ mission: Mission; note: Note }>();
  private readonly asked = new Set<string>();
  readonly onChange = this.changes.event;
  /** Events, and questions once each. */
  readonly onNote = this.notes.event;

  /** All, newest first. */
  all(): Mission[] { return [...this.known.values()].reverse(); }

  /** The newest that is under way, else the newest. */
  newest(): Mission | undefined {
    const all = this.all();
    return all.find((mission) => !mission.isOver) ?? all[0];
  }

  /** The mission with this id; a new one when it is not known yet. */
  of(connection: Connection, id: string, text = ""): Mission {
    const mission = this.known.get(id) ?? new Mission(id, connection);
    Object.assign(mission, { connection, text: text || mission.text });
    this.known.set(id, mission);
    for (const old of this.all().slice(MAX_KEPT)) if (old.isOver) this.drop(old);
    return mission;
  }

  /** Learn the missions of a connection, the first time or again. */
  async learn(connection: Connection): Promise<void> {
    const { missions } = await connection.request("mission/list", {});
    for (const { missionId, text, status, counts } of missions.slice(-MAX_KEPT)) {
      const mission = Object.assign(this.of(connection, missionId, text), { status, counts });
      if (!mission.isOver || mission.details) this.refreshSoon(mission);
    }
    this.changes.fire();
  }

  /** A connection ended for good: its missions are not known any more. */
  forget(connection: Connection): void {
    for (const mission of this.all()) if (mission.connection === connection) this.drop(mission);
    this.changes.fire();
  }

  /** The server told something. */
  take(connection: Connection, note: Note): void {
    if (note.method === "host/notify") return;
    if (note.method === "mission/eventsDropped") return void this.learn(connection).catch(() => undefined);
    const mission = this.of(connection, note.params.missionId);
    this.refreshSoon(mission);
    if (note.method === "mission/progress") {
      Object.assign(mission, { status: note.params.status, counts: note.params.counts });
      return this.changes.fire();
    }
    if (note.method === "mission/event" && note.params.type === "mission.accepted") mission.text = note.params.data.text;
    if (note.method === "permission/request" && this.asked.size === this.asked.add(note.params.question.id).size) return; // known already
    this.notes.fire({ mission, note });
  }

  refreshSoon(mission: Mission): void {
    mission.timer ??= setTimeout(() => {
      mission.timer = undefined;
      this.refresh(mission).catch(() => undefined); // the connection is gone: whoever makes it anew learns again
    }, REFRESH_MS);
  }

  dispose(): void {
    for (const mission of this.all()) this.drop(mission);
    this.changes.dispose();
    this.notes.dispose();
  }

  /** Read a mission's state, its findings and the events since the last time. */
  private async refresh(mission: Mission): Promise<void> {
    const { id: missionId, connection } = mission;
    const [details, { findings }] = await Promise.all([connection.request("mission/status", { missionId }), connection.request("finding/list", { missionId })]);
    let events: readonly MissionEvent[];
    do {
      const asked = connection.request("mission/events", { missionId, afterSeq: mission.lastSeq });
      ({ events } = await asked.catch(() => ({ events: [] }))); // those of an old mission may be archived
      for (const event of events) mission.take(event);
    } while (events.length > 0);
    Object.assign(mission, { details, findings, text: details.text, status: details.status, counts: details.counts });
    this.changes.fire();
  }

  private drop(mission: Mission): void {
    clearTimeout(mission.timer);
    this.known.delete(mission.id);
  }
}
