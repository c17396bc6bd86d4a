/**
 * Judges by what the API server wrote down: who held the lease when, and whose writes it took. No word of an operator
 * is asked for.
 */
import type { AuditLine } from '../audit.ts';

/** A write that arrived from somebody who was no leader any more. */
export interface LateWrite {
  readonly user: string;
  readonly what: string;
  readonly code: number;
  /** How long after another one led; 0 for what was in time. */
  readonly lateMs: number;
}

export interface FencingJudgement {
  /** Times that the lease passed from one operator to another. */
  readonly handovers: number;
  /** All writes of operators but those of the lease. */
  readonly writes: number;
  readonly deletes: number;
  /** Of former leaders after another one led. */
  readonly accepted: readonly LateWrite[];
  readonly refused: readonly LateWrite[];
  /** Accepted ones from after the end of the author's own lease, whether or not another one led by then. */
  readonly afterLease: readonly LateWrite[];
  /** Of former leaders, sent while they led, but held up on the wire until another one led. */
  readonly delayed: { readonly accepted: readonly LateWrite[]; readonly refused: readonly LateWrite[] };
}

/** From when on what somebody had sent before was let through. */
export interface Release {
  readonly user: string;
  readonly fromMs: number;
  readonly toMs: number;
}

interface Holder {
  readonly user: string;
  /** When the API server had taken the last write of the lease. */
  renewedMs: number;
  readonly sinceMs: number;
}

/** `operators`: user names, one for each process that there ever was. */
export function judgeFencing(
  lines: readonly AuditLine[],
  operators: ReadonlySet<string>,
  { leaseMs, releases }: { readonly leaseMs: number; readonly releases: readonly Release[] },
): FencingJudgement {
  const terms = termsOf(lines, operators);
  const writes = lines
    .filter((line) => operators.has(authorOf(line)) && !isLease(line))
    .map((line) => judged(line, terms, releases));
  const taken = writes.filter(({ code }) => code >= 200 && code < 300);
  const lost = writes.filter((write) => !taken.includes(write));
  const late = (of: readonly JudgedWrite[]) => of.filter(({ lateMs, onWire }) => lateMs > 0 && !onWire);
  return {
    handovers: Math.max(0, terms.length - 1),
    writes: taken.length,
    deletes: taken.filter(isRemoval).length,
    accepted: late(taken),
    refused: late(lost),
    afterLease: taken.filter(({ sinceRenewalMs, onWire }) => sinceRenewalMs > leaseMs && !onWire),
    delayed: {
      accepted: taken.filter(({ onWire }) => onWire),
      refused: lost.filter(({ onWire }) => onWire),
    },
  };
}

/** What may cut somebody, where it comes too late. */
export function isRemoval({ what }: LateWrite): boolean {
  return what.startsWith('delete ');
}

interface JudgedWrite extends LateWrite {
  readonly sinceRenewalMs: number;
  readonly onWire: boolean;
}

/** By when it arrived: it can have been sent no later. */
function judged(line: AuditLine, terms: readonly Holder[], releases: readonly Release[]): JudgedWrite {
  const user = authorOf(line);
  const atMs = Date.parse(line.requestReceivedTimestamp);
  const own = terms.findLast((term) => term.user === user && term.sinceMs <= atMs);
  const ownMs = own?.sinceMs ?? 0;
  const next = terms.find((term) => term.user !== user && term.sinceMs > ownMs && term.sinceMs < atMs);
  return {
    user,
    what: whatOf(line),
    code: codeOf(line),
    lateMs: next === undefined ? 0 : atMs - next.sinceMs,
    sinceRenewalMs: atMs - (own?.renewedMs ?? Number.NEGATIVE_INFINITY),
    onWire: releases.some((one) => one.user === user && one.fromMs <= atMs && atMs <= one.toMs),
  };
}

/** Each stretch in which one operator wrote the lease and no other did. */
function termsOf(lines: readonly AuditLine[], operators: ReadonlySet<string>): readonly Holder[] {
  const terms: Holder[] = [];
  for (const line of lines) {
    const user = authorOf(line);
    if (!isLease(line) || !operators.has(user) || codeOf(line) >= 300) continue;
    const atMs = Date.parse(line.stageTimestamp);
    const last = terms.at(-1);
    if (last?.user === user) last.renewedMs = atMs;
    else terms.push({ user, sinceMs: atMs, renewedMs: atMs });
  }
  return terms;
}

function authorOf({ user }: AuditLine): string {
  return user?.username ?? '';
}

function codeOf({ responseStatus }: AuditLine): number {
  return responseStatus?.code ?? 0;
}

function isLease({ objectRef }: AuditLine): boolean {
  return objectRef?.resource === 'leases';
}

function whatOf({ verb, objectRef }: AuditLine): string {
  const below = objectRef?.subresource === undefined ? '' : `/${objectRef.subresource}`;
  return `${verb} ${objectRef?.resource ?? '?'}${below} ${objectRef?.name ?? ''}`.trim();
}
