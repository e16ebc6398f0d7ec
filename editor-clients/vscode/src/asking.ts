/** A mission's questions, put to the person at this window. */
import { type QuickPickItem, window } from "vscode";
import type { Answer, QuestionView, TaskView } from "#protocol";
import type { Mission } from "./missions.js";

const ANSWERS: Record<QuestionView["kind"], Record<string, Answer>> = {
  plan: { Approve: "allow", Refuse: "deny" },
  permission: { Allow: "allow", "Allow Always": "always", Deny: "deny" },
  clarification: { Answer: "allow" },
  budget: { Allow: "allow", Deny: "deny" },
  judge: { Allow: "allow", Deny: "deny" },
};
const REVIEW = "Review Plan";
/** Answers that take words. */
const WORDS: Record<string, string> = {
  Answer: "Your answer",
  Refuse: "What should be different? The plan is then made anew; with no words the mission ends.",
};

/** A mission asks: say so, with the answers as buttons. */
export async function asked(mission: Mission, question: QuestionView): Promise<void> {
  const answers = ANSWERS[question.kind];
  const buttons = [...(question.kind === "plan" ? [REVIEW] : []), ...Object.keys(answers)];
  const chosen = await window.showWarningMessage(`${mission.title}: ${question.text}`, ...buttons);
  await answer(mission, question, chosen).catch((error: Error) => window.showErrorMessage(`Orchestrator: ${error.message}`));
}

/** The command: answer the question that waits. */
export async function answerNext(mission: Mission): Promise<void> {
  const { questions } = await mission.connection.request("mission/status", { missionId: mission.id });
  const [question] = questions;
  if (!question) return void window.showInformationMessage("Nothing waits for an answer.");
  const chosen = question.kind === "plan" ? REVIEW : await window.showQuickPick(Object.keys(ANSWERS[question.kind]), { title: question.text });
  await answer(mission, question, chosen);
}

async function answer(mission: Mission, question: QuestionView, chosen = ""): Promise<void> {
  if (chosen === REVIEW) return reviewPlan(mission);
  const said = ANSWERS[question.kind][chosen];
  const prompt = WORDS[chosen];
  const text = prompt ? await window.showInputBox({ title: question.text, prompt, ignoreFocusOut: true }) : "";
  if (!said || text === undefined) return;
  const result = await mission.connection.request("permission/reply", { missionId: mission.id, questionId: question.id, answer: said, text });
  if (result.answer !== said) void window.showInformationMessage(`${result.by} has answered already: ${result.answer}`);
}

/** Show the plan's tasks; those that are unticked are struck before the plan is approved. */
async function reviewPlan({ connection, id: missionId, title }: Mission): Promise<void> {
  const plan = await connection.request("plan/get", { missionId });
  const open = plan.tasks.filter((task) => task.status === "open");
  const items = open.map((task): QuickPickItem & { task: TaskView } => {
    const after = task.dependsOn.length > 0 && `after ${task.dependsOn.join(", ")}`;
    return { label: task.title, description: [task.role, task.size, after].filter(Boolean).join(" · "), detail: task.writeSet.join(", "), picked: true, task };
  });
  const placeHolder = "Approve with these tasks; untick what should not be done";
  const kept = await window.showQuickPick(items, { canPickMany: true, ignoreFocusOut: true, title: `Plan of ${title}`, placeHolder });
  if (!kept) return;
  const edits = items.filter((item) => !kept.includes(item)).map(({ task }) => ({ kind: "strike" as const, taskId: task.id }));
  const { version } = edits.length > 0 ? await connection.request("plan/revise", { missionId, version: plan.version, edits }) : plan;
  await connection.request("plan/approve", { missionId, version });
}
