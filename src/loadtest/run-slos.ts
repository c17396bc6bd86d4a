/** Which of a scenario's SLOs can be measured at this target at all. */
import { type Slo, sloMetrics } from './scenario.ts';

export interface Means {
  /** The node's metrics can be read. */
  readonly node: boolean;
  /** So can its control group. */
  readonly throttling: boolean;
  readonly probes: boolean;
  /** The limit of the server's memory. */
  readonly memory: boolean;
}

export interface Measurable {
  readonly slos: readonly Slo[];
  /** Guards that are left out, each with the reason. */
  readonly dropped: readonly string[];
  /** SLOs without which the question of the scenario would be another one. */
  readonly impossible: readonly string[];
}

/** A guard that cannot be measured would make every window invalid, so it is left out and told; an SLO may not be. */
export function measurable(slos: readonly Slo[], means: Means): Measurable {
  const why = (slo: Slo): string | undefined => lacking(slo, means);
  return {
    slos: slos.filter((slo) => why(slo) === undefined),
    dropped: slos.flatMap((slo) => (slo.guard ? told(slo, why(slo)) : [])),
    impossible: slos.flatMap((slo) => (slo.guard ? [] : told(slo, why(slo)))),
  };
}

function told({ metric }: Slo, why: string | undefined): readonly string[] {
  return why === undefined ? [] : [`${metric} (${why})`];
}

function lacking({ metric }: Slo, means: Means): string | undefined {
  const source = sloMetrics[metric];
  if (source === 'node' && !means.node) return 'the metrics of the node are not known';
  if (metric === 'node.memoryShare' && !means.memory)
    return 'how much memory the server may use is not known';
  if (metric === 'node.throttledShare' && !means.throttling) {
    return 'the control group of the server cannot be read from here';
  }
  return source === 'probes' && !means.probes ? 'the scenario has no probes' : undefined;
}
