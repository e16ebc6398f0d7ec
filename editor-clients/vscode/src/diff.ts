/** A unified diff as two texts, so that an editor can show it. */

type Side = "before" | "after";
/** A changed place: the first line (from 0) and the lines of each side. */
type Hunk = Record<Side, { first: number; lines: string[] }>;
export type FileDiff = { path: string; hunks: Hunk[] };

const HEAD = /^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@/;

/** The files of a diff in git's style; binary ones have no hunks. */
export function parse(diff: string): FileDiff[] {
  const files: FileDiff[] = [];
  let hunk: Hunk | undefined;
  for (const line of diff.split("\n")) {
    const file = files.at(-1);
    const head = HEAD.exec(line);
    if (line.startsWith("diff --git ")) {
      files.push({ path: / b\/(.*)$/.exec(line)?.[1] ?? "", hunks: [] });
      hunk = undefined;
    } else if (head && file) {
      // Git counts from 1, and names the line before an empty side.
      const side = (first = "", count = ""): Hunk[Side] => ({ first: Number(first) - (count === "0" ? 0 : 1), lines: [] });
      hunk = { before: side(head[1], head[2]), after: side(head[3], head[4]) };
      file.hunks.push(hunk);
    } else if (hunk && /^[ +-]/.test(line)) {
      if (!line.startsWith("+")) hunk.before.lines.push(line.slice(1));
      if (!line.startsWith("-")) hunk.after.lines.push(line.slice(1));
    }
  }
  return files;
}

/** Both texts of a file: whole when `now`, the file on disk, is the expected side or the other; else the changed places alone. */
export function sides({ hunks }: FileDiff, now = "", expected: Side = "after"): [before: string, after: string] {
  const lines = now.split("\n");
  const fits = (side: Side): boolean => hunks.every((hunk) => hunk[side].lines.every((line, index) => lines[hunk[side].first + index] === line));
  const replaced = (from: Side, to: Side): string => {
    const result = [...lines];
    for (const hunk of [...hunks].reverse()) result.splice(hunk[from].first, hunk[from].lines.length, ...hunk[to].lines);
    return result.join("\n");
  };
  const side = [expected, "after" as const, "before" as const].find(fits);
  if (side) return side === "after" ? [replaced("after", "before"), now] : [now, replaced("before", "after")];
  const places = (side: Side): string => hunks.map((hunk) => hunk[side].lines.join("\n")).join("\n\n⋯\n\n");
  return [places("before"), places("after")];
}
