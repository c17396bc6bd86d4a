/** The resource as the loop reads it, with all that can be found wrong in it without asking anybody. */
import type { OpenViduCluster } from '../api/v1alpha1.gen.ts';
import { compileSpec } from '../core/compile-spec.ts';
import type { SpecProblem } from '../core/spec.ts';
import { manifestProblems } from '../manifests/template-problems.ts';
import type { SpecNow } from '../reconcile/ports.ts';

/** `problems` are those that were found by asking. */
export function specNowOf(cluster: OpenViduCluster, problems: readonly SpecProblem[]): SpecNow {
  const compiled = compileSpec(cluster.spec, isTimeZone);
  return {
    generation: cluster.metadata.generation,
    spec: compiled.spec,
    problems: [...problems, ...compiled.problems, ...manifestProblems(cluster.spec)],
    notYetEffective: compiled.notYetEffective,
  };
}

function isTimeZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}
