/** What a process writes when it ends by a defect. */

/** What of a process is needed here. */
export interface MortalProcess {
  on(event: 'uncaughtException', run: (error: unknown) => void): unknown;
  exit(code: number): unknown;
  readonly stderr: { write(text: string): unknown };
}

const longest = 8000;

/**
 * From here on an error that nobody caught is written as its stack alone, and ends the process with code 1. Left to the
 * platform, all that hangs on the error would be written as well: client libraries hang whole commands on theirs, with
 * passwords in them.
 */
export function keepLastWordsPlain(mortal: MortalProcess): void {
  mortal.on('uncaughtException', (error: unknown) => {
    mortal.stderr.write(`${lastWords(error)}\n`);
    mortal.exit(1);
  });
}

/** Name, message, stack and causes of an error, and nothing else of it. Never throws. */
export function lastWords(error: unknown): string {
  const words: string[] = [];
  for (let at: unknown = error; words.length < 5 && at !== undefined; ) {
    if (!(at instanceof Error)) {
      words.push('something was thrown that is no error');
      break;
    }
    words.push(at.stack ?? `${at.name}: ${at.message}`);
    at = at.cause;
  }
  return words.join('\ncaused by ').slice(0, longest);
}
