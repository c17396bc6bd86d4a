/**
 * Actions that the world refused and that are decided again with every pass: tried again after a while, and told of
 * meanwhile as they were refused. Launches have a back-off of their own in the core.
 */
import type { Action } from '../core/action.ts';
import type { Finding } from '../core/reasons.ts';

const firstWaitMs = 1000;
const longestWaitMs = 60_000;

interface Refused {
  readonly finding: Finding;
  readonly count: number;
  readonly untilMs: number;
}

export class Refusals {
  readonly #refused = new Map<string, Refused>();

  /** Why the action is not tried now; `undefined` when it may be. */
  of(action: Action, nowMs: number): Finding | undefined {
    const refused = this.#refused.get(keyOf(action));
    return refused !== undefined && nowMs < refused.untilMs ? refused.finding : undefined;
  }

  add(action: Action, finding: Finding, nowMs: number): void {
    const key = keyOf(action);
    const count = (this.#refused.get(key)?.count ?? 0) + 1;
    const waitMs = Math.min(longestWaitMs, firstWaitMs * 2 ** (count - 1));
    this.#refused.set(key, { finding, count, untilMs: nowMs + waitMs });
  }

  /** Forgets what succeeded. */
  clear(action: Action): void {
    this.#refused.delete(keyOf(action));
  }

  /** Forgets all that is decided no more. */
  keep(actions: readonly Action[]): void {
    if (this.#refused.size === 0) return;
    const decided = new Set(actions.map(keyOf));
    for (const key of this.#refused.keys()) if (!decided.has(key)) this.#refused.delete(key);
  }

  /** When the first of them may be tried again. */
  get nextMs(): number | undefined {
    if (this.#refused.size === 0) return undefined;
    return Math.min(...[...this.#refused.values()].map(({ untilMs }) => untilMs));
  }
}

function keyOf(action: Action): string {
  if ('pod' in action) return `${action.kind} ${action.pod.uid}`;
  switch (action.kind) {
    case 'CreatePod':
      return `${action.kind} ${action.name}`;
    case 'JudgeRevision':
      return `${action.kind} ${action.revision}`;
    case 'RemoveGhost':
      return `${action.kind} ${action.nodeId}`;
  }
}
