/** What template and configuration make of a node, as far as a capacity profile asks for it. */
import type { OpenViduCluster } from '../api/v1alpha1.gen.ts';
import { parseCpus } from '../base/quantity.ts';
import type { Engine } from '../core/capacity-profile.ts';
import { valueAt } from './deep-merge.ts';
import { mediaContainerIndex } from './media-container.ts';

type MediaNodes = Pick<OpenViduCluster['spec']['mediaNodes'], 'template' | 'config'>;

const engines: readonly Engine[] = ['pion', 'mediasoup'];

export interface NodeMakeup {
  /** By the limit of the media server's container; `undefined` where it may use the whole machine. */
  readonly cpus: number | undefined;
  readonly engine: Engine | undefined;
}

export function nodeMakeup({ template, config }: MediaNodes): NodeMakeup {
  const { containers } = template.spec;
  const media = containers[mediaContainerIndex(containers)];
  const limit = valueAt(media, 'resources', 'limits', 'cpu');
  const cpus = typeof limit === 'string' || typeof limit === 'number' ? parseCpus(limit) : undefined;
  return { cpus, engine: engineOf(config) };
}

/** LiveKit has one engine, OpenVidu takes the same one unless it is told. */
function engineOf(config: unknown): Engine | undefined {
  const named = valueAt(config, 'openvidu', 'rtc', 'engine');
  return named === undefined ? 'pion' : engines.find((engine) => engine === named);
}
