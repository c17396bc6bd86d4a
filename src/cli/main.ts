/** Runs the command line once. Exit codes: 0 done, 1 the answer is no, 2 wrong usage, 130 and 143 stopped by a signal. */
import { CliError, type ExitCode, StoppedError } from './cli-error.ts';
import { failureOf } from './failure.ts';
import { type Io, processIo } from './io.ts';
import type { Outcome } from './command.ts';
import { buildProgram } from './program.ts';

async function run(argv: readonly string[], io: Io): Promise<ExitCode> {
  const outcome: Outcome = { code: 0 };
  try {
    await buildProgram({ io, outcome }).parseAsync([...argv], { from: 'user' });
    return outcome.code;
  } catch (error) {
    // What breaks because the command was stopped is no news; what has been left as it is, is.
    const told = !io.stop.aborted || error instanceof StoppedError;
    const { exitCode, sentence } = failureOf(error);
    if (told && sentence !== undefined) await io.err.write(`kubectl-openvidu: ${sentence}\n`);
    if (
      isVerbose(argv, io) &&
      error instanceof Error &&
      !(error instanceof CliError && error.cause === undefined)
    )
      await io.err.write(`${error.stack ?? ''}\n`);
    return exitCode;
  }
}

function isVerbose(argv: readonly string[], io: Io): boolean {
  return argv.includes('--verbose') || io.env['OVM_VERBOSE'] === '1';
}

const io = processIo();
const code = await run(process.argv.slice(2), io);
process.exitCode = io.stopCode() ?? code;
