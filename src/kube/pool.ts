import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { RequestOptions } from 'node:https';
import { KubeConfig } from '@kubernetes/client-node';
import { Agent, type Dispatcher, ProxyAgent } from 'undici';
import type { Runtime } from './runtime.ts';

/** What one request needs besides itself. */
export interface Connection {
  readonly dispatcher: Dispatcher;
  /** Holds credentials: never log it. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Where the API server is and how to get in. */
export interface Connector {
  /** URL without a trailing slash. */
  readonly server: string;
  /** The namespace that goes without saying: of the service account or of the kubeconfig's context. */
  readonly namespace: string;
  connection(): Promise<Connection>;
  /** Forgets cached credentials: they were refused, a rotated token may lie on the disk. */
  refresh(): void;
  close(): Promise<void>;
}

/** There is no usable kubeconfig; the message says what is missing. */
export class KubeConfigError extends Error {
  override readonly name = 'KubeConfigError';
}

const credentialsMs = 60_000;
const connectTimeoutMs = 5_000;
const headersTimeoutMs = 15_000;
const keepAliveDelayMs = 15_000;
const keepAliveMs = 60_000;
const connections = 32;
/** The client's answer when it found nothing at all. */
const placeholderServer = 'http://localhost:8080';

interface SharedPool {
  readonly dispatcher: Dispatcher;
  users: number;
}

/** One pool a process for each (server, CA, certificate, key), however many clients use it. */
const pools = new Map<string, SharedPool>();

/** Who we are and whom we trust on the wire. */
interface TlsIdentity {
  readonly ca?: string | Buffer;
  readonly cert?: string | Buffer;
  readonly key?: string | Buffer;
  readonly passphrase?: string;
  readonly rejectUnauthorized?: boolean;
  readonly servername?: string;
}

interface Credentials {
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: TlsIdentity;
}

interface Target {
  readonly server: string;
  readonly proxyUrl: string | undefined;
}

/** Connects as a kubeconfig says: tokens, token files, client certificates, exec plugins. */
export class KubeConfigConnector implements Connector {
  readonly server: string;
  readonly namespace: string;
  readonly #config: KubeConfig;
  readonly #runtime: Runtime;
  readonly #target: Target;
  #credentials: { readonly readAtMs: number; readonly value: Promise<Credentials> } | undefined;
  #poolKey: string | undefined;
  #closed = false;

  /** @throws KubeConfigError when the config names no cluster. */
  constructor(config: KubeConfig, runtime: Runtime) {
    const cluster = config.getCurrentCluster();
    if (cluster === null) throw new KubeConfigError('the kubeconfig has no current context with a cluster');
    const context = config.getContextObject(config.getCurrentContext());
    this.#config = config;
    this.#runtime = runtime;
    this.server = cluster.server.replace(/\/+$/, '');
    this.#target = { server: this.server, proxyUrl: proxyOf(cluster) };
    this.namespace = context?.namespace?.trim() || 'default';
  }

  async connection(): Promise<Connection> {
    const credentials = await this.#readCredentials();
    return { dispatcher: this.#dispatcher(credentials.tls), headers: credentials.headers };
  }

  refresh(): void {
    this.#credentials = undefined;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#leavePool((pool) => pool.destroy());
  }

  #readCredentials(): Promise<Credentials> {
    const nowMs = this.#runtime.clock.elapsedMs();
    const cached = this.#credentials;
    if (cached !== undefined && nowMs - cached.readAtMs < credentialsMs) return cached.value;
    const value = credentialsOf(this.#config);
    this.#credentials = { readAtMs: nowMs, value };
    value.catch(() => {
      // The caller gets the same rejection; the next request reads again.
      this.#credentials = undefined;
    });
    return value;
  }

  #dispatcher(tls: TlsIdentity): Dispatcher {
    if (this.#closed) throw new KubeConfigError('the connection was closed');
    const key = poolKeyOf(this.#target, tls);
    const pool = pools.get(key) ?? { dispatcher: openPool(this.#target, tls), users: 0 };
    pools.set(key, pool);
    if (key === this.#poolKey) return pool.dispatcher;
    // A rotated CA or certificate means a new pool; what is under way on the old one ends there.
    void this.#leavePool((old) => old.close());
    this.#poolKey = key;
    pool.users += 1;
    return pool.dispatcher;
  }

  async #leavePool(end: (pool: Dispatcher) => Promise<void>): Promise<void> {
    const key = this.#poolKey;
    const pool = key === undefined ? undefined : pools.get(key);
    this.#poolKey = undefined;
    if (key === undefined || pool === undefined) return;
    pool.users -= 1;
    if (pool.users > 0) return;
    pools.delete(key);
    await end(pool.dispatcher);
  }
}

/**
 * Reads a kubeconfig file; without a path the service account when inside a cluster, else `$KUBECONFIG` or the
 * file in the home directory.
 * @throws KubeConfigError when there is none or it cannot be read.
 */
export function loadKubeConfig(path: string | undefined): KubeConfig {
  const config = new KubeConfig();
  try {
    if (path === undefined) config.loadFromDefault();
    else config.loadFromFile(path);
  } catch (cause) {
    throw new KubeConfigError(`cannot read the kubeconfig${path === undefined ? '' : ` ${path}`}`, { cause });
  }
  if (path === undefined && config.getCurrentCluster()?.server === placeholderServer) {
    throw new KubeConfigError('no kubeconfig found: set KUBECONFIG or give the path of one');
  }
  return config;
}

async function credentialsOf(config: KubeConfig): Promise<Credentials> {
  const options: RequestOptions = {};
  await config.applyToHTTPSOptions(options);
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(options.headers ?? {}))
    headers[name.toLowerCase()] = String(value);
  if (options.auth) headers['authorization'] = `Basic ${Buffer.from(options.auth).toString('base64')}`;
  const tokenFile = tokenFileOf(config);
  // Read here, not taken from the client's own cache, so that a refused token is replaced at once.
  if (tokenFile !== undefined)
    headers['authorization'] = `Bearer ${(await readFile(tokenFile, 'utf8')).trim()}`;
  return { headers, tls: tlsOf(options) };
}

function tlsOf(options: RequestOptions): TlsIdentity {
  const { ca, cert, key, passphrase, rejectUnauthorized, servername } = options;
  return {
    ...(isPem(ca) ? { ca } : {}),
    ...(isPem(cert) ? { cert } : {}),
    ...(isPem(key) ? { key } : {}),
    ...(passphrase === undefined ? {} : { passphrase }),
    ...(rejectUnauthorized === undefined ? {} : { rejectUnauthorized }),
    ...(servername === undefined ? {} : { servername }),
  };
}

function isPem(value: unknown): value is string | Buffer {
  return typeof value === 'string' || Buffer.isBuffer(value);
}

function tokenFileOf(config: KubeConfig): string | undefined {
  const provider: unknown = config.getCurrentUser()?.authProvider;
  if (typeof provider !== 'object' || provider === null || !('config' in provider)) return undefined;
  const settings: unknown = provider.config;
  if (typeof settings !== 'object' || settings === null || !('tokenFile' in settings)) return undefined;
  return typeof settings.tokenFile === 'string' ? settings.tokenFile : undefined;
}

function proxyOf(cluster: object): string | undefined {
  return 'proxyUrl' in cluster && typeof cluster.proxyUrl === 'string' ? cluster.proxyUrl : undefined;
}

function openPool(target: Target, tls: TlsIdentity): Dispatcher {
  const shared = {
    connections,
    headersTimeout: headersTimeoutMs,
    bodyTimeout: 0,
    keepAliveTimeout: keepAliveMs,
    // One broken HTTP/2 connection would take every watch and every write with it.
    allowH2: false,
  };
  const tcp = { timeout: connectTimeoutMs, keepAlive: true, keepAliveInitialDelay: keepAliveDelayMs };
  if (target.proxyUrl === undefined) return new Agent({ ...shared, connect: { ...tls, ...tcp } });
  if (!/^https?:/.test(target.proxyUrl)) {
    throw new KubeConfigError('the kubeconfig asks for a proxy that is not http:// or https://');
  }
  return new ProxyAgent({ ...shared, uri: target.proxyUrl, requestTls: { ...tls, ...tcp }, connect: tcp });
}

function poolKeyOf(target: Target, tls: TlsIdentity): string {
  const hash = createHash('sha256')
    .update(target.server)
    .update('\0')
    .update(target.proxyUrl ?? '');
  for (const part of [tls.ca, tls.cert, tls.key, tls.passphrase, tls.servername]) {
    hash.update('\0').update(part ?? '');
  }
  return hash.update(`\0${tls.rejectUnauthorized ?? ''}`).digest('hex');
}
