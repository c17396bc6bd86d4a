/** The answer of a run in one sentence, and what it means and does not mean in some more. */
import { counted, figure, upperFirst } from '../report/figure.ts';
import { type Model, countsOf, highestPassed, lowestFailed, withoutBaseline } from './report-model.ts';
import { cpuDeviation } from './report-steadiness.ts';
import { boundText, levelFigure, levelText } from './report-words.ts';
import type { Fingerprint, SearchResult } from './record.ts';

/** One sentence; an unfinished run never gets a capacity. */
export function headline(model: Model): string {
  const { summary, outcome } = model;
  const result = summary?.result;
  switch (outcome) {
    case 'Complete':
      return result === undefined ? fixedAnswer(withoutBaseline(model)) : capacityAnswer(model, result);
    case 'Stopped':
      return `Stopped before there was an answer: ${soFar(model)}`;
    case 'Inconclusive':
      return `No answer: ${sentence(summary?.why ?? 'the run does not say why')} ${upperFirst(soFar(model))}`;
    case 'Cut':
      return `The record ends before the run did, so there is no answer: ${soFar(model)}`;
  }
}

/** With exactly one full stop at its end. */
export function sentence(text: string): string {
  return `${text.trim().replace(/[.\s]+$/, '')}.`;
}

function capacityAnswer(model: Model, result: SearchResult): string {
  const { scenario } = model;
  const place = placeText(model);
  if (result.bindingLimit === 'MaxReached') {
    return `At least ${levelText(scenario, result.capacity)}: the largest load of the scenario passed, so the limit was not found, on ${place}.`;
  }
  const lowest = model.levels[0]?.level;
  if (result.capacity <= 0 || (lowest !== undefined && result.capacity < lowest)) {
    const than = lowest === undefined ? 'the lowest level' : levelText(scenario, lowest);
    return `Fewer than ${than}: the lowest level failed already, ${boundText(result)}, on ${place}.`;
  }
  return `${levelText(scenario, result.capacity)} (${intervalText(result)}), ${boundText(result)}, on ${place}.`;
}

/** How sure the capacity is. */
export function intervalText({ lower95, upper95, repetitions }: SearchResult): string {
  if (repetitions.length < 2) return 'one repetition, which shows no spread';
  const [low, high] = [levelFigure(lower95), levelFigure(upper95)];
  return low === high ? `the same in ${repetitions.length} repetitions` : `95\u00a0%: ${low}\u2013${high}`;
}

/** The node that was measured. */
export function placeText({ fingerprint }: Model): string {
  const { serverVersion } = fingerprint;
  const version =
    serverVersion === 'unknown' ? 'a media server of unknown version' : `livekit-server ${serverVersion}`;
  return `${coresText(fingerprint)} with ${version}`;
}

function coresText({ serverCores, serverCpu }: Fingerprint): string {
  const cores = `${levelFigure(serverCores)} ${serverCores === 1 ? 'core' : 'cores'}`;
  return `${cores} of ${serverCpu === 'unknown' ? 'an unknown processor' : serverCpu}`;
}

function fixedAnswer(model: Model): string {
  const { scenario, windows } = model;
  const { pass, fail, invalid } = countsOf(windows);
  if (pass + fail === 0)
    return `No answer: none of ${counted(invalid, 'window')} could be judged, on ${placeText(model)}.`;
  const levels = model.levels.map(({ level }) => level);
  const [only] = levels;
  const rest = `on ${placeText(model)}`;
  if (levels.length === 1 && only !== undefined) {
    const word = fail === 0 ? 'passed' : pass === 0 ? 'failed' : 'passed in part';
    return `${levelText(scenario, only)} ${word}: ${windowsText(model)}, ${rest}.`;
  }
  return `${upperFirst(passedText(model))}: ${windowsText(model)}, ${rest}.`;
}

function passedText(model: Model): string {
  const best = highestPassed(model);
  const worst = lowestFailed(model);
  const passed =
    best === undefined
      ? 'no level passed'
      : `the highest level that passed is ${levelText(model.scenario, best)}`;
  const failed = worst === undefined ? 'none failed' : `the lowest that failed is ${levelFigure(worst)}`;
  return `${passed}, and ${failed}`;
}

function windowsText({ windows }: Model): string {
  const { pass, fail, invalid } = countsOf(windows);
  return `${figure(pass, 0)} of ${counted(pass + fail, 'judged window')} passed${invalid === 0 ? '' : `, ${invalid} more invalid`}`;
}

function soFar(model: Model): string {
  if (model.windows.length === 0) return 'no window was measured.';
  return `so far ${passedText(model)} (${windowsText(model)}).`;
}

/** What one may take from the figures. */
export function meanings(model: Model): readonly string[] {
  const { summary, scenario, outcome } = model;
  const result = summary?.result;
  if (outcome !== 'Complete') {
    return [
      'The windows below are what was measured until the end. They are no capacity: nothing here says what the node can carry.',
    ];
  }
  if (result === undefined) {
    return [
      'Each window says whether people got what the limits below ask for at that load, and nothing about other loads.',
    ];
  }
  return [
    `Up to ${levelText(scenario, result.capacity)} people got what the limits below ask for; ${
      result.bindingLimit === 'MaxReached' ? 'more was not tried.' : 'with more they did not.'
    }`,
    `For planning and for the autoscaler take the lower bound, ${levelFigure(result.lower95)}: ${repetitionsText(result)}.`,
    ...(result.n50 === undefined
      ? []
      : [
          `At ${levelText(scenario, result.n50)} half of the windows would fail, by a curve through all of them.`,
        ]),
  ];
}

/** What one may not. */
export function limitations(model: Model): readonly string[] {
  const { fingerprint } = model;
  return [
    `It holds for this media, these limits and this machine (${coresText(fingerprint)}). Other processors, versions and engines give other figures; a node with more cores need not carry as many times more.`,
    'Most participants are bulk clients: they send and receive real media and answer as a client does, but decode nothing. Browsers ask a little more of a server, so these figures are upper bounds.',
    ...(fingerprint.samePlace
      ? [
          'Generator and server shared one machine and its loopback: no network interface, no switch and no loss was in between, and they competed for memory and caches.',
        ]
      : []),
    ...steadinessText(model),
    ...(!hasProbes(model) ? ['Nobody decoded anything: freezes and concealed audio were not measured.'] : []),
    'Recording, ingest, TURN and TLS relays on the node cost more, and were not there.',
  ];
}

function steadinessText(model: Model): readonly string[] {
  const share = cpuDeviation(model);
  if (share === undefined) return [];
  const percent = `${figure(share * 100, 1)}\u00a0%`;
  return [
    `The same load took ${percent} more or less of the node’s processor from window to window (standard deviation): whole searches do not agree better than that.`,
  ];
}

function repetitionsText({ repetitions, capacity }: SearchResult): string {
  const found = repetitions.map(levelFigure).join(', ');
  if (repetitions.length < 2)
    return `one whole search found ${levelFigure(capacity)}, and the interval is one step of it`;
  return `${repetitions.length} whole searches, each with rooms of its own, found ${found}`;
}

function hasProbes({ windows }: Model): boolean {
  return windows.some(({ workers }) => workers.some(({ probes }) => probes.length > 0));
}
