/** Which heartbeats of a large fleet are worth a decision at once: most say what was known. */
import type { Clock } from '../base/clock.ts';
import type { NodeEntry } from '../core/readings.ts';
import { FleetEntries } from './fleet-entries.ts';
import type { DecodedNode } from './node-decode.ts';
import type { NodesLook } from './node-table.ts';
import type { HashReader } from './redis.ts';
import type { Cancel, Timers } from './timers.ts';

export type When = 'soon' | 'later';

export interface HeartbeatNewsParts {
  readonly link: HashReader;
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

export class HeartbeatNews {
  readonly #parts: HeartbeatNewsParts;
  readonly #entries: FleetEntries;
  #judged: ReadonlyMap<string, Known> = new Map();
  #total = 0;
  /** By how many people nodes differ from that, and all of them together. */
  readonly #apart = new Map<string, number>();
  #apartTotal = 0;
  #isNews = false;
  #looking = false;
  #again = false;
  #gap: Cancel | undefined;
  #stopped = false;

  constructor(parts: HeartbeatNewsParts) {
    this.#parts = parts;
    this.#entries = new FleetEntries(parts.link, parts.clock);
  }

  /** These are decided upon now, and were read as `look`: news is what differs from them. */
  judged(nodes: readonly NodeEntry[], look: NodesLook): void {
    this.#judged = new Map(nodes.map((node) => [node.nodeId, knownOf(node)]));
    this.#total = [...this.#judged.values()].reduce((sum, { participants }) => sum + participants, 0);
    this.#apart.clear();
    this.#apartTotal = 0;
    this.#isNews = false;
    if (!this.#isLarge()) return;
    for (const node of this.#entries.catchUp(look)) this.#hear(node);
  }

  /** Some node has told of itself. */
  notice(): void {
    if (this.#stopped) return;
    if (!this.#isLarge()) return this.#parts.tell('soon');
    this.#again = true;
    if (!this.#looking && this.#gap === undefined) void this.#look();
  }

  #isLarge(): boolean {
    return this.#judged.size > largeFrom;
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
      for (const node of await this.#entries.refresh()) this.#hear(node);
    } catch {
      // That nothing can be read is for the next decision to find out, and it should.
      return true;
    }
    if (this.#entries.size !== this.#judged.size) return true;
    return this.#isNews || this.#apartTotal >= Math.max(leastOfFleet, fleetShare * this.#total);
  }

  #hear(node: DecodedNode): void {
    const judged = this.#judged.get(node.nodeId);
    const known = knownOf(node);
    if (judged?.word !== known.word) {
      this.#isNews = true;
      return;
    }
    const by = Math.abs(known.participants - judged.participants);
    if (by >= Math.max(leastOfNode, nodeShare * judged.participants)) this.#isNews = true;
    this.#apartTotal += by - (this.#apart.get(node.nodeId) ?? 0);
    this.#apart.set(node.nodeId, by);
  }
}

/** A mark comes and goes with each heartbeat of a closed node, and is none. */
function knownOf(node: NodeEntry | DecodedNode): Known {
  if (node.kind === 'Undecodable') return { word: node.kind, participants: 0 };
  return { word: node.state, participants: node.load.participants };
}
