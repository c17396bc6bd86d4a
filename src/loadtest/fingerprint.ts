/** What a figure depends on: made from plain facts, and compared with a word for each difference. */
import { createHash } from 'node:crypto';
import type { Fingerprint } from './record.ts';
import type { Scenario } from './scenario.ts';

/** As the run finds them out. Empty or undefined is what could not be found. */
export interface FingerprintFacts {
  readonly serverVersion: string | undefined;
  /** What the server says of itself, such as its version or a label of its metrics. */
  readonly serverEngine?: string | undefined;
  /** Where the server runs on the machine of the coordinator, what that machine has; else what was told. */
  readonly serverCpu: string | undefined;
  readonly serverCores: number;
  /** Of the way between generator and server; undefined on loopback and where it cannot be read. */
  readonly nicMbps: number | undefined;
  readonly generatorCpus: readonly string[];
  readonly kernel: string | undefined;
  /** Generator and server on one machine. */
  readonly samePlace: boolean;
  readonly scenario: Scenario;
}

/** The same facts give the same fingerprint, whatever the spaces in the names of processors. */
export function fingerprintOf(facts: FingerprintFacts): Fingerprint {
  const cpus = [...new Set(facts.generatorCpus.map(tidyCpu))].toSorted();
  return {
    serverVersion: named(facts.serverVersion),
    engine: engineOf(facts.serverEngine ?? facts.serverVersion ?? ''),
    serverCpu: tidyCpu(named(facts.serverCpu)),
    serverCores: facts.serverCores,
    nicMbps: facts.nicMbps,
    generatorCpu: cpus.length === 0 ? 'unknown' : cpus.join(' and '),
    kernel: named(facts.kernel),
    samePlace: facts.samePlace,
    scenarioDigest: scenarioDigest(facts.scenario),
    seed: facts.scenario.seed,
  };
}

function named(text: string | undefined): string {
  const trimmed = text?.trim() ?? '';
  return trimmed === '' ? 'unknown' : trimmed;
}

/** Without the marks and the clock rate that the same processor is shown with here and without there. */
export function tidyCpu(model: string): string {
  return named(
    model
      .replaceAll(/\((R|TM)\)|\bCPU\b|\bProcessor\b/gi, ' ')
      .replace(/@.*$/, '')
      .replaceAll(/\s+/g, ' '),
  );
}

/** livekit-server forwards with Pion; OpenVidu's build of it says when it does so with mediasoup. */
function engineOf(text: string): Fingerprint['engine'] {
  if (/mediasoup/i.test(text)) return 'mediasoup';
  return /pion|^v?\d+\.\d+/i.test(text.trim()) ? 'pion' : 'unknown';
}

/** Of what is asked for, whatever it is called and whatever the seed. Twelve hexadecimal digits. */
export function scenarioDigest(scenario: Scenario): string {
  const { name: _name, description: _description, seed: _seed, ...asked } = scenario;
  return createHash('sha256').update(canonical(asked)).digest('hex').slice(0, 12);
}

/** JSON with sorted keys and without what is undefined. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, each: unknown) =>
    typeof each === 'object' && each !== null && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).toSorted(([one], [other]) => (one < other ? -1 : 1)))
      : each,
  );
}

export interface Difference {
  readonly field: keyof Fingerprint;
  /** What the field is, for the middle of a sentence. */
  readonly what: string;
  readonly one: string;
  readonly other: string;
}

/** What each part of a fingerprint is called. */
export const fingerprintWords: Readonly<Record<keyof Fingerprint, string>> = {
  serverVersion: 'version of the media server',
  engine: 'engine',
  serverCpu: 'processor of the server',
  serverCores: 'cores of the server',
  nicMbps: 'speed of the network interface (Mbit/s)',
  generatorCpu: 'processor of the generator',
  kernel: 'kernel',
  samePlace: 'generator and server on one machine',
  scenarioDigest: 'scenario',
  seed: 'seed',
};

const fields: readonly (keyof Fingerprint)[] = [
  'serverVersion',
  'engine',
  'serverCpu',
  'serverCores',
  'nicMbps',
  'generatorCpu',
  'kernel',
  'samePlace',
  'scenarioDigest',
  'seed',
];

/** Empty where both runs can be compared. A part that is unknown in both is no difference: it may be one unseen. */
export function differences(one: Fingerprint, other: Fingerprint): readonly Difference[] {
  return fields
    .map((field) => ({
      field,
      what: fingerprintWords[field],
      one: shownPart(one, field),
      other: shownPart(other, field),
    }))
    .filter((each) => each.one !== each.other);
}

/** A part of a fingerprint for people. */
export function shownPart(fingerprint: Fingerprint, field: keyof Fingerprint): string {
  // A record that has been through JSON holds no undefined, and one of an older program may lack a part.
  const value: string | number | boolean | undefined | null = fingerprint[field];
  if (value === undefined || value === null) return 'unknown';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return String(value);
}
