import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import type { JsonObject } from '../../src/base/json-object.ts';
import {
  configProblems,
  type LivekitRedis,
  livekitConfig,
  loginInConfig,
  type MetricsLogin,
} from '../../src/manifests/livekit-config.ts';

const standalone: LivekitRedis = { mode: 'standalone', address: 'redis:6379', db: 2 };

function textOf(
  redis: LivekitRedis = standalone,
  userConfig?: JsonObject,
  secret = 's3cr3t',
  metricsLogin: MetricsLogin = loginInConfig(userConfig),
): string {
  return livekitConfig({
    redis,
    apiKey: 'APIkey',
    apiSecret: secret,
    signalPort: 7880,
    metricsPort: 6789,
    metricsLogin,
    userConfig,
  });
}

const configOf = (...args: Parameters<typeof textOf>): unknown => parse(textOf(...args));

test('the config that needs nothing from the user is complete', () => {
  expect(configOf()).toEqual({
    port: 7880,
    prometheus: { port: 6789 },
    redis: { address: 'redis:6379', db: 2 },
    keys: { APIkey: 's3cr3t' },
    rtc: { tcp_port: 7881, udp_port: 7882, use_external_ip: false },
    node_selector: { kind: 'any', sort_by: 'clients', algorithm: 'twochoice' },
  });
});

describe('Redis in the keys of the media server', () => {
  const cases: Readonly<Record<string, { redis: LivekitRedis; expected: JsonObject }>> = {
    'standalone with a user and TLS that trusts the usual authorities': {
      redis: { ...standalone, auth: { username: 'media', password: 'pw' }, tls: {} },
      expected: { address: 'redis:6379', db: 2, username: 'media', password: 'pw', tls: { enabled: true } },
    },
    'Sentinel with credentials of its own': {
      redis: {
        mode: 'sentinel',
        masterName: 'mymaster',
        addresses: ['a:26379', 'b:26379'],
        db: 0,
        sentinelUsername: 'watch',
        sentinelPassword: 'spw',
        auth: { password: 'pw' },
      },
      expected: {
        sentinel_master_name: 'mymaster',
        sentinel_addresses: ['a:26379', 'b:26379'],
        db: 0,
        sentinel_username: 'watch',
        sentinel_password: 'spw',
        password: 'pw',
      },
    },
    'a cluster, which has no numbered databases': {
      redis: { mode: 'cluster', addresses: ['a:6379', 'b:6379'] },
      expected: { cluster_addresses: ['a:6379', 'b:6379'] },
    },
    'TLS with own certificates, as paths of the files that the Pod mounts': {
      redis: {
        ...standalone,
        tls: { ca: 'PEM', cert: 'PEM', key: 'PEM', serverName: 'redis.test', insecureSkipVerify: false },
      },
      expected: {
        address: 'redis:6379',
        db: 2,
        tls: {
          enabled: true,
          server_name: 'redis.test',
          ca_cert_file: '/etc/openvidu-media-operator/redis-tls/ca.crt',
          client_cert_file: '/etc/openvidu-media-operator/redis-tls/tls.crt',
          client_key_file: '/etc/openvidu-media-operator/redis-tls/tls.key',
        },
      },
    },
    'TLS that accepts any certificate': {
      redis: { ...standalone, tls: { insecureSkipVerify: true } },
      expected: { address: 'redis:6379', db: 2, tls: { enabled: true, insecure: true } },
    },
  };

  test.each(Object.entries(cases))('%s', (_, { redis, expected }) => {
    expect(configOf(redis)).toHaveProperty('redis', expected);
  });

  test('never holds the text of a certificate', () => {
    expect(textOf({ ...standalone, tls: { ca: 'CA-PEM', cert: 'CERT-PEM', key: 'KEY-PEM' } })).not.toMatch(
      /-PEM/,
    );
  });
});

// The media server reads YAML by rules between 1.1 and 1.2, so both must see a text.
describe.each(['1.1', '1.2'] as const)('secrets stay text for a reader of YAML %s', (version) => {
  const awkward = [
    '0123',
    'yes',
    'null',
    '1e5',
    '1_000',
    '~',
    'a: b',
    'q"uo\'te',
    '#x',
    ' lead',
    '$HOME',
    'ñ€😀',
  ];

  test.each([...awkward, 'x'.repeat(200)])('%j', (secret) => {
    const config: unknown = parse(textOf(standalone, undefined, secret), { version });

    expect(config).toHaveProperty('keys.APIkey', secret);
  });
});

describe("the user's config", () => {
  test('wins over the defaults, key by key', () => {
    const config = configOf(standalone, {
      rtc: { use_external_ip: true, stun_servers: ['stun.test:3478'] },
      node_selector: { algorithm: 'lowest' },
      room: { empty_timeout: 300 },
      prometheus: { username: 'scraper' },
    });

    expect(config).toMatchObject({
      rtc: { tcp_port: 7881, udp_port: 7882, use_external_ip: true, stun_servers: ['stun.test:3478'] },
      node_selector: { kind: 'any', sort_by: 'clients', algorithm: 'lowest' },
      room: { empty_timeout: 300 },
      prometheus: { port: 6789, username: 'scraper' },
    });
  });

  test('replaces the single UDP port by a range, because the server refuses both', () => {
    const config = configOf(standalone, { rtc: { port_range_start: 50_000, port_range_end: 60_000 } });

    expect(config).toHaveProperty('rtc', {
      tcp_port: 7881,
      use_external_ip: false,
      port_range_start: 50_000,
      port_range_end: 60_000,
    });
  });

  const stolen: readonly (readonly [string, JsonObject, string])[] = [
    ['redis', { redis: { address: 'other:6379', username: 'x' } }, 'spec.redis'],
    ['keys', { keys: { other: 'key' } }, 'spec.server.credentialsSecretRef'],
    ['port', { port: 1 }, 'spec.mediaNodes.signalPort'],
    ['prometheus.port', { prometheus: { port: 1 } }, 'spec.mediaNodes.metricsPort'],
    ['prometheus_port', { prometheus_port: 1 }, 'spec.mediaNodes.metricsPort'],
  ];

  test.each(stolen)('cannot take %s, and is told what to set instead', (path, userConfig, instead) => {
    expect(configOf(standalone, userConfig)).toEqual(configOf());
    expect(configProblems({ config: userConfig })).toEqual([
      { field: `spec.mediaNodes.config.${path}`, message: expect.stringContaining(instead) },
    ]);
  });

  test('is without fault when it keeps to its own keys', () => {
    const config = { room: {}, rtc: { tcp_port: 1 }, prometheus: { username: 'x' } };
    expect(configProblems({ config })).toEqual([]);
    expect(configProblems({})).toEqual([]);
  });

  test('cannot set a login of the metrics port beside the one that the spec names', () => {
    const metricsAuth = { username: 'ana', passwordSecretRef: { name: 'metrics', key: 'password' } };
    const config = { prometheus: { username: 'x', password: 'y' } };
    const fields = configProblems({ config, metricsAuth }).map(({ field }) => field);
    expect(fields).toEqual(['username', 'password'].map((key) => `spec.mediaNodes.config.prometheus.${key}`));
    const written = configOf(standalone, config, 's3cr3t', { username: 'ana', password: 'of the Secret' });
    expect(written).toMatchObject({
      prometheus: { port: 6789, username: 'ana', password: 'of the Secret' },
    });
  });

  test('cannot reach into the prototype of anything', () => {
    const hostile = JSON.parse(
      '{"__proto__": {"polluted": true}, "rtc": {"__proto__": {"polluted": true}}}',
    ) as JsonObject;

    textOf(standalone, hostile);

    expect({}).not.toHaveProperty('polluted');
  });
});

test.each([
  [undefined, {}],
  [{ prometheus: { port: 1 } }, {}],
  [{ prometheus: { username: 'scraper' } }, { username: 'scraper' }],
  [{ prometheus: { username: 'scraper', password: 'p' } }, { username: 'scraper', password: 'p' }],
  [{ prometheus: { username: '', password: 'p' } }, {}],
])('the login of the metrics port is read from the user config %j', (userConfig, login) => {
  expect(loginInConfig(userConfig)).toEqual(login);
});
