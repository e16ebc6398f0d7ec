/** Means for the model calls of one session: reserved before each call, settled with what it used. */
import type { Connection } from "./connection.js";

export interface Price {
  /** US dollars for a million tokens. */
  input: number;
  output: number;
}
interface Used {
  tokens: number;
  moneyUsd: number;
}

export class Account {
  private readonly used = new Map<string, Used & { input: number; output: number }>();
  private open: { id: string; before: Used } | undefined;
  private lastInput = 0;

  constructor(private readonly sessionId: () => string) {}

  /** What the whole session has used so far. */
  total(): Used & { input: number; output: number } {
    const sum = { tokens: 0, moneyUsd: 0, input: 0, output: 0 };
    for (const one of this.used.values()) {
      sum.tokens += one.tokens;
      sum.moneyUsd += one.moneyUsd;
      sum.input += one.input;
      sum.output += one.output;
    }
    return sum;
  }

  /** A message of the session's model, as it grows. */
  note(messageId: string, input: number, output: number, moneyUsd: number): void {
    this.used.set(messageId, { tokens: input + output, moneyUsd, input, output });
    this.lastInput = Math.max(this.lastInput, input + output);
  }

  /** Hold back the worst case of the next call; waits while the mission is held. Throws when the call must not be made. */
  async reserve(connection: Connection, textBytes: number, outputLimit: number, price: Price, signal: AbortSignal): Promise<void> {
    await this.settle(connection);
    const input = this.lastInput + Math.ceil(textBytes / 3) + 1_000;
    const moneyUsd = (input * price.input + outputLimit * price.output) / 1e6;
    const before = this.total();
    const params = { sessionId: this.sessionId(), tokens: input + outputLimit, moneyUsd };
    const { reservationId } = await connection.request("budget/reserve", params, signal);
    this.open = { id: reservationId, before };
  }

  /** Say what the call before has used; without one, nothing. */
  async settle(connection: Connection): Promise<void> {
    const open = this.open;
    if (!open) return;
    this.open = undefined;
    const now = this.total();
    const params = {
      sessionId: this.sessionId(),
      reservationId: open.id,
      tokens: Math.max(0, Math.round(now.tokens - open.before.tokens)),
      moneyUsd: Math.max(0, now.moneyUsd - open.before.moneyUsd),
    };
    // A server that was started anew has settled it already.
    await connection.request("budget/settle", params).catch(() => undefined);
  }
}
