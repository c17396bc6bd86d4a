/** What the commands that make load have in common: where it goes, with what keys, from how many workers. */
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import type { Command } from 'commander';
import type { Keys } from '../loadtest/signal.ts';
import { inSentence, readTrouble, UsageError } from './cli-error.ts';
import { largestSeed } from './command-trace-generate.ts';
import type { Io } from './io.ts';
import type { CommonOptions } from './output.ts';
import { decimalNumber, wholeNumber } from './values.ts';

export interface LoadOptions extends CommonOptions {
  readonly url: string;
  readonly metrics?: string;
  readonly nodeId?: string;
  readonly keysFile?: string;
  readonly workers?: number;
  readonly seed?: number;
  readonly probes?: number;
  readonly out?: string;
  readonly serverPid?: number;
  readonly serverCores?: number;
  readonly serverMemory?: number;
  readonly allowSharedTarget?: boolean;
}

const mostWorkers = 64;

/** `urlFrom`: where the address comes from if it is not given; undefined where it must be. */
export function addLoadOptions(command: Command, urlFrom?: string): Command {
  const url = 'Address of the signalling of the media server, such as ws://10.0.0.7:7880.';
  if (urlFrom === undefined) command.requiredOption('--url <url>', url);
  else command.option('--url <url>', `${url} By default ${urlFrom}.`);
  return command
    .option(
      '--metrics <url>',
      'Address of the metrics of the node under test, such as http://10.0.0.7:6789/metrics.',
    )
    .option(
      '--node-id <id>',
      'The node under test, where the service has several. By default from its metrics.',
    )
    .option(
      '--keys-file <file>',
      'A file with one line "key: secret". By default LIVEKIT_API_KEY and LIVEKIT_API_SECRET are used.',
    )
    .option(
      '--workers <number>',
      'Processes that make the load. By default as many as it should need.',
      wholeNumber(1, mostWorkers),
    )
    .option('--seed <number>', 'Another seed than that of the scenario.', wholeNumber(0, largestSeed))
    .option(
      '--probes <number>',
      'So many participants that decode, whatever the scenario says.',
      wholeNumber(0, 100),
    )
    .option('--out <folder>', 'Where record and report go. By default a new folder in loadtest-results.')
    .option(
      '--server-pid <pid>',
      'Process of the media server on this machine. Found by its port where it is on loopback.',
      wholeNumber(1, 2 ** 31),
    )
    .option(
      '--server-cores <number>',
      'Cores that the media server may use. By default those of its process, else of this machine; to be said where it runs on another one.',
      decimalNumber(0.01, 1024),
    )
    .option(
      '--server-memory <gibibytes>',
      'Memory that the media server may use. By default that of its process, else of this machine; where it runs on another one and nothing is said, memory is no guard.',
      decimalNumber(0.01, 65_536),
    )
    .option(
      '--allow-shared-target',
      'Test a node that also serves rooms of others, which will be measured with them.',
    );
}

/** @throws UsageError */
export function keysOf(options: LoadOptions, { env }: Io): Keys {
  if (options.keysFile !== undefined) return keysFromFile(options.keysFile);
  const [apiKey, apiSecret] = [env['LIVEKIT_API_KEY'], env['LIVEKIT_API_SECRET']];
  if (apiKey !== undefined && apiKey !== '' && apiSecret !== undefined && apiSecret !== '') {
    return { apiKey, apiSecret };
  }
  throw new UsageError(
    'the API key is missing: set LIVEKIT_API_KEY and LIVEKIT_API_SECRET, or name a file with --keys-file.',
  );
}

/** The first line "key: secret", as the server itself has them, quoted or not. */
export function keysIn(text: string): Keys | undefined {
  const [, apiKey, , apiSecret] =
    /^[ \t]*([^\s:#]+)[ \t]*:[ \t]*(["']?)([^\s"']+)\2[ \t]*$/m.exec(text) ?? [];
  return apiKey === undefined || apiSecret === undefined ? undefined : { apiKey, apiSecret };
}

/** What is in the file is never told. */
function keysFromFile(path: string): Keys {
  const keys = keysIn(textOf(path));
  if (keys !== undefined) return keys;
  throw new UsageError(`${path} has no line "key: secret": write one, as in the keys of the server.`);
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new UsageError(`${path} cannot be read (${readTrouble(error)}): name a file that can.`, {
      cause: error,
    });
  }
}

/** Checked, and with its path. @throws UsageError */
export function urlOf(text: string): string {
  return parsedUrl(text, '--url', /^(ws|wss|http|https):$/, 'ws://10.0.0.7:7880').href.replace(/\/+$/, '');
}

/** @throws UsageError */
export function metricsUrlOf(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const url = parsedUrl(text, '--metrics', /^http:$/, 'http://10.0.0.7:6789/metrics');
  if (url.pathname === '/') url.pathname = '/metrics';
  return url.href;
}

function parsedUrl(text: string, option: string, protocol: RegExp, example: string): URL {
  const url = URL.parse(text);
  if (url !== null && protocol.test(url.protocol)) return url;
  throw new UsageError(`${option} ${inSentence(text)} is no address: give one such as ${example}.`);
}

/** As many workers as the load should need, leaving one core of this machine to the rest. */
export function workersFor(needed: number): number {
  return Math.min(mostWorkers, Math.max(1, Math.min(needed, availableParallelism() - 1)));
}
