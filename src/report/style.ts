/** The report's own style sheet and its small script, which the page also does without. */

/** Okabe and Ito's colours, which people with any kind of colour vision tell apart. Never the only sign of anything. */
const seriesColours: readonly string[] = [
  '#0072b2',
  '#d55e00',
  '#009e73',
  '#cc79a7',
  '#e69f00',
  '#56b4e9',
  '#8a8a8a',
  '#b3a100',
];

const seriesRules = seriesColours
  .map((colour, at) => `.c${at}{fill:${colour}}.s${at}{stroke:${colour}}`)
  .join('\n');

export const styleSheet = `
:root{color-scheme:light dark;--ink:#1b1f24;--soft:#57606a;--paper:#fff;--panel:#f6f8fa;--rule:#d0d7de;--serving:#bfdcee;--closed:#7f8c99;--launching:#e69f00;--hurt:#d55e00;--focus:#0072b2}
@media (prefers-color-scheme:dark){:root{--ink:#e6edf3;--soft:#9aa7b4;--paper:#0f1419;--panel:#171d24;--rule:#38424d;--serving:#1f4e6b;--closed:#93a1af;--launching:#e69f00;--hurt:#ff8c42;--focus:#56b4e9}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
main,header,nav{max-width:68rem;margin:0 auto;padding:0 1rem}
h1{font-size:1.1rem;font-weight:600;margin:1.5rem 0 0;color:var(--soft)}
.answer{font-size:clamp(1.3rem,3.4vw,1.9rem);line-height:1.3;font-weight:650;margin:.4rem 0}
h2{margin:2.5rem 0 .5rem;padding-top:.5rem;border-top:2px solid var(--ink);font-size:1.4rem;overflow-wrap:anywhere}
h3{margin:1.8rem 0 .4rem;font-size:1.1rem}
p,li,dd{max-width:52rem}
a{color:var(--focus)}
nav ul{display:flex;flex-wrap:wrap;gap:.3rem 1.2rem;list-style:none;padding:0;margin:1rem 0}
.soft,figcaption,caption{color:var(--soft)}
.scroll{overflow-x:auto}
.scroll:focus-visible,summary:focus-visible,button:focus-visible,a:focus-visible{outline:2px solid var(--focus);outline-offset:2px}
table{border-collapse:collapse;font-size:.875rem;margin:.5rem 0 1rem;font-variant-numeric:tabular-nums}
caption{text-align:left;padding:.3rem 0;caption-side:top}
th,td{padding:.3rem .6rem;border-bottom:1px solid var(--rule);text-align:right;vertical-align:top}
thead th{border-bottom:2px solid var(--rule);vertical-align:bottom}
th[scope=row],thead th:first-child{text-align:left;font-weight:500;overflow-wrap:anywhere;min-width:8rem}
tr.marked th,tr.marked td{background:var(--panel);font-weight:650}
table.prose td,table.prose th{text-align:left;min-width:8.5rem}
td.lose{box-shadow:inset 3px 0 0 var(--hurt);font-weight:650}
figure{margin:1rem 0 1.5rem}
figcaption{margin-bottom:.2rem}
.chart{width:100%;min-width:34rem;height:auto;display:block}
.chart text{font-size:12px;fill:var(--ink);font-family:inherit;paint-order:stroke;stroke:var(--paper);stroke-width:3px;stroke-linejoin:round}
.grid{stroke:var(--rule);stroke-width:1}
.axis{stroke:var(--soft);stroke-width:1}
.serving{fill:var(--serving)}
.closed{fill:url(#hatch)}
.launching{fill:url(#dots)}
.load{fill:none;stroke:var(--ink);stroke-width:1.6}
.overload{fill:var(--hurt)}
.whisker,.interval{fill:none;stroke:var(--ink);stroke-width:1.2}
.interval{stroke:var(--soft)}
.reference{stroke:var(--ink);stroke-width:1.5;stroke-dasharray:5 3}
.bar{opacity:.85}
.part{fill:url(#hatch)}
.series{fill:none;stroke-width:2}
.marker{stroke:var(--paper);stroke-width:1}
.swatch{width:2.75rem;height:.9rem;vertical-align:middle;margin-right:.4rem}
.key{width:1.4rem;height:.9rem;vertical-align:middle;margin-right:.4rem;border:1px solid var(--rule)}
.interval-text{display:block;color:var(--soft);font-weight:400;font-size:.8em;white-space:nowrap}
.hatching{stroke:var(--closed);stroke-width:1.6}
.dotting{fill:var(--launching)}
.legend{display:flex;flex-wrap:wrap;gap:.2rem 1.4rem;list-style:none;padding:0;margin:.4rem 0;font-size:.875rem}
details{margin:.3rem 0}
summary{cursor:pointer;color:var(--focus)}
dt{font-weight:600;margin-top:.6rem}
dd{margin:0}
pre{background:var(--panel);padding:.8rem;overflow-x:auto;font-size:.85rem;white-space:pre-wrap;overflow-wrap:anywhere}
button{font:inherit;color:inherit;background:var(--panel);border:1px solid var(--rule);border-radius:4px;padding:.2rem .6rem;cursor:pointer}
.defs{position:absolute;width:0;height:0}
.block{break-inside:avoid}
${seriesRules}
@media (max-width:40rem){th,td{padding:.25rem .4rem}}
@media print{
@page{margin:14mm}
:root{color-scheme:light;--ink:#000;--soft:#333;--paper:#fff;--panel:#f2f2f2;--rule:#bbb;--serving:#bfdcee;--closed:#667;--launching:#e69f00;--hurt:#d55e00;--focus:#000}
body{font-size:10pt}
main,header{max-width:none;padding:0}
nav,button{display:none}
h2,h3,figcaption,caption{break-after:avoid}
figure,tr,.block{break-inside:avoid}
.scroll{overflow:visible}
table{font-size:7.5pt;width:100%}
th,td{padding:1.2mm 1mm}
th[scope=row],table.prose td,table.prose th{min-width:0}
.chart{min-width:0}
.bar,.serving,td.lose,tr.marked td,tr.marked th{print-color-adjust:exact;-webkit-print-color-adjust:exact}
}
`;

/** Only a convenience: tables can be sorted by a click on a header, and all of them opened at once. */
export const script = `
(function(){
  var main = document.querySelector('main');
  var all = Array.prototype.slice.call(document.querySelectorAll('details'));
  var button = document.createElement('button');
  button.type = 'button';
  button.textContent = 'Open all tables';
  button.addEventListener('click', function(){
    var open = all.some(function(each){ return !each.open; });
    all.forEach(function(each){ each.open = open; });
    button.textContent = open ? 'Close all tables' : 'Open all tables';
  });
  main.insertBefore(button, main.firstChild);
  function number(cell){
    var text = cell.textContent.replace(/\\u2009/g, '').replace('\\u2212', '-');
    var found = /-?\\d+(\\.\\d+)?/.exec(text);
    return found ? Number(found[0]) : NaN;
  }
  document.querySelectorAll('table.sorts').forEach(function(table){
    table.querySelectorAll('thead th').forEach(function(head, column){
      head.style.cursor = 'pointer';
      head.title = 'Sort by this column';
      head.addEventListener('click', function(){
        var down = head.getAttribute('aria-sort') === 'ascending';
        table.querySelectorAll('thead th').forEach(function(each){ each.removeAttribute('aria-sort'); });
        head.setAttribute('aria-sort', down ? 'descending' : 'ascending');
        var body = table.tBodies[0];
        var rows = Array.prototype.slice.call(body.rows);
        rows.sort(function(one, other){
          var a = one.cells[column], b = other.cells[column];
          var order = number(a) - number(b);
          if (isNaN(order)) order = a.textContent.localeCompare(b.textContent);
          return down ? -order : order;
        });
        rows.forEach(function(row){ body.appendChild(row); });
      });
    });
  });
})();
`;
