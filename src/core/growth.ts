/** How much young rooms still grow, learned in three layers: all rooms, five minutes of the hour, five of the day. */
import {
  type GrowthSlot,
  type GrowthTable,
  ageKnotsS,
  cellCount,
  countClass,
  countEdges,
  priorGrowth,
} from './learned.ts';

const perCell = 3;
interface Layer {
  readonly slots: number;
  /** How many samples the layer above it is worth. */
  readonly trust: number;
  /** Most samples that a cell remembers: older ones fade. */
  readonly most: number;
}
const layers: readonly Layer[] = [
  { slots: 1, trust: 4, most: 2000 },
  { slots: 12, trust: 10, most: 500 },
  { slots: 288, trust: 10, most: 150 },
];

/** A layer of cells: weight, sum and sum of squares, one after the other. */
export type Cells = Float64Array;

export class GrowthLearner {
  readonly #cells: readonly Cells[];
  /** Changes with every sample, so that a snapshot knows when it is out of date. */
  revision = 0;

  constructor() {
    this.#cells = layers.map((layer) => new Float64Array(layer.slots * cellCount * perCell));
  }

  /**
   * A room that began in this slot of the day has reached its final size. `counts` holds its size at each age knot,
   * and -1 where nobody looked; `mostSince` the largest size from there on.
   */
  book(slot: number, counts: readonly number[], mostSince: readonly number[]): void {
    for (let knot = 0; knot < ageKnotsS.length; knot += 1) {
      const count = counts[knot] ?? -1;
      const growth = Math.max(0, (mostSince[knot] ?? 0) - count);
      if (count >= 0) this.#add(slot, knot * countEdges.length + countClass(count), growth);
    }
    this.revision += 1;
  }

  #add(slot: number, cell: number, growth: number): void {
    for (let at = 0; at < layers.length; at += 1) {
      const cells = this.#cells[at];
      const layer = layers[at];
      if (cells === undefined || layer === undefined) continue;
      addSample(cells, (slotIn(layer, slot) * cellCount + cell) * perCell, growth, layer.most);
    }
  }

  /** The table of all rooms, on nodes of this capacity. */
  general(capacity: number): GrowthTable {
    const prior = priorGrowth(capacity);
    const second = prior.mean.map((mean, at) => mean * mean + (prior.variance[at] ?? 0));
    return tableOf(this.#refine(0, 0, { mean: prior.mean, second }));
  }

  /** The table for rooms that begin in this slot of the day. `general` is what `general()` has just returned. */
  slot(slot: number, general: GrowthTable): GrowthSlot {
    const second = general.mean.map((mean, at) => mean * mean + (general.variance[at] ?? 0));
    const hour = this.#refine(1, slot, { mean: general.mean, second });
    return { slot, ...tableOf(this.#refine(2, slot, hour)) };
  }

  #refine(at: number, slot: number, above: Moments): Moments {
    const layer = layers[at];
    const cells = this.#cells[at];
    if (layer === undefined || cells === undefined) return above;
    const first = slotIn(layer, slot) * cellCount * perCell;
    const mean: number[] = [];
    const second: number[] = [];
    for (let cell = 0; cell < cellCount; cell += 1) {
      const from = first + cell * perCell;
      const weight = (cells[from] ?? 0) + layer.trust;
      mean.push(((cells[from + 1] ?? 0) + layer.trust * (above.mean[cell] ?? 0)) / weight);
      second.push(((cells[from + 2] ?? 0) + layer.trust * (above.second[cell] ?? 0)) / weight);
    }
    return { mean, second };
  }

  /** The layers' cells, to be written to and read from a checkpoint. */
  get cells(): readonly Cells[] {
    return this.#cells;
  }
}

interface Moments {
  readonly mean: readonly number[];
  readonly second: readonly number[];
}

function tableOf({ mean, second }: Moments): GrowthTable {
  return { mean, variance: second.map((value, at) => Math.max(0, value - (mean[at] ?? 0) ** 2)) };
}

function slotIn(layer: Layer, slot: number): number {
  return slot % layer.slots;
}

function addSample(cells: Cells, from: number, value: number, most: number): void {
  const weight = cells[from] ?? 0;
  const fade = weight >= most ? (most - 1) / weight : 1;
  cells[from] = weight * fade + 1;
  cells[from + 1] = (cells[from + 1] ?? 0) * fade + value;
  cells[from + 2] = (cells[from + 2] ?? 0) * fade + value * value;
}
