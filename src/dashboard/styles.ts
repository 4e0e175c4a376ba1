/** The look of all pages: light and dark, screen and print. */
export const STYLES = `
:root{color-scheme:light dark;--bg:#f6f7f9;--panel:#fff;--ink:#16202e;--soft:#55606f;--line:#dde2e9;--accent:#0f5fd6;--accent-ink:#fff;--hover:#eef2f8;
--good:#0a6b3d;--good-bg:#e2f4ea;--warn:#7a4b00;--warn-bg:#fdf0d5;--bad:#a61b1b;--bad-bg:#fde8e8;--info-bg:#e6effd;--info:#0b4aa8;
--s0:#2f6fde;--s1:#12a594;--s2:#e0872b;--s3:#8e5bd0;--s4:#d0457f;--s5:#7a8796}
@media (prefers-color-scheme:dark){:root{--bg:#0e131a;--panel:#161d27;--ink:#e6ebf2;--soft:#9eabba;--line:#2a3442;--accent:#6ea8ff;--accent-ink:#08152b;--hover:#1e2733;
--good:#6fdba1;--good-bg:#12301f;--warn:#f3c475;--warn-bg:#38290d;--bad:#ff9d9d;--bad-bg:#3d1a1c;--info-bg:#15294a;--info:#a8c9ff;
--s0:#6ea8ff;--s1:#3fd0bd;--s2:#f2a65a;--s3:#b794f4;--s4:#f281ab;--s5:#93a1b1}}
*{box-sizing:border-box}
html{font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif;background:var(--bg);color:var(--ink);-webkit-text-size-adjust:100%}
body{margin:0;font-variant-numeric:tabular-nums}
a{color:var(--accent);text-decoration:none}a:hover{text-decoration:underline}
main a:not(.button):not(.tile){text-decoration:underline;text-decoration-color:color-mix(in srgb,currentColor 35%,transparent);text-underline-offset:2px}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px;border-radius:4px}
.skip{position:absolute;left:-999px}.skip:focus{left:8px;top:8px;background:var(--panel);padding:8px 12px;z-index:9}
.shell{display:grid;grid-template-columns:216px minmax(0,1fr);min-height:100vh}
.side{border-right:1px solid var(--line);background:var(--panel)}.menu{padding:20px 14px;display:flex;flex-direction:column;gap:18px;position:sticky;top:0;height:100vh;overflow:auto}
.brand{display:flex;gap:10px;align-items:center;font-weight:650;font-size:16px;color:var(--ink);padding:0 8px}.brand img{width:26px;height:26px}
.brand:hover{text-decoration:none}
.side nav ul{list-style:none;margin:0;padding:0;display:grid;gap:2px}
.side nav a{display:block;padding:7px 10px;border-radius:7px;color:var(--soft);font-weight:500}
.side nav a:hover{background:var(--hover);color:var(--ink);text-decoration:none}
.side nav a[aria-current]{background:var(--info-bg);color:var(--info)}
.who{margin-top:auto;font-size:13px;color:var(--soft);padding:0 8px;display:grid;gap:8px}
main{padding:26px 32px 60px;max-width:1240px;width:100%;min-width:0}
h1{font-size:23px;line-height:1.25;margin:0;letter-spacing:-.01em;overflow-wrap:anywhere}
h2{font-size:15.5px;margin:0;font-weight:620}
h3{font-size:14px;margin:0;font-weight:600}
.head{display:flex;flex-wrap:wrap;gap:10px 16px;align-items:center;justify-content:space-between;margin-bottom:18px}
.head .sub{color:var(--soft);margin:3px 0 0;font-size:14px;overflow-wrap:anywhere}
.crumbs{font-size:13px;color:var(--soft);margin:0 0 4px}
.grid{display:grid;gap:16px;grid-template-columns:repeat(12,minmax(0,1fr))}
.card{background:var(--panel);border:1px solid var(--line);border-radius:11px;padding:16px 18px;grid-column:span 12;min-width:0;margin:0}
.w3{grid-column:span 3}.w4{grid-column:span 4}.w5{grid-column:span 5}.w6{grid-column:span 6}.w7{grid-column:span 7}.w8{grid-column:span 8}
.card>header{display:flex;flex-wrap:wrap;justify-content:space-between;align-items:baseline;gap:4px 12px;margin-bottom:10px}
.card>header .note{font-size:13px;color:var(--soft)}
.stat{display:flex;flex-direction:column;gap:2px}.stat dt,.stat .label{font-size:13px;color:var(--soft)}
.stat .value{font-size:25px;font-weight:640;letter-spacing:-.015em;line-height:1.25;overflow-wrap:anywhere}.stat .note{font-size:13px;color:var(--soft)}
.scroll{overflow-x:auto;margin:0 -18px -4px;padding:0 18px 4px}
table{border-collapse:collapse;width:100%;font-size:14px}
caption{text-align:left;color:var(--soft);font-size:13px;padding-bottom:6px}
th{font-weight:560;color:var(--soft);text-align:left;font-size:12.5px;white-space:nowrap}
th,td{padding:8px 14px 8px 0;border-bottom:1px solid var(--line);vertical-align:top}
tbody th{color:var(--ink);font-size:14px;white-space:normal}
td{overflow-wrap:anywhere;min-width:84px}td.n{min-width:0}
th.n,td.n{text-align:right;white-space:nowrap;padding-right:0;padding-left:14px}
th:last-child,td:last-child{padding-right:0}
tbody tr:last-child>*{border-bottom:0}tbody tr:hover{background:var(--hover)}
tfoot td,tfoot th{font-weight:640;border-top:2px solid var(--line);border-bottom:0;color:var(--ink);font-size:14px}
.minor{color:var(--soft);font-size:13px}td>.name{white-space:nowrap}.card h3{margin-top:14px}.curves h3{margin-top:0}.nowrap{white-space:nowrap}.wide{min-width:230px}
.tag{display:inline-block;padding:1px 8px;border-radius:20px;font-size:12.5px;font-weight:560;background:var(--hover);color:var(--soft);white-space:nowrap}
.tag.good{background:var(--good-bg);color:var(--good)}.tag.warn{background:var(--warn-bg);color:var(--warn)}.tag.bad{background:var(--bad-bg);color:var(--bad)}.tag.info{background:var(--info-bg);color:var(--info)}
.notice{border-radius:9px;padding:10px 14px;margin:0 0 16px;background:var(--info-bg);color:var(--info)}.card .notice{margin:0}
.notice.good{background:var(--good-bg);color:var(--good)}.notice.warn{background:var(--warn-bg);color:var(--warn)}.notice.bad{background:var(--bad-bg);color:var(--bad)}
.notice p{margin:0}.notice ul{margin:4px 0 0;padding-left:18px}.notice code{color:inherit;background:none}
.empty{color:var(--soft);text-align:center;padding:22px 12px}.empty p{margin:0 0 4px}.empty strong{color:var(--ink);font-weight:600}
form{margin:0}
.fields{display:grid;gap:14px;max-width:560px}
label,.label{font-size:13.5px;font-weight:560}label .hint,.hint{display:block;font-weight:400;color:var(--soft);font-size:13px}
input,select,textarea{font:inherit;color:inherit;background:var(--panel);border:1px solid color-mix(in srgb,var(--soft) 60%,var(--line));border-radius:7px;padding:7px 10px;width:100%;margin-top:3px;font-weight:400;min-height:38px}td input:not([type=checkbox]){min-width:120px;margin:0}
textarea{font:13px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;min-height:120px;resize:vertical}textarea.tall{min-height:420px}
input[type=checkbox]{width:auto;min-height:0;margin:0 6px 0 0}input[aria-invalid=true],textarea[aria-invalid=true]{border-color:var(--bad)}
.fault{color:var(--bad);font-size:13px}
button,.button{font:inherit;font-weight:560;border:1px solid transparent;border-radius:7px;padding:7px 14px;background:var(--accent);color:var(--accent-ink);cursor:pointer;display:inline-block;line-height:1.4}
button:hover,.button:hover{filter:brightness(1.06);text-decoration:none}button:disabled{opacity:.55;cursor:default}
.quiet{background:var(--panel);color:var(--ink);border-color:var(--line)}button.danger{background:var(--bad);color:var(--panel)}
.small{padding:3px 10px;font-size:13px}
.actions{display:flex;flex-wrap:wrap;gap:8px;align-items:center}
.filters{display:flex;flex-wrap:wrap;gap:10px;align-items:end;margin-bottom:14px}.filters label{min-width:130px;flex:0 1 auto}.filters .grow{flex:1 1 220px;max-width:420px}
.pager{display:flex;justify-content:space-between;align-items:center;gap:12px;margin-top:12px;font-size:14px;color:var(--soft)}
code,.code{font:13px ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;background:var(--hover);border-radius:4px;padding:1px 5px;overflow-wrap:anywhere}
pre{font:12.5px/1.55 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;background:var(--hover);padding:12px;border-radius:8px;overflow:auto;margin:0;max-height:420px}
details.void{position:relative}details.void>form{position:absolute;right:0;z-index:5;width:min(340px,90vw)}details.void summary{list-style:none;color:var(--ink);font-size:inherit}details.void .fields{box-shadow:0 8px 30px rgb(0 0 0/.2);display:grid}details{margin-top:4px}.card>details{margin-top:12px}details>summary{cursor:pointer;color:var(--accent);font-size:13.5px}details[open]>summary{margin-bottom:8px}
dl.facts{display:grid;grid-template-columns:max-content minmax(0,1fr);gap:6px 18px;margin:0;font-size:14px}dl.facts dt{color:var(--soft)}dl.facts dd{margin:0;overflow-wrap:anywhere}
svg{display:block;max-width:100%}.trend{max-width:none;width:150px;height:30px}.chart{width:100%;height:auto;overflow:visible}
.chart text{fill:var(--soft);font-size:11.5px;font-family:inherit}.chart .axis{stroke:var(--line);stroke-width:1}.chart .base{stroke:var(--soft)}
.f0{fill:var(--s0)}.f1{fill:var(--s1)}.f2{fill:var(--s2)}.f3{fill:var(--s3)}.f4{fill:var(--s4)}.f5{fill:var(--s5)}
.l0,.l1,.l2,.l3,.l4,.l5{fill:none;stroke-width:2}.l0{stroke:var(--s0)}.l1{stroke:var(--s1)}.l2{stroke:var(--s2)}.l3{stroke:var(--s3)}.l4{stroke:var(--s4)}.l5{stroke:var(--s5)}
.chart .edge{stroke:var(--soft);stroke-dasharray:3 4}.chart [data-tip]:hover{opacity:.75}.hit{fill:transparent}.less{fill:var(--s1)}.more{fill:var(--s2)}
.bar .track{fill:var(--line)}.bar .fill{fill:var(--s0)}.bar .fill.warn{fill:var(--s2)}.bar .fill.bad{fill:var(--bad)}
.legend{display:flex;flex-wrap:wrap;gap:4px 16px;font-size:13px;color:var(--soft);margin:8px 0 0;padding:0;list-style:none}.legend svg{display:inline-block;vertical-align:-1px;margin-right:6px}
.usage{display:grid;gap:10px}.usage .row{display:grid;grid-template-columns:130px minmax(80px,1fr) 300px;gap:4px 18px;align-items:center}.usage .row>:last-child{text-align:right}
.wide-chart{overflow-x:auto}.wide-chart .chart{min-width:560px}
.tip{position:fixed;z-index:20;background:var(--ink);color:var(--panel);padding:5px 9px;border-radius:6px;font-size:12.5px;pointer-events:none;max-width:280px}
dialog{border:1px solid var(--line);border-radius:12px;background:var(--panel);color:var(--ink);max-width:420px;padding:20px}dialog::backdrop{background:rgb(0 0 0/.45)}dialog p{margin:0 0 16px}dialog .actions{justify-content:flex-end}
.sr{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.alone{min-height:100vh;display:grid;place-items:center;padding:20px}.alone .card{width:min(410px,100%);padding:28px}.alone .brand{padding:0;margin-bottom:16px}
.portal{max-width:1020px;margin:0 auto;padding:22px 20px 48px}.portal main{padding:0}.portal h1{margin-bottom:16px}.portal .brand{padding:0}.portal .top{border-bottom:3px solid var(--brand,var(--accent));padding-bottom:12px}.portal .top{display:flex;justify-content:space-between;gap:14px;flex-wrap:wrap;align-items:center;margin-bottom:18px}.logo{max-height:34px;max-width:180px;width:auto!important}
@media (max-width:900px){details.void>form{left:0;right:auto}.shell{display:block}.side{border-right:0;border-bottom:1px solid var(--line)}.menu{position:static;height:auto;flex-direction:row;align-items:center;flex-wrap:wrap;gap:8px;padding:10px 14px}
.side nav{order:3;width:100%;overflow-x:auto}.side nav ul{display:flex}.side nav a{white-space:nowrap;padding:6px 9px}.who{margin:0 0 0 auto;display:flex;align-items:center}.who .end{display:none}main{padding:18px 16px 48px}.w3{grid-column:span 6}.w4,.w5,.w6,.w7,.w8{grid-column:span 12}}
@media (max-width:560px){h1{font-size:20px}.card{padding:14px}.scroll{margin:0 -14px;padding:0 14px 4px}.stat .value{font-size:20px}.usage .row{grid-template-columns:1fr}.usage .row>:last-child{text-align:left}.filters label{flex:1 1 45%}.filters .grow{flex-basis:100%}dl.facts{grid-template-columns:1fr;gap:0}dl.facts dd{margin-bottom:8px}}
@media print{:root{--bg:#fff;--panel:#fff;--ink:#000;--soft:#444;--line:#bbb}.side,.actions,.filters,.pager,form,.skip,.noprint,summary{display:none!important}.shell{display:block}main{padding:0;max-width:none}.card{border:0;border-top:1px solid #bbb;border-radius:0;padding:12px 0;break-inside:avoid}.scroll{overflow:visible}a{color:inherit}}
`.replaceAll("\n", "");
