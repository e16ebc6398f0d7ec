/** The plugin: missions in OpenCode, by a mission server; ordinary chat is as without it. */
import type { Config, Hooks, Plugin, PluginModule } from "@opencode-ai/plugin";
import type { Event } from "@opencode-ai/sdk/v2";
import { COMMANDS } from "./commands.js";
import { agentOf, PREFIX, ROLES } from "./names.js";
import { OpenCode } from "./opencode.js";
import { describe, tools } from "./tools.js";
import { Workspace } from "./workspace.js";

const HIDDEN = { [`${PREFIX}*`]: "deny" };
const PROMPT = "You work in a mission. Act through your tools alone; paths are relative to the workspace. Nobody answers questions.";
type Permission = Record<string, unknown> | string | undefined;

const server: Plugin = async (input, options) => {
  const opencode = new OpenCode(input);
  const command = Array.isArray(options?.["command"]) ? options["command"].map(String) : [];
  const workspace = Workspace.take(opencode, command);
  const { host } = workspace;
  const own = new Set<string>();
  const hooks: Hooks = {
    config: async (config) => {
      addCommands(config, own);
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
      if (!host.hosted(sessionID) || !workspace.isSpeaker(opencode)) return;
      await host.beforeCall(sessionID, output.maxOutputTokens ?? model.limit.output, model.cost);
    },
    "experimental.chat.system.transform": async ({ sessionID }, output) => {
      const hosted = host.hosted(sessionID);
      if (hosted) output.system.splice(0, output.system.length, hosted.params.system || PROMPT);
    },
    "experimental.session.compacting": async ({ sessionID }, output) => {
      const hosted = host.hosted(sessionID);
      if (hosted) output.context.push(`Keep word for word what you were told first:\n${hosted.brief}`);
    },
    dispose: () => workspace.release(opencode),
  };
  return hooks;
};

/** Our commands, except where the user has one of the same name. */
function addCommands(config: Config, own: Set<string>): void {
  config.command ??= {};
  for (const [name, description] of Object.entries(COMMANDS)) {
    if (config.command[name] && config.command[name].description !== description) continue;
    config.command[name] = { template: "$ARGUMENTS", description };
    own.add(name);
  }
}

/** Nobody but the sessions of missions sees our tools; an agent's own "*" would override the rule for all. */
function hideTools(config: Config): void {
  const holders = [config, ...Object.values(config.agent ?? {})] as { permission?: Permission }[];
  for (const [index, holder] of holders.entries()) {
    const said = holder.permission;
    if (index > 0 && said === undefined) continue;
    holder.permission = { ...(typeof said === "string" ? { "*": said } : said), ...HIDDEN };
  }
  config.agent ??= {};
  for (const role of ROLES) {
    const agent = { mode: "primary", hidden: true, prompt: PROMPT, description: `The ${role} of a mission` };
    config.agent[agentOf(role)] = agent as NonNullable<Config["agent"]>[string];
  }
}

export default { id: "opencode-orchestrator", server } satisfies PluginModule;
