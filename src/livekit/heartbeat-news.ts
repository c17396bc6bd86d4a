/** Which heartbeats of a large fleet are worth a decision at once: most say what was known. */
import type { Clock } from '../base/clock.ts';
import type { NodeEntry } from '../core/readings.ts';
import { decodeNode, type DecodedNode } from './node-decode.ts';
import { nodesKey } from './node-table.ts';
import type { RedisLink } from './redis.ts';
import type { Cancel, Timers } from './timers.ts';

export type When = 'soon' | 'later';

export interface HeartbeatNewsParts {
  readonly link: Pick<RedisLink, 'hashPairs'>;
  readonly clock: Clock;
  readonly timers: Timers;
  /** `soon`: a decision may hang on it. `later`: nothing is known that could not wait. */
  readonly tell: (when: When) => void;
}

/** In smaller fleets every heartbeat counts: deciding costs no more than looking. */
const largeFrom = 50;
/** Looking takes at most about one part in so many of the time. */
const lookShare = 12;
const leastGapMs = 10;
/** On a machine that is busy with others a look seems to take long; more rarely than this would be late all the same. */
const longestGapMs = 100;
/** A node's people, and those of all, have to change by these shares to be news; at least by so many. */
const nodeShare = 0.1;
const leastOfNode = 4;
const fleetShare = 0.01;
const leastOfFleet = 10;

/** What a decision was made from, as far as heartbeats may change it. */
interface Known {
  readonly word: string;
  readonly participants: number;
}

interface Seen {
  readonly field: Buffer;
  readonly value: Buffer;
  readonly nodeId: string;
  readonly known: Known;
}

export class HeartbeatNews {
  readonly #parts: HeartbeatNewsParts;
  #judged: ReadonlyMap<string, Known> = new Map();
  #total = 0;
  /** In the order of Redis, which stays the same as long as no node comes or goes. */
  #seen: readonly Seen[] = [];
  #looking = false;
  #again = false;
  #gap: Cancel | undefined;
  #stopped = false;

  constructor(parts: HeartbeatNewsParts) {
    this.#parts = parts;
  }

  /** These are decided upon now: news is what differs from them. */
  judged(nodes: readonly NodeEntry[]): void {
    this.#judged = new Map(nodes.map((node) => [node.nodeId, knownOf(node)]));
    this.#total = [...this.#judged.values()].reduce((sum, { participants }) => sum + participants, 0);
  }

  /** Some node has told of itself. */
  notice(): void {
    if (this.#stopped) return;
    if (this.#judged.size <= largeFrom) return this.#parts.tell('soon');
    this.#again = true;
    if (!this.#looking && this.#gap === undefined) void this.#look();
  }

  stop(): void {
    this.#stopped = true;
    this.#gap?.();
  }

  async #look(): Promise<void> {
    const { clock, timers, tell } = this.#parts;
    const startedMs = clock.elapsedMs();
    this.#looking = true;
    this.#again = false;
    const isNews = await this.#differs();
    this.#looking = false;
    if (this.#stopped) return;
    tell(isNews ? 'soon' : 'later');
    const tookMs = clock.elapsedMs() - startedMs;
    const gapMs = Math.min(longestGapMs, Math.max(leastGapMs, tookMs * (lookShare - 1)));
    this.#gap = timers.after(gapMs, () => {
      this.#gap = undefined;
      if (this.#again) this.notice();
    });
  }

  async #differs(): Promise<boolean> {
    try {
      this.#seen = this.#read(await this.#parts.link.hashPairs(nodesKey));
    } catch {
      // That nothing can be read is for the next decision to find out, and it should.
      return true;
    }
    if (this.#seen.length !== this.#judged.size) return true;
    let changed = 0;
    for (const { nodeId, known } of this.#seen) {
      const judged = this.#judged.get(nodeId);
      if (judged?.word !== known.word) return true;
      const by = Math.abs(known.participants - judged.participants);
      if (by >= Math.max(leastOfNode, nodeShare * judged.participants)) return true;
      changed += by;
    }
    return changed >= Math.max(leastOfFleet, fleetShare * this.#total);
  }

  #read(pairs: readonly Buffer[]): readonly Seen[] {
    const seen: Seen[] = [];
    for (let at = 0; 2 * at + 1 < pairs.length; at += 1) {
      const [field, value] = [pairs[2 * at], pairs[2 * at + 1]];
      if (field === undefined || value === undefined) continue;
      const before = this.#seen[at];
      const isSame = before !== undefined && before.value.equals(value) && before.field.equals(field);
      seen.push(isSame ? before : seenNow(field, value));
    }
    return seen;
  }
}

function seenNow(field: Buffer, value: Buffer): Seen {
  const nodeId = field.toString();
  return { field, value, nodeId, known: knownOf(decodeNode(nodeId, value)) };
}

/** A mark comes and goes with each heartbeat of a closed node, and is none. */
function knownOf(node: NodeEntry | DecodedNode): Known {
  if (node.kind === 'Undecodable') return { word: node.kind, participants: 0 };
  return { word: node.state, participants: node.load.participants };
}
