/** The ports of the loop over a small world in memory. Time moves only when told. */
import { silentLog } from '../../src/base/log.ts';
import type { Action } from '../../src/core/action.ts';
import type { Decision } from '../../src/core/decision.ts';
import type { PodObservation } from '../../src/core/observed.ts';
import type {
  NodeEntry,
  NodeMetricsReading,
  RoomPlacement,
  ServerApiReading,
} from '../../src/core/readings.ts';
import type { Finding } from '../../src/core/reasons.ts';
import type { ClusterSpec } from '../../src/core/spec.ts';
import { ActionRefusedError, type Ports, type SpecNow } from '../../src/reconcile/ports.ts';
import { aSpec, wallMs } from './builders.ts';

const startMs = 7_000_000;

/** Says how an action fails, if it does. */
type Refuse = (action: Action) => Error | undefined;

export class FakePorts {
  nowMs = startMs;
  pods: readonly PodObservation[] = [];
  entries: readonly NodeEntry[] = [];
  rooms: readonly RoomPlacement[] = [];
  ownWritesSeen = true;
  redisWorks = true;
  refuse: Refuse = () => undefined;
  /** Answers for a node, by address. */
  metrics: (podIp: string) => Promise<NodeMetricsReading> = () => new Promise(() => undefined);
  readServerApi: () => Promise<ServerApiReading> = () =>
    Promise.resolve({ kind: 'Failed', why: 'not asked for', atMs: this.nowMs });
  readonly metricsAsked: string[] = [];
  readonly serverApiAsked: (readonly string[])[] = [];
  readonly steered: { readonly closed: readonly string[]; readonly open: readonly string[] }[] = [];
  readonly acts: Action[] = [];
  readonly events: { readonly reason: string; readonly severity: string; readonly message: string }[] = [];
  readonly decisions: Decision[] = [];
  readonly statuses: Decision[] = [];
  woken = 0;

  readonly ports: Ports = {
    clock: { elapsedMs: () => this.nowMs, wallMs: () => wallMs + this.nowMs - startMs },
    log: silentLog,
    media: {
      readRedis: () => Promise.resolve(this.#redis()),
      readServerApi: (podIps) => {
        this.serverApiAsked.push(podIps);
        return this.readServerApi();
      },
      readMetrics: (podIp) => {
        this.metricsAsked.push(podIp);
        return this.metrics(podIp);
      },
      steer: (closed, open) => {
        this.steered.push({ closed, open });
        return Promise.resolve();
      },
      removeGhost: () => Promise.resolve(true),
    },
    pods: {
      list: () => this.pods,
      kubeNodes: () => undefined,
      revisions: () => [],
      ownWritesSeen: () => this.ownWritesSeen,
    },
    actor: { act: (action) => this.#act(action) },
    record: {
      status: (decision) => void this.statuses.push(decision),
      event: ({ reason, message }: Finding, severity) => void this.events.push({ reason, severity, message }),
      decision: (_, decision) => void this.decisions.push(decision),
    },
    wake: () => {
      this.woken += 1;
    },
  };

  /** Reasons of the Events so far. */
  get told(): readonly string[] {
    return this.events.map(({ reason }) => reason);
  }

  async #act(action: Action): Promise<void> {
    const error = this.refuse(action);
    if (error !== undefined) throw error;
    this.acts.push(action);
  }

  #redis() {
    if (!this.redisWorks) return { kind: 'Failed', why: 'connection refused', atMs: this.nowMs } as const;
    const { entries: nodes, rooms, nowMs: atMs } = this;
    return { kind: 'Read', nodes, rooms, atMs, serverVersion: '1.13.5' } as const;
  }
}

export function specNow(changes: Partial<ClusterSpec> = {}): SpecNow {
  return { generation: 1, spec: aSpec(changes), problems: [], notYetEffective: [] };
}

/** What the API server answers to a Pod that it does not want. */
export function refusal(
  message = 'pods "c-media-0" is forbidden: exceeded quota',
  stale = false,
): ActionRefusedError {
  return new ActionRefusedError(message, stale);
}
