/** The resource as the loop reads it, with all that can be found wrong in it without asking anybody. */
import type { OpenViduCluster } from '../api/v1alpha1.gen.ts';
import { compileSpec } from '../core/compile-spec.ts';
import { selectorAdvice } from '../core/selector-advice.ts';
import type { SpecProblem } from '../core/spec.ts';
import { isTimeZone } from '../core/time-zone.ts';
import { mediaNodeRevision } from '../manifests/media-node-pod.ts';
import { nodeSelector } from '../manifests/livekit-config.ts';
import { nodeMakeup } from '../manifests/node-makeup.ts';
import { manifestProblems } from '../manifests/template-problems.ts';
import type { SpecNow } from '../reconcile/ports.ts';
import { companionProblems } from './companions.ts';

/** `problems` are those that were found by asking. */
export function specNowOf(cluster: OpenViduCluster, problems: readonly SpecProblem[]): SpecNow {
  const deleting = cluster.metadata.deletionTimestamp !== undefined;
  const compiled = compileSpec(cluster.spec, {
    knownTimeZone: isTimeZone,
    revision: mediaNodeRevision(cluster.spec),
    deleting,
    node: nodeMakeup(cluster.spec.mediaNodes),
  });
  return {
    generation: cluster.metadata.generation,
    // Whoever deletes the fleet wants it gone, whatever it was told to do while it lived.
    spec: deleting ? { ...compiled.spec, mode: 'Enforce' } : compiled.spec,
    problems: [
      ...problems,
      ...compiled.problems,
      ...manifestProblems(cluster.spec),
      ...companionProblems(cluster.spec.mediaNodes.template),
    ],
    notYetEffective: compiled.notYetEffective,
    selectorAdvice: selectorAdvice(
      nodeSelector(cluster.spec.mediaNodes.config),
      compiled.spec.placement.strategy,
    ),
  };
}

/** Mode DryRun, in which nothing is written but status and Events. A fleet that is deleted is on trial no more. */
export function isTrial({ metadata, spec }: OpenViduCluster): boolean {
  return spec.autoscaling.mode === 'DryRun' && metadata.deletionTimestamp === undefined;
}
