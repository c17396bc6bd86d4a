const loopback = /^(localhost|127(\.\d+){3}|\[?::1\]?)$/;

/** Whether the address (`ws://` or `http://`, with its scheme) leads to this very machine. */
export function isOnThisMachine(url: string): boolean {
  return loopback.test(new URL(url.replace(/^ws/, 'http')).hostname);
}
