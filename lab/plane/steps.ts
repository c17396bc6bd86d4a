/** What tests on a real API server do before their own claims: definitions, keys, an operator without its lease. */
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { parse } from 'yaml';
import { systemClock } from '../../src/base/clock.ts';
import type { JsonObject } from '../../src/base/json-object.ts';
import { silentLog } from '../../src/base/log.ts';
import type { KubeClient } from '../../src/kube/client.ts';
import { EventRecorder } from '../../src/kube/events.ts';
import type { KubeObject } from '../../src/kube/kinds.ts';
import { type ResourceType, resourceType, SECRETS } from '../../src/kube/resource.ts';
import { deepMerge } from '../../src/manifests/deep-merge.ts';
import { CLUSTERS } from '../../src/operator/cluster-type.ts';
import { Controller } from '../../src/operator/controller.ts';
import { LOAD_TESTS } from '../../src/operator/load-test-type.ts';
import { PROFILES } from '../../src/operator/profile-type.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';

export const CRDS = resourceType<KubeObject>({
  group: 'apiextensions.k8s.io',
  version: 'v1',
  plural: 'customresourcedefinitions',
  kind: 'CustomResourceDefinition',
  namespaced: false,
});

type Kind = 'openviducluster' | 'openviduloadtest' | 'openviducapacityprofile';

const served: Readonly<Record<Kind, ResourceType>> = {
  openviducluster: CLUSTERS,
  openviduloadtest: LOAD_TESTS,
  openviducapacityprofile: PROFILES,
};

/** Asks again until there is an answer; a question that fails has none yet. @throws Error with the claim */
export async function until<T>(
  claim: string,
  look: () => Promise<T | undefined | false>,
  withinMs = 30_000,
): Promise<T> {
  const endMs = performance.now() + withinMs;
  for (;;) {
    const found = await look().catch(() => undefined);
    if (found !== undefined && found !== false) return found;
    if (performance.now() > endMs) throw new Error(`not within ${withinMs / 1000} s: ${claim}`);
    await delay(30);
  }
}

/** Puts definitions from `crds/` on the API server and waits until they are served. */
export async function define(client: KubeClient, ...kinds: readonly Kind[]): Promise<void> {
  for (const kind of kinds) {
    await client.create(CRDS, parse(await readFile(`crds/${kind}.yaml`, 'utf8')) as KubeObject);
    await until(`${kind} is served`, async () => Boolean(await client.list(served[kind])));
  }
}

/** The Secret `livekit-keys`. */
export async function makeKeys(client: KubeClient, namespace: string): Promise<void> {
  const data = { apiKey: btoa('key'), apiSecret: btoa('a-secret-of-more-than-thirty-two-bytes') };
  const metadata = { name: 'livekit-keys', namespace };
  await client.create(SECRETS, { apiVersion: 'v1', kind: 'Secret', metadata, data });
}

const least: JsonObject = {
  redis: { standalone: { address: 'redis:6379' } },
  server: { credentialsSecretRef: { name: 'livekit-keys' } },
  mediaNodes: { min: 1, max: 4, template: { spec: { containers: [{ name: 'openvidu', image: 'one' }] } } },
};

/** An OpenViduCluster of the least that a person must write, with the keys of `makeKeys` and `changes` merged over its spec. */
export async function makeFleet(
  client: KubeClient,
  metadata: { readonly name: string; readonly namespace: string },
  changes: JsonObject = {},
): Promise<void> {
  const spec = deepMerge(least, changes);
  await client.create(CLUSTERS, {
    apiVersion: 'openvidu.io/v1alpha1',
    kind: 'OpenViduCluster',
    metadata,
    spec,
  });
}

/** A part of the operator that watches and leads. */
interface Part {
  watch(signal: AbortSignal): void;
  lead(signal: AbortSignal, withinMs: number): Promise<void>;
}

/** Runs a part of the operator, without a lease, until `stop` is called. */
export function lead<P extends Part>(
  client: KubeClient,
  make: (parts: { readonly client: KubeClient; readonly events: EventRecorder }) => P,
): { readonly part: P; readonly stop: () => Promise<void> } {
  const events = new EventRecorder({ client, controller: 'test', instance: 'test', log: silentLog });
  const part = make({ client, events });
  const ending = new AbortController();
  part.watch(ending.signal);
  const led = part.lead(ending.signal, 2000);
  const stop = async (): Promise<void> => {
    ending.abort();
    await led;
    await events.stop();
  };
  return { part, stop };
}

/** The part that looks after fleets. */
export function leadFleets(client: KubeClient): {
  readonly part: Controller;
  readonly stop: () => Promise<void>;
} {
  return lead(
    client,
    (parts) =>
      new Controller({
        ...parts,
        clock: systemClock,
        log: silentLog,
        metrics: createMetrics({ version: 'test', nodeVersion: 'test' }),
        namespace: undefined,
        concurrency: 2,
        kubernetesNodes: true,
      }),
  );
}
