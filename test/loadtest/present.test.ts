import { describe, expect, test } from '@jest/globals';
import type { PlannedPerson } from '../../src/loadtest/plan.ts';
import { dueTracks, type Present, presentGroups } from '../../src/loadtest/present.ts';

const media = {
  video: { codec: 'vp8', layers: ['360p'] },
  audio: { codec: 'opus', activeSpeakers: 'All' },
} as const;

const all: PlannedPerson = {
  identity: 'p',
  room: 'one',
  role: 'all',
  sendsVideo: true,
  sendsAudio: true,
  receives: { tiles: 25, layer: '360p', audio: true },
  probe: false,
};
const viewer: PlannedPerson = { ...all, sendsVideo: false, sendsAudio: false };

const people = (count: number, plan: PlannedPerson, decodes = false): readonly Present[] =>
  Array.from({ length: count }, () => ({ plan, decodes }));

describe('tracks that are due by the plan', () => {
  test.each<readonly [what: string, present: readonly Present[], due: number]>([
    ['nobody', [], 0],
    ['ten who all send and receive', people(10, all), 180],
    ['one publisher and a hundred viewers', [...people(1, all), ...people(100, viewer)], 200],
    ['viewers whose publisher is not there', people(100, viewer), 0],
    ['no more pictures than tiles', people(10, { ...all, receives: { ...all.receives, tiles: 4 } }), 130],
    [
      'no voices for those who do not listen',
      people(3, { ...all, receives: { ...all.receives, audio: false } }),
      6,
    ],
    ['two rooms, each for itself', [...people(2, all), ...people(3, { ...all, room: 'two' })], 4 + 12],
    ['a probe sends, and what it receives is not counted', [...people(9, all), ...people(1, all, true)], 162],
  ])('of %s', (_, present, due) => {
    expect(dueTracks(presentGroups(present, media))).toBe(due);
  });

  test('of a room whose people are at two workers are those of the room as a whole', () => {
    const parts = [people(4, all), people(6, all)].flatMap((part) => presentGroups(part, media));
    expect(dueTracks(parts)).toBe(180);
  });

  test('have no pictures where the scenario has none', () => {
    expect(dueTracks(presentGroups(people(3, all), { ...media, video: undefined }))).toBe(6);
  });
});
