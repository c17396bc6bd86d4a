import { spawn, spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, jest, test } from '@jest/globals';
import { version } from '../../src/operator/version.ts';
import { bin, runCli } from '../cli/run-cli.ts';

jest.setTimeout(60_000);

const dir = mkdtempSync(path.join(tmpdir(), 'ovm-bin-'));
const at = (name: string): string => path.join(dir, name);
afterAll(() => rmSync(dir, { recursive: true, force: true }));

test('starts through relative and absolute links from any folder, with a system Node.js that is too old', async () => {
  mkdirSync(at('links'));
  mkdirSync(at('old'));
  symlinkSync(bin, at('links/first'));
  symlinkSync('first', at('links/kubectl-openvidu'));
  writeFileSync(at('old/node'), '#!/bin/sh\nexit 1\n', { mode: 0o755 });
  const env = { PATH: `${at('old')}:/usr/bin:/bin` };

  const ran = await runCli(['--version'], { program: at('links/kubectl-openvidu'), cwd: '/', env });

  expect(ran).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
});

test('says what to do where its packages are not installed', async () => {
  mkdirSync(at('bare/bin'), { recursive: true });
  copyFileSync(bin, at('bare/bin/kubectl-openvidu'));

  const { code, stdout, stderr } = await runCli([], { program: at('bare/bin/kubectl-openvidu') });

  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toMatch(
    /^kubectl-openvidu: its packages are not installed: run "make check" in \S+ first\.\n$/,
  );
});

test('ends quietly when its reader has seen enough', () => {
  const command = `"${bin}" trace generate --profile office --days 7 | head -n 1; echo "\${PIPESTATUS[0]}"`;

  const { stdout, stderr } = spawnSync('bash', ['-c', command], { encoding: 'utf8' });

  expect({ stdout, stderr }).toEqual({
    stdout: 'start_s,duration_s,participants,publishers,name\n0\n',
    stderr: '',
  });
});

test('stops at Ctrl-C with code 130, says how far it was, and leaves no half-written file', async () => {
  const trace = at('long.csv');
  await runCli(['trace', 'generate', '--profile', 'office', '--days', '28', '--out', trace]);
  const args = ['simulate', '--trace', trace, '--policy', 'openvidu-v2', '--events', at('events.jsonl')];
  writeFileSync(at('events.jsonl'), 'an earlier log\n');
  const before = readdirSync(dir);

  const ran = await runCli([...args, '--progress'], {
    onErr: (text, kill) => {
      if (text.endsWith('simulated 10 %\n')) kill('SIGINT');
    },
  });

  expect({ code: ran.code, stdout: ran.stdout }).toEqual({ code: 130, stdout: '' });
  expect(ran.stderr).toMatch(
    /stopped after \d+ h.* of simulated time, so far with \d+ rooms, .* rooms cut\.\n$/,
  );
  expect(readdirSync(dir)).toEqual(before);
});

test('a backtest on several threads stops at Ctrl-C and writes no report', async () => {
  const args = ['backtest', '--trace', at('long.csv'), '--policy', 'openvidu-v2', 'hpa', '--jobs', '2'];

  const ran = await runCli([...args, '--progress', '--report', at('report.html')], {
    onErr: (text, kill) => {
      if (text.endsWith(' 10 %\n')) kill('SIGINT');
    },
  });

  expect({ code: ran.code, stdout: ran.stdout }).toEqual({ code: 130, stdout: '' });
  expect(ran.stderr).toMatch(/kubectl-openvidu: stopped after \d of 6 runs: nothing was written\.\n$/);
  expect(existsSync(at('report.html'))).toBe(false);
});

test('shows a stack only when it is asked to', async () => {
  const args = ['simulate', '--trace', at('no.csv'), '--policy', 'hpa'];

  const plain = await runCli(args);
  const verbose = await runCli(args, { env: { OVM_VERBOSE: '1' } });

  expect(plain.stderr).not.toMatch(/\n\s+at /);
  expect(verbose.stderr).toMatch(/\n\s+at /);
});

test('does not outlive the one who started it at a terminal', async () => {
  // The signal goes to the shell script's process, which has become the program itself.
  const child = spawn(bin, ['trace', 'generate', '--profile', 'growth', '--out', at('growth.csv')]);
  const ended = new Promise((resolve) => child.on('close', (code, signal) => resolve(code ?? signal)));

  await new Promise((resolve) => child.once('spawn', resolve));
  child.kill('SIGKILL');

  expect(await ended).toBe('SIGKILL');
  expect(existsSync(at('growth.csv'))).toBe(false);
});
