/** What a kubelet writes into the status of a Pod. */
import type { Pod } from '../../src/kube/kinds.ts';

/** How far the containers of a Pod are. */
export type Stage =
  | { readonly kind: 'Creating' }
  | { readonly kind: 'Stuck'; readonly reason: string }
  | { readonly kind: 'Started'; readonly startedAtMs: number; readonly ready: boolean }
  | {
      readonly kind: 'Ended';
      readonly startedAtMs: number;
      readonly finishedAtMs: number;
      readonly exitCode: number;
    };

type Patch = Readonly<Record<string, unknown>>;

/** The status as a whole; lists are replaced, so none of it depends on what was written before. */
export function statusOf({ metadata, spec }: Pod, ip: string, stage: Stage): Patch {
  const startTime = metadata.creationTimestamp;
  const ready = stage.kind === 'Started' && stage.ready;
  const condition = (type: string, is: boolean): Patch => {
    return { type, status: is ? 'True' : 'False', lastTransitionTime: isoSeconds(Date.now()) };
  };
  const hasIp = stage.kind === 'Started' || stage.kind === 'Ended';
  return {
    phase: phaseOf(stage),
    startTime,
    hostIP: '127.0.0.1',
    ...(hasIp ? { podIP: ip, podIPs: [{ ip }] } : {}),
    conditions: [
      condition('PodScheduled', true),
      condition('Initialized', true),
      condition('ContainersReady', ready),
      condition('Ready', ready),
    ],
    containerStatuses: spec.containers.map(({ name, image = '' }) => ({
      name,
      image,
      imageID: '',
      ready,
      started: stage.kind === 'Started',
      restartCount: 0,
      state: stateOf(stage),
    })),
  };
}

function phaseOf(stage: Stage): string {
  switch (stage.kind) {
    case 'Creating':
    case 'Stuck':
      return 'Pending';
    case 'Started':
      return 'Running';
    case 'Ended':
      return stage.exitCode === 0 ? 'Succeeded' : 'Failed';
  }
}

function stateOf(stage: Stage): Patch {
  switch (stage.kind) {
    case 'Creating':
      return { waiting: { reason: 'ContainerCreating' } };
    case 'Stuck':
      return { waiting: { reason: stage.reason } };
    case 'Started':
      return { running: { startedAt: isoSeconds(stage.startedAtMs) } };
    case 'Ended':
      return {
        terminated: {
          exitCode: stage.exitCode,
          reason: stage.exitCode === 0 ? 'Completed' : 'Error',
          startedAt: isoSeconds(stage.startedAtMs),
          finishedAt: isoSeconds(stage.finishedAtMs),
        },
      };
  }
}

/** Times of the API server have no fraction. */
function isoSeconds(atMs: number): string {
  return new Date(atMs).toISOString().replace(/\.\d+Z$/, 'Z');
}
