import { expect, test } from '@jest/globals';
import type { OpenViduCluster } from '../../src/api/v1alpha1.gen.ts';
import { type NodeMakeup, nodeMakeup } from '../../src/manifests/node-makeup.ts';

type MediaNodes = OpenViduCluster['spec']['mediaNodes'];

const template = (limits?: object): MediaNodes['template'] => ({
  spec: {
    containers: [
      { name: 'egress', resources: { limits: { cpu: '9' } } },
      { name: 'livekit', ...(limits === undefined ? {} : { resources: { limits } }) },
    ],
  },
});

test.each<readonly [claim: string, of: Pick<MediaNodes, 'template' | 'config'>, makeup: NodeMakeup]>([
  ['no limit and no word', { template: template() }, { cpus: undefined, engine: 'pion' }],
  ['a limit', { template: template({ cpu: '1500m' }) }, { cpus: 1.5, engine: 'pion' }],
  ['a limit of memory alone', { template: template({ memory: '1Gi' }) }, { cpus: undefined, engine: 'pion' }],
  [
    'an engine',
    { template: template({ cpu: 4 }), config: { openvidu: { rtc: { engine: 'mediasoup' } } } },
    { cpus: 4, engine: 'mediasoup' },
  ],
  [
    'an engine that nobody knows',
    { template: template(), config: { openvidu: { rtc: { engine: 'other' } } } },
    { cpus: undefined, engine: undefined },
  ],
])('a template with %s', (_, of, makeup) => {
  expect(nodeMakeup(of)).toEqual(makeup);
});
