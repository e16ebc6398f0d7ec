/** What went wrong in a turn, in the server's classes. */
import type { AssistantMessage, SessionStatus } from "@opencode-ai/sdk/v2";
import type { SessionEvent } from "#protocol";

type Kind = NonNullable<SessionEvent["failure"]>;
export type Failure = { failure: Kind; text: string; retryAfterS: number | null };

/** Attempts that OpenCode makes by itself after a server error or a cut stream, before the mission server takes over. */
const OWN_RETRIES = 2;
const BY_NAME: Readonly<Record<string, Kind>> = { ContextOverflowError: "context_overflow", MessageOutputLengthError: "malformed", ProviderAuthError: "unauthorized" };
const BY_WORDS: readonly [RegExp, Kind][] = [
  [/quota|billing|credit|payment/i, "quota_exhausted"],
  [/rate.?limit|too many requests|\b429\b|overloaded/i, "rate_limited"],
];
const BY_STATUS: Readonly<Record<number, Kind>> = {
  400: "bad_history", 401: "unauthorized", 402: "quota_exhausted", 403: "unauthorized",
  404: "no_such_model", 413: "context_overflow", 429: "rate_limited",
};
const byWords = (text: string): Kind | undefined => BY_WORDS.find(([words]) => words.test(text))?.[1];

export function failureOf(error: NonNullable<AssistantMessage["error"]>): Failure {
  const text = "message" in error.data && error.data.message ? String(error.data.message) : error.name;
  const named = BY_NAME[error.name];
  if (named || error.name !== "APIError") return { failure: named ?? "unknown", text, retryAfterS: null };
  const { statusCode = 0, isRetryable, responseHeaders } = error.data;
  const other = statusCode >= 500 || isRetryable ? "server_error" : "unknown";
  const waitS = Number(responseHeaders?.["retry-after"] ?? Number.NaN);
  return { failure: byWords(text) ?? BY_STATUS[statusCode] ?? other, text, retryAfterS: waitS >= 0 ? waitS : null };
}

/** OpenCode waits to try again: what the server should do about it instead, undefined when OpenCode may go on. */
export function takenOver({ message: text, attempt, next }: Extract<SessionStatus, { type: "retry" }>, nowMs: number): Failure | undefined {
  const failure = byWords(text) ?? (attempt > OWN_RETRIES ? "server_error" : undefined);
  return failure && { failure, text, retryAfterS: failure === "rate_limited" ? Math.max(0, (next - nowMs) / 1_000) : null };
}
