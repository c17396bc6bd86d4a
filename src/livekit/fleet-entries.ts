/** The registered entries of a large fleet, of which only those are read that may have changed. */
import type { Clock } from '../base/clock.ts';
import { HeartbeatRhythm } from './heartbeat-rhythm.ts';
import { decodeNode, type DecodedNode } from './node-decode.ts';
import { type NodesLook, nodesKey } from './node-table.ts';
import type { HashReader } from './redis.ts';

interface Entry {
  readonly value: Buffer;
  readonly node: DecodedNode;
}

/** How often all are read, whether a heartbeat of theirs is expected or not. */
const wholeEveryMs = 1000;

export class FleetEntries {
  readonly #link: HashReader;
  readonly #clock: Pick<Clock, 'elapsedMs'>;
  readonly #rhythm: HeartbeatRhythm;
  #entries = new Map<string, Entry>();
  #wholeAtMs = -Infinity;

  constructor(link: HashReader, clock: Pick<Clock, 'elapsedMs'>) {
    this.#link = link;
    this.#clock = clock;
    this.#rhythm = new HeartbeatRhythm(clock);
  }

  /**
   * Reads those that are due. A node that came or went is seen at once, a heartbeat at an unusual time within a second.
   * @returns those that have told of themselves since @throws what the link throws
   */
  async refresh(): Promise<readonly DecodedNode[]> {
    const isWholeDue = this.#clock.elapsedMs() - this.#wholeAtMs >= wholeEveryMs;
    const heard = isWholeDue ? undefined : await this.#refreshDue();
    return heard ?? this.#take({ values: await this.#link.hashAll(nodesKey) });
  }

  get size(): number {
    return this.#entries.size;
  }

  /** `undefined` where the fleet no longer has the same nodes. */
  async #refreshDue(): Promise<readonly DecodedNode[] | undefined> {
    const due = this.#rhythm.due();
    const [values, size] = await Promise.all([
      this.#link.hashMany(nodesKey, due),
      this.#link.hashSize(nodesKey),
    ]);
    if (size !== this.#entries.size || values.includes(undefined)) return undefined;
    const heard: DecodedNode[] = [];
    for (const [at, nodeId] of due.entries()) {
      const value = values[at];
      if (value === undefined) continue;
      const before = this.#entries.get(nodeId);
      const entry = entryAfter(before, nodeId, value);
      if (entry === before) continue;
      this.#entries.set(nodeId, entry);
      heard.push(entry.node);
    }
    this.#rhythm.heard(heard.map(({ nodeId }) => nodeId));
    return heard;
  }

  /**
   * What somebody else has read of all. @returns those that have told of themselves since he did, which are not taken back
   */
  catchUp(look: NodesLook): readonly DecodedNode[] {
    const newer = [...this.#entries].filter(([nodeId, { node }]) => isNewer(node, look.decoded.get(nodeId)));
    this.#take(look);
    for (const [nodeId, entry] of newer) this.#entries.set(nodeId, entry);
    return newer.map(([, { node }]) => node);
  }

  #take({ values, decoded }: Pick<NodesLook, 'values'> & Partial<NodesLook>): readonly DecodedNode[] {
    const entries = new Map<string, Entry>();
    const heard: DecodedNode[] = [];
    for (const [nodeId, value] of values) {
      const before = this.#entries.get(nodeId);
      const entry = entryAfter(before, nodeId, value, decoded?.get(nodeId));
      entries.set(nodeId, entry);
      if (entry !== before) heard.push(entry.node);
    }
    this.#entries = entries;
    this.#wholeAtMs = this.#clock.elapsedMs();
    this.#rhythm.keep(entries.keys());
    this.#rhythm.heard(heard.map(({ nodeId }) => nodeId));
    return heard;
  }
}

/**
 * The same entry where nothing has changed. Else with a copy of its bytes: what Redis answered lies in pieces of a size that
 * nobody may hold on to for the sake of one entry.
 */
function entryAfter(before: Entry | undefined, nodeId: string, value: Buffer, decoded?: DecodedNode): Entry {
  if (before?.value.equals(value) === true) return before;
  return { value: Buffer.from(value), node: decoded ?? decodeNode(nodeId, value) };
}

function isNewer(node: DecodedNode, than: DecodedNode | undefined): boolean {
  return node.kind === 'Node' && than?.kind === 'Node' && node.updatedAtSeconds > than.updatedAtSeconds;
}
