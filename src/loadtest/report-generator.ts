/** What the load cost the generator, for bulk clients and for probes, so that both can be compared. */
import { sum } from './statistics.ts';
import type { WindowRecord, WorkerWindow } from './window.ts';

export interface Efficiency {
  readonly bulk: ClientCost | null;
  /** Null where no probe ran, or probes shared the process of the bulk clients. */
  readonly probes: ClientCost | null;
  /** Probes ran in the processes of the bulk clients, whose cost includes them. */
  readonly mixed: boolean;
}

export interface ClientCost {
  /** Of people of this kind. */
  readonly meanPeople: number;
  readonly cores: number;
  readonly packetsPerSecondReceived: number;
  readonly packetsPerSecondReceivedPerCore: number;
  /** Cores of one participant who receives 1,000 packets per second. */
  readonly coresPerThousandPackets: number;
  readonly coresPerParticipant: number;
}

/** Over all windows in which the generator kept up; the others would flatter or slander it. */
export function efficiencyOf(windows: readonly WindowRecord[]): Efficiency {
  const shares = windows
    .filter(({ verdict }) => verdict.kind !== 'Invalid')
    .flatMap(({ fromMs, toMs, workers }) =>
      workers.map((worker) => ({ worker, seconds: (toMs - fromMs) / 1000 })),
    );
  const mixed = shares.some(({ worker }) => worker.probes.length > 0 && worker.probeCost === undefined);
  return {
    bulk: clientCost(windows, shares.map(bulkShare)),
    probes: clientCost(
      windows,
      shares.flatMap(({ worker, seconds }) => probeShare(worker, seconds)),
    ),
    mixed,
  };
}

interface CostShare {
  readonly peopleSeconds: number;
  readonly coreSeconds: number;
  readonly packets: number;
  readonly seconds: number;
}

function bulkShare({
  worker,
  seconds,
}: {
  readonly worker: WorkerWindow;
  readonly seconds: number;
}): CostShare {
  const probes = worker.probeCost === undefined ? 0 : worker.probes.length;
  return {
    peopleSeconds: (worker.people.connected - probes) * seconds,
    coreSeconds: worker.health.cpuCores * seconds,
    packets: worker.packets.received,
    seconds,
  };
}

function probeShare({ probes, probeCost }: WorkerWindow, seconds: number): readonly CostShare[] {
  if (probeCost === undefined || probes.length === 0) return [];
  return [
    {
      peopleSeconds: probes.length * seconds,
      coreSeconds: probeCost.cpuCores * seconds,
      packets: probeCost.packetsReceived,
      seconds,
    },
  ];
}

function clientCost(windows: readonly WindowRecord[], shares: readonly CostShare[]): ClientCost | null {
  const coreSeconds = sum(shares.map((share) => share.coreSeconds));
  const packets = sum(shares.map((share) => share.packets));
  const peopleSeconds = sum(shares.map((share) => share.peopleSeconds));
  const valid = windows.filter(({ verdict }) => verdict.kind !== 'Invalid');
  const seconds = sum(valid.map(({ fromMs, toMs }) => (toMs - fromMs) / 1000));
  if (coreSeconds <= 0 || packets <= 0 || peopleSeconds <= 0 || seconds <= 0) return null;
  return {
    meanPeople: peopleSeconds / seconds,
    cores: coreSeconds / seconds,
    packetsPerSecondReceived: packets / seconds,
    packetsPerSecondReceivedPerCore: packets / coreSeconds,
    coresPerThousandPackets: (coreSeconds / packets) * 1000,
    coresPerParticipant: coreSeconds / peopleSeconds,
  };
}
