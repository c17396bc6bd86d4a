import { ServerError } from './errors.ts';

const newline = 0x0a;
const longestLineBytes = 32 * 1024 * 1024;

/**
 * Cuts a byte stream into its complete lines. What follows the last newline is dropped: it is half an event of a
 * stream that broke. `onChunk` is called for every chunk, also one without a newline.
 * @throws ServerError when a line is longer than any object can be.
 */
export async function* linesOf(
  chunks: AsyncIterable<Uint8Array>,
  onChunk: () => void,
): AsyncGenerator<string, void, undefined> {
  let held: Buffer[] = [];
  let heldBytes = 0;
  for await (const chunk of chunks) {
    onChunk();
    let rest = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    let end = rest.indexOf(newline);
    while (end !== -1) {
      const line = Buffer.concat([...held, rest.subarray(0, end)]).toString('utf8');
      held = [];
      heldBytes = 0;
      if (line !== '') yield line;
      rest = rest.subarray(end + 1);
      end = rest.indexOf(newline);
    }
    held.push(rest);
    heldBytes += rest.length;
    if (heldBytes > longestLineBytes) throw new ServerError('the API server sent a line without an end');
  }
}
