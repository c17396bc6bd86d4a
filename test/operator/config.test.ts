import { describe, expect, test } from '@jest/globals';
import { ConfigError, readConfig } from '../../src/operator/config.ts';
import { options } from '../../src/operator/options.ts';

const defaults = {
  watchNamespace: undefined,
  logLevel: 'info',
  port: 8080,
  leaderElection: true,
  leaseName: 'openvidu-media-operator',
  leaseMs: 15_000,
  renewDeadlineMs: 10_000,
  retryMs: 2_000,
  concurrency: 4,
  kubernetesNodes: true,
  loadTestImages: '',
  loadTests: true,
  image: undefined,
  shutdownGraceMs: 10_000,
  podName: undefined,
  podNamespace: undefined,
  kubeconfig: undefined,
};

test('an empty environment gives the defaults, frozen', () => {
  const config = readConfig({});

  expect(config).toEqual(defaults);
  expect(Object.isFrozen(config)).toBe(true);
});

test('variables that are set but empty count as not set', () => {
  const env = Object.fromEntries(Object.values(options).map(({ env }) => [env, ' ']));

  expect(readConfig(env)).toEqual(defaults);
});

test('every setting can be set', () => {
  expect(
    readConfig({
      OVM_WATCH_NAMESPACE: 'rooms',
      OVM_LOG_LEVEL: 'debug',
      OVM_PORT: '9090',
      OVM_LEADER_ELECTION: 'false',
      OVM_LEASE_NAME: 'mine',
      OVM_LEASE_DURATION: '1m',
      OVM_LEASE_RENEW_DEADLINE: '40s',
      OVM_LEASE_RETRY: '500ms',
      OVM_CONCURRENCY: '1',
      OVM_KUBERNETES_NODES: 'false',
      OVM_LOAD_TESTS: 'false',
      OVM_IMAGE: 'registry:5000/operator:1',
      OVM_LOAD_TEST_IMAGES: 'mirror/operator:1,mirror/operator:2',
      OVM_SHUTDOWN_GRACE: '0s',
      POD_NAME: 'operator-0',
      POD_NAMESPACE: 'openvidu',
      KUBECONFIG: '/home/ana/.kube/config',
      PATH: '/bin',
    }),
  ).toEqual({
    watchNamespace: 'rooms',
    logLevel: 'debug',
    port: 9090,
    leaderElection: false,
    leaseName: 'mine',
    leaseMs: 60_000,
    renewDeadlineMs: 40_000,
    retryMs: 500,
    concurrency: 1,
    kubernetesNodes: false,
    loadTestImages: 'mirror/operator:1,mirror/operator:2',
    loadTests: false,
    image: 'registry:5000/operator:1',
    shutdownGraceMs: 0,
    podName: 'operator-0',
    podNamespace: 'openvidu',
    kubeconfig: '/home/ana/.kube/config',
  });
});

describe('a value that cannot be used is refused with its variable and the remedy', () => {
  test.each([
    ['OVM_WATCH_NAMESPACE', 'Rooms,Other', 'give the name of a namespace'],
    ['OVM_LOG_LEVEL', 'verbose', 'give one of debug, info, warn, error'],
    ['OVM_PORT', 'tcp://10.0.0.1:80', 'give a whole number from 1 to 65535'],
    ['OVM_PORT', '0', 'give a whole number from 1 to 65535'],
    ['OVM_PORT', '65536', 'give a whole number from 1 to 65535'],
    ['OVM_PORT', '8080.5', 'give a whole number from 1 to 65535'],
    ['OVM_PORT', '-1', 'give a whole number from 1 to 65535'],
    ['OVM_LEADER_ELECTION', 'yes', 'give true or false'],
    ['OVM_LEASE_DURATION', '15', 'give a duration from 1s to 10m, such as 15s'],
    ['OVM_LEASE_DURATION', '11m', 'give a duration from 1s to 10m, such as 15s'],
    ['OVM_LEASE_DURATION', '10s', 'must be shorter than OVM_LEASE_DURATION'],
    ['OVM_LEASE_RETRY', '10s', 'must be shorter than OVM_LEASE_RENEW_DEADLINE'],
    ['OVM_CONCURRENCY', '65', 'give a whole number from 1 to 64'],
    ['OVM_SHUTDOWN_GRACE', '6m', 'give a duration from 0s to 5m, such as 10s'],
    ['POD_NAMESPACE', 'a/b', 'give the name of a namespace'],
  ])('%s=%s', (variable, value, remedy) => {
    let caught: unknown;
    try {
      readConfig({ [variable]: value });
    } catch (error) {
      caught = error;
    }

    expect(caught).toBeInstanceOf(ConfigError);
    expect(caught).toHaveProperty('message', expect.stringContaining(remedy));
    expect(caught).toHaveProperty('message', expect.stringContaining(variable));
  });

  test('and a long one is not repeated in full', () => {
    expect(() => readConfig({ OVM_LOG_LEVEL: 'x'.repeat(5000) })).toThrow(/^OVM_LOG_LEVEL is "x{60}…": give/);
  });
});
