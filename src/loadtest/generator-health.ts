import { type EventLoopUtilization, performance } from 'node:perf_hooks';
import { build, type Histogram } from 'hdr-histogram-js';
import type { Clock } from '../base/clock.ts';
import type { Cancel } from '../livekit/timers.ts';
import { readSystem, type SystemCounters, type SystemFiles, systemFiles } from './generator-system.ts';
import type { Pacer } from './pacer.ts';
import type { GeneratorHealth } from './window.ts';

const share = (part: number, whole: number): number => (whole > 0 ? part / whole : 0);

/** A histogram for times in microseconds. */
export function timesHistogram(): Histogram {
  return build({ numberOfSignificantValueDigits: 2, autoResize: true });
}

/** Watches this process from its making until it is asked. */
export class HealthMeter {
  readonly #clock: Clock;
  readonly #files: SystemFiles;
  readonly #beganMs: number;
  readonly #began: SystemCounters;
  readonly #loop: EventLoopUtilization;
  readonly #late = timesHistogram();
  readonly #stop: Cancel;

  constructor(clock: Clock, pacer: Pick<Pacer, 'onLate'>, files: SystemFiles = systemFiles) {
    this.#clock = clock;
    this.#files = files;
    this.#beganMs = clock.elapsedMs();
    this.#began = readSystem(files);
    this.#loop = performance.eventLoopUtilization();
    this.#stop = pacer.onLate((lateMs) => this.#late.recordValue(Math.round(lateMs * 1000)));
  }

  /** How it went; the watching ends. */
  finish(): GeneratorHealth {
    this.#stop();
    const now = readSystem(this.#files);
    const began = this.#began;
    return {
      cpuCores: share(now.cpuMs - began.cpuMs, this.#clock.elapsedMs() - this.#beganMs),
      eventLoopUse: performance.eventLoopUtilization(this.#loop).utilization,
      tickLateP99Ms: this.#late.totalCount === 0 ? 0 : this.#late.getValueAtPercentile(99) / 1000,
      stealShare: share(now.stealTicks - began.stealTicks, now.allTicks - began.allTicks),
      throttledShare: share(now.throttledPeriods - began.throttledPeriods, now.periods - began.periods),
      // A socket that was closed takes its count with it.
      udpReceiveErrors: Math.max(0, now.udpReceiveErrors - began.udpReceiveErrors),
      rssBytes: now.rssBytes,
    };
  }
}
