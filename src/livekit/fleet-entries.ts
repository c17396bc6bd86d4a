/** The registered entries of a large fleet, of which only those are read that may have changed. */
import type { Clock } from '../base/clock.ts';
import { HeartbeatRhythm } from './heartbeat-rhythm.ts';
import { decodeNode, type DecodedNode } from './node-decode.ts';
import { type NodesLook, nodesKey } from './node-table.ts';
import type { RedisLink } from './redis.ts';

interface Entry {
  readonly value: Buffer;
  readonly node: DecodedNode;
}

/** How often all are read, whether a heartbeat of theirs is expected or not. */
const wholeEveryMs = 1000;

export class FleetEntries {
  readonly #link: Pick<RedisLink, 'hashAll' | 'hashMany' | 'hashSize'>;
  readonly #clock: Pick<Clock, 'elapsedMs'>;
  readonly #rhythm: HeartbeatRhythm;
  #entries = new Map<string, Entry>();
  #wholeAtMs = -Infinity;

  constructor(link: Pick<RedisLink, 'hashAll' | 'hashMany' | 'hashSize'>, clock: Pick<Clock, 'elapsedMs'>) {
    this.#link = link;
    this.#clock = clock;
    this.#rhythm = new HeartbeatRhythm(clock);
  }

  /**
   * Reads those that are due. A node that came or went is seen at once, a heartbeat at an unusual time within a second.
   * @throws what the link throws
   */
  async refresh(): Promise<void> {
    const isWholeDue = this.#clock.elapsedMs() - this.#wholeAtMs >= wholeEveryMs;
    if (isWholeDue || !(await this.#refreshDue())) await this.#readWhole();
  }

  get size(): number {
    return this.#entries.size;
  }

  *nodes(): Iterable<DecodedNode> {
    for (const { node } of this.#entries.values()) yield node;
  }

  /** Answers whether the fleet still has the same nodes. */
  async #refreshDue(): Promise<boolean> {
    const due = this.#rhythm.due(this.#entries.keys());
    const [values, size] = await Promise.all([
      this.#link.hashMany(nodesKey, due),
      this.#link.hashSize(nodesKey),
    ]);
    if (size !== this.#entries.size) return false;
    const heard: string[] = [];
    for (const [at, nodeId] of due.entries()) {
      const value = values[at];
      if (value === undefined) return false;
      const before = this.#entries.get(nodeId);
      if (before?.value.equals(value) === true) continue;
      this.#entries.set(nodeId, entryOf(nodeId, value));
      heard.push(nodeId);
    }
    this.#rhythm.heard(heard);
    return true;
  }

  async #readWhole(): Promise<void> {
    const values = await this.#link.hashAll(nodesKey);
    this.take({ values });
  }

  /** What somebody else has just read of all, decoded where it has been. */
  take({ values, decoded }: NodesLook): void {
    const entries = new Map<string, Entry>();
    const heard: string[] = [];
    for (const [nodeId, value] of values) {
      const before = this.#entries.get(nodeId);
      const isSame = before?.value.equals(value) === true;
      entries.set(nodeId, isSame ? before : entryOf(nodeId, value, decoded?.get(nodeId)));
      if (!isSame) heard.push(nodeId);
    }
    this.#entries = entries;
    this.#wholeAtMs = this.#clock.elapsedMs();
    this.#rhythm.keep(entries);
    this.#rhythm.heard(heard);
  }
}

/** A copy: what Redis answered lies in pieces of a size that nobody may hold on to for the sake of one entry. */
function entryOf(nodeId: string, value: Buffer, node = decodeNode(nodeId, value)): Entry {
  return { value: Buffer.from(value), node };
}
