import { describe, expect, test } from '@jest/globals';
import { formatFacts, inspectTrace } from '../../src/workload/inspect.ts';
import type { Trace, TraceRoom } from '../../src/workload/trace.ts';

const aRoom = (startS: number, durationS: number, participants: number, name?: string): TraceRoom => ({
  startS,
  durationS,
  participants,
  publishers: 1,
  name,
});

/**
 * Participants: 0–600 s 10, 600–1200 s 50, 1200–1800 s 40, 1800–3600 s 0, 3600–7200 s 100.
 * A node of 50 counts for 35: 1, 2, 2, 1 and 3 nodes.
 */
const trace: Trace = {
  name: 'example',
  rooms: [
    aRoom(0, 1200, 10),
    aRoom(600, 1200, 40, 'daily'),
    aRoom(3600, 3600, 98, 'daily'),
    aRoom(3600, 3600, 2),
  ],
};

describe('the facts of a trace', () => {
  const facts = inspectTrace(trace, { capacity: 50 });

  test('are those that a hand computes', () => {
    expect(facts).toMatchObject({
      name: 'example',
      rooms: 4,
      days: 7200 / 86_400,
      participants: { mean: 37.5, p50: 10, p90: 98, p99: 98, max: 98 },
      durationMinutes: { mean: 40, p50: 20, p90: 60, p99: 60, max: 60 },
      twoPeopleShare: 0.25,
      under15MinutesShare: 0,
      namedShare: 0.5,
      names: 1,
      arrivalsPerMinute: { mean: 4 / 60, max: 2 },
      fullHourShare: 0.75,
      peakRooms: 2,
      peakParticipants: 100,
      capacity: 50,
      largestRoomShare: 1.96,
      roomsAboveNode: 1,
      boundPeakNodes: 3,
    });
    const participantS = 600 * 10 + 600 * 50 + 600 * 40 + 3600 * 100;
    expect(facts.participantMinutesPerRoom).toBeCloseTo(participantS / 60 / 4, 9);
    expect(facts.meanParticipants).toBeCloseTo(participantS / 7200, 9);
    expect(facts.peakToMean).toBeCloseTo((100 * 7200) / participantS, 9);
    expect(facts.boundNodeHours).toBeCloseTo((600 + 600 * 2 + 600 * 2 + 1800 + 3600 * 3) / 3600, 9);
  });

  test('count no room twice that ends when another begins', () => {
    const back = inspectTrace({ name: 'x', rooms: [aRoom(0, 60, 5), aRoom(60, 60, 5)] }, { capacity: 50 });
    expect([back.peakParticipants, back.peakRooms]).toEqual([5, 1]);
  });

  test('are told to people line by line', () => {
    expect(formatFacts(facts)).toMatchInlineSnapshot(`
     "Trace                   example
     Rooms                   4 in 0.1 days, 50.0 % with one of 1 name
     Participants of a room  mean 37.5, p50 10, p90 98, p99 98, max 98
     Length in minutes       mean 40.0, p50 20.0, p90 60.0, p99 60.0, max 60.0
     Rooms of two            25.0 %
     Rooms under 15 min      0.0 %
     Participant-minutes     1750 a room
     Arrivals                0.1 a minute, at most 2
     Around the full hour    75.0 % of the starts (10 % if spread evenly)
     Peak                    100 participants, 2 rooms at once
     Peak over mean          1.7 (mean 58 participants)
     Largest room            196.0 % of a node of 50, 1 room above 90 %
     Least node-hours        4 at 70 % of capacity, at most 3 nodes at once
     "
    `);
  });

  test('are not made up for a trace without rooms', () => {
    expect(() => inspectTrace({ name: 'x', rooms: [] }, { capacity: 50 })).toThrow(RangeError);
  });
});
