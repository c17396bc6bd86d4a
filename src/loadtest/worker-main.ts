/**
 * One process of load: `node worker-main.js --connect ws://COORDINATOR [--index N]`. The keys with which its people join
 * come from LIVEKIT_API_KEY and LIVEKIT_API_SECRET. Its exit code is 0 only when the coordinator said that this was all,
 * so that a Job makes another one of a Pod that was evicted.
 */
import { cpus, hostname, release } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { initLogger } from 'node-datachannel';
import { WebSocket } from 'ws';
import { systemClock } from '../base/clock.ts';
import { keepLastWordsPlain } from '../base/last-words.ts';
import { systemTimers } from '../livekit/timers.ts';
import { readFixtures } from './fixture.ts';
import { Pacer } from './pacer.ts';
import { ProbeHost } from './probe.ts';
import { startProbeProcess } from './probe-process.ts';
import type { FromWorker, ToWorker } from './protocol.ts';
import { largestMessageBytes, readToWorker } from './protocol-read.ts';
import type { Keys } from './signal.ts';
import { Worker } from './worker.ts';
import { workerPass } from './worker-pass.ts';

/** The worker cannot begin; the message says what to do. */
class WorkerStartError extends Error {
  override readonly name = 'WorkerStartError';
}

interface Options {
  readonly connect: string;
  readonly index: number | undefined;
  readonly keys: Keys;
}

const version = '1';
/** Workers of a cluster begin before the coordinator's name can be resolved. */
const dialForMs = 60_000;
const dialPauseMs = 1000;
/** How the library ends its message when a dial was answered so. */
const refused = ' 401';
/** What was said last shall go out before the process ends. */
const lingerMs = 300;

function readOptions(args: readonly string[], env: NodeJS.ProcessEnv): Options {
  const { values } = parseArgs({
    args: [...args],
    options: { connect: { type: 'string' }, index: { type: 'string' } },
  });
  const { connect, index } = values;
  const { LIVEKIT_API_KEY: apiKey = '', LIVEKIT_API_SECRET: apiSecret = '' } = env;
  if (connect === undefined || !/^wss?:\/\//.test(connect))
    throw new WorkerStartError('Say where the coordinator is: --connect ws://HOST:PORT.');
  if (index !== undefined && !/^\d+$/.test(index))
    throw new WorkerStartError(`The index ${index} is not a whole number from 0 on.`);
  if (apiKey === '' || apiSecret === '')
    throw new WorkerStartError('Set LIVEKIT_API_KEY and LIVEKIT_API_SECRET in the environment.');
  return { connect, index: index === undefined ? undefined : Number(index), keys: { apiKey, apiSecret } };
}

/** @throws WorkerStartError when nobody answers for a minute, or the coordinator has other keys. */
async function dial(
  { connect: address, keys }: Options,
  hear: (message: ToWorker) => void,
): Promise<WebSocket> {
  const endMs = systemClock.elapsedMs() + dialForMs;
  const headers = { authorization: workerPass(keys) };
  for (;;) {
    const limits = { perMessageDeflate: false, maxPayload: largestMessageBytes };
    const socket = new WebSocket(address, { ...limits, headers });
    // Before it opens: the first message may come in the same breath.
    socket.on('message', (data: Buffer) => heardOn(socket, data, hear));
    const why = await new Promise<string | undefined>((resolve) => {
      socket.once('open', () => resolve(undefined));
      socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    });
    if (why === undefined) return socket;
    if (why.endsWith(refused)) {
      const remedy = 'give both the same LIVEKIT_API_KEY and LIVEKIT_API_SECRET, and the same version';
      throw new WorkerStartError(`The coordinator at ${address} refuses this worker: ${remedy}.`);
    }
    if (systemClock.elapsedMs() > endMs)
      throw new WorkerStartError(`The coordinator at ${address} does not answer (${why}).`);
    await sleep(dialPauseMs);
  }
}

/** Whoever sends something else is no coordinator, or one of another version. */
function heardOn(socket: WebSocket, data: Buffer, hear: (message: ToWorker) => void): void {
  const read = readToWorker(data.toString());
  if (read.kind === 'Message') return hear(read.message);
  complain(`The coordinator said what is no message (${read.why}): use the same version for both.`);
  socket.close(1003);
}

function helloOf(index: number | undefined): FromWorker {
  const processors = cpus();
  return {
    kind: 'hello',
    index,
    host: hostname(),
    cpu: processors[0]?.model ?? 'unknown',
    cores: processors.length,
    kernel: release(),
    version,
  };
}

function complain(sentence: string): void {
  process.stderr.write(`${sentence}\n`);
}

/** Answers the exit code. */
async function serve(options: Options): Promise<number> {
  const { index, keys } = options;
  // The library would write to standard output what is counted here anyway.
  initLogger('Fatal', () => undefined);
  const fixtures = await readFixtures();
  const engine = { clock: systemClock, timers: systemTimers, fixtures };
  let socket: WebSocket | undefined;
  const say = (message: FromWorker): void => {
    if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
    if (message.kind === 'ended') socket?.close();
  };
  const probes = new ProbeHost({ ...engine, start: startProbeProcess(systemTimers), onTrouble: complain });
  const pacer = new Pacer(systemClock, systemTimers);
  const worker = new Worker({ engine, keys, say, pacer, probes });
  const { promise: over, resolve } = Promise.withResolvers<number>();
  const heard: ToWorker[] = [];
  let hear = (message: ToWorker): void => void heard.push(message);
  socket = await dial(options, (message) => hear(message));
  socket.on('close', () => resolve(worker.isEnded ? 0 : 1));
  socket.on('error', (error) => complain(`The connection to the coordinator broke: ${error.message}.`));
  // Of one that was evicted, a Job makes another only when it has failed.
  const stop = (): void => resolve(worker.isEnded ? 0 : 1);
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, stop);
  say(helloOf(index));
  hear = (message) => worker.hear(message);
  for (const message of heard) hear(message);
  const code = await over;
  await worker.stop();
  await probes.stop();
  socket.close();
  await sleep(lingerMs);
  return code;
}

if (import.meta.main) {
  keepLastWordsPlain(process);
  try {
    // Native threads of the media library would hold the process, and have nothing left to do.
    process.exit(await serve(readOptions(process.argv.slice(2), process.env)));
  } catch (error) {
    complain(error instanceof Error ? error.message : String(error));
    process.exit(2);
  }
}
