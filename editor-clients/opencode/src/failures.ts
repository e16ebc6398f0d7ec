/** What went wrong in a turn, in the server's classes. */
import type { AssistantMessage, SessionStatus } from "@opencode-ai/sdk/v2";
import type { SessionEvent } from "#protocol";

export interface Failure {
  failure: NonNullable<SessionEvent["failure"]>;
  text: string;
  retryAfterS: number | null;
}
type Fault = NonNullable<AssistantMessage["error"]>;
type Retry = Extract<SessionStatus, { type: "retry" }>;

/** Attempts that OpenCode makes by itself after a server error or a cut stream, before the mission server takes over. */
const OWN_RETRIES = 2;
const LIMITED = /rate.?limit|too many requests|\b429\b|overloaded/i;
const QUOTA = /quota|billing|credit|payment/i;

export function failureOf(error: Fault): Failure {
  const text = "message" in error.data && error.data.message ? String(error.data.message) : error.name;
  const as = (failure: Failure["failure"], retryAfterS: number | null = null): Failure => ({ failure, text, retryAfterS });
  if (error.name === "ContextOverflowError") return as("context_overflow");
  if (error.name === "MessageOutputLengthError" || error.name === "StructuredOutputError") return as("malformed");
  if (error.name === "ProviderAuthError") return as("unauthorized");
  if (error.name !== "APIError") return as("unknown");
  const status = error.data.statusCode ?? 0;
  if (QUOTA.test(text) || status === 402) return as("quota_exhausted");
  if (status === 429 || LIMITED.test(text)) return as("rate_limited", retryAfter(error.data.responseHeaders));
  if (status === 413) return as("context_overflow");
  if (status === 400) return as("bad_history");
  if (status === 401 || status === 403) return as("unauthorized");
  if (status === 404) return as("no_such_model");
  return as(status >= 500 || error.data.isRetryable ? "server_error" : "unknown");
}

/** OpenCode waits to try again: what the server should do about it instead, undefined when OpenCode may go on. */
export function takenOver(status: Retry, nowMs: number): Failure | undefined {
  const text = status.message;
  if (QUOTA.test(text)) return { failure: "quota_exhausted", text, retryAfterS: null };
  if (LIMITED.test(text)) return { failure: "rate_limited", text, retryAfterS: Math.max(0, (status.next - nowMs) / 1_000) };
  return status.attempt > OWN_RETRIES ? { failure: "server_error", text, retryAfterS: null } : undefined;
}

function retryAfter(headers: Record<string, string> | undefined): number | null {
  const seconds = Number(headers?.["retry-after"] ?? Number.NaN);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds : null;
}
