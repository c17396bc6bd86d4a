/** A thread that runs one task of a backtest after another, as it is told. */
import { parentPort } from 'node:worker_threads';
import { systemClock } from '../base/clock.ts';
import type { FromWorker, ToWorker } from './backtest-pool.ts';
import { runTask, TraceCache } from './backtest-task.ts';

const traces = new TraceCache();
const tellEveryMs = 100;

function tell(message: FromWorker): void {
  parentPort?.postMessage(message);
}

async function work({ at, task }: ToWorker): Promise<void> {
  let toldMs = Number.NEGATIVE_INFINITY;
  const onProgress = (share: number): void => {
    const nowMs = systemClock.elapsedMs();
    if (nowMs - toldMs < tellEveryMs) return;
    toldMs = nowMs;
    tell({ kind: 'Progress', at, share });
  };
  try {
    tell({ kind: 'Done', at, ...(await runTask(task, traces, { onProgress })) });
  } catch (error) {
    const { name, message } = error instanceof Error ? error : new Error(String(error));
    tell({ kind: 'Failed', at, name, message });
  }
}

parentPort?.on('message', (message: ToWorker) => void work(message));
