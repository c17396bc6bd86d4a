/** What a level should cost, before anything starts: tracks, packets, bits, and cores on both sides. */
import { type Costs, measuredCosts, workerLimits } from './estimate-costs.ts';
import { layerSent, noFlow, plus, receivedBy, type RoomFlow, roomFlow, sendersOf } from './estimate-room.ts';
import { type ProbeSeats, probeSeats } from './plan-probes.ts';
import { playedRooms, type TraceScenario } from './plan-trace.ts';
import type { LevelEstimate } from './plan.ts';
import { roleAt, roomsAt, sizeOf } from './scenario-levels.ts';
import type { Media, Role, RoleCount, Scenario, TraceRoom, Workload } from './scenario.ts';

/** Of a trace: at the moment with most packets, with every room at its largest. */
export function estimateLevel(
  scenario: Scenario,
  level: number,
  costs: Costs = measuredCosts,
): LevelEstimate {
  const { workload } = scenario;
  const { rooms, flow, probes } =
    workload.kind === 'Trace'
      ? traceTotals({ ...scenario, workload }, level)
      : totals({ ...scenario, workload }, level);
  const workers = workersFor(flow, scenario.load.joinsPerSecond);
  return {
    level,
    rooms,
    participants: flow.participants,
    publishedTracks: flow.publishedTracks,
    subscribedTracks: flow.subscribedTracks,
    packetsPerSecondIn: Math.round(flow.packetsIn),
    packetsPerSecondOut: Math.round(flow.packetsOut),
    mbpsIn: rounded(flow.kbpsIn / 1000, 1),
    mbpsOut: rounded(flow.kbpsOut / 1000, 1),
    workers,
    generatorCores: rounded(
      generatorCores(flow, workers, costs) + probeCores(scenario.media, probes, costs),
      2,
    ),
    serverCores: rounded(serverCores(flow, costs), 2),
    serverMegabytes: Math.round(
      costs.server.baseMegabytes + flow.participants * costs.server.megabytesPerParticipant,
    ),
  };
}

function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}

/** A probe and the room it is in. */
interface Probe {
  readonly role: Role;
  readonly roles: readonly RoleCount[];
}

interface Totals {
  readonly rooms: number;
  readonly flow: RoomFlow;
  readonly probes: readonly Probe[];
}

type Staying = Scenario & { readonly workload: Exclude<Workload, { readonly kind: 'Trace' }> };

function totals(scenario: Staying, level: number): Totals {
  const rooms = roomsAt(scenario.workload, level);
  const seats = probeSeats(scenario);
  const flows = new Map<readonly RoleCount[], RoomFlow>();
  let flow = noFlow;
  const probes: Probe[] = [];
  for (const { index, shape } of rooms) {
    const known = flows.get(shape.roles) ?? roomFlow(scenario.media, shape.roles);
    flows.set(shape.roles, known);
    flow = plus(flow, known);
    if (index < scenario.clients.probes) probes.push(...probesIn(shape.roles, index, seats));
  }
  return { rooms: rooms.length, flow, probes };
}

function probesIn(roles: readonly RoleCount[], room: number, seats: ProbeSeats): readonly Probe[] {
  return Array.from({ length: sizeOf(roles) }, (_, seat) => seat)
    .filter((seat) => seats.has(room, seat))
    .map((seat) => ({ role: roleAt(roles, seat), roles }));
}

interface Moment {
  readonly rooms: number;
  readonly flow: RoomFlow;
}

function traceTotals(scenario: TraceScenario, percent: number): Totals {
  const { media, workload, clients } = scenario;
  let now: Moment = { rooms: 0, flow: noFlow };
  let peak = now;
  for (const { row, sign } of beginsAndEnds(scenario, percent)) {
    const roles = rolesOfTraceRoom(row, workload, media);
    now = { rooms: now.rooms + sign, flow: plus(now.flow, roomFlow(media, roles), sign) };
    if (packetsOf(now.flow) > packetsOf(peak.flow) || peak.rooms === 0) peak = now;
  }
  const largest = workload.rooms.toSorted((a, b) => b.participants - a.participants)[0];
  if (largest === undefined || clients.probes === 0 || peak.rooms === 0) return { ...peak, probes: [] };
  const roles = rolesOfTraceRoom(largest, workload, media);
  const role = roles.find(({ count }) => count > 0)?.role;
  // Those whose rooms have ended are gone, but all of them may be there at once, and in the largest of rooms.
  const probes = role === undefined ? [] : Array.from({ length: clients.probes }, () => ({ role, roles }));
  return { ...peak, probes };
}

function packetsOf({ packetsIn, packetsOut }: RoomFlow): number {
  return packetsIn + packetsOut;
}

/** In the order of time; at one moment, rooms end before others begin. */
function beginsAndEnds(
  scenario: TraceScenario,
  percent: number,
): readonly { readonly row: TraceRoom; readonly sign: 1 | -1; readonly at: number }[] {
  return playedRooms(scenario, percent)
    .flatMap(({ row }) => [
      { row, sign: 1 as const, at: row.startSeconds },
      { row, sign: -1 as const, at: row.startSeconds + row.durationSeconds },
    ])
    .toSorted((a, b) => a.at - b.at || a.sign - b.sign);
}

/** The people of a room of a trace, by role. */
export function rolesOfTraceRoom(
  { participants, publishers }: TraceRoom,
  { receives }: Extract<Workload, { readonly kind: 'Trace' }>,
  media: Media,
): readonly RoleCount[] {
  const sends = { sendsVideo: media.video !== undefined, sendsAudio: media.audio !== undefined };
  return [
    { role: { name: 'publisher', ...sends, receives }, count: publishers },
    {
      role: { name: 'viewer', sendsVideo: false, sendsAudio: false, receives },
      count: participants - publishers,
    },
  ];
}

/** Worker processes that carry a level without being late. */
function workersFor(flow: RoomFlow, joinsPerSecond: number): number {
  return Math.max(
    1,
    Math.ceil(flow.packetsOut / workerLimits.receivedPacketsPerSecond),
    Math.ceil(flow.participants / workerLimits.people),
    Math.ceil(joinsPerSecond / workerLimits.joinsPerSecond),
  );
}

function generatorCores(flow: RoomFlow, workers: number, { generator }: Costs): number {
  const waking = Math.min(1, flow.packetsOut / workers / generator.waking.fullAtPacketsPerSecond);
  return (
    workers * (generator.process + generator.waking.cores * waking) +
    flow.packetsIn * generator.perPacketSent +
    flow.packetsOut * generator.perPacketReceived
  );
}

/** Those of bulk clients that the probes stand for are counted too; they are few. */
function probeCores(media: Media, probes: readonly Probe[], { generator: { probe } }: Costs): number {
  const layers = media.video?.layers ?? [];
  return probes.reduce((sum, { role, roles }) => {
    const { pictures, layer, sounds } = receivedBy(role, sendersOf(roles));
    const top = layers.at(-1);
    const sending =
      (role.sendsVideo && top !== undefined ? probe.publish[top] : 0) +
      (role.sendsAudio ? probe.publishAudio : 0);
    const receiving = pictures * probe.decode[layerSent(layers, layer)] + sounds * probe.decodeAudio;
    return sum + probe.connected + sending + receiving;
  }, 0);
}

function serverCores(flow: RoomFlow, { server }: Costs): number {
  const packets = packetsOf(flow);
  const bytes = ((flow.kbpsIn + flow.kbpsOut) * 1000) / 8;
  const waking = Math.min(1, packets / server.waking.fullAtPacketsPerSecond);
  return server.waking.cores * waking + packets * server.perPacket + bytes * server.perByte;
}
