/** What is said of missions: one progress with a button that stops, one message at the end, and the status bar. */
import { commands, type Disposable, ProgressLocation, StatusBarAlignment, ThemeColor, window } from "vscode";
import type { EventData, MissionEvent } from "#protocol";
import { asked } from "./asking.js";
import type { Mission, Missions } from "./missions.js";
import { setting } from "./program.js";

/** Tell of missions until disposed. */
export function telling(missions: Missions): Disposable[] {
  const bar = window.createStatusBarItem("orchestrator", StatusBarAlignment.Left, 10);
  const update = (): void => {
    const mission = missions.newest();
    if (!mission || mission.isOver) return bar.hide();
    const asks = mission.questions.length > 0;
    bar.text = asks ? "$(question) Mission waits for you" : `$(sync~spin) Mission ${standing(mission)}`;
    bar.tooltip = mission.title;
    bar.backgroundColor = asks ? new ThemeColor("statusBarItem.warningBackground") : undefined;
    bar.command = asks ? "orchestrator.approve" : "orchestrator.missions.focus";
    bar.show();
  };
  const telling = missions.onNote(({ mission, note }) => {
    if (note.method === "mission/event") void ended(mission, note.params);
    else if (note.method === "permission/request") void asked(mission, note.params.question);
  });
  return [bar, missions.onChange(update), telling];
}

/** Such as "running 3/7". */
export function standing({ status, counts }: Mission): string {
  return counts && counts.total > 0 ? `${status} ${counts.done}/${counts.total}` : status;
}

/** Show a mission's progress until it is over; its button stops the mission. */
export function showProgress(mission: Mission, missions: Missions): void {
  void window.withProgress({ location: ProgressLocation.Notification, cancellable: true, title: mission.title }, async (progress, token) => {
    let shown = 0;
    token.onCancellationRequested(() => commands.executeCommand("orchestrator.stop", { mission, taskId: "" }));
    await new Promise<void>((resolve) => {
      const subscription = missions.onChange(() => {
        const { total = 0, done = 0, struck = 0 } = mission.counts ?? {};
        const percent = total > 0 ? (100 * (done + struck)) / total : 0;
        progress.report({ message: standing(mission), increment: Math.max(0, percent - shown) });
        shown = Math.max(shown, percent);
        if (!mission.isOver && missions.all().includes(mission)) return;
        subscription.dispose();
        resolve();
      });
    });
  });
}

async function ended(mission: Mission, { type, data }: MissionEvent): Promise<void> {
  if (!setting("notify", mission.connection.folder)) return;
  let chosen: string | undefined;
  if (type === "mission.delivered") {
    chosen = await window.showInformationMessage(delivered(mission, data), "Summary", "Changes", "Undo");
  } else if (type === "mission.ended") {
    const show = data.status === "failed" ? window.showErrorMessage : window.showWarningMessage;
    chosen = await show(`${data.status}: ${[mission.title, data.reason].filter(Boolean).join(": ")}${data.hint && `; ${data.hint}`}`, "Summary");
  }
  const command = { Summary: "summary", Changes: "diff", Undo: "undo" }[chosen ?? ""];
  if (command) await commands.executeCommand(`orchestrator.${command}`, { mission, taskId: "" });
}

function delivered({ title }: Mission, { keptBack, paths, mode, place, detail }: EventData["mission.delivered"]): string {
  if (keptBack.length > 0) return `Not applied, you changed ${keptBack.slice(0, 3).join(", ")} meanwhile: ${title}; ${detail}`;
  if (paths.length === 0) return `sealed: ${title}; nothing had to be changed`;
  return `sealed: ${title}; ${paths.length} file${paths.length === 1 ? "" : "s"} ${mode === "apply" ? "written" : `in a ${mode}, ${place}`}`;
}
