/** What the proxy in front of the API server can be told to do. */
import type { ApiCall } from './api-path.ts';
import { isWrite } from './api-path.ts';

export type ApiFault =
  /** Nothing is answered and no stream says a word; goes on where it stood once the fault is over. */
  | { readonly kind: 'Freeze' }
  /** Every answer, and every line of a stream, comes this much later. */
  | { readonly kind: 'Slow'; readonly ms: number }
  /** The answer without asking the API server. */
  | {
      readonly kind: 'Answer';
      readonly status: 403 | 429 | 500 | 503;
      readonly retryAfterSeconds?: number;
      readonly to: 'All' | 'Reads' | 'Writes';
    }
  /** Every watch is told that its version is too old, in the stream as the real one does. */
  | { readonly kind: 'Expire' }
  /** Connections are broken as soon as they ask for something, streams at once. */
  | { readonly kind: 'Refuse' }
  /** Writes are broken off before the API server has them. */
  | { readonly kind: 'LoseRequest' }
  /** Writes are carried out, and the connection breaks before the answer. */
  | { readonly kind: 'LoseAnswer' }
  /** Events of watches are held back, to come all in order once the fault is over. */
  | { readonly kind: 'HoldEvents' }
  /** Events of watches are held back, and of each object only the last one comes. */
  | { readonly kind: 'Unobserved' }
  /** Lists are answered as of that version of the store, watches say nothing. */
  | { readonly kind: 'Stale'; readonly version: string }
  /** The credentials are replaced by ones that the API server does not know. */
  | { readonly kind: 'BadCredentials' };

export function holdsEvents(fault: ApiFault | undefined): boolean {
  return fault !== undefined && ['Freeze', 'HoldEvents', 'Unobserved', 'Stale'].includes(fault.kind);
}

/** Streams that stand do not survive these. */
export function cutsStreams(fault: ApiFault): boolean {
  return ['Expire', 'Refuse', 'Stale', 'BadCredentials'].includes(fault.kind);
}

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const reasons = {
  403: 'Forbidden',
  429: 'TooManyRequests',
  500: 'InternalError',
  503: 'ServiceUnavailable',
  410: 'Expired',
} as const;

/** The Status object that the API server would send. */
export function statusObject(code: keyof typeof reasons): string {
  const message = 'made up by the fault laboratory';
  const kind = { apiVersion: 'v1', kind: 'Status', metadata: {}, status: 'Failure' } as const;
  return JSON.stringify({ ...kind, message, reason: reasons[code], code });
}

/** The answer that this fault gives to a call; `undefined`: the API server is asked. */
export function madeUp(fault: ApiFault | undefined, call: ApiCall): Reply | undefined {
  if (fault?.kind === 'Expire' && call.verb === 'watch') {
    const event = `{"type":"ERROR","object":${statusObject(410)}}\n`;
    return { status: 200, headers: { 'content-type': 'application/json' }, body: event };
  }
  if (fault?.kind !== 'Answer') return undefined;
  const concerned = fault.to === 'All' || (fault.to === 'Writes') === isWrite(call);
  if (!concerned) return undefined;
  const retryAfter =
    fault.retryAfterSeconds === undefined ? {} : { 'retry-after': String(fault.retryAfterSeconds) };
  return {
    status: fault.status,
    headers: { 'content-type': 'application/json', ...retryAfter },
    body: statusObject(fault.status),
  };
}

/** The path to ask for instead, so that a list shows an older state. */
export function pathUnder(fault: ApiFault | undefined, call: ApiCall, url: string): string {
  if (fault?.kind !== 'Stale' || call.verb !== 'list') return url;
  const at = new URL(url, 'http://api');
  // What continues a list is bound to the version of its first page.
  if (at.searchParams.get('continue')) return url;
  at.searchParams.set('resourceVersion', fault.version);
  at.searchParams.set('resourceVersionMatch', 'Exact');
  return `${at.pathname}${at.search}`;
}
