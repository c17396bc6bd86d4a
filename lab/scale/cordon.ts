/** How long a node that is kept closed stands open after its heartbeat, by the clock of Redis itself. */
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { hostPort } from '../../src/livekit/redis-config.ts';

export interface CordonDelays {
  readonly ms: readonly number[];
  /** Heartbeats after which the node was open until its next one, or until the watch ended. */
  readonly unanswered: number;
}

/** One command as MONITOR tells it: `1700000000.123456 [0 lua] "HSET" "nodes" "ND_x" "…"`. */
const write = /^\+?(\d+\.\d+) \[\d+ ([^\]]+)\] "HSET" "nodes" "([^"]+)" "(.*)"$/i;
/** The mark, as MONITOR escapes it: the bytes 0x30 0x02. */
const mark = String.raw`0\x02`;

/** Follows every command for so long. It costs Redis time, so nothing else is measured meanwhile. */
export async function watchCordons(address: string, seconds: number): Promise<CordonDelays> {
  const reader = new CordonReader();
  const socket = connect(hostPort(address));
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  let rest = '';
  socket.on('data', (chunk) => {
    const lines = (rest + chunk.toString('latin1')).split('\r\n');
    rest = lines.pop() ?? '';
    for (const line of lines) reader.take(line);
  });
  socket.write('MONITOR\r\n');
  await sleep(seconds * 1000);
  socket.destroy();
  return reader.delays();
}

/** Reads the lines of MONITOR in their order. */
export class CordonReader {
  readonly #closed = new Set<string>();
  readonly #openSince = new Map<string, number>();
  readonly #ms: number[] = [];
  #unanswered = 0;

  take(line: string): void {
    // Most lines are long calls of the script: they are told by what it writes.
    if (!/"HSET" "nodes"/i.test(line.slice(0, 80))) return;
    const [, seconds, source, nodeId = '', value = ''] = write.exec(line) ?? [];
    if (seconds === undefined) return;
    const atMs = Number(seconds) * 1000;
    if (source === 'lua') this.#byOperator(nodeId, atMs, value.endsWith(mark));
    else this.#byNode(nodeId, atMs);
  }

  delays(): CordonDelays {
    return { ms: this.#ms, unanswered: this.#unanswered };
  }

  #byNode(nodeId: string, atMs: number): void {
    if (this.#openSince.has(nodeId)) {
      // It was let go at about that moment, or forgotten for a whole heartbeat.
      this.#unanswered += 1;
      this.#openSince.delete(nodeId);
      this.#closed.delete(nodeId);
    } else if (this.#closed.has(nodeId)) this.#openSince.set(nodeId, atMs);
  }

  #byOperator(nodeId: string, atMs: number, closes: boolean): void {
    const since = this.#openSince.get(nodeId);
    this.#openSince.delete(nodeId);
    if (!closes) return void this.#closed.delete(nodeId);
    if (since !== undefined) this.#ms.push(atMs - since);
    this.#closed.add(nodeId);
  }
}
