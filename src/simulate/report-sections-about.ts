/** What the report says once: where the subject loses, how to recompute it, and what the words mean. */
import { type Markup, el, embeddedJsonScript, group } from '../report/markup.ts';
import { measures } from './report-measures.ts';
import type { Model, ReportRun, TraceGroup } from './report-model.ts';
import { contests, judgements } from './report-verdicts.ts';

/** Said before anything else is shown in detail, so that nobody has to look for it. */
export function lossesSection(model: Model): Markup {
  const { subjectLabel, traces } = model;
  const lost = traces.flatMap((trace) => lossesOn(trace, model));
  const isCompared = traces.some(({ series }) => series.length > 1);
  const none = isCompared
    ? `${subjectLabel} loses none of the comparisons below.`
    : 'There was nothing to compare with.';
  return el(
    'section',
    { id: 'losses' },
    el('h2', {}, `Where ${subjectLabel} loses`),
    lost.length === 0 ? el('p', {}, none) : el('ul', {}, ...lost.map((text) => el('li', {}, text))),
  );
}

/** One sentence for each measure that is lost to anybody. */
function lossesOn(trace: TraceGroup, { subject }: Model): readonly string[] {
  const lost = judgements(trace, subject).filter(({ verdict }) => verdict === 'More');
  return contests.flatMap(({ name }) => {
    const own = lost.filter(({ contest }) => contest === name);
    if (own.length === 0) return [];
    const others = own.map(
      ({ other, text, count }) => `${other.label}: ${text}${count === 1 ? ', one seed' : ''}`,
    );
    return [`${trace.label}, ${name.toLowerCase()}, against ${others.join('; ')}.`];
  });
}

export function recomputeSection({ options, traces }: Model, runs: readonly ReportRun[]): Markup {
  const commands = options.commands ?? [];
  return el(
    'section',
    { id: 'recompute' },
    el('h2', {}, 'How to get these figures again'),
    el(
      'p',
      {},
      `Every run is determined by its trace, policy, seed, capacity (${options.capacity} participants a node) and launch time (${options.launchSeconds} s). `,
      'The same inputs give the same event log, byte for byte, and every figure but the computing time can be recomputed from that log alone.',
    ),
    commands.length === 0 ? undefined : el('pre', {}, commands.join('\n')),
    el(
      'p',
      {},
      `The results of all ${runs.length} runs on ${traces.length} ${traces.length === 1 ? 'trace' : 'traces'} are in this file as JSON, in the script element with the id `,
      el('code', {}, 'results'),
      '.',
    ),
    embeddedJsonScript(
      'results',
      runs.map(({ result, policyLabel, traceLabel, seed }) => ({ result, policyLabel, traceLabel, seed })),
    ),
  );
}

export function definitionsSection(): Markup {
  return el(
    'section',
    { id: 'definitions' },
    el('h2', {}, 'What the words mean'),
    el(
      'dl',
      {},
      ...Object.values(measures).map(({ label, meaning }) =>
        group(el('dt', {}, label), el('dd', {}, meaning)),
      ),
      ...words.map(([word, meaning]) => group(el('dt', {}, word), el('dd', {}, meaning))),
    ),
  );
}

const words: readonly (readonly [string, string])[] = [
  [
    '±',
    'Half the width of a 95 % confidence interval of the mean over the seeds, by Student’s t. With one seed there is none.',
  ],
  [
    'Paired by seed',
    'With the same seed all policies see the same rooms, so they are compared seed by seed and the differences are averaged. This removes the luck of the seed from the comparison.',
  ],
  [
    'Wins, loses, level',
    'Wins: the whole interval of the difference is on the better side. Loses: on the worse side. Level: the seeds do not decide. With one seed the value alone decides, which proves little.',
  ],
  [
    'Several comparisons',
    'Each interval stands for itself. Of twenty comparisons without any true difference about one would come out as won or lost.',
  ],
  [
    'CPU of a policy',
    'Policies that look at CPU are given load divided by capacity without any lag, which flatters them.',
  ],
];
