/**
 * The process of a few probes, a child of a worker that it obeys over their channel. The media library has threads and
 * a temper of its own: whatever becomes of it, the worker and its other people go on.
 */
import { dispose } from '@livekit/rtc-node';
import { systemClock } from '../base/clock.ts';
import type { ProbeReading } from './probe-counts.ts';
import type { ProbeOrder, ProbeWord, ProcessReading } from './probe-message.ts';
import { ProbeParticipant } from './probe-participant.ts';

const seats = new Map<number, ProbeParticipant>();

function say(word: ProbeWord): void {
  if (process.connected) process.send?.(word);
}

async function obey(order: ProbeOrder): Promise<void> {
  switch (order.kind) {
    case 'speak':
      seats.get(order.seat)?.speak(order.isSpeaking);
      return;
    case 'join':
      return await join(order);
    case 'leave':
      await seats.get(order.seat)?.leave();
      seats.delete(order.seat);
      return say({ kind: 'left', id: order.id });
    case 'read':
      return say({ kind: 'reading', id: order.id, reading: await readAll() });
  }
}

async function join({ id, seat, join: wish }: Extract<ProbeOrder, { kind: 'join' }>): Promise<void> {
  const probe = new ProbeParticipant(wish, (why) => {
    seats.delete(seat);
    say({ kind: 'lost', seat, why });
  });
  seats.set(seat, probe);
  try {
    say({ kind: 'joined', id, tookMs: await probe.join() });
  } catch (error) {
    seats.delete(seat);
    say({ kind: 'refused', id, why: error instanceof Error ? error.message : String(error) });
    await probe.leave();
  }
}

async function readAll(): Promise<ProcessReading> {
  const readings: Record<number, ProbeReading> = {};
  await Promise.all(
    [...seats].map(async ([seat, probe]) => {
      // One that is disconnected meanwhile has no counters, and the others have theirs.
      const reading = await probe.read().catch(() => undefined);
      if (reading !== undefined) readings[seat] = reading;
    }),
  );
  const { user, system } = process.cpuUsage();
  return { atMs: systemClock.elapsedMs(), cpuMs: (user + system) / 1000, seats: readings };
}

async function end(): Promise<never> {
  await Promise.all([...seats.values()].map(async (probe) => await probe.leave()));
  await dispose();
  process.exit(0);
}

if (import.meta.main) {
  // The library lets go of native handles when their objects are collected, and complains where the room was faster.
  process.on('uncaughtException', (error) => {
    if (error.message === 'trying to drop an invalid handle') return;
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  });
  process.on('message', (order: ProbeOrder) => void obey(order));
  process.on('disconnect', () => void end());
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void end());
}
