import { type Random, stream } from '../workload/random.ts';
import type { Receiver } from './receive.ts';
import type { Fault } from './scenario.ts';

type Bandwidth = Extract<Fault, { readonly kind: 'SubscriberBandwidth' }>;

const claimPauseMs = 200;
/** A server believes a trend, not a figure: so the claim falls step by step, and rises again in the same way. */
const fall = 0.93;
const highestBitsPerSecond = 10_000_000;

/** The faults that one participant suffers, by the seed: the same people in each repetition of a run. */
export class PersonFaults {
  readonly #faults: readonly Fault[];
  readonly #random: Random;
  #lossShare = 0;
  #claim = highestBitsPerSecond;
  #claimAtMs = 0;

  constructor(faults: readonly Fault[], seed: number, identity: string) {
    this.#faults = faults.filter(
      (fault, index) => stream(seed, `fault/${index}/${identity}`)() < fault.ofParticipants,
    );
    this.#random = stream(seed, `loss/${identity}`);
  }

  /** Whether the packet that came is to be lost. */
  isDropped(): boolean {
    return this.#lossShare > 0 && this.#random() < this.#lossShare;
  }

  /** Brings the faults up to this time since the run began. */
  tick(sharedMs: number, receiver: Pick<Receiver, 'claimBandwidth'>): void {
    if (this.#faults.length === 0) return;
    const active = this.#faults.filter(({ fromMs, toMs }) => sharedMs >= fromMs && sharedMs < toMs);
    let passes = 1;
    for (const fault of active) if (fault.kind === 'PacketLoss') passes *= 1 - fault.share;
    this.#lossShare = 1 - passes;
    if (sharedMs < this.#claimAtMs) return;
    this.#claimAtMs = sharedMs + claimPauseMs;
    this.#claimBandwidth(
      active.find((fault) => fault.kind === 'SubscriberBandwidth'),
      receiver,
    );
  }

  #claimBandwidth(fault: Bandwidth | undefined, receiver: Pick<Receiver, 'claimBandwidth'>): void {
    if (fault === undefined && this.#claim >= highestBitsPerSecond) return;
    this.#claim =
      fault === undefined
        ? Math.min(highestBitsPerSecond, this.#claim / fall)
        : Math.max(fault.kbps * 1000, this.#claim * fall);
    receiver.claimBandwidth(this.#claim);
  }
}
