/** Names that OpenCode, the server and we agree on. */
import type { Role } from "#protocol";

export const PREFIX = "orc_";
export const SUBMIT = `${PREFIX}submit_plan`;
export const MORE = `${PREFIX}more`;

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
