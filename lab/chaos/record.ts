/** What was injected and what came of it. */
import { textTable } from '../../src/cli/output.ts';
import type { ChaosCell } from './cell.ts';
import type { Violation } from './oracles.ts';

export interface Injection {
  readonly fault: string;
  readonly step: string;
  /** With the seed, enough to do it again. */
  readonly round: string;
  /** From the end of the last fault of the step until the fleet was as asked for; `undefined`: it was not in time. */
  readonly tookMs: number | undefined;
  readonly statedMs: number;
}

export interface Broken extends Violation {
  readonly fault: string;
  readonly step: string;
  readonly round: string;
}

export class ChaosRecord {
  readonly injections: Injection[] = [];
  readonly broken: Broken[] = [];
  readonly #told = new WeakMap<ChaosCell, number>();

  add(injections: readonly Injection[]): void {
    this.injections.push(...injections);
  }

  /** Takes what a cell's judge has found since the last time, and says it. */
  take(
    cell: ChaosCell,
    of: { readonly fault: string; readonly step: string; readonly round: string },
  ): readonly Broken[] {
    const { violations } = cell.judge;
    const fresh = violations.slice(this.#told.get(cell) ?? 0).map((violation) => ({ ...violation, ...of }));
    this.#told.set(cell, violations.length);
    this.broken.push(...fresh);
    return fresh;
  }

  /** One row for each fault. */
  table(): string {
    const names = [...new Set(this.injections.map(({ fault }) => fault))];
    const rows = names.map((name) => {
      const own = this.injections.filter(({ fault }) => fault === name);
      const took = own
        .flatMap(({ tookMs }) => (tookMs === undefined ? [] : [tookMs]))
        .toSorted((a, b) => a - b);
      const broken = this.broken.filter(({ fault }) => fault.split(' + ').includes(name)).length;
      const stated = Math.max(...own.map(({ statedMs }) => statedMs));
      return [
        name,
        String(own.length),
        String(broken),
        seconds(at(took, 0.5)),
        seconds(took.at(-1)),
        seconds(stated),
      ];
    });
    const total = ['all', String(this.injections.length), String(this.broken.length), '', '', ''];
    const right = { align: 'right' } as const;
    return textTable(
      [
        { title: 'fault' },
        { title: 'injections', ...right },
        { title: 'violations', ...right },
        { title: 'steady p50', ...right },
        { title: 'steady max', ...right },
        { title: 'stated', ...right },
      ],
      [...rows, total],
    );
  }
}

function at(sorted: readonly number[], share: number): number | undefined {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}

function seconds(ms: number | undefined): string {
  return ms === undefined ? '-' : `${(ms / 1000).toFixed(1)} s`;
}
