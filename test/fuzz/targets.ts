/** What is fuzzed: every decoder of something that another program or a person has written. */
import { compiledSpec, policyIn } from '../../src/cli/policy-file.ts';
import { UsageError } from '../../src/cli/cli-error.ts';
import { readReceipts } from '../../src/cli/receipts.ts';
import { parseYaml } from '../../src/cli/yaml-file.ts';
import { parseIsoMs } from '../../src/base/iso-time.ts';
import { parseDurationMs } from '../../src/base/duration.ts';
import { parseCpus } from '../../src/base/quantity.ts';
import { parseCron } from '../../src/core/cron.ts';
import { progressIn, summaryIn } from '../../src/core/load-test-word.ts';
import { errorOfReply } from '../../src/kube/errors.ts';
import { activeJobs, type CompanionWord } from '../../src/livekit/companion-words.ts';
import { parseMetrics } from '../../src/livekit/metrics-text.ts';
import { decodeNode, decodeRoom } from '../../src/livekit/node-decode.ts';
import { MetricsError, readNode } from '../../src/livekit/node-metrics.ts';
import { hostPort, RedisAddressError } from '../../src/livekit/redis-config.ts';
import { readFromWorker, readToWorker } from '../../src/loadtest/protocol-read.ts';
import { readScenario } from '../../src/loadtest/read-scenario.ts';
import { parseRecords, RecordError } from '../../src/loadtest/record-file.ts';
import { parseRtcp } from '../../src/loadtest/rtcp.ts';
import { isRtcp, originalSequence, parseRtp } from '../../src/loadtest/rtp.ts';
import { readStamp } from '../../src/loadtest/rtp-stamp.ts';
import {
  isUsableCandidate,
  receivingAnswer,
  sendingLines,
  simulcastOffer,
  withoutCandidates,
} from '../../src/loadtest/sdp.ts';
import { readResponse } from '../../src/loadtest/signal.ts';
import { keyFrameSize, parseVp8Descriptor } from '../../src/loadtest/vp8.ts';
import { JournalFormatError, readJournal } from '../../src/reconcile/journal-read.ts';
import { formatTrace, parseTrace } from '../../src/workload/trace-csv.ts';
import { TraceError } from '../../src/workload/trace-error.ts';

export interface FuzzTarget {
  /** Also the folder of its samples. */
  readonly name: string;
  /** Reads the input in every way that the product does. @throws only what `throwsOnly` names, or what is a defect */
  readonly feed: (input: Buffer) => void;
  /** The errors that are documented. Nothing else may be thrown, and without them nothing at all. */
  readonly throwsOnly: readonly (new (
    ...args: never[]
  ) => Error)[];
  /** Milliseconds that an input may take besides one for each kilobyte; 100 unless told. */
  readonly allowedMs?: number;
}

const companions: readonly CompanionWord[] = [
  { kind: 'EgressMetrics' },
  { kind: 'EgressStatus' },
  { kind: 'IngressMetrics' },
  { kind: 'AgentWorker' },
  { kind: 'Metric', metric: 'jobs' },
];

/** The parser makes something of every word; a whole second is bearable, what grows faster than the text is not. */
const yamlMs = 1000;

export const targets: readonly FuzzTarget[] = [
  { name: 'registry', feed: feedRegistry, throwsOnly: [] },
  { name: 'metrics', feed: feedMetrics, throwsOnly: [MetricsError] },
  { name: 'trace', feed: feedTrace, throwsOnly: [TraceError] },
  { name: 'policy', feed: feedPolicy, throwsOnly: [UsageError], allowedMs: yamlMs },
  { name: 'scenario', feed: (input) => void readScenario(textOf(input)), throwsOnly: [], allowedMs: yamlMs },
  { name: 'protocol', feed: feedProtocol, throwsOnly: [] },
  { name: 'journal', feed: (input) => void readJournal(textOf(input)), throwsOnly: [JournalFormatError] },
  { name: 'record', feed: (input) => void parseRecords(textOf(input)), throwsOnly: [RecordError] },
  { name: 'signal', feed: (input) => void readResponse(input), throwsOnly: [] },
  { name: 'sdp', feed: feedSdp, throwsOnly: [] },
  { name: 'rtp', feed: feedRtp, throwsOnly: [] },
  { name: 'words', feed: feedWords, throwsOnly: [RedisAddressError] },
];

function textOf(input: Buffer): string {
  return input.toString('utf8');
}

/** An entry that reads must also make sense: what is decided from it is whether a node is empty. */
function feedRegistry(input: Buffer): void {
  const node = decodeNode('ND_a', input);
  if (node.kind === 'Node') {
    const { participants, rooms, tracksIn, tracksOut } = node.load;
    for (const figure of [participants, rooms, tracksIn, tracksOut]) {
      if (!Number.isSafeInteger(figure) || figure < 0) throw new Error('a count that counts nothing');
    }
  }
  decodeRoom(input);
}

function feedMetrics(input: Buffer): void {
  const text = textOf(input);
  for (const sample of parseMetrics(text)) {
    if (sample.name === '') throw new Error('a sample without a name');
  }
  for (const word of companions) {
    const jobs = activeJobs(word, text);
    if (jobs !== undefined && !(jobs >= 0)) throw new Error('less than no jobs');
  }
  const { participants, rooms } = readNode(text);
  if (!Number.isSafeInteger(participants) || !Number.isSafeInteger(rooms)) throw new Error('no counts');
}

/** What was read is written to the same rooms. */
function feedTrace(input: Buffer): void {
  const trace = parseTrace(textOf(input), 'fuzzed');
  const again = parseTrace(formatTrace(trace), 'fuzzed');
  if (JSON.stringify(again) !== JSON.stringify(trace)) throw new Error('it reads back as something else');
}

function feedPolicy(input: Buffer): void {
  const { resource, fault } = policyIn('fuzzed', parseYaml('fuzzed', textOf(input)));
  compiledSpec(resource, fault);
}

function feedProtocol(input: Buffer): void {
  const text = textOf(input);
  readFromWorker(text);
  readToWorker(text);
  progressIn(text);
  summaryIn(text);
  errorOfReply({ what: 'GET /x', status: 422, body: text, retryAfter: text });
  readReceipts({ one: text }, {});
}

function feedSdp(input: Buffer): void {
  const text = textOf(input);
  withoutCandidates(text);
  receivingAnswer(text);
  simulcastOffer(text);
  sendingLines(text);
  isUsableCandidate(text);
}

function feedRtp(input: Buffer): void {
  isRtcp(input);
  parseRtcp(input);
  readStamp(input, input.length);
  const view = parseRtp(input);
  if (view === undefined) return;
  const { payloadAt, payloadEnd } = view;
  if (payloadAt > payloadEnd || payloadEnd > input.length) throw new Error('a payload beyond its packet');
  originalSequence(input, view);
  readStamp(input, payloadEnd);
  const descriptor = parseVp8Descriptor(input, payloadAt, payloadEnd);
  if (descriptor !== undefined) keyFrameSize(input, payloadAt + descriptor.lengthBytes, payloadEnd);
}

/** Short texts out of specs and annotations, one a line. */
function feedWords(input: Buffer): void {
  for (const line of textOf(input).split('\n')) {
    parseCron(line);
    parseDurationMs(line);
    parseIsoMs(line);
    parseCpus(line);
    hostPort(line);
  }
}
