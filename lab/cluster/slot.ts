import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SupervisorClient, SupervisorLostError } from './client.ts';
import { slotCount } from './names.ts';
import { leftovers, sweepSlot } from './sweep.ts';
import type { State } from './wire.ts';
import { LabError, type Say } from '../exec.ts';
import { clustersDir } from '../paths.ts';

/** Starts a supervisor in the wanted slot, or in the first free one. @throws LabError when there is none. */
export async function takeSlot(
  wanted: number | undefined,
  token: string,
  say: Say,
): Promise<SupervisorClient> {
  const slots = wanted === undefined ? Array.from({ length: slotCount }, (_, slot) => slot) : [wanted];
  for (const slot of slots) {
    const client = await superviseFreeSlot(slot, token, say);
    if (client !== undefined) return client;
  }
  throw new LabError('No slot is free: stop a cluster with node lab/cluster/cluster.ts down --slot N.');
}

/** Starts a supervisor in the slot; `undefined` when another one holds it. */
async function superviseFreeSlot(
  slot: number,
  token: string,
  say: Say,
): Promise<SupervisorClient | undefined> {
  const present = await SupervisorClient.connect(slot, say);
  if (present !== undefined) {
    present.close();
    return undefined;
  }
  // The supervisor's own log is outside the slot's folder, which it empties first.
  mkdirSync(clustersDir, { recursive: true });
  const log = openSync(join(clustersDir, `supervisor-${slot}.log`), 'w');
  const script = join(import.meta.dirname, 'supervisor.ts');
  const args = ['--disable-warning=ExperimentalWarning', script, String(slot), token];
  const { NODE_OPTIONS: _, ...env } = process.env;
  const child = spawn(process.execPath, args, { detached: true, stdio: ['ignore', log, log], env });
  closeSync(log);
  child.unref();
  for (let attempt = 0; attempt < 200; attempt++) {
    const client = await SupervisorClient.connect(slot, say);
    if (client !== undefined) return greeted(client, token);
    if (child.exitCode !== null) return undefined;
    await sleep(50);
  }
  throw new LabError(
    `The supervisor of slot ${slot} did not start: read build/clusters/supervisor-${slot}.log.`,
  );
}

/** Two starters may race for a slot: the one whose supervisor lost goes on to the next slot. */
async function greeted(client: SupervisorClient, token: string): Promise<SupervisorClient | undefined> {
  try {
    await client.order({ op: 'greet', token });
    return client;
  } catch {
    // Whatever the reason, this supervisor serves someone else.
    client.close();
    return undefined;
  }
}

export interface Attached {
  readonly client: SupervisorClient;
  readonly state: State;
}

/** Connects to the cluster in the slot; `undefined` when there is none. */
export async function attach(slot: number, say: Say = () => undefined): Promise<Attached | undefined> {
  const client = await SupervisorClient.connect(slot, say);
  if (client === undefined) return undefined;
  try {
    return { client, state: await client.order({ op: 'info' }) };
  } catch (error) {
    client.close();
    if (error instanceof SupervisorLostError) return undefined;
    throw error;
  }
}

/** What runs in a slot: a cluster, the remains of one whose supervisor died, or nothing. */
export type SlotState =
  | { readonly kind: 'free' }
  | { readonly kind: 'running'; readonly state: State }
  | { readonly kind: 'remains'; readonly things: readonly string[] };

export async function slotState(slot: number): Promise<SlotState> {
  const attached = await attach(slot);
  if (attached !== undefined) {
    attached.client.close();
    return { kind: 'running', state: attached.state };
  }
  const things = await leftovers(slot);
  return things.length === 0 ? { kind: 'free' } : { kind: 'remains', things };
}

/** Takes down whatever is in the slot; true when there was something. */
export async function clearSlot(slot: number): Promise<boolean> {
  const attached = await attach(slot);
  if (attached !== undefined) await stopSlot(slot, attached.client);
  else if ((await leftovers(slot)).length === 0) return false;
  else await sweepSlot(slot, false);
  return true;
}

/** Takes the cluster down, by its supervisor or, when that one died, without it. */
export async function stopSlot(slot: number, client: SupervisorClient): Promise<void> {
  try {
    await client.order({ op: 'stop' });
  } catch (error) {
    if (!(error instanceof SupervisorLostError)) throw error;
    // Nobody may have taken the slot meanwhile, or the sweep would hit the new cluster.
    if ((await slotState(slot)).kind === 'remains') await sweepSlot(slot, false);
  } finally {
    client.close();
  }
}
