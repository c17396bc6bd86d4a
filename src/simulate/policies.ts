/** The baselines by the names that the command line, the reports and the documentation use. */
import type { Baseline } from './baseline.ts';
import { createAgonesBuffer } from './baseline-agones-buffer.ts';
import { createHpa } from './baseline-hpa.ts';
import { createJitsi } from './baseline-jitsi.ts';
import { createOpenViduV2 } from './baseline-openvidu-v2.ts';
import { createStatic } from './baseline-static.ts';
import { createTargetTracking } from './baseline-target-tracking.ts';

export interface BaselinePolicy {
  readonly name: string;
  /** For people: a few words. */
  readonly label: string;
  /** A fresh instance with an empty memory: one for each simulation. */
  readonly create: () => Baseline;
}

/** Nobody knows a policy of this name. The message lists the names. */
export class UnknownPolicyError extends Error {
  override readonly name = 'UnknownPolicyError';
}

const fixed: readonly BaselinePolicy[] = [
  { name: 'hpa', label: 'HPA, CPU 60 %', create: createHpa },
  { name: 'target-tracking', label: 'Target tracking, CPU 50 %', create: createTargetTracking },
  { name: 'openvidu-v2', label: 'OpenVidu 2 Pro, 70/20', create: () => createOpenViduV2() },
  { name: 'jitsi', label: 'jitsi-autoscaler, 60/30', create: createJitsi },
  { name: 'agones-buffer', label: 'Agones, 30 % buffer', create: createAgonesBuffer },
];

/** What may be given to `policyByName`, with `static-N` for the fleets of fixed size. */
export const baselineNames: readonly string[] = [...fixed.map(({ name }) => name), 'static-N'];

/** @throws UnknownPolicyError for any name but `hpa`, `openvidu-v2` and so on, and `static-N` with a number from 1. */
export function policyByName(name: string): BaselinePolicy {
  const known = fixed.find((policy) => policy.name === name);
  if (known !== undefined) return known;
  const count = /^static-([1-9]\d{0,4})$/.exec(name)?.[1];
  if (count !== undefined) {
    return { name, label: `${count} nodes, always`, create: () => createStatic(Number(count)) };
  }
  throw new UnknownPolicyError(
    `There is no policy ${JSON.stringify(name)}: use governor, ${baselineNames.join(', ')} (such as static-4).`,
  );
}
