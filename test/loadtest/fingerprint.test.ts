import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { localMachine } from '../../src/loadtest/fingerprint-machine.ts';
import {
  differences,
  type FingerprintFacts,
  fingerprintOf,
  scenarioDigest,
} from '../../src/loadtest/fingerprint.ts';
import type { Fingerprint } from '../../src/loadtest/record.ts';
import { aScenario, aSearch } from './virtual-node.ts';

const scenario = aScenario(aSearch());
const facts: FingerprintFacts = {
  serverVersion: '1.13.5',
  serverCpu: 'Intel(R) Xeon(R) CPU E5-2670 v2 @ 2.50GHz',
  serverCores: 4,
  nicMbps: 10_000,
  generatorCpus: ['AMD EPYC 7571', 'AMD EPYC 7571'],
  kernel: '6.1.0',
  samePlace: false,
  scenario,
};

describe('a fingerprint', () => {
  test('names processors without marks and clock rates, and each kind of generator once', () => {
    expect(fingerprintOf(facts)).toMatchObject({
      serverCpu: 'Intel Xeon E5-2670 v2',
      generatorCpu: 'AMD EPYC 7571',
      engine: 'pion',
      seed: 42,
    });
    expect(fingerprintOf({ ...facts, generatorCpus: ['b', 'a', 'b'] }).generatorCpu).toBe('a and b');
  });

  test.each<[string, Partial<FingerprintFacts>, Partial<Fingerprint>]>([
    [
      'a server that says nothing',
      { serverVersion: undefined },
      { serverVersion: 'unknown', engine: 'unknown' },
    ],
    ['a blank processor', { serverCpu: '  ' }, { serverCpu: 'unknown' }],
    ['OpenVidu with mediasoup', { serverEngine: 'mediasoup 3.14' }, { engine: 'mediasoup' }],
    ['no worker', { generatorCpus: [] }, { generatorCpu: 'unknown' }],
  ])('of %s is unknown, not empty', (_, changes, expected) => {
    expect(fingerprintOf({ ...facts, ...changes })).toMatchObject(expected);
  });
});

describe('the digest of a scenario', () => {
  const { load } = scenario;

  test.each([
    ['its name', { ...scenario, name: 'other' }, true],
    ['its description', { ...scenario, description: 'other' }, true],
    ['its seed, which is told apart', { ...scenario, seed: 7 }, true],
    [
      'the order of its keys',
      { ...Object.fromEntries(Object.entries(scenario).toReversed()), load } as typeof scenario,
      true,
    ],
    ['its rate of joins', { ...scenario, load: { ...load, joinsPerSecond: 6 } }, false],
    ['its limits', { ...scenario, slos: scenario.slos.slice(1) }, false],
    ['its media', { ...scenario, media: { ...scenario.media, audio: undefined } }, false],
  ])('with another %s: is it the same?', (_, other, isSame) => {
    expect(scenarioDigest(other) === scenarioDigest(scenario)).toBe(isSame);
  });

  test('survives a way through JSON', () => {
    expect(scenarioDigest(JSON.parse(JSON.stringify(scenario)))).toBe(scenarioDigest(scenario));
  });
});

describe('differences', () => {
  const one = fingerprintOf(facts);

  test('are none between equal fingerprints, also when one has been through JSON', () => {
    const bare = fingerprintOf({ ...facts, nicMbps: undefined });
    expect(differences(one, one)).toEqual([]);
    expect(differences(bare, JSON.parse(JSON.stringify(bare)))).toEqual([]);
  });

  test.each<[keyof Fingerprint, Partial<Fingerprint>, string, string]>([
    ['serverVersion', { serverVersion: '1.14.0' }, '1.13.5', '1.14.0'],
    ['engine', { engine: 'mediasoup' }, 'pion', 'mediasoup'],
    ['serverCpu', { serverCpu: 'x' }, 'Intel Xeon E5-2670 v2', 'x'],
    ['serverCores', { serverCores: 2 }, '4', '2'],
    ['nicMbps', { nicMbps: undefined }, '10000', 'unknown'],
    ['generatorCpu', { generatorCpu: 'x' }, 'AMD EPYC 7571', 'x'],
    ['kernel', { kernel: '6.2.0' }, '6.1.0', '6.2.0'],
    ['samePlace', { samePlace: true }, 'no', 'yes'],
    ['scenarioDigest', { scenarioDigest: 'x' }, one.scenarioDigest, 'x'],
    ['seed', { seed: 7 }, '42', '7'],
  ])('in %s are named with both values', (field, changes, first, second) => {
    expect(differences(one, { ...one, ...changes })).toMatchObject([{ field, one: first, other: second }]);
  });
});

describe('this machine', () => {
  test.each<[string, Readonly<Record<string, string>>, number | undefined]>([
    ['takes the fastest', { eth0: '1000\n', eth1: '10000\n', lo: '99999' }, 10_000],
    ['leaves out one that is down', { eth0: '-1\n', eth1: '' }, undefined],
    ['has none', {}, undefined],
  ])('of its interfaces %s', async (_, interfaces, speed) => {
    const folder = mkdtempSync(join(tmpdir(), 'net-'));
    try {
      for (const [name, text] of Object.entries(interfaces)) {
        mkdirSync(join(folder, name));
        writeFileSync(join(folder, name, 'speed'), text);
      }
      expect((await localMachine(folder)).nicMbps).toBe(speed);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('is described also where there are no such files', async () => {
    const machine = await localMachine('/nowhere/at/all');
    expect(machine).toMatchObject({ nicMbps: undefined });
    expect(machine.kernel).not.toBe('');
  });
});
