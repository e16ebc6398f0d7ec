/** What the commands do: find the mission and the task that are meant, ask the server, say what came of it. */
import { commands, window, workspace } from "vscode";
import type { ContextItem } from "#protocol";
import { answerNext } from "./asking.js";
import type { Connections } from "./connections.js";
import type { Mission, Missions } from "./missions.js";
import type { Pages } from "./pages.js";
import { findProgram, INSTALL, run, setting } from "./program.js";
import { showProgress, standing } from "./telling.js";

/** What a row of the view, or a message, says about what is meant; `taskId` "" for the whole mission. */
type Target = { mission: Mission; taskId: string };
type Act = (mission: Mission, task: { missionId: string; taskId: string }) => Promise<unknown>;

const FIX_ALL = "fix all style findings";
const [IN_FILE, IN_WORKSPACE] = ["In this file", "In the workspace"];

/** The commands by name, without "orchestrator.". */
export function all(connections: Connections, missions: Missions, pages: Pages): Record<string, (...args: never[]) => Promise<unknown>> {
  /** A command about a mission or a task of it; from the palette the mission under way is meant. */
  const about = (act: Act) => async (target?: Target) => {
    await connections.here();
    const mission = target?.mission ?? (await chosenMission(missions));
    if (mission) await act(mission, { missionId: mission.id, taskId: target?.taskId ?? "" });
  };
  /** The same about a task, which is asked for when it is not known. */
  const aboutTask = (title: string, act: Act) =>
    about(async (mission, { missionId, taskId }) => {
      const task = taskId || (await chosenTask(mission, title));
      if (task) await act(mission, { missionId, taskId: task });
    });
  const hold = (verb: "stop" | "pause" | "resume", said: string) =>
    about(async ({ connection, title }, { missionId, taskId }) => {
      await (taskId ? connection.request(`task/${verb}`, { missionId, taskId }) : connection.request(`mission/${verb}`, { missionId }));
      say(`${taskId || title} ${said}`);
    });
  const begin = async (given: unknown, context: readonly ContextItem[] = []): Promise<void> => {
    const connecting = connections.here();
    connecting.catch(() => undefined); // said when it is awaited
    const prompt = ["What should be done?", ...context.map(({ path, firstLine, lastLine }) => `It is about ${path}:${firstLine}-${lastLine}.`)].join(" ");
    const text = typeof given === "string" ? given : await window.showInputBox({ title: "Start a mission", prompt, ignoreFocusOut: true });
    if (!text?.trim()) return;
    if (!(await isSaved())) return;
    const connection = await connecting;
    const [host, approval, trust] = [setting("host", connection.folder), setting("approval", connection.folder), setting("trust", connection.folder)];
    const { missionId } = await connection.request("mission/start", { text, context, trust, ...(host && { host }), ...(approval && { approval }) });
    showProgress(missions.of(connection, missionId, text), missions);
    await commands.executeCommand("orchestrator.missions.focus");
  };
  return {
    start: begin,
    startWithSelection: () => begin(undefined, selection()),
    stop: hold("stop", "is stopped; its work so far is kept"),
    pause: hold("pause", "is held"),
    resume: hold("resume", "goes on"),
    retry: about(async (mission, { missionId }) => {
      await mission.connection.request("mission/retry", { missionId });
      showProgress(mission, missions);
    }),
    approve: about(answerNext),
    steer: aboutTask("Steer which task?", async ({ connection }, task) => {
      const text = await window.showInputBox({ title: `Steer ${task.taskId}`, prompt: "What should whoever works on it know?" });
      if (!text) return;
      await connection.request("task/steer", { ...task, text });
      say(`${task.taskId} is told at its next step`);
    }),
    undo: about(async ({ connection, title }, task) => {
      const detail = "Files that you changed since are never written over.";
      if (!(await window.showWarningMessage(`Take back what ${task.taskId || title} wrote?`, { modal: true, detail }, "Undo"))) return;
      const { paths } = await connection.request("mission/undo", task);
      say(`undone: ${paths.length} file${paths.length === 1 ? " is" : "s are"} as before`);
    }),
    summary: about((mission) => pages.summary(mission)),
    log: aboutTask("The log of which task?", (mission, { taskId }) => pages.log(mission, taskId)),
    diff: about((mission, { taskId }) => pages.diff(mission, taskId)),
    fixAll: async () => {
      const picked = window.activeTextEditor ? await window.showQuickPick([IN_FILE, IN_WORKSPACE], { title: "Fix all findings" }) : IN_WORKSPACE;
      if (picked === IN_FILE) await commands.executeCommand("editor.action.fixAll");
      else if (picked) await begin(FIX_ALL);
    },
    fixRule: async (rule: string) => (await connections.here()).fixRule(rule),
    doctor: () => doctor(pages),
    restart: () => connections.restart(),
  };
}

const say = (text: string): unknown => window.setStatusBarMessage(`$(check) ${text}`, 5_000);

async function doctor(pages: Pages): Promise<void> {
  const folder = workspace.workspaceFolders?.[0];
  const program = await findProgram(setting("server.command", folder));
  if (!program) return pages.show("doctor", `No server: neither by the setting orchestrator.server.command nor on PATH. Install it: ${INSTALL}\n`);
  const { output } = await run([...program.argv.slice(0, -1), "doctor", ...(folder ? ["--workspace", folder.uri.fsPath] : [])]);
  await pages.show("doctor", `Server program: ${program.argv.join(" ")} (from ${program.source})\n\n${output.trim()}\n`);
}

/** Missions work on what is on disk: offers to save what is not, and answers whether to go on. */
async function isSaved(): Promise<boolean> {
  const unsaved = workspace.textDocuments.filter((text) => text.isDirty && !text.isUntitled && workspace.getWorkspaceFolder(text.uri));
  if (unsaved.length === 0) return true;
  const said = `A mission works on what is on disk. Not saved: ${unsaved.map((text) => workspace.asRelativePath(text.uri)).join(", ")}`;
  return Boolean(await window.showWarningMessage(said, { modal: true }, "Save All")) && workspace.saveAll();
}

/** The lines that are selected, as context of a mission. */
function selection(): ContextItem[] {
  const { document, selection: lines } = window.activeTextEditor ?? {};
  if (!document || !lines || !workspace.getWorkspaceFolder(document.uri)) return [];
  return [{ path: workspace.asRelativePath(document.uri, false), firstLine: lines.start.line + 1, lastLine: lines.end.line + 1 }];
}

/** The mission that is meant: the only one under way, else the only one at all, else one that is picked. */
async function chosenMission(missions: Missions): Promise<Mission | undefined> {
  const active = missions.all().filter((mission) => !mission.isOver);
  const items = (active.length > 0 ? active : missions.all()).map((mission) => ({ label: mission.title, description: standing(mission), mission }));
  if (items.length === 0) void window.showInformationMessage('There is no mission here; "Orchestrator: Start Mission" starts one.');
  return (items.length > 1 ? await window.showQuickPick(items, { title: "Which mission?" }) : items[0])?.mission;
}

async function chosenTask({ connection, id: missionId }: Mission, title: string): Promise<string | undefined> {
  const { tasks } = await connection.request("plan/get", { missionId });
  const items = tasks.map((task) => ({ label: task.title, description: `${task.id} · ${task.status}`, id: task.id }));
  return (items.length > 1 ? await window.showQuickPick(items, { title }) : items[0])?.id;
}
