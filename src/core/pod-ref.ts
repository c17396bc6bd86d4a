/** How an action names the Pod that it was decided on. */
import type { PodRef } from './action.ts';
import type { MediaNode } from './media-nodes.ts';

export function refOf(node: Pick<MediaNode, 'pod'>): PodRef {
  const { name, uid, resourceVersion } = node.pod;
  return { name, uid, resourceVersion };
}
