/** The parts of the resource that decisions depend on, fit to be shown: nothing in which people write passwords. */
import type { OpenViduCluster } from '../api/v1alpha1.gen.ts';

type Spec = OpenViduCluster['spec'];

/** Template, config and queries are left out, and how Redis, the server API and the metrics are reached. */
export function decidingPart({ mediaNodes, autoscaling, drain, updates }: Spec): unknown {
  const { template: _, config: __, metricsAuth: ___, ...figures } = mediaNodes;
  const targets = autoscaling.targets.map(({ prometheus: ____, ...target }) => target);
  return { mediaNodes: figures, autoscaling: { ...autoscaling, targets }, drain, updates };
}
