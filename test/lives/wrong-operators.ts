/** Operators that do wrong, each in one way: what the judge of lives is judged by. */
import type { Action, Evidence, PodRef } from '../../src/core/action.ts';
import type { ClusterSpec } from '../../src/core/spec.ts';
import type { Ports } from '../../src/reconcile/ports.ts';
import type { Stroke } from '../../src/simulate/life-strokes.ts';
import type { Claim } from '../../src/simulate/life-claims.ts';
import { type MakeLoop, productLoop } from '../../src/simulate/life-operator.ts';

/** The product on a world that it is shown otherwise than it is. */
function deluded(delude: (ports: Ports) => Ports): MakeLoop {
  return (ports) => productLoop(delude(ports));
}

/** The product on another spec than the one that holds. */
function disobedient(change: (spec: ClusterSpec) => Partial<ClusterSpec>): MakeLoop {
  return (ports) => {
    const loop = productLoop(ports);
    return {
      pass: (now) => loop.pass({ ...now, spec: { ...now.spec, ...change(now.spec) } }),
      evidenceSettled: () => loop.evidenceSettled(),
    };
  };
}

/** The product, whose actions are falsified on the way. */
function falsified(falsify: (action: Action) => Action): MakeLoop {
  return deluded((ports) => ({
    ...ports,
    actor: {
      act: (action) => ports.actor.act(falsify(action)),
    },
  }));
}

/** The product, and after each of its passes something of its own. */
function meddling(meddle: (ports: Ports) => Promise<void>): MakeLoop {
  return (ports) => {
    const loop = productLoop(ports);
    return {
      pass: async (now) => {
        const result = await loop.pass(now);
        await meddle(ports).catch(() => undefined);
        return result;
      },
      evidenceSettled: () => loop.evidenceSettled(),
    };
  };
}

function withEvidence(change: (evidence: Evidence) => Evidence): MakeLoop {
  return falsified((action) =>
    action.kind === 'RemoveNode' ? { ...action, evidence: change(action.evidence) } : action,
  );
}

function firstPod(ports: Ports): PodRef {
  const [pod] = ports.pods.list();
  if (pod === undefined) throw new Error('there is no Pod');
  return pod;
}

/** An operator that does wrong, the claim that it breaks, and what has to befall a fleet so that it can. */
export interface Wrong {
  readonly does: string;
  readonly breaks: Claim;
  readonly operator: MakeLoop;
  readonly strokes?: readonly Stroke[];
}

/** The same at several times, so that it meets the right moment in most lives. */
function often(stroke: Stroke): readonly Stroke[] {
  return [5, 30, 60, 90, 120, 150, 180, 210].map((atS) => ({ ...stroke, atS }));
}

export const wrongs: readonly Wrong[] = [
  {
    does: 'removes on one proof',
    breaks: 'twoProofs',
    operator: withEvidence((all) => ({ ...all, proofs: all.proofs.slice(-1) })),
  },
  {
    does: 'counts one proof twice',
    breaks: 'twoProofs',
    operator: withEvidence((all) => ({
      ...all,
      proofs: all.proofs.slice(-1).flatMap((proof) => [proof, proof]),
    })),
  },
  {
    does: 'proves another node empty',
    breaks: 'twoProofs',
    operator: withEvidence((all) => ({ ...all, nodeId: 'n0' })),
  },
  {
    does: 'does not ask the companions',
    breaks: 'nobodyIsCut',
    operator: deluded((ports) => ({
      ...ports,
      media: {
        ...ports.media,
        readMetrics: async (ip) => ({ ...(await ports.media.readMetrics(ip)), companions: [] }),
      },
    })),
    strokes: often({ kind: 'CompanionWorks', atS: 0, forS: 100, nodes: 4 }),
  },
  {
    does: 'takes a node that serves for one that failed',
    breaks: 'twoProofs',
    operator: meddling(async (ports) => {
      await ports.actor.act({ kind: 'RemoveFailed', pod: firstPod(ports), lost: false, because: '' });
    }),
  },
  {
    does: 'throws out whoever is on the first node',
    breaks: 'nobodyIsCut',
    operator: meddling(async (ports) => {
      const seen = await ports.media.readRedis();
      if (seen.kind === 'Failed' || seen.rooms.length === 0) return;
      await ports.actor.act({ kind: 'RemoveFailed', pod: firstPod(ports), lost: false, because: '' });
    }),
  },
  {
    does: 'closes every node',
    breaks: 'oneServes',
    operator: deluded((ports) => ({
      ...ports,
      media: { ...ports.media, steer: (closed, open) => ports.media.steer([...closed, ...open], open) },
    })),
  },
  {
    does: 'launches beyond the maximum',
    breaks: 'withinLimits',
    operator: disobedient(({ maxNodes }) => ({ minNodes: maxNodes + 9, maxNodes: maxNodes + 9 })),
  },
  {
    does: 'replaces all nodes at once',
    breaks: 'wishesWithinSurge',
    operator: disobedient(({ updates }) => ({
      updates: { ...updates, canary: undefined, maxSurge: { kind: 'Nodes', value: 9 } },
    })),
    strokes: [{ kind: 'NewRevision', atS: 20, fate: 'Serves' }],
  },
  {
    does: 'does not see that a node is protected',
    breaks: 'personsDecide',
    operator: deluded((ports) => ({
      ...ports,
      pods: { ...ports.pods, list: () => ports.pods.list().map((pod) => ({ ...pod, protected: false })) },
    })),
    strokes: often({ kind: 'PersonProtects', atS: 0, forS: 2000 }),
  },
  {
    does: 'opens what a person has cordoned',
    breaks: 'personsDecide',
    operator: deluded((ports) => ({
      ...ports,
      media: { ...ports.media, steer: (closed, open) => ports.media.steer([], [...closed, ...open]) },
    })),
    strokes: often({ kind: 'PersonCordons', atS: 0, forS: 2000 }),
  },
  {
    does: 'takes back the wish of a person',
    breaks: 'personsDecide',
    operator: meddling(async (ports) => {
      const pod = ports.pods.list().find(({ cordonWish }) => cordonWish?.by === 'Person');
      if (pod !== undefined) await ports.actor.act({ kind: 'SetWish', pod, wish: undefined });
    }),
    strokes: often({ kind: 'PersonCordons', atS: 0, forS: 2000 }),
  },
  {
    does: 'makes every node from the last revision',
    breaks: 'failedStaysOut',
    operator: falsified((action) =>
      action.kind === 'CreatePod' ? { ...action, revision: 'rev-1' } : action,
    ),
    strokes: [{ kind: 'NewRevision', atS: 10, fate: 'Crashes' }],
  },
  {
    does: 'acts in every mode',
    breaks: 'modesHold',
    operator: disobedient(({ mode }) => ({ mode: mode === 'External' ? mode : 'Enforce' })),
    strokes: [{ kind: 'SpecChanges', atS: 20, forS: 1000, to: { mode: 'Paused' } }],
  },
  {
    does: 'evicts before the deadline',
    breaks: 'evictionsAreWritten',
    operator: disobedient(() => ({ drainDeadlineMs: 5000, onDrainDeadline: 'Evict' })),
    strokes: often({ kind: 'PersonDrains', atS: 0, forS: 2000 }),
  },
  {
    does: 'removes the entry of a server that runs',
    breaks: 'ghostsAreDead',
    operator: meddling(async (ports) => {
      await ports.actor.act({ kind: 'RemoveGhost', nodeId: 'n1', rooms: 0, participants: 0 });
    }),
  },
  {
    does: 'never comes to an end of its doings',
    breaks: 'comesToRest',
    operator: meddling(async (ports) => {
      const pod = firstPod(ports);
      const inService = Math.floor(ports.clock.elapsedMs() / 60_000) % 2 === 0;
      if (ports.pods.list()[0]?.inService !== inService) {
        await ports.actor.act({ kind: 'SetInService', pod, inService });
      }
    }),
  },
  {
    does: 'replaces nothing',
    breaks: 'serves',
    operator: disobedient(() => ({ mode: 'Paused' })),
    strokes: often({ kind: 'MachineDies', atS: 0 }),
  },
  {
    does: 'does not notice that its fleet is deleted',
    breaks: 'deletionEnds',
    operator: disobedient(() => ({ deleting: false })),
    strokes: [{ kind: 'Deleted', atS: 100 }],
  },
];
