/** Pages to read: a task's log, what was changed as diff editors, the summary. */
import { readFile } from "node:fs/promises";
import { ColorThemeKind, commands, Disposable, EventEmitter, type TextDocumentContentProvider, Uri, ViewColumn, window, workspace } from "vscode";
import { type FileDiff, parse, sides } from "./diff.js";
import type { Mission } from "./missions.js";

const SCHEME = "orchestrator";

/** Read-only texts of ours, by address; a text is forgotten when nobody shows it any more. */
export class Pages implements TextDocumentContentProvider {
  private readonly texts = new Map<string, string>();
  private readonly changes = new EventEmitter<Uri>();
  readonly subscription: Disposable;
  readonly onDidChange = this.changes.event;

  constructor() {
    const forgetting = workspace.onDidCloseTextDocument(({ uri }) => this.texts.delete(uri.toString()));
    this.subscription = Disposable.from(workspace.registerTextDocumentContentProvider(SCHEME, this), forgetting, this.changes);
  }

  provideTextDocumentContent(uri: Uri): string { return this.texts.get(uri.toString()) ?? ""; }

  /** What happened to a task. */
  async log(mission: Mission, taskId: string): Promise<void> {
    const { entries } = await mission.connection.request("task/log", { missionId: mission.id, taskId });
    const lines = entries.map(({ at, text }) => `${new Date(at * 1_000).toLocaleTimeString("en-GB")}  ${text.replaceAll("\n", " ")}`);
    await this.show(`${mission.id}/${taskId}.log`, `${lines.join("\n")}\n`);
  }

  /** A text to read, under a name. */
  async show(path: string, text: string): Promise<void> {
    await window.showTextDocument(this.put(path, text), { preview: true });
  }

  /** What a mission, or one task of it, changed: a diff editor for each file. */
  async diff(mission: Mission, taskId = ""): Promise<void> {
    const { diff, isCut } = await mission.connection.request("mission/diff", { missionId: mission.id, taskId });
    const files = parse(diff);
    if (files.length === 0) return void window.showInformationMessage("Nothing is changed.");
    if (isCut) void window.showWarningMessage("The changes are too many to show; `orchestrator diff` writes them whole.");
    const shown = await Promise.all(files.map((file) => this.sides(mission, `${mission.id}/${taskId || "all"}`, file)));
    const [[, before, after] = []] = shown;
    if (shown.length === 1) await commands.executeCommand("vscode.diff", before, after, `${files[0]?.path} (${taskId || mission.title})`);
    else await commands.executeCommand("vscode.changes", `Changes of ${taskId || mission.title}`, shown);
  }

  /** The story of a mission, as a page. */
  async summary(mission: Mission): Promise<void> {
    const { page } = await mission.connection.request("mission/summary", { missionId: mission.id, wantsPage: true });
    const panel = window.createWebviewPanel("orchestrator.summary", `Mission: ${mission.title}`, ViewColumn.Active, { enableScripts: false, localResourceRoots: [] });
    // The page asks the system for its colours; here the theme says what they are.
    const isDark = window.activeColorTheme.kind === ColorThemeKind.Dark || window.activeColorTheme.kind === ColorThemeKind.HighContrast;
    panel.webview.html = page.replace("(prefers-color-scheme: dark)", isDark ? "all" : "not all").replace("color-scheme: light dark", `color-scheme: ${isDark ? "dark" : "light"}`);
  }

  private async sides(mission: Mission, folder: string, file: FileDiff): Promise<[Uri, Uri, Uri]> {
    const place = Uri.joinPath(mission.connection.folder.uri, file.path);
    const now = await readFile(place.fsPath, "utf8").catch(() => undefined);
    const [before, after] = sides(file, now, mission.details?.isDelivered && !mission.details.isUndone ? "after" : "before");
    return [place, this.put(`${folder}/before/${file.path}`, before), this.put(`${folder}/after/${file.path}`, after)];
  }

  private put(path: string, text: string): Uri {
    const uri = Uri.from({ scheme: SCHEME, path: `/${path}` });
    this.texts.set(uri.toString(), text);
    this.changes.fire(uri);
    return uri;
  }
}
