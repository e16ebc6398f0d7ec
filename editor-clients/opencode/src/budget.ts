/** Means for the model calls of one session: reserved before each call, settled with what it used. */
import type { Message } from "@opencode-ai/sdk/v2";
import type { Connection } from "./server.js";

type Used = { readonly tokens: number; readonly moneyUsd: number };
/** US dollars for a million tokens. */
export type Price = { input: number; output: number };

export class Account {
  /** What each answer has used, by its message; and how much of it is settled. */
  private readonly used = new Map<string, Used>();
  private settled: Used = { tokens: 0, moneyUsd: 0 };
  private reservationId = "";
  private historyTokens = 0;

  /** OpenCode says of an answer what it has used, more than once; it does so before it makes the next call. */
  count(message: Message): void {
    if (message.role !== "assistant") return;
    const { input, output, reasoning, cache } = message.tokens;
    this.used.set(message.id, { tokens: input + output + reasoning + cache.read + cache.write, moneyUsd: message.cost });
  }

  /** Hold back the worst case of the next call; waits while the mission is held. Throws when the call must not be made. */
  async reserve(server: Connection, sessionId: string, newTokens: number, outputTokens: number, price: Price, signal: AbortSignal): Promise<void> {
    await this.settle(server, sessionId);
    const inputTokens = this.historyTokens + newTokens;
    const moneyUsd = (inputTokens * price.input + outputTokens * price.output) / 1e6;
    const worst = { sessionId, tokens: inputTokens + outputTokens, moneyUsd };
    this.reservationId = (await server.request("budget/reserve", worst, signal)).reservationId;
  }

  /** Say what the call before has used; without one, nothing. */
  async settle(server: Connection, sessionId: string): Promise<void> {
    const { reservationId } = this;
    if (!reservationId) return;
    this.reservationId = "";
    const add = (one: Used, other: Used): Used => ({ tokens: one.tokens + other.tokens, moneyUsd: one.moneyUsd + other.moneyUsd });
    const total = [...this.used.values()].reduce(add, { tokens: 0, moneyUsd: 0 });
    const tokens = Math.max(0, total.tokens - this.settled.tokens);
    const moneyUsd = Math.max(0, total.moneyUsd - this.settled.moneyUsd);
    this.settled = total;
    this.historyTokens = Math.max(this.historyTokens, tokens);
    // A server that was started anew has settled it already.
    await server.request("budget/settle", { sessionId, reservationId, tokens, moneyUsd }).catch(() => undefined);
  }
}
