/** The frame of a page that is one file: no network, no library, and a policy that forbids to load anything. */
import { type Child, type Markup, el, group, verbatim } from './markup.ts';

export interface Page {
  readonly title: string;
  readonly style: string;
  /** Only for convenience; none at all is allowed to run where this is undefined. */
  readonly script: string | undefined;
  readonly body: readonly Child[];
}

/** The whole document as text. */
export function renderPage({ title, style, script, body }: Page): string {
  const scripts = script === undefined ? '' : "; script-src 'unsafe-inline'";
  const document = el(
    'html',
    { lang: 'en' },
    el(
      'head',
      {},
      el('meta', { charset: 'utf-8' }),
      el('meta', {
        'http-equiv': 'Content-Security-Policy',
        content: `default-src 'none'; style-src 'unsafe-inline'${scripts}`,
      }),
      el('meta', { name: 'viewport', content: 'width=device-width, initial-scale=1' }),
      el('title', {}, title),
      el('style', {}, verbatim(style)),
    ),
    el(
      'body',
      {},
      patterns(),
      ...body,
      script === undefined ? undefined : el('script', {}, verbatim(script)),
    ),
  );
  return `<!doctype html>\n${document.markup}\n`;
}

/** Links to the sections of the page, by the ids that they have. */
export function contents(links: readonly (readonly [id: string, text: string])[]): Markup {
  return el(
    'nav',
    { 'aria-label': 'Contents' },
    el('ul', {}, ...links.map(([id, text]) => el('li', {}, el('a', { href: `#${id}` }, text)))),
  );
}

/** Fills that differ in texture, so that they need no colour to be told apart. */
function patterns(): Markup {
  const tile = { patternUnits: 'userSpaceOnUse', width: 6, height: 6 };
  return el(
    'svg',
    { class: 'defs', 'aria-hidden': 'true' },
    el(
      'defs',
      {},
      el(
        'pattern',
        { id: 'hatch', ...tile },
        group(el('path', { d: 'M-1 7L7-1M-1 1L1-1M5 7L7 5', class: 'hatching' })),
      ),
      el('pattern', { id: 'dots', ...tile }, el('circle', { cx: 3, cy: 3, r: 1.8, class: 'dotting' })),
    ),
  );
}
