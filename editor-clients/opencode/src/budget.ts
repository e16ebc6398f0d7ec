/** Means for the model calls of one session: reserved before each call, settled with what it used. */
import type { AssistantMessage } from "@opencode-ai/sdk/v2";
import type { Connection } from "./server.js";

/** US dollars for a million tokens. */
export type Price = { input: number; output: number };

export class Account {
  /** What each answer has used, by its message; and how much of it is settled. */
  private readonly used = new Map<string, { tokens: number; moneyUsd: number }>();
  private settled = { tokens: 0, moneyUsd: 0 };
  private reservationId = "";
  private historyTokens = 0;

  /** OpenCode says of an answer what it has used, more than once; it does so before it makes the next call. */
  count({ id, tokens, cost }: AssistantMessage): void {
    const { input, output, reasoning, cache } = tokens;
    this.used.set(id, { tokens: input + output + reasoning + cache.read + cache.write, moneyUsd: cost });
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
    const total = { tokens: 0, moneyUsd: 0 };
    for (const one of this.used.values()) [total.tokens, total.moneyUsd] = [total.tokens + one.tokens, total.moneyUsd + one.moneyUsd];
    const tokens = Math.max(0, total.tokens - this.settled.tokens);
    const moneyUsd = Math.max(0, total.moneyUsd - this.settled.moneyUsd);
    this.settled = total;
    this.historyTokens = Math.max(this.historyTokens, tokens);
    // A server that was started anew has settled it already.
    await server.request("budget/settle", { sessionId, reservationId, tokens, moneyUsd }).catch(() => undefined);
  }
}
