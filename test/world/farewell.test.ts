/** How nodes go: companions at work hold them, receipts tell of them, and a deleted fleet goes when its rooms have ended. */
import '../../lab/quiet.ts';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { companion, setBusy } from '../../lab/companion.ts';
import { until } from '../../lab/exec.ts';
import { containers, roomyNodes } from '../../lab/fleet-spec.ts';
import type { Fleet } from '../../lab/fleet.ts';
import { Guests } from '../../lab/guests.ts';
import { Stage } from '../../lab/stage.ts';
import { runCli } from '../cli/run-cli.ts';
import { firstBuildMs } from '../../lab/tools.ts';

const patientMs = 90_000;
const size = 2;

let stage: Stage;
let fleet: Fleet;
let guests: Guests;

beforeAll(async () => {
  stage = await Stage.open({ name: 'farewell', machines: 2, images: ['livekit', 'operator'] });
  const others = [companion('egress', 9101), companion('ingress', 9102)];
  fleet = await stage.openFleet({
    spec: {
      min: size,
      max: size + 1,
      ...roomyNodes,
      changes: { mediaNodes: { template: { spec: containers({}, others) } } },
    },
  });
  guests = new Guests({ key: fleet.key, url: fleet.front.wsUrl, hosts: 1 });
}, firstBuildMs);

afterAll(async () => {
  guests?.close();
  await stage?.close();
}, patientMs);

function ipOf(node: string): string {
  return fleet.pods().find(({ metadata }) => metadata.name === node)?.status?.podIP ?? '';
}

function deleteAsked(node: string): boolean {
  return fleet.lives().some(({ name, deleteAskedAtMs }) => name === node && deleteAskedAtMs !== undefined);
}

interface ListedReceipt {
  readonly node: string;
  readonly because: string;
  readonly companions: readonly string[];
  readonly proofs: readonly unknown[];
  readonly closedBy: string;
  readonly closedBecause: string;
}

/** What a person reads on the command line. */
async function listReceipts(): Promise<readonly ListedReceipt[]> {
  const args = ['receipts', '-o', 'json', '--namespace', fleet.namespace];
  const { code, stdout, stderr } = await runCli(args, { env: { KUBECONFIG: stage.cluster.kubeconfig } });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return (JSON.parse(stdout) as { readonly receipts: readonly ListedReceipt[] }).receipts;
}

describe('a Media Node with companions', () => {
  test(
    'stays while its egress records or its ingress takes a stream in, and names both in its receipt',
    async () => {
      const [going = ''] = fleet.nodes().map(({ name }) => name);
      await setBusy(ipOf(going), 9101, true);
      await setBusy(ipOf(going), 9102, true);
      await fleet.kubectl(['annotate', 'pod', going, 'openvidu.io/drain=old machine']);
      const reason = () => fleet.node(going)?.reason;
      const word = { what: 'a word on companions', timeoutMs: 40_000 };
      await fleet.until(word, () => reason() === 'CompanionBusy');
      await setBusy(ipOf(going), 9101, false);
      // Longer than two proofs take where nothing holds a node. A single look that fails is told meanwhile, too.
      await sleep(8000);
      await fleet.until(word, () => reason() === 'CompanionBusy');
      expect(deleteAsked(going)).toBe(false);
      await setBusy(ipOf(going), 9102, false);
      await fleet.until({ what: `the end of ${going}`, timeoutMs: 30_000 }, () => deleteAsked(going));
      const receipt = (await listReceipts()).find(({ node }) => node === going);
      expect(receipt).toMatchObject({
        closedBy: 'Person',
        closedBecause: 'old machine',
        companions: ['egress', 'ingress'],
      });
      expect(receipt?.proofs.length).toBeGreaterThanOrEqual(2);
    },
    patientMs,
  );

  test(
    'keeps its receipt over a restart of the operator',
    async () => {
      const before = await listReceipts();
      expect(before.length).toBeGreaterThan(0);
      await stage.stopOperator();
      await stage.startOperator();
      await fleet.until(
        { what: 'the fleet whole again', timeoutMs: 40_000 },
        () => fleet.status?.readyNodes === size && fleet.pods().length === size,
      );
      expect(await listReceipts()).toEqual(expect.arrayContaining([...before]));
    },
    patientMs,
  );
});

describe('an OpenViduCluster that is deleted with people on it', () => {
  test(
    'stays until its rooms have ended, says what it waits for, and then goes with its nodes',
    async () => {
      await guests.join('last', 'ann');
      await fleet.until({ what: 'the host of the last room', timeoutMs: 10_000 }, async () => {
        return (await fleet.hostOf('last')) !== undefined;
      });
      const host = (await fleet.hostOf('last')) ?? '';
      await fleet.kubectl(['delete', `ovc/${fleet.name}`, '--wait=false']);
      const said = () => fleet.condition('Progressing').message;
      await fleet.until({ what: 'a word on the deletion', timeoutMs: 20_000 }, () => /deleted/.test(said()));
      process.stdout.write(`a fleet that is deleted says: ${said()}\n`);
      expect(said()).toContain(host);
      // Longer than two proofs take where nothing holds a node.
      await sleep(8000);
      const present = fleet.pods().filter(({ metadata }) => metadata.deletionTimestamp === undefined);
      expect(present.map(({ metadata }) => metadata.name)).toContain(host);
      const endedAtMs = Date.now();
      await guests.leave('last');
      await until({ what: 'the end of the OpenViduCluster', timeoutMs: 40_000 }, async () => {
        return (await fleet.kubectl(['get', 'ovc', '--no-headers', '--ignore-not-found'])).trim() === '';
      });
      await fleet.until({ what: 'the end of its Pods', timeoutMs: 30_000 }, () => fleet.pods().length === 0);
      const asked = fleet.lives().findLast(({ name }) => name === host)?.deleteAskedAtMs ?? 0;
      expect(asked).toBeGreaterThanOrEqual(endedAtMs);
      expect(guests.tally().cut).toEqual([]);
    },
    patientMs,
  );
});
