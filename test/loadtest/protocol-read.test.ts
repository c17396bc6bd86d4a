import { describe, expect, test } from '@jest/globals';
import type { FromWorker, ToWorker } from '../../src/loadtest/protocol.ts';
import { largestMessageBytes, readFromWorker, readToWorker } from '../../src/loadtest/protocol-read.ts';
import { aWorker } from './a-window.ts';

const hello = { kind: 'hello', index: 0, host: 'h', cpu: 'c', cores: 2, kernel: 'k', version: '1' } as const;
const record = { kind: 'join', atMs: 2, intendedAtMs: 1, room: 'r', identity: 'i', tookMs: 1 } as const;

describe('what a worker says', () => {
  const messages: readonly FromWorker[] = [
    hello,
    { ...hello, index: undefined },
    { kind: 'clock', sentAtMs: 1, workerMs: 2.5 },
    { kind: 'changed', change: 0, joined: 1, failed: 0, left: 0 },
    { kind: 'event', record },
    { kind: 'window', window: 3, measured: aWorker() },
    { kind: 'live', connected: 1, packetsPerSecondReceived: 2, tickLateP99Ms: 0.5, failed: 0 },
    { kind: 'ended' },
  ];
  test.each(messages.map((message) => [message.kind, message] as const))('is read: %s', (_, message) => {
    const frame = JSON.stringify(message);
    expect(readFromWorker(frame)).toEqual({ kind: 'Message', message: JSON.parse(frame) as unknown });
  });

  test.each([
    ['no JSON', '{"kind":', 'it is no JSON object'],
    ['a list', '[]', 'it is no JSON object'],
    ['an unknown kind', '{"kind":"settings"}', 'its kind is not known'],
    ['a kind that every object has', '{"kind":"constructor"}', 'its kind is not known'],
    ['an index below 0', JSON.stringify({ ...hello, index: -1 }), 'hello.index is not as agreed'],
    ['half an index', JSON.stringify({ ...hello, index: 0.5 }), 'hello.index is not as agreed'],
    ['an endless name', JSON.stringify({ ...hello, host: 'h'.repeat(513) }), 'hello.host is not as agreed'],
    [
      'a time that is none',
      '{"kind":"clock","sentAtMs":null,"workerMs":1}',
      'clock.sentAtMs is not as agreed',
    ],
    [
      'an event of a kind that would be another record',
      JSON.stringify({ kind: 'event', record: { ...record, kind: 'summary' } }),
      'event.record.kind is not as agreed',
    ],
    [
      'a window with a figure missing',
      JSON.stringify({
        kind: 'window',
        window: 1,
        measured: { ...aWorker(), rooms: [{ room: 'r', frames: 1 }] },
      }),
      'window.measured.rooms[0].frameLatencyP95Ms is not as agreed',
    ],
    ['more than a frame may have', ' '.repeat(largestMessageBytes + 1), 'it is no JSON object'],
  ])('is refused with the field and without its value: %s', (_, frame, why) => {
    expect(readFromWorker(frame)).toEqual({ kind: 'Refused', why });
  });
});

describe('what a coordinator says', () => {
  const person = {
    identity: 'i',
    room: 'r',
    role: 'viewer',
    sendsVideo: false,
    sendsAudio: true,
    receives: { tiles: 4, layer: '360p', audio: true },
    probe: false,
  } as const;
  const messages: readonly ToWorker[] = [
    { kind: 'clock', sentAtMs: 1 },
    {
      kind: 'change',
      change: 0,
      startAtMs: 0,
      rooms: [{ index: 0, name: 'r', shape: 's' }],
      steps: [
        { kind: 'Join', atMs: 0, person },
        { kind: 'Leave', atMs: 1, identity: 'i' },
      ],
    },
    { kind: 'measure', window: 0, fromMs: 0, toMs: 1 },
    { kind: 'end' },
  ];
  test.each(messages.map((message) => [message.kind, message] as const))('is read: %s', (_, message) => {
    expect(readToWorker(JSON.stringify(message))).toEqual({ kind: 'Message', message });
  });

  test.each([
    ['hello', JSON.stringify(hello)],
    ['steps that are no list', '{"kind":"change","change":0,"startAtMs":0,"rooms":[],"steps":{}}'],
    ['a window without an end', '{"kind":"measure","window":0,"fromMs":0}'],
  ])('is refused: %s', (_, frame) => {
    expect(readToWorker(frame)).toMatchObject({ kind: 'Refused' });
  });
});
