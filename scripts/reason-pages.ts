/** The reference of reasons and conditions: an index of each, and a page for each one. */
import { CONDITION_TYPES, type ConditionType } from '../src/api/conditions.ts';
import { type ReasonCode, reasons } from '../src/core/reasons.ts';
import { severityOf } from '../src/core/transitions.ts';
import { conditionGuide } from './condition-guide.ts';
import type { ConditionPlace, Place, PlainPlace, ReasonGuide } from './reason-guide-entry.ts';
import { reasonGuide } from './reason-guide.ts';

const command = 'scripts/gen-docs.ts';
const reasonsFolder = 'docs/reference/reasons';
const conditionsFolder = 'docs/reference/conditions';
const codes = Object.keys(reasons).filter((name): name is ReasonCode => name in reasons);

/** Every page by its path. */
export function reasonPages(): ReadonlyMap<string, string> {
  return new Map([
    ['docs/reference/reasons.md', indexOfReasons()],
    ['docs/reference/conditions.md', indexOfConditions()],
    ...codes.map((code) => [`${reasonsFolder}/${code}.md`, reasonPage(code)] as const),
    ...CONDITION_TYPES.map((type) => [`${conditionsFolder}/${type}.md`, conditionPage(type)] as const),
  ]);
}

function page(title: string, source: string, body: readonly string[]): string {
  const note = `<!-- Made from ${source} by ${command}. Do not edit: change the table and run it again. -->`;
  return `${[`# ${title}`, '', note, '', ...body].join('\n')}\n`;
}

function indexOfReasons(): string {
  const rows = codes.map(
    (code) => `| [\`${code}\`](reasons/${code}.md) | ${reasons[code]} | ${briefly(code)} |`,
  );
  return page('Reasons', 'src/core/reasons.ts and scripts/reason-guide.ts', [
    'Every decision, refusal, Event and condition carries one of these codes. The same code appears in the',
    'status, in Events, in the log and as the label `reason` of the metrics. Codes are never renamed. Each has a page',
    'with what to do.',
    '',
    '| Reason | What it says | Where it is seen |',
    '|---|---|---|',
    ...rows,
  ]);
}

function briefly(code: ReasonCode): string {
  return [...new Set(guideOf(code).places.map((place) => brief(place, code)))].join(', ');
}

type Say = (code: ReasonCode) => string;

const briefs: Readonly<Record<PlainPlace, Say>> = {
  size: () => 'decision',
  lastDecision: () => 'decision',
  refusal: () => 'refusal',
  node: () => 'node',
  loadTest: () => 'load test',
  profile: () => 'capacity profile',
  event: (code) => (severityOf(code) === 'Warning' ? 'Warning Event' : 'Event'),
};

function brief(place: Place, code: ReasonCode): string {
  return isOfCondition(place) ? place.replace('=', ' ') : briefs[place](code);
}

function isOfCondition(place: Place): place is ConditionPlace {
  return place.includes('=');
}

function guideOf(code: ReasonCode): ReasonGuide {
  return reasonGuide[code];
}

function reasonPage(code: ReasonCode): string {
  const { places: seen, when, meaning, whatToDo, seeAlso = [] } = guideOf(code);
  const also = seeAlso.map((other) => `[${other}](${other}.md)`).join(' · ');
  return page(code, 'src/core/reasons.ts and scripts/reason-guide.ts', [
    reasons[code],
    '',
    '## Where it is seen',
    '',
    ...seen.map((place) => `* ${seenAt(place, code)}`),
    '',
    '## When',
    '',
    when,
    '',
    '## What it means',
    '',
    meaning,
    '',
    '## What to do',
    '',
    ...steps(whatToDo),
    ...(also === '' ? [] : ['', `See also: ${also}`]),
  ]);
}

function steps(texts: readonly string[]): readonly string[] {
  return texts.length === 1 ? texts : texts.map((text, at) => `${at + 1}. ${text}`);
}

const places: Readonly<Record<PlainPlace, Say>> = {
  size: (code) =>
    `\`status.lastDecision.reason\`, and the metric \`openvidu_operator_decisions_total{reason="${code}"}\``,
  lastDecision: () => '`status.lastDecision.reason`',
  refusal: (code) =>
    `the metric \`openvidu_operator_refusals_total{reason="${code}"}\`, which grows with every pass that meets it, and the log`,
  node: () => '`status.nodes[].reason`',
  loadTest: () =>
    'a condition of an OpenViduLoadTest: `kubectl -n NAMESPACE describe ovlt NAME` ([what they mean](../../how-to/load-test-in-the-cluster.md#conditions))',
  profile: () =>
    'a condition of an OpenViduCapacityProfile: `kubectl -n NAMESPACE describe ovcp NAME` ([what they mean](../../how-to/capacity-profiles.md#conditions))',
  event: (code) =>
    `a ${severityOf(code)} Event: \`kubectl -n NAMESPACE get events --field-selector reason=${code}\``,
};

function seenAt(place: Place, code: ReasonCode): string {
  return isOfCondition(place) ? conditionPlace(place) : places[place](code);
}

function conditionPlace(place: ConditionPlace): string {
  const [type = '', status = ''] = place.split('=');
  return `the condition [${type}](../conditions/${type}.md), status ${status}`;
}

function indexOfConditions(): string {
  const rows = CONDITION_TYPES.map((type) => {
    const { whenTrue, whenFalse } = conditionGuide[type];
    return `| [\`${type}\`](conditions/${type}.md) | ${whenTrue} | ${whenFalse} |`;
  });
  return page('Conditions', 'src/api/conditions.ts and scripts/condition-guide.ts', [
    'Of an OpenViduCluster, in `status.conditions`. `kubectl -n NAMESPACE describe ovc CLUSTER` shows them, and',
    '`kubectl -n NAMESPACE wait ovc/CLUSTER --for=condition=Ready` waits for one.',
    '',
    '| Condition | True | False |',
    '|---|---|---|',
    ...rows,
  ]);
}

function conditionPage(type: ConditionType): string {
  const { whenTrue, whenFalse, unwell, whatToDo } = conditionGuide[type];
  const look = unwell === 'None' ? '' : `Look at it when it is ${unwell}. `;
  return page(type, 'src/api/conditions.ts and scripts/condition-guide.ts', [
    'A condition of an OpenViduCluster:',
    `\`kubectl -n NAMESPACE get ovc CLUSTER -o jsonpath='{.status.conditions[?(@.type=="${type}")]}'\``,
    '',
    '| Status | What it means | Reasons |',
    '|---|---|---|',
    `| True | ${whenTrue} | ${reasonsOf(type, 'True')} |`,
    `| False | ${whenFalse} | ${reasonsOf(type, 'False')} |`,
    '',
    '## What to do',
    '',
    `${look}${whatToDo}`,
    '',
    'The page of each reason has the steps for it.',
  ]);
}

function reasonsOf(type: ConditionType, status: 'True' | 'False'): string {
  const found = codes.filter((code) => guideOf(code).places.includes(`${type}=${status}`));
  return found.map((code) => `[${code}](../reasons/${code}.md)`).join(', ');
}
