const knownNames: readonly string[] = ['openvidu', 'livekit', 'livekit-server'];

/**
 * Which container runs the media server: the first one with a known name (openvidu, livekit or livekit-server),
 * else the first; -1 when there is none.
 */
export function mediaContainerIndex(containers: readonly { readonly name: string }[]): number {
  const named = containers.findIndex((container) => knownNames.includes(container.name));
  return named >= 0 ? named : Math.min(0, containers.length - 1);
}
