/** What went wrong with a call to the API server, by meaning. Messages hold the Status message at most, never bodies. */
export abstract class ApiError extends Error {
  /** Stable word for logs and metrics. */
  abstract readonly code: string;
  /** The HTTP status, when there was an answer. */
  readonly status: number | undefined;

  constructor(message: string, details: { readonly status?: number; readonly cause?: unknown } = {}) {
    super(message, details.cause === undefined ? {} : { cause: details.cause });
    this.status = details.status;
  }
}

/** The object changed since it was read, or a precondition or another field manager stands against the write. */
export class ConflictError extends ApiError {
  override readonly name = 'ConflictError';
  readonly code = 'Conflict';
}

/** No such object, kind or namespace. */
export class NotFoundError extends ApiError {
  override readonly name = 'NotFoundError';
  readonly code = 'NotFound';
}

/** A create met an object of that name: harmless where names are deterministic. */
export class AlreadyExistsError extends ApiError {
  override readonly name = 'AlreadyExistsError';
  readonly code = 'AlreadyExists';
}

/** The version or the list's continuation asked for has been compacted away: list anew. */
export class GoneError extends ApiError {
  override readonly name: string = 'GoneError';
  readonly code = 'Gone';
}

/**
 * The API server has and keeps an older state than the one that it told before, as after a backup was restored. A watch
 * from there would stay silent until the versions have caught up. Nothing that was remembered of its objects and versions
 * holds.
 */
export class RewoundError extends GoneError {
  override readonly name = 'RewoundError';
}

/** The credentials were not accepted. */
export class UnauthorizedError extends ApiError {
  override readonly name = 'UnauthorizedError';
  readonly code = 'Unauthorized';
}

/** The credentials are good but may not do this. */
export class ForbiddenError extends ApiError {
  override readonly name = 'ForbiddenError';
  readonly code = 'Forbidden';
}

/** One field that the API server objected to. */
export interface FieldCause {
  readonly field: string;
  readonly message: string;
}

/** The request itself is wrong (422, 400 and the other 4xx): repeating it is pointless. */
export class InvalidError extends ApiError {
  override readonly name = 'InvalidError';
  readonly code = 'Invalid';
  readonly causes: readonly FieldCause[];

  constructor(message: string, status: number, causes: readonly FieldCause[]) {
    super(message, { status });
    this.causes = causes;
  }
}

/** The API server asked to slow down and did not look at the request. */
export class ThrottledError extends ApiError {
  override readonly name = 'ThrottledError';
  readonly code = 'Throttled';
  readonly retryAfterMs: number;

  constructor(message: string, retryAfterMs: number) {
    super(message, { status: 429 });
    this.retryAfterMs = retryAfterMs;
  }
}

/** Not sent: this process may not write any more, because another one may lead by now. */
export class NotLeadingError extends ApiError {
  override readonly name = 'NotLeadingError';
  readonly code = 'NotLeading';
}

/** No connection, or it broke: a write may or may not have happened. */
export class UnreachableError extends ApiError {
  override readonly name = 'UnreachableError';
  readonly code = 'Unreachable';
}

/** No answer within the call's limit: a write may or may not have happened. */
export class TimeoutError extends ApiError {
  override readonly name = 'TimeoutError';
  readonly code = 'Timeout';
}

/** The API server failed (5xx) or answered with what cannot be read. */
export class ServerError extends ApiError {
  override readonly name: string = 'ServerError';
  readonly code = 'Server';
}

/** The API server answers with an older state than before: it may lag behind another one, and that passes. */
export class OlderStateError extends ServerError {
  override readonly name = 'OlderStateError';
}

/** The caller's own signal ended the call. */
export class CancelledError extends ApiError {
  override readonly name = 'CancelledError';
  readonly code = 'Cancelled';
}

/** An answer that is not a success, as far as its class depends on it. */
export interface FailedReply {
  /** Method and path, never the query. */
  readonly what: string;
  readonly status: number;
  readonly body: string;
  readonly retryAfter?: string | undefined;
}

interface Status {
  readonly message?: string;
  readonly reason?: string;
  readonly causes: readonly FieldCause[];
}

const longestMessage = 1000;
const defaultRetryAfterMs = 1000;

/** Statuses that mean one class whatever the body says. */
const plainErrors = new Map<number, new (message: string, details: { readonly status: number }) => ApiError>([
  [401, UnauthorizedError],
  [403, ForbiddenError],
  [404, NotFoundError],
  [410, GoneError],
]);

/** The error that an answer means. */
export function errorOfReply(reply: FailedReply): ApiError {
  const status = readStatus(reply.body);
  const message = `${reply.what}: ${status.message ?? `HTTP ${reply.status}`}`.slice(0, longestMessage);
  const details = { status: reply.status };
  const Plain = plainErrors.get(reply.status);
  if (Plain !== undefined) return new Plain(message, details);
  if (reply.status === 409) {
    const exists = status.reason === 'AlreadyExists';
    return exists ? new AlreadyExistsError(message, details) : new ConflictError(message, details);
  }
  if (reply.status === 429) return new ThrottledError(message, retryAfterMs(reply.retryAfter));
  const wrong = reply.status >= 400 && reply.status < 500;
  return wrong ? new InvalidError(message, reply.status, status.causes) : new ServerError(message, details);
}

/** An ERROR event carries a Status whose `code` says what an answer's status would have said. */
export function errorOfEvent(status: unknown): ApiError {
  const code = typeof status === 'object' && status !== null && 'code' in status ? Number(status.code) : 500;
  return errorOfReply({ what: 'watch', status: code, body: JSON.stringify(status ?? {}) });
}

/** Retry-After in milliseconds: the API server sends whole seconds; anything else means one second. */
export function retryAfterMs(header: string | undefined): number {
  if (header === undefined || !/^\d{1,6}$/.test(header.trim())) return defaultRetryAfterMs;
  return Number(header.trim()) * 1000;
}

/** Reads a `Status` object (also the payload of a watch's ERROR event) leniently. */
export function readStatus(body: unknown): Status {
  const value = typeof body === 'string' ? parseObject(body) : asRecord(body);
  const details = asRecord(value['details']);
  const causes = Array.isArray(details['causes']) ? details['causes'].slice(0, 100) : [];
  return {
    ...(typeof value['message'] === 'string' ? { message: value['message'] } : {}),
    ...(typeof value['reason'] === 'string' ? { reason: value['reason'] } : {}),
    causes: causes.map((cause: unknown) => ({
      field: text(asRecord(cause)['field']),
      message: text(asRecord(cause)['message']),
    })),
  };
}

function parseObject(body: string): Readonly<Record<string, unknown>> {
  try {
    return asRecord(JSON.parse(body));
  } catch (error) {
    // A proxy in between answers in HTML; its text says nothing that a caller could act on.
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
