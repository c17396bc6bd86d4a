/** The loads that can be generated, by name. */

export const profiles = {
  office: {
    summary:
      'office week: ad hoc calls, meetings at the full and half hour, a few large events, some all-day rooms',
    roomsPerWeek: 15_700,
    days: 7,
  },
  'office-no-events': {
    summary: 'office week without events and without any room of 50 or more',
    roomsPerWeek: 15_700,
    days: 7,
  },
  timetable: {
    summary:
      'school: up to 40 classes of about 28 at each full hour from 8 to 16, and a quarter of an office week',
    roomsPerWeek: 5_200,
    days: 7,
  },
  flash: {
    summary: 'office week with an announced and an unannounced rush each week',
    roomsPerWeek: 16_200,
    days: 7,
  },
  global: {
    summary: 'three offices, eight hours apart, without clock walls',
    roomsPerWeek: 47_100,
    days: 7,
  },
  growth: {
    summary: 'office weeks that grow by 1 % a day; the rooms a week are those of the first day',
    roomsPerWeek: 15_700,
    days: 60,
  },
  outage: {
    summary: 'office week with an outage that ends every room, and the return of all at once',
    roomsPerWeek: 15_700,
    days: 7,
  },
  small: { summary: 'office week of a small fleet of two or three nodes', roomsPerWeek: 1_600, days: 7 },
  smooth: {
    summary: 'meetings spread evenly over day and night, without clock walls',
    roomsPerWeek: 47_100,
    days: 7,
  },
  contact: {
    summary: 'contact centre or video consultation: calls of two, about 8 min long, by day',
    roomsPerWeek: 60_000,
    days: 7,
  },
} as const satisfies Readonly<Record<string, Profile>>;

export interface Profile {
  /** One line for people. */
  readonly summary: string;
  /** On average over seeds, where none is asked for. */
  readonly roomsPerWeek: number;
  /** Length of the trace where none is asked for. */
  readonly days: number;
}

export type ProfileName = keyof typeof profiles;

export const profileNames: readonly ProfileName[] = Object.keys(profiles).filter(isProfileName);

export function isProfileName(text: string): text is ProfileName {
  return Object.hasOwn(profiles, text);
}
