/** What the loop learns of the rooms: fed at every pass, handed to `decide` as snapshots, kept over restarts. */
import type { DecideInput } from '../core/decide-input.ts';
import { Learner } from '../core/learner.ts';
import type { Observed } from '../core/observed.ts';
import type { Ports } from './ports.ts';

const saveEveryMs = 600_000;
const loadAgainMs = 60_000;

export class Knowledge {
  readonly #ports: Pick<Ports, 'learned' | 'log'>;
  readonly #salt: number;
  #learner: Learner;
  /** What an earlier process knew must be read before it is written over. */
  #loaded = false;
  #loading = false;
  #dueMs = -Infinity;
  #rooms = 0;

  constructor(ports: Pick<Ports, 'learned' | 'log'>) {
    this.#ports = ports;
    this.#salt = ports.learned?.salt ?? 0;
    this.#learner = new Learner(this.#salt);
  }

  /** Takes a look at what was observed, and says what is known then. */
  after(
    { redis, pods }: Observed,
    at: { readonly nowMs: number; readonly wallMs: number },
    capacity: number,
  ): Pick<DecideInput, 'learned' | 'launchMs'> {
    this.#learner.see({ redis, pods, ...at });
    const rooms = redis.kind === 'Read' ? redis.rooms.length : this.#rooms;
    // Only what comes and goes is worth a write: while all stays as it is, nothing is written.
    const isDue = at.nowMs >= this.#dueMs && (!this.#loaded || rooms !== this.#rooms);
    this.#rooms = rooms;
    if (this.#ports.learned !== undefined && isDue) this.#keep(at.nowMs);
    return { learned: this.#learner.snapshot(at.wallMs, capacity), launchMs: this.#learner.launchMs };
  }

  #keep(nowMs: number): void {
    if (!this.#loaded) {
      this.#dueMs = nowMs + loadAgainMs;
      void this.#load();
      return;
    }
    this.#dueMs = nowMs + saveEveryMs;
    this.#ports.learned?.save(this.#learner.checkpoint());
  }

  /** In the background: a slow API server must not hold up the steering of rooms. */
  async #load(): Promise<void> {
    const { learned, log } = this.#ports;
    if (learned === undefined || this.#loading) return;
    this.#loading = true;
    try {
      const checkpoint = await learned.load();
      if (checkpoint !== undefined) this.#takeUp(checkpoint);
      this.#loaded = true;
    } catch (error) {
      log.warn('what was learned cannot be read yet', { error });
    } finally {
      this.#loading = false;
    }
  }

  /** The rooms seen in the meantime are seen again at the next look. */
  #takeUp(checkpoint: unknown): void {
    const learner = new Learner(this.#salt);
    const why = learner.restore(checkpoint);
    if (why !== undefined) this.#ports.log.warn('what was learned is not all of use', { why });
    this.#learner = learner;
  }
}
