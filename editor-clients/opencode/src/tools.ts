/** The server's tools as OpenCode's: few and small for a mission's sessions, hidden from everybody else. */
import type { Hooks } from "@opencode-ai/plugin";
import type { Host } from "./host.js";
import { CORE, MORE, PREFIX, SUBMIT } from "./names.js";

type Tools = NonNullable<Hooks["tool"]>;
type Schema = Readonly<Record<string, unknown>>;
const PLAN: Schema = {
  type: "object",
  properties: { tasks: { type: "array", items: { type: "object" } } },
  required: ["tasks"],
};

/** Registered once, described anew for each request: what they take is the server's to say. */
export function tools(host: Host): Tools {
  const entries = [...Object.keys(CORE).map((name) => PREFIX + name), MORE, SUBMIT].map((name) => {
    const execute: Tools[string]["execute"] = (args, context) =>
      host.callTool(context.sessionID, name, args as Record<string, unknown>, context.abort);
    return [name, { description: name, args: {}, execute }] as const;
  });
  return Object.fromEntries(entries);
}

/** The `tool.definition` hook; OpenCode takes a JSON schema where one is given. */
export function describe(host: Host, toolId: string, output: { description: string; jsonSchema?: unknown }): void {
  if (toolId === SUBMIT) {
    output.description = "Hand in the plan, then end your turn.";
    output.jsonSchema = PLAN;
  } else if (toolId === MORE) {
    const names = host.toolNames().filter((name) => !(name in CORE));
    output.description = `Other tools: ${names.join(", ")}. Without \`arguments\`: what one takes.`;
    output.jsonSchema = { type: "object", properties: { tool: { type: "string" }, arguments: { type: "object" } }, required: ["tool"] };
  } else if (toolId.startsWith(PREFIX)) {
    const name = toolId.slice(PREFIX.length);
    const tool = host.schema(name);
    if (!tool) return;
    output.description = tool.description;
    output.jsonSchema = compact(tool.arguments, CORE[name] ?? []);
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
