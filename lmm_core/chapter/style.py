"""The style sheet of every page: the worked chapter, the feedback, a certificate. It holds in the dark and on paper."""

STYLE = """
:root { color-scheme: light dark; --ink: #1d1d1f; --paper: #ffffff; --soft: #f3f4f6; --line: #c8ccd2; --quiet: #4b5563;
  --mark: #0b57a4; --good: #1b6e34; --bad: #8f4300; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8e8ea; --paper: #16181c; --soft: #23262d; --line: #4a4f59;
  --quiet: #b6bcc6; --mark: #8ec5ff; --good: #86d69b; --bad: #f4ae6c; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1rem; max-width: 60rem; color: var(--ink); background: var(--paper);
  font: 1.05rem/1.55 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.9rem; line-height: 1.2; } h2 { margin-top: 3rem; border-bottom: 2px solid var(--line); }
h3 { margin: 2.2rem 0 .3rem; font-size: 1.2rem; }
h3 small { color: var(--quiet); font-weight: 600; margin-right: .6rem; }
a { color: var(--mark); } nav ul { columns: 18rem; padding-left: 1.2rem; }
.question { font-style: italic; margin: .2rem 0 .8rem; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; font-variant-numeric: tabular-nums; margin: .6rem 0; }
th, td { padding: .2rem .7rem; text-align: right; border-bottom: 1px solid var(--line); }
.scroll th, .scroll td { white-space: nowrap; } th:first-child, td:first-child { text-align: left; }
thead th { border-bottom: 2px solid var(--line); }
pre { background: var(--soft); padding: .7rem .9rem; overflow-x: auto; font-size: .88rem; line-height: 1.4;
  border-radius: 6px; margin: .4rem 0; overflow-wrap: normal; }
img { max-width: 100%; height: auto; background: #fff; border: 1px solid var(--line); border-radius: 6px; }
figure { margin: .6rem 0; } figcaption { color: var(--quiet); font-size: .92rem; }
.theorem { border-left: 4px solid var(--mark); padding: .1rem 0 .1rem .9rem; margin: .9rem 0; }
.code { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 22rem), 1fr)); gap: .8rem; }
.code > div { min-width: 0; }
.code pre { white-space: pre-wrap; overflow-wrap: anywhere; }
.code h4 { margin: .3rem 0 0; font-size: .85rem; color: var(--quiet); }
summary { cursor: pointer; color: var(--mark); }
.full { color: var(--good); } .lost { color: var(--bad); }
.differs { outline: 3px solid #8f4300; outline-offset: -3px; font-weight: bold; }
svg { max-width: 100%; height: auto; } svg text { font: 12px system-ui, sans-serif; fill: currentColor; }
:focus-visible { outline: 3px solid var(--mark); outline-offset: 2px; }
@media print { :root { --ink: #000; --paper: #fff; --soft: #f3f4f6; --quiet: #4b5563; --mark: #000; --good: #1b6e34;
  --bad: #8f4300; } body { max-width: none; font-size: 10.5pt; padding: 0; } pre { white-space: pre-wrap; }
  pre, section { break-inside: avoid-page; } nav { display: none; } h2[id] { break-before: page; }
  details::details-content { content-visibility: visible; height: auto; } }
"""
