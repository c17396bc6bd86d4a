import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import {
  parseServerVersion,
  provenServerVersion,
  readServerVersions,
  versionRefusal,
} from '../../src/core/server-version.ts';

describe('rooms are steered', () => {
  test.each([
    provenServerVersion,
    readServerVersions.first,
    readServerVersions.last,
    '1.13.0',
    'v1.13.5',
    ' 1.13.7',
    '1.12.0-openvidu.3',
    '1.13.7+openvidu.3.9.0',
    '1.13.5-beta1',
  ])('with servers of version %s', (version) => {
    expect(versionRefusal(version)).toBeUndefined();
  });
});

describe('rooms are not steered', () => {
  test.each([
    '1.11.9',
    '1.9.12',
    '1.8.4',
    '1.13.12',
    '1.13.100',
    '1.14.0',
    '1.14',
    '2.13.5',
    '0.0.0',
    '11.13.5',
  ])('with servers of version %s, on which nobody tried it', (version) => {
    const refusal = versionRefusal(version);
    expect(refusal?.reason).toBe('ServerUnverified');
    expect(refusal?.message).toContain(`"${version}"`);
    expect(refusal?.message).toContain('unverifiedServers to Allow');
  });

  test('with servers that do not tell their version', () => {
    expect(versionRefusal(undefined)).toMatchObject({ reason: 'ServerUnverified' });
  });

  test.each(['', 'dev', 'openvidu-3.8.0', '1', '1.', '99999.1.1', 'a'.repeat(500)])(
    'with servers whose version is no version: %j',
    (text) => {
      const refusal = versionRefusal(text);
      expect(refusal?.reason).toBe('ServerUnverified');
      expect(refusal?.message.length).toBeLessThan(500);
    },
  );
});

test('a missing patch number is the first one', () => {
  expect(parseServerVersion('1.13')).toEqual([1, 13, 0]);
});

test('the version that is proven is the one that the tests build', () => {
  const pinned = readFileSync(new URL('../../tools/go.mod', import.meta.url), 'utf8');
  expect(pinned).toContain(`github.com/livekit/livekit-server v${provenServerVersion}`);
});
