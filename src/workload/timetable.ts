/** A school: the same classes in the same hours of every week, all of them at the full hour. */
import { dayS, hourS } from './curves.ts';
import { classRoom } from './room-kinds.ts';
import { type Random, normal, stream } from './random.ts';
import type { TraceRoom } from './trace.ts';

export interface Timetable {
  readonly seed: number;
  readonly days: number;
  /** Classes at once, at most. */
  readonly classes: number;
}

const firstHour = 8;
/** Share of the classes that are held in each hour from 8 on; assumed. */
const hours = [0.9, 1, 1, 0.95, 0.5, 0.6, 0.85, 0.6];
const schoolDays = ['mon', 'tue', 'wed', 'thu', 'fri'];
/** At 80 % attendance about 28 are there. */
const enrolledMean = 35;
const enrolledDeviation = 8;

interface Lesson {
  readonly name: string;
  readonly atS: number;
  readonly enrolled: number;
}

/** Rooms in no particular order. */
export function classRooms(timetable: Timetable): readonly TraceRoom[] {
  const lessons = plan(stream(timetable.seed, 'timetable/lessons'), timetable.classes);
  const random = stream(timetable.seed, 'timetable/held');
  const rooms: TraceRoom[] = [];
  for (let weekS = 0; weekS < timetable.days * dayS; weekS += 7 * dayS) {
    for (const { name, atS, enrolled } of lessons) {
      const startS = weekS + atS + Math.round(normal(random, -60, 60));
      rooms.push({ startS, name, ...classRoom(random, enrolled) });
    }
  }
  return rooms;
}

function plan(random: Random, classes: number): readonly Lesson[] {
  return schoolDays.flatMap((day, dayIndex) =>
    hours.flatMap((share, hourIndex) =>
      Array.from({ length: Math.round(classes * share) }, (_, index) => {
        const hour = firstHour + hourIndex;
        return {
          name: `class-${day}-${String(hour).padStart(2, '0')}-${index + 1}`,
          atS: dayIndex * dayS + hour * hourS,
          enrolled: Math.max(8, Math.round(normal(random, enrolledMean, enrolledDeviation))),
        };
      }),
    ),
  );
}
