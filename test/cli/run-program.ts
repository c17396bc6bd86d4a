/** The command line in this process, which is quick; `run-cli.ts` starts the real one. */
import type { Outcome } from '../../src/cli/command.ts';
import { failureOf } from '../../src/cli/failure.ts';
import { type Io, silentIo, type Sink } from '../../src/cli/io.ts';
import { buildProgram } from '../../src/cli/program.ts';

export interface RanHere {
  readonly code: number;
  readonly out: string;
  /** With the sentence that the program would end with. */
  readonly err: string;
}

export async function runProgram(...args: readonly string[]): Promise<RanHere> {
  const texts = { out: '', err: '' };
  const sink = (name: keyof typeof texts): Sink => ({
    isTerminal: false,
    columns: 80,
    write: (text) => {
      texts[name] += text;
      return Promise.resolve();
    },
  });
  const io: Io = { ...silentIo, out: sink('out'), err: sink('err') };
  const outcome: Outcome = { code: 0 };
  try {
    await buildProgram({ io, outcome }).parseAsync([...args], { from: 'user' });
    return { code: outcome.code, ...texts };
  } catch (error) {
    const { exitCode, sentence = '' } = failureOf(error);
    return { code: exitCode, out: texts.out, err: `${texts.err}${sentence}` };
  }
}
