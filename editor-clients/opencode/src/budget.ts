/** Means for the model calls of one session: reserved before each call, settled with what it used. */
import type { Connection } from "./server.js";

export type Used = { tokens: number; moneyUsd: number };
/** US dollars for a million tokens. */
export type Price = { input: number; output: number };

export class Account {
  private counted: Used = { tokens: 0, moneyUsd: 0 };
  private reservationId = "";
  private historyTokens = 0;

  /** `total` asks what the session has used in its life. */
  constructor(private readonly total: () => Promise<Used>) {}

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
    const { reservationId, counted } = this;
    if (!reservationId) return;
    this.reservationId = "";
    this.counted = await this.total();
    const tokens = Math.max(0, this.counted.tokens - counted.tokens);
    const moneyUsd = Math.max(0, this.counted.moneyUsd - counted.moneyUsd);
    this.historyTokens = Math.max(this.historyTokens, tokens);
    // A server that was started anew has settled it already.
    await server.request("budget/settle", { sessionId, reservationId, tokens, moneyUsd }).catch(() => undefined);
  }
}
