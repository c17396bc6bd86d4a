/** Numbers and instants as people read them. */
import { isoFromMs } from '../base/iso-time.ts';

export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

export function people(count: number): string {
  return counted(count, 'participant');
}

export function mediaNodesWord(count: number): string {
  return counted(count, 'Media Node');
}

/** Such as `3 participants in 1 room`. */
export function peopleInRooms(participants: number, rooms: number): string {
  return `${people(participants)} in ${counted(rooms, 'room')}`;
}

/** Whole minutes, because the two clocks that an instant is made from may differ a little from pass to pass. */
export function minuteSaid(wallMs: number): string {
  return `${isoFromMs(Math.ceil(wallMs / 60_000) * 60_000).slice(11, 16)} UTC`;
}

/** Ends with a full stop, begins with a capital letter, unless it begins with the name of something. */
export function sentence(text: string): string {
  const trimmed = text.trim();
  const isWord = /^[a-z]+(?![\w.-]*[.-]\w)/.test(trimmed);
  const first = isWord ? trimmed.charAt(0).toUpperCase() + trimmed.slice(1) : trimmed;
  return /[.!?]$/.test(first) ? first : `${first}.`;
}

export function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
