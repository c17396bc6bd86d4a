/** Makes traces from a profile and a seed, so that a load need not be stored to be had again. */
import { contactRooms } from './contact.ts';
import { busyHoursPerWeek, dayS, evenCurve, hourS, officeCurve } from './curves.ts';
import { type OfficeLoad, officeRooms, sizeLimitOf } from './office.ts';
import { withOutages } from './outage.ts';
import { type ProfileName, profiles } from './profiles.ts';
import { rushRooms } from './rush.ts';
import { classRooms } from './timetable.ts';
import type { Trace, TraceRoom } from './trace.ts';

export interface GenerateOptions {
  readonly profile: ProfileName;
  /** A whole number; the same one gives the same trace. */
  readonly seed: number;
  /** Whole days, the first of them a Monday; as the profile says where left out. */
  readonly days?: number;
  /** Scales the whole profile; as the profile says where left out. On average: seeds differ by some per cent. */
  readonly roomsPerWeek?: number;
  /** Leaves out large events, and draws ordinary rooms below 50. */
  readonly noEvents?: boolean;
  /** Leaves out rooms that stay open for hours. */
  readonly noTail?: boolean;
}

const timetableClasses = 40;
const yearDays = 366;
const regionsApartS = 8 * hourS;

/**
 * A trace from Monday 00:00 on. Rooms that begin within the days are in it to their ends.
 * @throws RangeError when the days, the seed or the rooms a week are out of range.
 */
export function generateTrace(options: GenerateOptions): Trace {
  const profile = profiles[options.profile];
  const { seed, days = profile.days, roomsPerWeek = profile.roomsPerWeek } = options;
  check('days', days, Number.isInteger(days) && days >= 1 && days <= yearDays);
  check('seed', seed, Number.isSafeInteger(seed) && seed >= 0);
  check('rooms a week', roomsPerWeek, roomsPerWeek >= 1 && roomsPerWeek <= 10_000_000);
  const office: OfficeLoad = {
    seed,
    days,
    roomsPerWeek,
    curve: officeCurve,
    snapped: true,
    events: options.noEvents !== true,
    tail: options.noTail !== true,
    growthPerDay: 0,
    label: 'office',
  };
  const rooms = makers[options.profile](office);
  return { name: `${options.profile}-${seed}`, rooms: inOrder(rooms, days) };
}

function check(what: string, value: number, holds: boolean): void {
  if (!holds) throw new RangeError(`${what}: ${value} is not possible`);
}

type Maker = (office: OfficeLoad) => readonly TraceRoom[];

const makers: Readonly<Record<ProfileName, Maker>> = {
  office: officeRooms,
  'office-no-events': (office) => officeRooms({ ...office, events: false }),
  timetable: timetableRooms,
  flash: flashRooms,
  global: globalRooms,
  growth: (office) => officeRooms({ ...office, growthPerDay: 0.01 }),
  outage: (office) => withOutages(officeRooms(office), office),
  small: officeRooms,
  smooth: (office) => officeRooms({ ...office, curve: evenCurve, snapped: false }),
  contact: contactRooms,
};

function timetableRooms(office: OfficeLoad): readonly TraceRoom[] {
  const scale = office.roomsPerWeek / profiles.timetable.roomsPerWeek;
  const { seed, days } = office;
  const aside = { ...office, roomsPerWeek: (profiles.office.roomsPerWeek / 4) * scale };
  const classes = Math.max(1, Math.round(timetableClasses * scale));
  return [...classRooms({ seed, days, classes }), ...officeRooms(aside)];
}

function flashRooms(office: OfficeLoad): readonly TraceRoom[] {
  const scale = office.roomsPerWeek / profiles.flash.roomsPerWeek;
  const usual = { ...office, roomsPerWeek: profiles.office.roomsPerWeek * scale };
  const perBusyMinute = usual.roomsPerWeek / busyHoursPerWeek(office.curve) / 60;
  const { seed, days, curve } = office;
  return [
    ...officeRooms(usual),
    ...rushRooms({ seed, days, curve, perBusyMinute, sizeLimit: sizeLimitOf(office) }),
  ];
}

/** The regions' Mondays have begun when the trace begins, so each is a day longer and loses what came before. */
function globalRooms(office: OfficeLoad): readonly TraceRoom[] {
  const regions = [0, 1, 2].map((index) => ({ label: `region-${index}`, aheadS: index * regionsApartS }));
  return regions.flatMap(({ label, aheadS }) => {
    const region = { ...office, label, days: office.days + 1, roomsPerWeek: office.roomsPerWeek / 3 };
    return officeRooms({ ...region, snapped: false })
      .map((room) => ({
        ...room,
        startS: room.startS - aheadS,
        name: room.name === undefined ? undefined : `${label}-${room.name}`,
      }))
      .filter(({ startS }) => startS >= 0);
  });
}

/** Sorted; who came a minute early to the first meeting begins with the trace. */
function inOrder(rooms: readonly TraceRoom[], days: number): readonly TraceRoom[] {
  const sorted = rooms
    .filter(({ startS }) => startS < days * dayS)
    .map((room) => (room.startS < 0 ? { ...room, startS: 0 } : room))
    .sort((a, b) => a.startS - b.startS || a.durationS - b.durationS || a.participants - b.participants);
  return sorted;
}
