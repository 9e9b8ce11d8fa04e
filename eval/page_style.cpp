#include "eval/page_style.h"

namespace tessera::eval {

const char* const kPageStyle = R"css(
:root { --page: #fbfaf7; --card: #ffffff; --ink: #1d2126; --muted: #6c7480; --grid: #e2e0da;
        --a: #1f6fb2; --b: #c2571a; --yes: #2c7a4b; --no: #b3261e; }
@media (prefers-color-scheme: dark) {
  :root { --page: #15181c; --card: #1e2329; --ink: #e8e6e1; --muted: #9aa3ae; --grid: #343b44;
          --a: #6cb4ee; --b: #f2a06a; --yes: #7fcf9d; --no: #f2918a; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink);
       font: 15px/1.5 system-ui, "DejaVu Sans", sans-serif; }
main { max-width: 1120px; margin: 0 auto; padding: 28px 20px 60px; }
h1 { font-size: 26px; line-height: 1.25; margin: 0 0 12px; overflow-wrap: anywhere; }
h2 { font-size: 20px; margin: 40px 0 8px; }
h3 { font-size: 15px; margin: 26px 0 8px; color: var(--muted); font-weight: 600; }
p { max-width: 76ch; }
.a { color: var(--a); } .b { color: var(--b); } .even { color: var(--muted); }
.wide { overflow-x: auto; margin: 18px 0; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: 6px 12px; text-align: right; white-space: nowrap;
         border-bottom: 1px solid var(--grid); }
th:first-child { text-align: left; padding-left: 0; }
tr:first-child th { color: var(--muted); font-weight: 600; font-size: 13px; }
tr:first-child th.a { color: var(--a); } tr:first-child th.b { color: var(--b); }
tr + tr th { font-weight: 500; }
td.words { text-align: left; }
.sides td { text-align: left; white-space: normal; overflow-wrap: anywhere; min-width: 12ch; }
.sides th { text-align: left; vertical-align: top; }
.sides tr.differs td { font-weight: 600; }
.plots { display: flex; flex-wrap: wrap; gap: 12px 28px; margin: 22px 0; }
.plot { max-width: 100%; height: auto; }
.plot text { fill: var(--muted); font-size: 12px; }
.gallery { display: grid; grid-template-columns: repeat(auto-fill, minmax(310px, 1fr)); gap: 14px; }
figure { margin: 0; background: var(--card); border: 1px solid var(--grid); border-radius: 8px;
         padding: 10px; }
.both { display: flex; gap: 10px; }
.one { flex: 1 1 0; min-width: 0; position: relative; }
.one img, .none { width: 100%; aspect-ratio: 1; object-fit: contain; display: block;
                  border-radius: 4px; image-rendering: pixelated; background: var(--grid); }
.none { display: grid; place-items: center; color: var(--muted); font-size: 12px; }
.letter { position: absolute; top: 5px; left: 5px; width: 20px; height: 20px; border-radius: 10px;
          font-size: 12px; line-height: 20px; text-align: center; font-weight: 700; z-index: 1;
          background: var(--card); }
.facts { font-size: 12px; color: var(--muted); margin-top: 5px; line-height: 1.4; }
.facts span { white-space: nowrap; margin-right: 4px; }
.facts .yes { color: var(--yes); } .facts .no { color: var(--no); font-weight: 600; }
figcaption { margin-top: 7px; font-size: 13px; overflow-wrap: anywhere; }
@media print { figure { break-inside: avoid; } }
)css";

}  // namespace tessera::eval
