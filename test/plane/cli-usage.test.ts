import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Ran, runAll } from '../cli/run-cli.ts';

const dir = mkdtempSync(path.join(tmpdir(), 'ovm-usage-'));
const at = (name: string): string => path.join(dir, name);
writeFileSync(at('good.csv'), 'start_s,duration_s,participants,publishers\n0,60,2,2\n');
writeFileSync(at('bad.csv'), 'start_s,duration_s,participants,publishers\n0,60,0,2\n');
writeFileSync(at('bad.yaml'), 'headroom:\n  slots: -1\n');
writeFileSync(at('kubeconfig'), 'apiVersion: v1\nkind: Config\nclusters: []\ncontexts: []\nusers: []\n');
const good = at('good.csv');
const simulate = ['simulate', '--trace', good, '--policy'];

interface Wrong {
  readonly args: readonly string[];
  readonly says: string;
  readonly code?: number;
}

const wrong: Readonly<Record<string, Wrong>> = {
  'no command': { args: [], says: 'a command is missing' },
  'an unknown command': { args: ['foo'], says: "unknown command 'foo'" },
  'a command with a slip': { args: ['simulat'], says: 'did you mean simulate' },
  'no command after trace': { args: ['trace'], says: 'a command is missing' },
  'an unknown command after trace': { args: ['trace', 'inspct'], says: 'did you mean inspect' },
  'an unknown option before the command': { args: ['--nope', 'status'], says: "unknown option '--nope'" },
  'an unknown option after it': { args: ['status', '--nope'], says: '"kubectl-openvidu status --help"' },
  'an argument too many': { args: ['status', 'extra'], says: 'too many arguments' },
  'no node to cordon': { args: ['cordon'], says: "missing required argument 'node'" },
  'a node that no Pod can be called': {
    args: ['cordon', 'UPPER'],
    says: 'give a name of lower-case letters',
  },
  'two nodes at once': { args: ['drain', 'a', 'b'], says: 'too many arguments' },
  'an unknown format': { args: ['-o', 'yaml', 'status'], says: 'allowed choices are text, json' },
  'a format without a value': { args: ['status', '-o'], says: 'argument missing' },
  'a watch as JSON': { args: ['status', '--watch', '-o', 'json'], says: 'leave out --watch, or -o json' },
  'a timeout without a wait': { args: ['drain', 'n', '--timeout', '5s'], says: 'add --wait' },
  'a timeout that is no duration': {
    args: ['cordon', 'n', '--wait', '--timeout', 'soon'],
    says: 'give a duration such as 90s',
  },
  'an empty reason': { args: ['drain', 'n', '--reason', ' '], says: 'give up to 500 characters' },
  'a period that is no duration': { args: ['receipts', '--since', 'yesterday'], says: 'give a duration' },
  'an instant without a zone': {
    args: ['explain', '--at', '2026-01-01'],
    says: 'give an instant with its zone',
  },
  'an instant and a number of decisions': {
    args: ['explain', '--at', '2026-01-01T00:00:00Z', '--last', '2'],
    says: 'cannot be used with',
  },
  'a journal that is not there': {
    args: ['explain', '--journal', at('no.jsonl')],
    says: 'it does not exist',
  },
  'a file that is no journal': { args: ['explain', '--journal', good], says: 'not the header of a journal' },
  'a journal and a cluster': {
    args: ['explain', '--journal', good, '--cluster', 'media'],
    says: 'not both',
  },
  'a question without a change': { args: ['what-if', '--journal', good], says: 'give --spec FILE or --set' },
  'a setting without a value': { args: ['what-if', '--set', 'mode'], says: 'write path=value' },
  'a setting beside a file': {
    args: ['what-if', '--set', 'a=1', '--spec', good],
    says: 'cannot be used with',
  },
  'a kubeconfig that is not there': {
    args: ['status', '--kubeconfig', at('no')],
    says: 'name a usable file with --kubeconfig',
  },
  'a kubeconfig without a cluster': {
    args: ['status', '--kubeconfig', at('kubeconfig')],
    says: 'no current context',
  },
  'a context that is not there': {
    args: ['status', '--kubeconfig', at('kubeconfig'), '--context', 'nope'],
    says: 'no context "nope"',
  },
  'no trace to simulate': { args: ['simulate', '--policy', 'hpa'], says: "required option '--trace <file>'" },
  'a trace that is not there': {
    args: ['simulate', '--trace', at('no.csv'), '--policy', 'hpa'],
    says: 'found no such file',
  },
  'a trace with a room of nobody': {
    args: ['trace', 'inspect', at('bad.csv')],
    says: 'line 2, column participants',
  },
  'an unknown policy': { args: [...simulate, 'nope'], says: 'or the path of a policy file' },
  'a policy file that is not there': { args: [...simulate, at('no.yaml')], says: 'it does not exist' },
  'a policy file with a wrong value': {
    args: [...simulate, at('bad.yaml')],
    says: 'line 2, column 10: spec.autoscaling.headroom.slots is -1: give at least 0',
  },
  'a capacity of nothing': { args: [...simulate, 'hpa', '--capacity', '0'], says: 'from 1 to 100000' },
  'more nodes at least than at most': {
    args: [...simulate, 'hpa', '--nodes-min', '5', '--nodes-max', '3'],
    says: 'raise --nodes-max',
  },
  'a seed below nothing': { args: [...simulate, 'hpa', '--seed=-1'], says: 'give a whole number from 0' },
  'events in a folder that is not there': {
    args: [...simulate, 'hpa', '--events', at('no/e.jsonl')],
    says: 'its folder does not exist',
  },
  'a policy twice': {
    args: ['backtest', '--trace', good, '--policy', 'hpa', 'hpa'],
    says: 'twice',
  },
  'seeds that run backwards': { args: ['backtest', '--trace', good, '--seeds', '5-1'], says: 'such as 1-10' },
  'a price without a report': {
    args: ['backtest', '--trace', good, '--price', '0.25EUR'],
    says: 'add --report FILE',
  },
  'an unknown profile': { args: ['trace', 'generate', '--profile', 'x'], says: 'allowed choices are office' },
  'a generated trace as JSON without a file': {
    args: ['trace', 'generate', '--profile', 'small', '-o', 'json'],
    says: 'with --out',
  },
  'a recording over another file': { args: ['trace', 'record', '--out', good], says: 'add --force' },
  'a Redis that is none': {
    args: ['trace', 'record', '--out', at('r.csv'), '--redis-url', 'http://x'],
    says: 'redis://localhost:6379/0',
  },
  'a password that everybody can read': {
    args: ['trace', 'record', '--out', at('r.csv'), '--redis-url', 'redis://u:hunter2@h'],
    says: 'OVM_REDIS_PASSWORD',
  },
  'a Redis that does not answer': {
    args: ['trace', 'record', '--out', at('r.csv'), '--redis-url', 'redis://127.0.0.1:1'],
    says: 'Redis cannot be read',
    code: 1,
  },
};

const right: Readonly<Record<string, readonly string[]>> = {
  'the help': ['--help'],
  'the help of a command': ['simulate', '--help'],
  'the help of a command in a command': ['trace', 'record', '--help'],
  'the version': ['--version'],
};

let ran: ReadonlyMap<readonly string[], Ran>;
beforeAll(async () => {
  const commands = [...Object.values(wrong).map(({ args }) => args), ...Object.values(right)];
  const results = await runAll(commands);
  ran = new Map(
    commands.map((args, index) => [args, results[index] ?? { code: null, stdout: '', stderr: '' }]),
  );
}, 240_000);
afterAll(() => rmSync(dir, { recursive: true, force: true }));

describe('wrong usage ends with one sentence and its remedy:', () => {
  test.each(Object.entries(wrong))('%s', (_, { args, says, code = 2 }) => {
    const { code: actual, stdout, stderr = '' } = ran.get(args) ?? {};

    expect(stderr).toContain(says);
    expect({ actual, stdout }).toEqual({ actual: code, stdout: '' });
    // One line and one full stop at its end: names with dots in them have no space behind.
    expect(stderr).toMatch(/^kubectl-openvidu: [^\n]*[^.]\.\n$/);
    expect(stderr.slice(0, -2)).not.toMatch(/[.!?] [A-Z]/);
    expect(stderr).toMatch(/^kubectl-openvidu: .+: .+\.\n$/);
    expect(stderr).not.toMatch(/hunter2|undefined/);
  });
});

describe('what is asked for goes to stdout:', () => {
  test.each(Object.entries(right))('%s', (_, args) => {
    const { code, stdout, stderr } = ran.get(args) ?? {};

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).not.toBe('');
  });
});
