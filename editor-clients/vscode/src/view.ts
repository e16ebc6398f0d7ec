/** The side bar: missions, their phases, tasks and findings, as a tree. */
import { type Disposable, EventEmitter, Range, ThemeColor, ThemeIcon, type TreeDataProvider, TreeItem, TreeItemCollapsibleState as Fold, Uri } from "vscode";
import type { FindingView, MissionStatus, MissionStatusResult, TaskStatus, TaskView, Verdict } from "#protocol";
import type { Mission, Missions } from "./missions.js";

/** A row with what is below it; commands get the row that was clicked. */
export interface Row {
  item: TreeItem;
  children: Row[];
  mission: Mission;
  taskId: string;
}

const icon = (name: string, color?: string): ThemeIcon => new ThemeIcon(name, color ? new ThemeColor(color) : undefined);
const GOOD = icon("pass-filled", "testing.iconPassed");
const BAD = icon("error", "testing.iconFailed");
const WARN = icon("warning", "list.warningForeground");
const BUSY = icon("sync~spin", "charts.blue");
const OPEN = icon("circle-large-outline", "disabledForeground");
const ASKS = icon("question", "list.warningForeground");
const PAUSED = icon("debug-pause", "list.warningForeground");
const ENDED = icon("circle-slash", "disabledForeground");
const OF_MISSION: Record<MissionStatus, ThemeIcon> = {
  ...{ queued: icon("clock"), planning: BUSY, running: BUSY, sealing: BUSY, waiting: ASKS },
  ...{ sealed: GOOD, unverified: WARN, failed: BAD, stopped: ENDED },
};
const OF_TASK: Record<TaskStatus, ThemeIcon> = { open: OPEN, running: BUSY, fixing: icon("tools"), done: GOOD, failed: BAD, struck: ENDED };
const OF_VERDICT: Record<Verdict, ThemeIcon> = { clean: GOOD, failed: BAD, flaky: WARN, not_checked: WARN };
const OF_SEVERITY: Record<FindingView["severity"], ThemeIcon> = { error: BAD, warning: WARN, info: icon("info"), hint: icon("lightbulb") };
const TICK_MS = 5_000;

export class MissionTree implements TreeDataProvider<Row>, Disposable {
  private readonly changes = new EventEmitter<undefined>();
  readonly onDidChangeTreeData = this.changes.event;
  /** Clocks go on while a mission does. */
  private readonly timer = setInterval(() => this.missions.newest()?.isOver === false && this.changes.fire(undefined), TICK_MS);

  constructor(private readonly missions: Missions) {
    missions.onChange(() => this.changes.fire(undefined));
  }

  getChildren(row?: Row): Row[] {
    if (row && !row.mission.details) this.missions.refreshSoon(row.mission);
    return row ? row.children : this.missions.all().map(ofMission);
  }

  getTreeItem(row: Row): TreeItem { return row.item; }

  dispose(): void {
    clearInterval(this.timer);
    this.changes.dispose();
  }
}

function row(mission: Mission, label: string, facts: readonly (string | false | undefined)[], iconPath: ThemeIcon, more: Partial<TreeItem> = {}, children: Row[] = []): Row {
  const description = facts.filter(Boolean).join(" · ");
  const item = new TreeItem(label, children.length > 0 ? Fold.Expanded : Fold.None);
  return { item: Object.assign(item, { description, iconPath, tooltip: `${label}\n${description}`, ...more }), children, mission, taskId: "" };
}

function ofMission(mission: Mission): Row {
  const { counts, details, id, isOver, questions } = mission;
  const isPaused = !isOver && Boolean(details?.pauseReason);
  const spent = mission.begun > 0 && lasting((isOver ? mission.newest : Date.now() / 1_000) - mission.begun);
  const facts = [isPaused ? "paused" : mission.status, counts && counts.total > 0 && `${counts.done} of ${counts.total}`, spent];
  const flags = ["mission", isOver ? "over" : "active", isPaused ? "paused" : "going", questions.length > 0 && "asking", details?.isDelivered && !details.isUndone && "delivered", mission.status];
  return row(mission, mission.title, facts, isPaused ? PAUSED : OF_MISSION[mission.status], {
    id,
    tooltip: `${mission.text}\n${id}${details ? ` on ${details.host}` : ""}`,
    contextValue: flags.filter(Boolean).join(" "),
    collapsibleState: isOver ? Fold.Collapsed : Fold.Expanded,
  }, details ? phases(mission, details) : []);
}

function phases(mission: Mission, details: MissionStatusResult): Row[] {
  const { counts, endReason, endHint, isDelivered, isUndone, planVersion, seal, status, tasks } = details;
  const isAsked = mission.questions.some((question) => question.kind === "plan");
  const planned = isAsked ? "waits for you" : details.approval === "plan" && planVersion > 0 && "approved";
  const waits = mission.isOver ? OPEN : BUSY;
  const rows = mission.questions.map(({ text }) => row(mission, text, [], ASKS));
  if (endReason) rows.push(row(mission, endReason, [endHint], WARN));
  rows.push(row(mission, "Plan", [planVersion > 0 ? `version ${planVersion}` : "…", planned], isAsked ? ASKS : planVersion > 0 ? GOOD : waits, { id: `${mission.id}/plan`, contextValue: isAsked ? "plan asking" : "plan" }));
  const work = tasks.filter((task) => !above(task, tasks)).map((task) => ofTask(mission, task, tasks));
  const worked = counts.done + counts.struck === counts.total ? GOOD : counts.failed > 0 ? BAD : waits;
  if (work.length > 0) rows.push(row(mission, "Work", [`${counts.done} of ${counts.total}`], worked, { id: `${mission.id}/work` }, work));
  const receipts = (seal?.receipts ?? []).map(({ check, verdict, durationS, command }) => row(mission, check, [verdict, lasting(durationS), command], OF_VERDICT[verdict]));
  const held = details.heldBack.map((name) => row(mission, name, ["not trusted to run: the setting orchestrator.trust"], WARN));
  const checks = [...receipts, ...held, ...found(mission, "")];
  const checked = seal ? "sealed" : status === "sealing" && "running";
  if (checks.length > 0 || checked) rows.push(row(mission, "Checks", [checked], seal ? GOOD : status === "sealing" ? BUSY : WARN, { id: `${mission.id}/checks` }, checks));
  if (isDelivered || isUndone) rows.push(row(mission, "Delivery", [isUndone ? "undone" : details.deliveredPlace], isUndone ? icon("discard") : GOOD));
  return rows;
}

/** The task below which a task is shown: the one that it mends, or is a part of. */
function above(task: TaskView, tasks: readonly TaskView[]): TaskView | undefined {
  return tasks.find((other) => other !== task && (other.id === task.parentId || other.id === task.groupId));
}

function ofTask(mission: Mission, task: TaskView, tasks: readonly TaskView[]): Row {
  const span = mission.spans.get(task.id);
  const isCut = task.status === "running" && mission.isOver;
  const until = task.status === "running" && !isCut ? Date.now() / 1_000 : span?.ended;
  const findings = found(mission, task.id);
  const state = task.isPaused ? "paused" : isCut ? mission.status : task.status;
  const facts = [state, span?.owner, span && until !== undefined && lasting(until - span.begun), task.attemptCount > 1 && `attempt ${task.attemptCount}`, findings.length > 0 && `${findings.length} finding${findings.length === 1 ? "" : "s"}`];
  const children = [...tasks.filter((other) => above(other, tasks) === task).map((other) => ofTask(mission, other, tasks)), ...findings];
  const made = row(mission, task.title, facts, task.isPaused ? PAUSED : isCut ? OPEN : OF_TASK[task.status], {
    id: `${mission.id}/task/${task.id}`,
    tooltip: [`${task.id}: ${task.title}`, task.reason, task.waiting, task.writeSet.join(", ")].filter(Boolean).join("\n"),
    contextValue: ["task", mission.isOver ? "over" : "active", task.isPaused ? "paused" : "going", task.status].join(" "),
  }, children);
  return { ...made, taskId: task.id };
}

function found(mission: Mission, taskId: string): Row[] {
  return mission.findings.filter((finding) => finding.taskId === taskId).map(({ path, message, rule, severity, startLine, startColumn, endLine, endColumn }) => {
    const selection = new Range(startLine, startColumn, endLine, endColumn);
    const command = { title: "Open", command: "vscode.open", arguments: [Uri.joinPath(mission.connection.folder.uri, path), { selection }] };
    return row(mission, message, [path && `${path}:${startLine + 1}`, rule], OF_SEVERITY[severity], path ? { command } : {});
  });
}

/** Such as "0.4 s", "12 s", "3 min 5 s". */
function lasting(seconds: number): string {
  if (seconds < 60) return `${seconds < 10 ? Math.max(0, seconds).toFixed(1) : Math.round(seconds)} s`;
  return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}
