import { access, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { LabError, until } from './exec.ts';
import { freePorts, type LocalProcess, scratch, startProcess } from './local-process.ts';
import { binDir } from './paths.ts';

/** A key with which tokens for the local servers are made. */
export interface ApiKey {
  readonly apiKey: string;
  readonly apiSecret: string;
}

export interface LocalServer {
  readonly url: string;
  readonly wsUrl: string;
  readonly port: number;
  readonly metricsPort: number;
  readonly nodeId: string;
  readonly process: LocalProcess;
  /** SIGTERM once: the server's own drain. */
  drain(): void;
  /** SIGKILL: leaves its entries behind. */
  kill(): Promise<void>;
}

export interface LocalServers {
  readonly servers: readonly LocalServer[];
  readonly key: ApiKey;
  stop(): Promise<void>;
}

export interface ServersWish {
  readonly count: number;
  /** Address of a Redis without a login. */
  readonly redisAddress: string;
  /** Merged over the configuration, by top-level key. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** Merged over the part of the configuration with this name. */
  readonly rtc?: Readonly<Record<string, unknown>>;
  /** Put before the program, such as `taskset --cpu-list 0`. */
  readonly under?: readonly string[];
}

const key: ApiKey = { apiKey: 'devkey', apiSecret: '0123456789abcdef0123456789abcdef' };

/** Starts real media servers on loopback that share one Redis. @throws LabError when the binary is not built. */
export async function startServers(wish: ServersWish): Promise<LocalServers> {
  const program = join(binDir, 'livekit-server');
  await access(program).catch(() => {
    throw new LabError('livekit-server is not built: run `node lab/tools.ts`.');
  });
  const place = await scratch('servers');
  const servers: LocalServer[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(servers.map(async (server) => await server.kill()));
    await place.remove();
  };
  try {
    // One after the other: a start removes entries that look stale, and ports are free only until they are taken.
    for (let at = 0; at < wish.count; at++) {
      servers.push(await startServer(program, join(place.dir, `server-${at}.yaml`), wish));
    }
  } catch (error) {
    await stop();
    throw error;
  }
  return { servers, key, stop };
}

async function startServer(program: string, file: string, wish: ServersWish): Promise<LocalServer> {
  const [port = 0, tcpPort = 0, udpPort = 0, metricsPort = 0] = await freePorts(4);
  const config = {
    port,
    bind_addresses: ['127.0.0.1'],
    rtc: {
      tcp_port: tcpPort,
      udp_port: udpPort,
      node_ip: '127.0.0.1',
      use_external_ip: false,
      enable_loopback_candidate: true,
      interfaces: { includes: ['lo'] },
      stun_servers: ['127.0.0.1:3478'],
      ...wish.rtc,
    },
    redis: { address: wish.redisAddress, db: 0 },
    keys: { [key.apiKey]: key.apiSecret },
    prometheus: { port: metricsPort },
    room: { auto_create: true, empty_timeout: 10, departure_timeout: 2 },
    node_selector: { kind: 'any', sort_by: 'random' },
    logging: { level: 'info', json: true },
    ...wish.config,
  };
  await writeFile(file, stringify(config), { mode: 0o600 });
  const args = [program, '--config', file];
  const [command = program, ...rest] = wish.under === undefined ? args : [...wish.under, ...args];
  const server = await startProcess(command, rest);
  const url = `http://127.0.0.1:${port}`;
  let nodeId = '';
  await until({ what: 'livekit-server to serve', timeoutMs: 20_000 }, async () => {
    // Its exit code is 0 for failures too, so its output is the only witness.
    if (!server.running()) throw new LabError(`livekit-server ended: ${server.output().slice(-500)}`);
    nodeId = /"nodeID":\s*"(ND_\w+)"/.exec(server.output())?.[1] ?? nodeId;
    return nodeId !== '' && (await isServing(url));
  });
  return {
    url,
    wsUrl: `ws://127.0.0.1:${port}`,
    port,
    metricsPort,
    nodeId,
    process: server,
    drain: () => server.signal('SIGTERM'),
    kill: async () => await server.kill(),
  };
}

async function isServing(url: string): Promise<boolean> {
  return await fetch(url).then(
    (answer) => answer.ok,
    () => false,
  );
}
