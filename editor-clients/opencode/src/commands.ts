/** The slash commands: each is answered by the server, none by a model. */
import type { Answer, MissionSummary, QuestionView } from "#protocol";
import { type Connection, RefusedError } from "./server.js";

/** Answers what to show. Throws RefusedError. */
type Run = (server: Connection, text: string, key: string) => Promise<string>;

export const COMMANDS: Readonly<Record<string, { description: string; run: Run }>> = {
  task: { description: "Give a mission to the team (--plan: approve its plan first; --trust: run commands found here)", run: start },
  auto: { description: "The same as /task", run: start },
  tasks: { description: "Show the missions here and what they wait for", run: show },
  stop: { description: "Stop the mission; its work is kept", run: stop },
  cancel: { description: "The same as /stop", run: stop },
  approve: { description: "Answer what the mission asks: yes, always, or no with a reason", run: approve },
  steer: { description: "Say something to whoever works on a task", run: steer },
  "task-undo": { description: "Take back what the last mission wrote", run: undo },
};

export const FINAL = new Set(["sealed", "unverified", "failed", "stopped"]);
const ANSWERS: Readonly<Record<string, Answer>> = { yes: "allow", allow: "allow", always: "always", no: "deny", deny: "deny" };

async function start(server: Connection, text: string, key: string): Promise<string> {
  const [, flags = "", words = ""] = /^((?:--(?:plan|trust)\s+)*)([\s\S]*)$/.exec(text.trim())!;
  const { missionId, queuePosition } = await server.request("mission/start", {
    text: /^"([\s\S]*)"$/.exec(words)?.[1] ?? words,
    host: "editor",
    key,
    trust: flags.includes("--trust"),
    ...(flags.includes("--plan") ? { approval: "plan" as const } : {}),
  });
  const turn = queuePosition ? `It starts after ${queuePosition} other.` : "Its sessions appear below this one.";
  return `Mission ${missionId} has begun. ${turn} /tasks shows how it goes, /stop ends it.`;
}

async function stop(server: Connection, text: string): Promise<string> {
  const missionId = text.trim() || (await active(server)).missionId;
  const { status, kept } = await server.request("mission/stop", { missionId });
  const work = kept.length ? `The work so far is kept (${kept.length} files): orchestrator diff ${missionId}` : "It had not changed any file.";
  return `Mission ${missionId} is ${status}; nothing of it runs any more. ${work}`;
}

async function show(server: Connection): Promise<string> {
  const { missions } = await server.request("mission/list", {});
  if (!missions.length) return 'No mission yet. Start one: /task "what should be done"';
  const lines: string[] = [];
  for (const { missionId, status, counts, text } of missions.slice(-5).reverse()) {
    lines.push(`${missionId}  ${status}  ${counts.done}/${counts.total}  ${text}`);
    if (FINAL.has(status)) continue;
    const { tasks, questions } = await server.request("mission/status", { missionId });
    lines.push(...tasks.map((task) => `    ${task.status.padEnd(8)} ${task.id}  ${task.title}`), ...questions.map((one) => `    ${asked(one)}`));
  }
  return lines.join("\n");
}

/** A question as a person is shown it. */
export function asked({ id, text }: QuestionView): string {
  return `asks (${id}): ${text} Answer: /approve yes, /approve always, /approve no REASON`;
}

async function approve(server: Connection, text: string): Promise<string> {
  const [, wantedId, word = "", reason = ""] = /^((?:q|m)-\S+)?\s*(\S*)\s*([\s\S]*)$/.exec(text.trim())!;
  const answer = ANSWERS[word.toLowerCase() || "yes"];
  if (!answer) throw new RefusedError("unknown_answer", `${word} is no answer`, "say yes, always, or no with a reason");
  const { missionId } = await active(server);
  const { questions, planVersion } = await server.request("mission/status", { missionId });
  const open = questions.filter(({ id }) => !wantedId || id === wantedId);
  const [question] = open;
  if (!question) throw new RefusedError("unknown_question", "the mission asks nothing", "/tasks shows how it stands");
  if (open.length > 1) throw new RefusedError("unknown_question", `${open.length} questions are open`, `name one: ${open.map(({ id }) => id).join(", ")}`);
  if (question.kind === "plan") {
    const isApproved = answer !== "deny";
    await server.request("plan/approve", { missionId, version: planVersion, isApproved, text: reason });
    return isApproved ? "The plan is approved." : "The plan is refused.";
  }
  await server.request("permission/reply", { missionId, questionId: question.id, answer, text: reason });
  return `Answered: ${answer}.`;
}

async function steer(server: Connection, text: string): Promise<string> {
  const { missionId } = await active(server);
  const { tasks } = await server.request("mission/status", { missionId });
  const [first = "", ...rest] = text.trim().split(/\s+/);
  const named = tasks.filter((task) => task.id === first);
  const told = named.length ? named : tasks.filter((task) => task.status === "running" || task.status === "fixing");
  if (!told.length) throw new RefusedError("unknown_task", "no task runs now", "name one of /tasks: /steer TASK WORDS");
  for (const task of told) await server.request("task/steer", { missionId, taskId: task.id, text: named.length ? rest.join(" ") : text.trim() });
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
