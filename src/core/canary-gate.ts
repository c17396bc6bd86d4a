/**
 * Whether nodes on trial serve worse than the others. It is asked again every few seconds for hours, so an ordinary
 * test at 1 % would cry wolf sooner or later. Here evidence is a bet against "no more failures than allowed": a mixture
 * of likelihood ratios, which under that claim exceeds 100 at any time at all with a probability of at most 1 %
 * (Ville's inequality).
 */
import type { ServiceQuality } from './readings.ts';

/** Evidence that is needed: the inverse of the probability of a false alarm. */
const leastEvidence = 100;
/** A share of failures that is no cause for alarm, whatever the others have. */
const joinFloor = 0.02;
const requestFloor = 0.05;
/** Fewer than these say nothing. */
const leastJoins = 5;
const leastRequests = 20;
/** How many times the others' share of failures is allowed. */
const allowedTimes = 2;
/** What is assumed of the others before they were heard: one failure in this many. */
const priorTries = 10;
/** Samples of packet loss that are needed, and by how many points of a hundred more is too much. */
const leastLossSamples = 100;
const worstLossPoints = 3;
const alternatives = 32;

export interface Quality extends ServiceQuality {
  /** Nodes that told. */
  readonly nodes: number;
}

export function sumQuality(all: readonly ServiceQuality[]): Quality {
  const sum = (of: (one: ServiceQuality) => number) => all.reduce((total, one) => total + of(one), 0);
  return {
    nodes: all.length,
    joinsStarted: sum((one) => one.joinsStarted),
    joinsFailed: sum((one) => one.joinsFailed),
    requests: sum((one) => one.requests),
    requestErrors: sum((one) => one.requestErrors),
    lossSamples: sum((one) => one.lossSamples),
    lossPercentSum: sum((one) => one.lossPercentSum),
  };
}

/** Why the nodes on trial are worse than the others, with figures; `undefined` when nothing shows it. */
export function whyWorse(trial: Quality, others: Quality): string | undefined {
  return (
    worseShare(
      'joins',
      { failed: trial.joinsFailed, tried: trial.joinsStarted },
      { failed: others.joinsFailed, tried: others.joinsStarted },
    ) ??
    worseShare(
      'requests',
      { failed: trial.requestErrors, tried: trial.requests },
      { failed: others.requestErrors, tried: others.requests },
    ) ??
    worseLoss(trial, others)
  );
}

export interface Tally {
  readonly failed: number;
  readonly tried: number;
}

const limits = {
  joins: { floor: joinFloor, least: leastJoins },
  requests: { floor: requestFloor, least: leastRequests },
} as const;

function worseShare(what: keyof typeof limits, trial: Tally, others: Tally): string | undefined {
  const { floor, least } = limits[what];
  if (trial.tried < least) return undefined;
  const allowed = Math.max(floor, allowedTimes * cautiousShare(others));
  if (!isMoreThan(trial, allowed)) return undefined;
  return `${trial.failed} of ${trial.tried} ${what} failed there, ${others.failed} of ${others.tried} elsewhere`;
}

/** The others' share of failures, taken for somewhat higher as long as little is known of them. */
function cautiousShare({ failed, tried }: Tally): number {
  return (failed + 1) / (tried + priorTries);
}

/** Whether more than the allowed share fails, with a probability of error of at most 1 % over any number of looks. */
export function isMoreThan({ failed, tried }: Tally, allowed: number): boolean {
  if (allowed >= 1 || failed <= allowed * tried) return false;
  // No alternative explains it better than the share itself: where that does not suffice, none does.
  if (evidenceFor(failed / tried, { failed, tried }, allowed) < Math.log(leastEvidence)) return false;
  // The mean over alternatives between the allowed share and all, in logarithms because the ratios are astronomical.
  const logs = Array.from({ length: alternatives }, (_, at) => {
    const share = allowed + ((1 - allowed) * (at + 0.5)) / alternatives;
    return evidenceFor(share, { failed, tried }, allowed);
  });
  const most = Math.max(...logs);
  const sum = logs.reduce((total, log) => total + Math.exp(log - most), 0);
  return most + Math.log(sum / alternatives) >= Math.log(leastEvidence);
}

/** Logarithm of the likelihood ratio of two shares of failures. */
function evidenceFor(share: number, { failed, tried }: Tally, allowed: number): number {
  const worked = tried - failed;
  const ofWorked = worked === 0 ? 0 : worked * Math.log((1 - share) / (1 - allowed));
  return failed * Math.log(share / allowed) + ofWorked;
}

function worseLoss(trial: Quality, others: Quality): string | undefined {
  if (trial.lossSamples < leastLossSamples || others.lossSamples < leastLossSamples) return undefined;
  const here = trial.lossPercentSum / trial.lossSamples;
  const elsewhere = others.lossPercentSum / others.lossSamples;
  if (here - elsewhere < worstLossPoints) return undefined;
  return `${here.toFixed(1)} % of packets are lost there, ${elsewhere.toFixed(1)} % elsewhere`;
}

/** Joins that must have worked before a trial can end well. */
const joinsToPass = 10;

/** Whether enough people were served. Where nobody's media ever connects, as with signalling alone, tries count. */
export function hasServedEnough(trial: Quality, others: Quality): boolean {
  const worked = trial.joinsStarted - trial.joinsFailed;
  const fewEverWork = others.joinsStarted >= joinsToPass && others.joinsFailed > others.joinsStarted / 2;
  return (fewEverWork ? trial.joinsStarted : worked) >= joinsToPass;
}
