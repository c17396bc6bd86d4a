import { nodesKey } from './node-table.ts';
import { redisScript, type RedisLink } from './redis.ts';

const script = redisScript(
  'remove ghost',
  `if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
return redis.call('HDEL', KEYS[1], ARGV[1])`,
);

/**
 * Removes the entry of a node that is gone, if it still has the value by which it was judged gone. Answers whether
 * it was removed. @throws RedisUnavailableError, RedisRefusedError
 */
export async function removeGhost(link: RedisLink, nodeId: string, judged: Buffer): Promise<boolean> {
  return (await link.run(script, nodesKey, [nodeId, judged])) === 1;
}
