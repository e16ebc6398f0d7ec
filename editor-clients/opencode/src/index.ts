/** The plugin: missions in OpenCode, by a mission server; ordinary chat is as without it. */
import type { Config, Plugin, PluginModule } from "@opencode-ai/plugin";
import type { Event, PermissionRule } from "@opencode-ai/sdk/v2";
import { COMMANDS } from "./commands.js";
import { OpenCode } from "./opencode.js";
import { agentOf, describe, PREFIX, ROLES, SHELL, tools } from "./tools.js";
import { Workspace } from "./workspace.js";

const PROMPT = "You work in a mission. Act through your tools alone; paths are relative to the workspace. Nobody answers questions.";
type Permission = Record<string, unknown> | string | undefined;

const server: Plugin = async (input, options) => {
  const opencode = new OpenCode(input);
  const command = Array.isArray(options?.["command"]) ? options["command"].map(String) : [];
  const workspace = Workspace.take(opencode, command);
  const { host } = workspace;
  const own = new Set<string>();
  return {
    config: async (config) => {
      addCommands(config, own);
      host.shellRules = shellRules(config.permission as Permission);
      hideTools(config);
    },
    tool: tools(host),
    "tool.definition": async ({ toolID }, output) => describe(host, toolID, output),
    "command.execute.before": async ({ command: name, arguments: text, sessionID }) => {
      if (!own.has(name)) return;
      await workspace.command(name, text, sessionID);
      throw new Error("handled by the mission server"); // so that no model is asked
    },
    event: async ({ event }) => {
      if (workspace.isSpeaker(opencode)) host.event(event as unknown as Event);
    },
    "chat.params": async ({ sessionID, model }, output) => {
      if (workspace.isSpeaker(opencode)) await host.beforeCall(sessionID, output.maxOutputTokens ?? model.limit.output, model.cost);
    },
    "experimental.chat.system.transform": async ({ sessionID }, output) => {
      const hosted = host.sessions.get(sessionID ?? "");
      if (!hosted || !output.system.join().includes(PROMPT)) return; // OpenCode's own calls, such as for a summary, are its own
      output.system.splice(0, output.system.length, hosted.params.system || PROMPT, ...hosted.reminder);
    },
    "experimental.session.compacting": async ({ sessionID }) => {
      const hosted = host.sessions.get(sessionID ?? "");
      if (hosted) hosted.reminder = [`Your history was shortened. Go on where you stopped. This is your task, word for word:\n\n${hosted.brief}`];
    },
    dispose: async () => workspace.release(opencode),
  };
};

/** Our commands, except where the user has one of the same name. */
function addCommands(config: Config, own: Set<string>): void {
  config.command ??= {};
  for (const [name, { description }] of Object.entries(COMMANDS)) {
    if (config.command[name] && config.command[name].description !== description) continue;
    config.command[name] = { template: "$ARGUMENTS", description };
    own.add(name);
  }
}

/** What the user says of OpenCode's `bash` holds for the commands of missions, in the user's order: the last that fits counts. */
function shellRules(said: Permission): PermissionRule[] {
  const isAboutCommands = (key: string): boolean => key === "bash" || (key.endsWith("*") && "bash".startsWith(key.slice(0, -1)));
  const entries = (one: unknown): [string, unknown][] => Object.entries(typeof one === "string" ? { "*": one } : (one ?? {}));
  const patterns = entries(said).flatMap(([key, one]) => (isAboutCommands(key) ? entries(one) : []));
  return patterns.map(([pattern, action]) => ({ permission: SHELL, pattern, action: action as PermissionRule["action"] }));
}

/** Nobody but the sessions of missions sees our tools; an agent's own "*" would override the rule for all. */
function hideTools(config: Config): void {
  const agents = (config.agent ??= {}) as Record<string, { permission?: Permission }>;
  const holders: { permission?: unknown }[] = [config, ...Object.values(agents).filter((agent) => "permission" in agent)];
  for (const holder of holders) {
    const said = holder.permission as Permission;
    holder.permission = { ...(typeof said === "string" ? { "*": said } : said), [`${PREFIX}*`]: "deny" };
  }
  for (const role of ROLES) {
    // The server itself ends a session that goes round in circles.
    const agent = { mode: "primary", hidden: true, prompt: PROMPT, description: `The ${role} of a mission`, permission: { doom_loop: "allow" } };
    agents[agentOf(role)] = agent;
  }
}

export default { id: "opencode-orchestrator", server } satisfies PluginModule;
