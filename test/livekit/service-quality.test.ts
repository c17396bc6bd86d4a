import { describe, expect, test } from '@jest/globals';
import { readNode } from '../../src/livekit/node-metrics.ts';

const labels = 'node_id="ND_a",node_type="SERVER"';

/** A page with these samples, of a server with one participant in one room. */
function page(...samples: readonly string[]): string {
  const own = [`livekit_room_total{${labels}} 1`, `livekit_participant_total{${labels}} 1`];
  return [...own, ...samples].join('\n');
}

const join = (state: string, count: number) =>
  `livekit_participant_join_total{${labels},state="${state}"} ${count}`;
const quality = (...samples: readonly string[]) => readNode(page(join('rtc_init', 0), ...samples)).quality;

describe('how well a node serves', () => {
  test('is counted from joins that have come to an end', () => {
    // By the real server: two who talk, one who left at once, one who was given up, one still trying.
    const told = quality(
      join('signal_connected', 5),
      join('rtc_init', 5),
      join('rtc_connected', 5),
      join('rtc_active', 2),
      join('rtc_success', 2),
      join('rtc_canceled', 1),
      join('rtc_failure', 1),
    );
    expect(told).toMatchObject({ joinsStarted: 4, joinsFailed: 2 });
  });

  test.each([
    ['an answer', `status="200",code=""`, 0],
    ['a refusal', `status="4xx",code="unauthenticated"`, 0],
    ['a fault', `status="5xx",code="internal"`, 1],
  ])('takes %s of the server API for what it is', (_, status, errors) => {
    const sample = `livekit_node_twirp_request_status{${labels},service="RoomService",method="ListRooms",${status}} 1`;
    expect(quality(sample)).toMatchObject({ requests: 1, requestErrors: errors });
  });

  test.each([
    ['that works', 'status="success",error_type=""', 1, 0],
    ['that the server cannot make', 'status="error",error_type="create"', 1, 1],
    ['to a client that is gone', 'status="error",error_type="write_message"', 0, 0],
    ['to which a client sends nonsense', 'status="error",error_type="remote_description"', 0, 0],
  ])('takes an offer %s for what it is', (_, status, requests, errors) => {
    const sample = `livekit_node_service_operation{${labels},type="offer",${status}} 1`;
    expect(quality(sample)).toMatchObject({ requests, requestErrors: errors });
  });

  test('sums the loss of packets over all streams', () => {
    const series = (direction: string, sum: number, count: number) => [
      `livekit_packet_loss_percent_sum{${labels},direction="${direction}"} ${sum}`,
      `livekit_packet_loss_percent_count{${labels},direction="${direction}"} ${count}`,
      `livekit_packet_loss_percent_bucket{${labels},direction="${direction}",le="+Inf"} ${count}`,
    ];
    expect(quality(...series('incoming', 2.5, 20), ...series('outgoing', 0.5, 22))).toMatchObject({
      lossPercentSum: 3,
      lossSamples: 42,
    });
  });

  test('is nothing yet on a server that has done nothing yet', () => {
    const fresh = `livekit_room_total{${labels}} 0\nlivekit_participant_total{${labels}} 0`;
    expect(readNode(fresh).quality).toEqual({
      joinsStarted: 0,
      joinsFailed: 0,
      requests: 0,
      requestErrors: 0,
      lossSamples: 0,
      lossPercentSum: 0,
    });
  });

  test('is unknown where people joined and nothing is told of joins', () => {
    expect(readNode(page()).quality).toBeUndefined();
  });

  test.each(['NaN', '+Inf', '-3'])('is not made from %s', (value) => {
    expect(quality(`livekit_packet_loss_percent_sum{${labels}} ${value}`)).toMatchObject({
      lossPercentSum: 0,
    });
  });
});
