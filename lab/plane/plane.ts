import { generateKeyPairSync } from 'node:crypto';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { KubeClient } from '../../src/kube/client.ts';
import { ApiError } from '../../src/kube/errors.ts';
import { KubeHttp, type KubeHttpOptions } from '../../src/kube/http.ts';
import { kubeconfigText } from '../kubeconfig.ts';
import { freePorts } from '../local-process.ts';
import { PlaneProcess } from './processes.ts';

export { binary } from './processes.ts';

/** Somebody with a token. Without groups a user may do nothing until RBAC says so. */
export interface PlaneUser {
  readonly token: string;
  readonly user: string;
  readonly groups?: readonly string[];
}

export interface PlaneOptions {
  /** Runs kube-controller-manager too; without it the ServiceAccount admission plugin is off. */
  readonly controllers?: boolean;
  /** Runs kube-scheduler too. */
  readonly scheduler?: boolean;
  readonly users?: readonly PlaneUser[];
  /** Writes down each write with its author and its answer, in `Plane.auditLog`. */
  readonly audit?: boolean;
}

/** A real API server with its etcd on loopback. */
export interface Plane {
  readonly url: string;
  readonly dir: string;
  readonly caFile: string;
  /** Path of the administrator's kubeconfig. */
  readonly kubeconfig: string;
  /** JSON Lines; there with the option `audit` only. */
  readonly auditLog: string;
  /** The administrator. */
  readonly client: KubeClient;
  /** Writes a kubeconfig for any token, also one that the TokenRequest API gave. */
  kubeconfigFor(token: string): string;
  /** A connection of its own, the administrator's unless a token is given. */
  http(options?: KubeHttpOptions & { readonly token?: string }): KubeHttp;
  /** SIGKILL, as a crash. */
  killApiServer(): Promise<void>;
  /**
   * Starts it again on the same port and data, and waits until it is ready; the one of the next minor version if told so, and
   * else the one that ran before.
   */
  startApiServer(version?: ApiServerVersion): Promise<void>;
  /** Which of them runs. */
  readonly version: ApiServerVersion;
  /** A copy of all data as it is now; the API server is away meanwhile. @returns its folder */
  backUp(): Promise<string>;
  /** Starts etcd and API server anew with that copy, or with nothing. */
  restore(from?: string): Promise<void>;
  /** Stops it in its tracks (SIGSTOP) without closing a connection. */
  freeze(): void;
  thaw(): void;
  stop(): Promise<void>;
}

export type ApiServerVersion = 'Usual' | 'Next';
const programs: Readonly<Record<ApiServerVersion, string>> = {
  Usual: 'kube-apiserver',
  Next: 'kube-apiserver-next',
};

const adminToken = 'admin-token';
const managerToken = 'controller-manager-token';
const schedulerToken = 'scheduler-token';
const readyWithinMs = 60_000;

const auditPolicy = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived'],
  rules: [
    { level: 'Metadata', verbs: ['create', 'update', 'patch', 'delete', 'deletecollection'] },
    { level: 'None' },
  ],
};

const standardUsers: readonly PlaneUser[] = [
  { token: adminToken, user: 'admin', groups: ['system:masters'] },
  { token: managerToken, user: 'system:kube-controller-manager' },
  { token: schedulerToken, user: 'system:kube-scheduler' },
  { token: 'nobody-token', user: 'nobody' },
];

/** Starts a control plane in a few seconds. @throws Error with the end of the log when a part does not start. */
export async function startPlane(options: PlaneOptions = {}): Promise<Plane> {
  const dir = mkdtempSync(path.join(tmpdir(), 'ovm-plane-'));
  const plane = new RealPlane(dir, await freePorts(5), options);
  try {
    await plane.start();
  } catch (error) {
    await plane.stop();
    throw error;
  }
  return plane;
}

class RealPlane implements Plane {
  readonly dir: string;
  readonly url: string;
  readonly caFile: string;
  readonly kubeconfig: string;
  readonly auditLog: string;
  version: ApiServerVersion = 'Usual';
  readonly #options: PlaneOptions;
  readonly #ports: readonly number[];
  readonly #https: KubeHttp[] = [];
  readonly #helpers: PlaneProcess[] = [];
  #etcd: PlaneProcess | undefined;
  #apiServer: PlaneProcess | undefined;
  #client: KubeClient | undefined;
  #kubeconfigs = 0;

  constructor(dir: string, ports: readonly number[], options: PlaneOptions) {
    this.dir = dir;
    this.#ports = ports;
    this.#options = options;
    this.url = `https://127.0.0.1:${ports[0]}`;
    this.caFile = path.join(dir, 'apiserver.crt');
    this.kubeconfig = this.kubeconfigFor(adminToken);
    this.auditLog = path.join(dir, 'audit.jsonl');
  }

  get client(): KubeClient {
    this.#client ??= new KubeClient(this.http());
    return this.#client;
  }

  kubeconfigFor(token: string): string {
    this.#kubeconfigs += 1;
    const file = path.join(this.dir, `kubeconfig-${this.#kubeconfigs}.json`);
    writeFileSync(file, kubeconfigText({ server: this.url, token, ca: { file: this.caFile } }), {
      mode: 0o600,
    });
    return file;
  }

  http(options: KubeHttpOptions & { readonly token?: string } = {}): KubeHttp {
    const { token, ...rest } = options;
    const file = token === undefined ? this.kubeconfig : this.kubeconfigFor(token);
    const http = KubeHttp.fromKubeConfig(file, rest);
    this.#https.push(http);
    return http;
  }

  async start(): Promise<void> {
    this.#writeFiles();
    this.#etcd = this.#spawn('etcd', this.#etcdArgs());
    await this.startApiServer();
    if (this.#options.controllers === true) {
      this.#helpers.push(this.#spawn('kube-controller-manager', this.#managerArgs()));
    }
    if (this.#options.scheduler === true) {
      const args = [
        `--kubeconfig=${this.kubeconfigFor(schedulerToken)}`,
        ...this.#helperArgs(4, 'scheduler'),
      ];
      this.#helpers.push(this.#spawn('kube-scheduler', args));
    }
  }

  async startApiServer(version = this.version): Promise<void> {
    this.version = version;
    const process = this.#spawn(programs[version], this.#apiServerArgs());
    this.#apiServer = process;
    const untilMs = performance.now() + readyWithinMs;
    while (!(await this.#isReady())) {
      if (process.hasExited) throw new Error(`kube-apiserver ended at once:\n${process.logTail()}`);
      if (performance.now() > untilMs) throw new Error(`kube-apiserver is not ready:\n${process.logTail()}`);
      await delay(50);
    }
  }

  async killApiServer(): Promise<void> {
    await this.#apiServer?.kill();
  }

  async backUp(): Promise<string> {
    const copy = mkdtempSync(path.join(this.dir, 'backup-'));
    await this.#withoutEtcd((data) => cpSync(data, copy, { recursive: true }));
    return copy;
  }

  async restore(from?: string): Promise<void> {
    await this.#withoutEtcd((data) => {
      rmSync(data, { recursive: true, force: true });
      if (from !== undefined) cpSync(from, data, { recursive: true });
    });
  }

  async #withoutEtcd(work: (data: string) => void): Promise<void> {
    await this.killApiServer();
    await this.#etcd?.kill();
    work(path.join(this.dir, 'etcd'));
    this.#etcd = this.#spawn('etcd', this.#etcdArgs());
    await this.startApiServer();
  }

  freeze(): void {
    this.#apiServer?.signal('SIGSTOP');
  }

  thaw(): void {
    this.#apiServer?.signal('SIGCONT');
  }

  async stop(): Promise<void> {
    await Promise.all(this.#https.map((http) => http.close()));
    await Promise.all(this.#helpers.map((helper) => helper.kill()));
    await this.#apiServer?.kill();
    await this.#etcd?.kill();
    rmSync(this.dir, { recursive: true, force: true });
  }

  async #isReady(): Promise<boolean> {
    // A connection of its own: the certificate exists only once the server has written it.
    let http: KubeHttp | undefined;
    try {
      http = KubeHttp.fromKubeConfig(this.kubeconfig);
      await http.request({ method: 'GET', path: '/api/v1/namespaces/default', timeoutMs: 2_000 });
      // Plain text, so read as a stream. It also waits for the bootstrap roles, which the helpers need.
      const answer = await http.stream({ path: '/readyz', signal: AbortSignal.timeout(2_000) });
      for await (const line of answer) void line;
      return true;
    } catch (error) {
      if (error instanceof ApiError) return false;
      throw error;
    } finally {
      await http?.close();
    }
  }

  #spawn(name: string, args: readonly string[]): PlaneProcess {
    return new PlaneProcess(name, args, path.join(this.dir, `${name}.log`));
  }

  #writeFiles(): void {
    const keys = generateKeyPairSync('rsa', {
      modulusLength: 2048,
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    });
    writeFileSync(path.join(this.dir, 'sa.key'), keys.privateKey, { mode: 0o600 });
    writeFileSync(path.join(this.dir, 'sa.pub'), keys.publicKey);
    writeFileSync(path.join(this.dir, 'audit-policy.json'), JSON.stringify(auditPolicy));
    const users = [...standardUsers, ...(this.#options.users ?? [])];
    const lines = users.map(({ token, user, groups }) => {
      return `${token},${user},uid-${user},"${(groups ?? []).join(',')}"`;
    });
    writeFileSync(path.join(this.dir, 'tokens.csv'), `${lines.join('\n')}\n`, { mode: 0o600 });
  }

  #etcdArgs(): readonly string[] {
    const client = `http://127.0.0.1:${this.#ports[1]}`;
    const peer = `http://127.0.0.1:${this.#ports[2]}`;
    return [
      `--data-dir=${this.dir}/etcd`,
      `--listen-client-urls=${client}`,
      `--advertise-client-urls=${client}`,
      `--listen-peer-urls=${peer}`,
      `--initial-advertise-peer-urls=${peer}`,
      `--initial-cluster=default=${peer}`,
      '--unsafe-no-fsync=true',
      '--log-level=warn',
    ];
  }

  #apiServerArgs(): readonly string[] {
    const { dir } = this;
    return [
      `--etcd-servers=http://127.0.0.1:${this.#ports[1]}`,
      `--cert-dir=${dir}`,
      `--secure-port=${this.#ports[0]}`,
      '--bind-address=127.0.0.1',
      '--advertise-address=127.0.0.1',
      // Later versions refuse to tell others of a loopback address, and nobody here asks for the Service of the API.
      '--endpoint-reconciler-type=none',
      '--service-cluster-ip-range=10.0.0.0/24',
      '--authorization-mode=RBAC',
      `--token-auth-file=${dir}/tokens.csv`,
      `--service-account-issuer=${this.url}/`,
      `--service-account-key-file=${dir}/sa.pub`,
      `--service-account-signing-key-file=${dir}/sa.key`,
      '--allow-privileged=true',
      ...(this.#options.controllers === true ? [] : ['--disable-admission-plugins=ServiceAccount']),
      ...(this.#options.audit === true
        ? [`--audit-policy-file=${dir}/audit-policy.json`, `--audit-log-path=${this.auditLog}`]
        : []),
    ];
  }

  #managerArgs(): readonly string[] {
    return [
      `--kubeconfig=${this.kubeconfigFor(managerToken)}`,
      `--service-account-private-key-file=${this.dir}/sa.key`,
      `--root-ca-file=${this.caFile}`,
      '--use-service-account-credentials=true',
      ...this.#helperArgs(3, 'manager'),
    ];
  }

  #helperArgs(port: number, name: string): readonly string[] {
    return [
      '--leader-elect=false',
      '--bind-address=127.0.0.1',
      `--secure-port=${this.#ports[port]}`,
      `--cert-dir=${this.dir}/${name}`,
      '--kube-api-qps=500',
      '--kube-api-burst=1000',
    ];
  }
}
