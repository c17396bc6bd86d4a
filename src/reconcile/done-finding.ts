import type { Action } from '../core/action.ts';
import type { Finding } from '../core/reasons.ts';

type Of<K extends Action['kind']> = Extract<Action, { kind: K }>;

/** What an action that was carried out is told as. Steps that are only means to an end are not told. */
export function doneFinding(action: Action): Finding | undefined {
  switch (action.kind) {
    case 'CreatePod': {
      const message = `${action.name} is launched. ${action.because}`;
      return { reason: 'MediaNodeLaunched', message, node: action.name };
    }
    case 'RemoveNode': {
      const message = `${action.pod.name} was proven empty twice and is removed. ${action.because}`;
      return { reason: 'MediaNodeLeaving', message, node: action.pod.name };
    }
    case 'RemoveFailed':
      return failed(action);
    case 'EvictNode': {
      const message = `${action.pod.name} is removed with ${action.participants} participants in ${action.rooms} rooms. ${action.because}`;
      return { reason: 'MediaNodeEvicted', message, node: action.pod.name };
    }
    case 'EndWedged': {
      const message = `${action.pod.name} was told to stop, has nobody on it and did not end: it is ended. ${action.because}`;
      return { reason: 'MediaNodeWedged', message, node: action.pod.name };
    }
    case 'JudgeRevision':
      return judged(action);
    case 'RemoveGhost':
    case 'SetInService':
    case 'SetWish':
      return undefined;
  }
}

/** The loss of one that had served was told when it was seen. */
function failed({ pod, lost, because }: Of<'RemoveFailed'>): Finding | undefined {
  if (lost) return undefined;
  const message = `${pod.name} is removed and replaced: ${because}.`;
  return { reason: 'MediaNodeFailed', message, node: pod.name };
}

function judged({ verdict }: Of<'JudgeRevision'>): Finding {
  return { reason: verdict.kind === 'Proven' ? 'UpdateProven' : 'UpdateFailed', message: verdict.why };
}
