/** The logins that metrics ports ask for, also those of nodes that were made from an earlier spec. */
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { loginInConfig, type MetricsLogin, type MetricsLoginSource } from '../manifests/livekit-config.ts';

/** Nobody says when a Secret changes. */
const readEveryMs = 60_000;
/** Where the Secret, or the API server, is not there. */
const readAgainMs = 5000;

export interface MetricsLoginsParts {
  /** `undefined` where the Secret is gone. May reject. */
  read(source: MetricsLoginSource): Promise<MetricsLogin | undefined>;
  readonly clock: Pick<Clock, 'elapsedMs'>;
  readonly log: Log;
}

interface Known {
  readonly login: MetricsLogin;
  readonly untilMs: number;
}

export class MetricsLogins {
  readonly #parts: MetricsLoginsParts;
  readonly #known = new Map<string, Known>();
  readonly #reading = new Map<string, Promise<MetricsLogin>>();

  constructor(parts: MetricsLoginsParts) {
    this.#parts = parts;
  }

  /**
   * The login of nodes with that source. Without the Secret the last one that was read, or none: what the node
   * answers then is told like any other answer. Never rejects.
   */
  async of(source: MetricsLoginSource): Promise<MetricsLogin> {
    const { metricsAuth } = source;
    if (metricsAuth === undefined) return loginInConfig(source.config);
    const { username, passwordSecretRef: ref } = metricsAuth;
    const key = JSON.stringify([username, ref.name, ref.key]);
    const known = this.#known.get(key);
    if (known !== undefined && this.#parts.clock.elapsedMs() < known.untilMs) return known.login;
    const reading = this.#reading.get(key) ?? this.#read(key, source);
    this.#reading.set(key, reading);
    return await reading;
  }

  async #read(key: string, source: MetricsLoginSource): Promise<MetricsLogin> {
    const { clock, log } = this.#parts;
    let login: MetricsLogin | undefined;
    try {
      login = await this.#parts.read(source);
    } catch (error) {
      log.warn('login of the metrics ports not read', { error });
    }
    this.#reading.delete(key);
    const kept = login ?? this.#known.get(key)?.login ?? {};
    const forMs = login === undefined ? readAgainMs : readEveryMs;
    this.#known.set(key, { login: kept, untilMs: clock.elapsedMs() + forMs });
    return kept;
  }
}
