import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { nodeFlags } from '../../lab/image-operator.ts';
import { root } from '../../lab/paths.ts';

test('the Dockerfile starts the operator as the image of the laboratory does', async () => {
  const text = await readFile(join(root, 'Dockerfile'), 'utf8');
  const entry: unknown = JSON.parse(/^ENTRYPOINT (.+)$/m.exec(text)?.[1] ?? '[]');
  expect(entry).toEqual(['/usr/local/bin/node', ...nodeFlags, '/app/dist/operator/main.js']);
});

test('the Dockerfile takes the Node that everything is tested with', async () => {
  const text = await readFile(join(root, 'Dockerfile'), 'utf8');
  const lock: unknown = JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8'));
  const [, version] = /^ARG NODE_VERSION=(.+)$/m.exec(text) ?? [];
  expect(lock).toMatchObject({ packages: { 'node_modules/node': { version } } });
});
