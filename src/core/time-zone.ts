/**
 * IANA time zones with their daylight saving. A local time is given as the milliseconds since the Unix epoch at which a
 * clock on UTC would show it, so that days and hours are plain arithmetic.
 */

const dayMs = 86_400_000;
/** A clock is never further from UTC than this, so that the offsets a day before and after enclose every change. */
const farMs = dayMs;
/** Formatters are slow to make and few. */
const mostFormatters = 64;
const formatters = new Map<string, Intl.DateTimeFormat>();

/** Whether this machine knows it as an IANA time zone. */
export function isTimeZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

/** How far the zone's clocks are ahead of UTC at this instant, in milliseconds. @throws RangeError for no IANA zone. */
export function zoneOffsetMs(zone: string, epochMs: number): number {
  if (zone === 'UTC') return 0;
  const text = formatterOf(zone).format(epochMs);
  const match = /GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/.exec(text);
  const [, sign = '+', hours = '0', minutes = '0', seconds = '0'] = match ?? [];
  const sizeMs = ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000;
  return sign === '-' ? -sizeMs : sizeMs;
}

function formatterOf(zone: string): Intl.DateTimeFormat {
  const known = formatters.get(zone);
  if (known !== undefined) return known;
  if (formatters.size >= mostFormatters) formatters.clear();
  const formatter = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' });
  formatters.set(zone, formatter);
  return formatter;
}

/** What clocks in the zone show at this instant. */
export function localMsAt(zone: string, epochMs: number): number {
  return epochMs + zoneOffsetMs(zone, epochMs);
}

/**
 * The instants of some local times of one day, in their order. A time that a clock shows twice means the first time; one
 * that it skips means the first instant after the gap.
 */
export function instantsOf(zone: string, localMsList: readonly number[]): readonly number[] {
  const first = localMsList[0];
  const last = localMsList.at(-1);
  if (first === undefined || last === undefined) return [];
  const beforeMs = zoneOffsetMs(zone, first - farMs);
  const afterMs = zoneOffsetMs(zone, last + farMs);
  if (beforeMs === afterMs) return localMsList.map((localMs) => localMs - beforeMs);
  return localMsList.map((localMs) => instantOf(zone, localMs));
}

function instantOf(zone: string, localMs: number): number {
  const beforeMs = zoneOffsetMs(zone, localMs - farMs);
  const afterMs = zoneOffsetMs(zone, localMs + farMs);
  const early = localMs - beforeMs;
  const late = localMs - afterMs;
  if (beforeMs === afterMs || zoneOffsetMs(zone, early) === beforeMs) return early;
  return zoneOffsetMs(zone, late) === afterMs ? late : changeBetween(zone, late, early);
}

/** The first instant, to the second, at which the offset is no longer that of `fromMs`. */
function changeBetween(zone: string, fromMs: number, untilMs: number): number {
  const offsetMs = zoneOffsetMs(zone, fromMs);
  let before = Math.floor(fromMs / 1000);
  let after = Math.ceil(untilMs / 1000);
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2);
    if (zoneOffsetMs(zone, middle * 1000) === offsetMs) before = middle;
    else after = middle;
  }
  return after * 1000;
}
