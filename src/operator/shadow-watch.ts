/** The shadow of one OpenViduCluster in mode DryRun: begins with the mode, anew with each spec, ends with the mode. */
import type { ClusterStatusShadow } from '../api/v1alpha1.gen.ts';
import { isoFromMs } from '../base/iso-time.ts';
import type { Log } from '../base/log.ts';
import type { DecideInput } from '../core/decide-input.ts';
import type { Decision } from '../core/decision.ts';
import { Shadow, type ShadowReport } from '../simulate/shadow.ts';

/** Hours and shares change with every pass, and a status that did would be written with every pass. */
const renewEveryMs = 60_000;

export interface ShadowWatchParts {
  readonly log: Log;
  /** Told after each pass; `undefined` where there is no shadow. */
  onReport(report: ShadowReport | undefined): void;
}

export class ShadowWatch {
  readonly #parts: ShadowWatchParts;
  #shadow: { readonly shadow: Shadow; readonly spec: string } | undefined;
  #status: { readonly value: ClusterStatusShadow; readonly atMs: number } | undefined;

  constructor(parts: ShadowWatchParts) {
    this.#parts = parts;
  }

  see(input: DecideInput, decision: Decision): void {
    if (input.spec.mode !== 'DryRun') {
      if (this.#shadow !== undefined) this.end();
      return;
    }
    const shadow = this.#of(input);
    shadow.see(input, decision);
    const report = shadow.report();
    this.#parts.onReport(report);
    if (report === undefined) return;
    const value = statusOf(report);
    const isDue = input.nowMs - (this.#status?.atMs ?? -Infinity) >= renewEveryMs;
    if (isDue || isNews(this.#status?.value, value)) this.#status = { value, atMs: input.nowMs };
  }

  /** As the status shows it; renewed when something happened, and once a minute. */
  get status(): ClusterStatusShadow | undefined {
    return this.#status?.value;
  }

  end(): void {
    this.#shadow = undefined;
    this.#status = undefined;
    this.#parts.onReport(undefined);
  }

  #of({ spec }: DecideInput): Shadow {
    const text = JSON.stringify(spec);
    if (this.#shadow?.spec === text) return this.#shadow.shadow;
    this.#status = undefined;
    const onFailure = (error: unknown) => this.#parts.log.error('the shadow fleet failed', { error });
    this.#shadow = { shadow: new Shadow({ spec, onFailure }), spec: text };
    return this.#shadow.shadow;
  }
}

/** What people wait for: a node more or less, a launch, a cut. */
function isNews(before: ClusterStatusShadow | undefined, now: ClusterStatusShadow): boolean {
  const counts = [
    'nodes',
    'actualNodes',
    'launches',
    'actualLaunches',
    'roomsCut',
    'actualRoomsCut',
  ] as const;
  return counts.some((count) => before?.[count] !== now[count]);
}

function statusOf({ sinceWallMs, wouldBe, actual }: ShadowReport): ClusterStatusShadow {
  return {
    sinceTime: isoFromMs(sinceWallMs),
    nodes: wouldBe.nodes,
    actualNodes: actual.nodes,
    nodeHours: rounded(wouldBe.nodeHours),
    actualNodeHours: rounded(actual.nodeHours),
    overloadPercent: rounded(100 * wouldBe.overloadShare),
    actualOverloadPercent: rounded(100 * actual.overloadShare),
    launches: wouldBe.launches,
    actualLaunches: actual.launches,
    roomsCut: wouldBe.roomsCut,
    actualRoomsCut: actual.roomsCut,
  };
}

function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}
