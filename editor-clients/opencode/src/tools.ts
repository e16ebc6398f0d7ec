/** The server's tools as OpenCode's: few and small for a mission's sessions, hidden from everybody else. */
import type { Hooks, ToolContext } from "@opencode-ai/plugin";
import type { Role } from "#protocol";
import type { Host } from "./host.js";

export const PREFIX = "orc_";
export const MORE = `${PREFIX}more`;
export const SHELL = `${PREFIX}shell`;

/**
 * Tools that a session is shown at once, with the arguments that it is shown. The rest of both is behind MORE, so that
 * its first request stays small.
 */
export const CORE: Readonly<Record<string, readonly string[]>> = {
  read_file: ["path", "start_line"],
  grep: ["pattern", "globs"],
  write_file: ["path", "content"],
  edit_file: ["path", "old", "new"],
  shell: ["command"],
};

export const ROLES: readonly Role[] = ["planner", "searcher", "worker", "fixer", "reviewer"];
export const agentOf = (role: Role): string => `orc-${role}`;

type Schema = Readonly<Record<string, unknown>>;
const [WORD, OBJECTS] = [{ type: "string" }, { type: "array", items: { type: "object" } }];
/** How the roles that answer with data hand it in: the tool's name, what it takes. The server checks what is in it. */
export const RESULTS: Readonly<Partial<Record<Role, { tool: string; properties: Schema }>>> = {
  planner: { tool: `${PREFIX}submit_plan`, properties: { tasks: OBJECTS } },
  searcher: { tool: `${PREFIX}report_findings`, properties: { summary: WORD, places: OBJECTS } },
  reviewer: { tool: `${PREFIX}submit_review`, properties: { verdict: WORD, summary: WORD, findings: OBJECTS } },
};
const OTHER: Schema = { type: "object", properties: { tool: { type: "string" }, arguments: { type: "object" } }, required: ["tool"] };

/** Registered once, described anew for each request: what they take is the server's to say. */
export function tools(host: Host): NonNullable<Hooks["tool"]> {
  const entries = [...Object.keys(CORE).map((name) => PREFIX + name), MORE, ...Object.values(RESULTS).map(({ tool }) => tool)].map((name) => {
    const execute = (args: object, context: ToolContext) => host.callTool(name, args as Record<string, unknown>, context);
    return [name, { description: name, args: {}, execute }] as const;
  });
  return Object.fromEntries(entries);
}

/** The `tool.definition` hook; OpenCode takes a JSON schema where one is given. */
export function describe(host: Host, toolId: string, output: { description: string; jsonSchema?: unknown }): void {
  if (!toolId.startsWith(PREFIX)) return;
  const name = toolId.slice(PREFIX.length);
  const tool = host.tools.get(name);
  const result = Object.values(RESULTS).find((one) => one.tool === toolId);
  if (result) {
    Object.assign(output, { description: "Hand in your result, then end your turn.", jsonSchema: { type: "object", properties: result.properties } });
  } else if (toolId === MORE) {
    const names = [...host.tools.keys()].filter((other) => !(other in CORE));
    Object.assign(output, { description: `Other tools: ${names.join(", ")}. Without \`arguments\`: what one takes.`, jsonSchema: OTHER });
  } else if (tool) {
    Object.assign(output, { description: tool.description, jsonSchema: compact(tool.arguments, CORE[name] ?? []) });
  }
}

/** The schema's shown arguments, each with its type alone: the server checks the rest and says what is wrong. */
function compact(schema: Schema, shown: readonly string[]): Schema {
  const all = schema["properties"] as Readonly<Record<string, Schema>>;
  const properties = Object.fromEntries(shown.flatMap((name) => (all[name] ? [[name, typeOf(all[name])]] : [])));
  return { type: "object", properties, required: schema["required"] ?? shown.slice(0, 1) };
}

function typeOf(schema: Schema): Schema {
  const [first] = (schema["anyOf"] as readonly Schema[] | undefined) ?? [schema];
  const items = first?.["items"] as Schema | undefined;
  return items ? { type: "array", items: typeOf(items) } : { type: first?.["type"] };
}
