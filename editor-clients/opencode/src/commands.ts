/** The slash commands: each is answered by the server, none by a model. */
import type { MissionStatusResult, MissionSummary, QuestionView } from "#protocol";
import { type Connection, RefusedError } from "./connection.js";

export const COMMANDS: Readonly<Record<string, string>> = {
  task: "Give a mission to the team (--plan: approve its plan first; --trust: run commands found here)",
  auto: "The same as /task",
  tasks: "Show the missions here and what they wait for",
  stop: "Stop the mission; its work is kept",
  cancel: "The same as /stop",
  approve: "Answer what the mission asks: yes, always, or no with a reason",
  steer: "Say something to whoever works on a task",
  "task-undo": "Take back what the last mission wrote",
};

const FINAL = new Set(["sealed", "unverified", "failed", "stopped"]);
const ANSWERS = { yes: "allow", allow: "allow", always: "always", no: "deny", deny: "deny" } as const;

/** Run one command; answers what to show. Throws RefusedError. */
export async function run(server: Connection, name: string, text: string, key: string): Promise<string> {
  switch (name) {
    case "task":
    case "auto":
      return start(server, text, key);
    case "stop":
    case "cancel":
      return stop(server, text);
    case "approve":
      return approve(server, text);
    case "steer":
      return steer(server, text);
    case "task-undo":
      return undo(server, text);
    default:
      return show(server);
  }
}

async function start(server: Connection, text: string, key: string): Promise<string> {
  const [, flags = "", words = ""] = /^((?:--(?:plan|trust)\s+)*)([\s\S]*)$/.exec(text.trim())!;
  const bare = /^"([\s\S]*)"$/.exec(words)?.[1] ?? words;
  const result = await server.request("mission/start", {
    text: bare,
    host: "editor",
    key,
    trust: flags.includes("--trust"),
    ...(flags.includes("--plan") ? { approval: "plan" as const } : {}),
  });
  const turn = result.queuePosition ? `It starts after ${result.queuePosition} other.` : "Its sessions appear below this one.";
  return `Mission ${result.missionId} has begun. ${turn} /tasks shows how it goes, /stop ends it.`;
}

async function stop(server: Connection, text: string): Promise<string> {
  const mission = text.trim() || (await active(server)).missionId;
  const { status, kept } = await server.request("mission/stop", { missionId: mission });
  const work = kept.length ? `The work so far is kept (${kept.length} files): orchestrator diff ${mission}` : "It had not changed any file.";
  return `Mission ${mission} is ${status}; nothing of it runs any more. ${work}`;
}

async function show(server: Connection): Promise<string> {
  const { missions } = await server.request("mission/list", {});
  if (!missions.length) return 'No mission yet. Start one: /task "what should be done"';
  const lines: string[] = [];
  for (const mission of missions.slice(-5).reverse()) {
    const { done, total } = mission.counts;
    lines.push(`${mission.missionId}  ${mission.status}  ${done}/${total}  ${mission.text}`);
    if (!FINAL.has(mission.status)) lines.push(...details(await server.request("mission/status", { missionId: mission.missionId })));
  }
  return lines.join("\n");
}

function details(status: MissionStatusResult): string[] {
  const tasks = status.tasks.map((task) => `    ${task.status.padEnd(8)} ${task.id}  ${task.title}`);
  return [...tasks, ...status.questions.map((question) => `    ${asked(question)}`)];
}

/** A question as a person is shown it. */
export function asked(question: QuestionView): string {
  return `asks (${question.id}): ${question.text} Answer: /approve yes, /approve always, /approve no REASON`;
}

async function approve(server: Connection, text: string): Promise<string> {
  const words = text.trim().split(/\s+/).filter(Boolean);
  const wantedId = words[0]?.startsWith("q-") ? words.shift() : undefined;
  const answer = ANSWERS[(words[0]?.toLowerCase() ?? "yes") as keyof typeof ANSWERS];
  if (words.length && answer) words.shift();
  const reason = words.join(" ");
  const { missionId } = await active(server);
  const status = await server.request("mission/status", { missionId });
  const open = status.questions.filter((question) => !wantedId || question.id === wantedId);
  const question = open[0];
  if (!question) throw new RefusedError("unknown_question", "the mission asks nothing", "/tasks shows how it stands");
  if (open.length > 1) throw new RefusedError("unknown_question", `${open.length} questions are open`, `name one: ${open.map((q) => q.id).join(", ")}`);
  if (question.kind === "plan") {
    const isApproved = (answer ?? "allow") !== "deny";
    await server.request("plan/approve", { missionId, version: status.planVersion, isApproved, text: reason });
    return isApproved ? "The plan is approved." : "The plan is refused.";
  }
  const result = await server.request("permission/reply", { missionId, questionId: question.id, answer: answer ?? "allow", text: reason });
  return `Answered: ${result.answer}.`;
}

async function steer(server: Connection, text: string): Promise<string> {
  const { missionId } = await active(server);
  const { tasks } = await server.request("mission/status", { missionId });
  const [first = "", ...rest] = text.trim().split(/\s+/);
  const named = tasks.find((task) => task.id === first);
  const words = named ? rest.join(" ") : text.trim();
  const told = named ? [named] : tasks.filter((task) => task.status === "running" || task.status === "fixing");
  if (!told.length) throw new RefusedError("unknown_task", "no task runs now", "name one of /tasks: /steer TASK WORDS");
  for (const task of told) await server.request("task/steer", { missionId, taskId: task.id, text: words });
  return `Told: ${told.map((task) => task.id).join(", ")}.`;
}

async function undo(server: Connection, text: string): Promise<string> {
  const { missions } = await server.request("mission/list", {});
  const missionId = text.trim() || missions.findLast((mission) => mission.isDelivered)?.missionId;
  if (!missionId) throw new RefusedError("nothing_to_undo", "no mission has written anything here");
  const { paths } = await server.request("mission/undo", { missionId });
  return `Mission ${missionId} is undone: ${paths.join(", ")}`;
}

async function active(server: Connection): Promise<MissionSummary> {
  const { missions } = await server.request("mission/list", {});
  const mission = missions.find((one) => !FINAL.has(one.status));
  if (!mission) throw new RefusedError("mission_not_active", "no mission is under way");
  return mission;
}
