import { describe, expect, test } from '@jest/globals';
import { KubeClient } from '../../src/kube/client.ts';
import { EventRecorder, type Happening } from '../../src/kube/events.ts';
import { FakeApi } from './fake-api.ts';
import { FakeRuntime } from './fake-runtime.ts';

const happening: Happening = {
  regarding: { apiVersion: 'v1', kind: 'Pod', name: 'p', namespace: 'n' },
  type: 'Normal',
  reason: 'Tried',
  action: 'Try',
  note: 'tried',
};

function aRecorder() {
  // A random number that changes: names must differ.
  let number = 0;
  const runtime = new FakeRuntime();
  runtime.random = () => (number = (number + 0.001) % 1);
  const api = new FakeApi();
  const dropped: string[] = [];
  const recorder = new EventRecorder({
    client: new KubeClient(api.http(runtime)),
    controller: 'example.org/tester',
    instance: 'one',
    onDropped: (why) => dropped.push(why),
  });
  const writes = (): readonly string[] => api.writes.map(({ method }) => method);
  return { runtime, api, recorder, dropped, writes };
}

describe('the event recorder', () => {
  test('turns repetitions within ten minutes into one count, written seldom', async () => {
    const { runtime, api, recorder, writes } = aRecorder();
    for (let index = 0; index < 100; index += 1) {
      recorder.record(happening);
      await runtime.advance(1_000);
    }
    await recorder.stop();

    expect(writes()).toEqual(['POST', 'PATCH', 'PATCH', 'PATCH', 'PATCH']);
    expect(api.object(api.paths()[0] ?? '')).toMatchObject({ note: 'tried', series: { count: 100 } });
  });

  test('starts a new Event after ten quiet minutes, for another key or for another reason', async () => {
    const { runtime, recorder, writes } = aRecorder();
    recorder.record(happening);
    recorder.record({ ...happening, noteKey: 'else' });
    recorder.record({ ...happening, reason: 'Failed' });
    await runtime.advance(600_001);
    recorder.record(happening);
    await recorder.flush();

    expect(writes()).toEqual(['POST', 'POST', 'POST', 'POST']);
  });

  test('lets warnings through when the daily news of an object have used up what is allowed', async () => {
    const { recorder, writes } = aRecorder();
    for (let index = 0; index < 40; index += 1) {
      recorder.record({ ...happening, type: 'Normal', note: `n ${index}` });
    }
    recorder.record({ ...happening, type: 'Warning', note: 'look here' });
    await recorder.flush();
    expect(writes()).toHaveLength(26);
  });

  test('lets one object cause 25 Events at once and then one every 30 s', async () => {
    const { runtime, recorder, dropped, writes } = aRecorder();
    const storm = (from: number): void => {
      for (let index = from; index < from + 40; index += 1)
        recorder.record({ ...happening, note: `n ${index}` });
    };
    storm(0);
    await recorder.flush();
    expect(writes()).toHaveLength(25);
    expect(new Set(dropped)).toEqual(new Set(['too many for one object']));

    await runtime.advance(60_000);
    storm(100);
    await recorder.flush();
    expect(writes()).toHaveLength(27);
  });

  test('makes a new Event when the server has forgotten the old one', async () => {
    const { api, recorder, writes } = aRecorder();
    recorder.record(happening);
    await recorder.flush();
    api.forget(api.paths()[0] ?? '');
    recorder.record(happening);
    await recorder.flush();

    expect(writes()).toEqual(['POST', 'PATCH', 'POST']);
  });

  test('never throws and never grows without bound while the API server refuses', async () => {
    const { api, recorder, dropped } = aRecorder();
    api.weather = 'refusing';
    for (let index = 0; index < 3_000; index += 1) {
      recorder.record({ ...happening, regarding: { ...happening.regarding, name: `p-${index}` } });
    }
    await recorder.stop();

    expect(dropped.filter((why) => why === 'refused')).toHaveLength(200);
    expect(dropped.filter((why) => why === 'queue full')).toHaveLength(2_800);
  });

  test('cuts a note to the bytes that the API server takes', async () => {
    const { api, recorder } = aRecorder();
    recorder.record({ ...happening, note: 'ä'.repeat(2_000) });
    await recorder.stop();

    const note = String(api.object(api.paths()[0] ?? '')?.['note']);
    expect(Buffer.byteLength(note)).toBeLessThanOrEqual(1024);
    expect(note.endsWith('ä…')).toBe(true);
  });
});
