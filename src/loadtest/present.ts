/**
 * Who was there for a whole window, and which tracks the plan says they receive from each other. A track that the server
 * never tells anybody of is missing from what participants wait for, but not from this.
 */
import type { PlannedPerson } from './plan.ts';
import type { Media } from './scenario.ts';

/** People of one room at one worker who send and receive alike. */
export interface PresentGroup {
  readonly room: string;
  readonly video: boolean;
  readonly audio: boolean;
  /** The most pictures that each of them receives. */
  readonly tiles: number;
  readonly hears: boolean;
  readonly people: number;
  /** How many of them are probes, whose tracks are not counted. */
  readonly probes: number;
}

export interface Present {
  readonly plan: PlannedPerson;
  /** It decodes, and does not count tracks. */
  readonly decodes: boolean;
}

/** The same people in as few groups as they fit. */
export function presentGroups(
  present: readonly Present[],
  media: Pick<Media, 'video' | 'audio'>,
): readonly PresentGroup[] {
  const groups = new Map<string, { -readonly [K in keyof PresentGroup]: PresentGroup[K] }>();
  for (const { plan, decodes } of present) {
    const { room, receives } = plan;
    const alike = {
      room,
      video: plan.sendsVideo && media.video !== undefined,
      audio: plan.sendsAudio && media.audio !== undefined,
      tiles: receives.tiles,
      hears: receives.audio,
    };
    const key = JSON.stringify(Object.values(alike));
    const group = groups.get(key) ?? { ...alike, people: 0, probes: 0 };
    groups.set(key, group);
    group.people += 1;
    if (decodes) group.probes += 1;
  }
  return [...groups.values()];
}

/** Tracks that these people have to receive, in the rooms that they share. */
export function dueTracks(groups: readonly PresentGroup[]): number {
  let due = 0;
  for (const room of Map.groupBy(groups, (group) => group.room).values()) {
    const pictures = count(room, ({ video }) => video);
    const voices = count(room, ({ audio }) => audio);
    for (const { video, audio, tiles, hears, people, probes } of room) {
      const seen = Math.min(tiles, pictures - (video ? 1 : 0));
      const heard = hears ? voices - (audio ? 1 : 0) : 0;
      due += (people - probes) * (seen + heard);
    }
  }
  return due;
}

function count(room: readonly PresentGroup[], sends: (group: PresentGroup) => boolean): number {
  return room.reduce((sum, group) => sum + (sends(group) ? group.people : 0), 0);
}
