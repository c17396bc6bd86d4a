/** What load tests add to the common style sheet. */
import { styleSheet } from '../report/style.ts';

/** Blue up to the limit, the stronger the nearer, vermilion beyond it; the stronger is the darker one on white paper. */
const heat = {
  light: ['#e3edf6', '#b9d1e7', '#7fa9d1', '#3d78b3', '#d55e00', '#7f2704'],
  dark: ['#152a3b', '#1f4560', '#2f6b91', '#56a0c8', '#e8762c', '#ffc89a'],
} as const;
const heatRules = (colours: readonly string[]): string =>
  colours.map((colour, at) => `.h${at}{fill:${colour}}`).join('');

export const loadTestStyle = `${styleSheet}
.limit{stroke:var(--hurt);stroke-width:1.6;stroke-dasharray:6 3}
.means{fill:none;stroke:var(--soft);stroke-width:1.6}
.fit{fill:none;stroke:var(--ink);stroke-width:1.8;stroke-dasharray:9 3 2 3}
.capacity{fill:var(--serving);opacity:.5}
.shade{opacity:.28}
.box{stroke:var(--soft);stroke-width:.6}
.v-pass{fill:var(--serving)}
.v-fail{fill:var(--hurt)}
.v-invalid{fill:url(#hatch)}
.cross{fill:none;stroke:var(--paper);stroke-width:1.2}
.chart text.small{font-size:9.5px}
${heatRules(heat.light)}
@media (prefers-color-scheme:dark){${heatRules(heat.dark)}}
main,header,nav{max-width:92rem}
.pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(40rem,100%),1fr));gap:0 1.5rem}
.pair>figure{min-width:0}
td.words{text-align:left}
ul.plain{padding-left:1.2rem}
@media print{${heatRules(heat.light)}.v-pass,.v-fail,.capacity,.h0,.h1,.h2,.h3,.h4,.h5{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
`;
