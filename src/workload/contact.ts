/** Calls of a contact centre or a video consultation: an inhomogeneous Poisson process that is over-dispersed. */
import { busyHoursPerWeek, contactCurve, dayS, hourS } from './curves.ts';
import { contactRoom } from './room-kinds.ts';
import { noise, poisson, stream } from './random.ts';
import type { TraceRoom } from './trace.ts';

export interface ContactLoad {
  readonly seed: number;
  readonly days: number;
  readonly roomsPerWeek: number;
}

const binS = 300;
/** Bank calls: variance over mean of the counts in five minutes, and the variation from day to day. */
const dispersion = 1.6;
const dayVariation = 0.065;

/** Rooms in the order of their five minutes. */
export function contactRooms(load: ContactLoad): readonly TraceRoom[] {
  const random = stream(load.seed, 'contact');
  const perBin = (load.roomsPerWeek / busyHoursPerWeek(contactCurve)) * (binS / hourS);
  const rooms: TraceRoom[] = [];
  let day = 1;
  for (let fromS = 0; fromS < load.days * dayS; fromS += binS) {
    if (fromS % dayS === 0) day = noise(random, dayVariation);
    const mean = perBin * contactCurve(fromS) * day;
    if (mean === 0) continue;
    const count = poisson(random, mean * noise(random, Math.sqrt((dispersion - 1) / mean)));
    for (let left = count; left > 0; left -= 1) {
      rooms.push({ startS: fromS + Math.floor(random() * binS), name: undefined, ...contactRoom(random) });
    }
  }
  return rooms;
}
