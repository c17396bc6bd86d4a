/** How large rooms become, by class. */
import { type SizeTable, countClass, countEdges, priorSizes } from './learned.ts';

/** Rooms that the prior is worth, and the most that are remembered before older ones fade. */
const priorRooms = 30;
const mostRooms = 6000;

export class SizeLearner {
  readonly #rooms = new Float64Array(countEdges.length);
  readonly #people = new Float64Array(countEdges.length);
  #total = 0;

  book(size: number): void {
    const at = countClass(size);
    this.#rooms[at] = (this.#rooms[at] ?? 0) + 1;
    this.#people[at] = (this.#people[at] ?? 0) + size;
    this.#total += 1;
    if (this.#total >= mostRooms) this.#halve();
  }

  #halve(): void {
    this.#total /= 2;
    for (let at = 0; at < countEdges.length; at += 1) {
      this.#rooms[at] = (this.#rooms[at] ?? 0) / 2;
      this.#people[at] = (this.#people[at] ?? 0) / 2;
    }
  }

  table(capacity: number): SizeTable {
    const prior = priorSizes(capacity);
    // The prior's weight fades with what was seen: it must not keep large rooms in a fleet that has none.
    const weight = priorRooms / (1 + this.#total / priorRooms);
    const total = this.#total + weight;
    const share = prior.share.map((part, at) => ((this.#rooms[at] ?? 0) + weight * part) / total);
    const size = prior.size.map((usual, at) => {
      const rooms = this.#rooms[at] ?? 0;
      return ((this.#people[at] ?? 0) + usual) / (rooms + 1);
    });
    const mean = share.reduce((sum, part, at) => sum + part * (size[at] ?? 0), 0);
    const square = share.reduce((sum, part, at) => sum + part * (size[at] ?? 0) ** 2, 0);
    return { share, size, mean, square };
  }

  /** Mean size of the rooms seen, 0 before the first. */
  get mean(): number {
    return this.#total === 0 ? 0 : this.#people.reduce((sum, value) => sum + value, 0) / this.#total;
  }

  get tables(): { readonly rooms: Float64Array; readonly people: Float64Array } {
    return { rooms: this.#rooms, people: this.#people };
  }

  restore(rooms: readonly number[], people: readonly number[]): void {
    for (let at = 0; at < countEdges.length; at += 1) {
      this.#rooms[at] = rooms[at] ?? 0;
      this.#people[at] = people[at] ?? 0;
    }
    this.#total = this.#rooms.reduce((sum, value) => sum + value, 0);
  }
}
