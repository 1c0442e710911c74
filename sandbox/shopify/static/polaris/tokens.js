// Colours, sizes and type of the stand-in. Light and dark follow the browser; every value has one name.
const SPACE = {
  none: '0', 'small-500': '2px', 'small-400': '4px', 'small-300': '6px', 'small-200': '8px', 'small-100': '10px',
  small: '12px', base: '16px', large: '20px', 'large-100': '24px', 'large-200': '32px', 'large-300': '40px',
  'large-400': '48px', 'large-500': '64px',
};
const RADIUS = {
  none: '0', 'small-200': '2px', 'small-100': '4px', small: '6px', base: '8px', large: '12px', 'large-100': '16px',
  'large-200': '20px', max: '999px',
};
const TEXT_SIZE = {
  'small-200': '11px', 'small-100': '12px', small: '13px', base: '14px', large: '16px', 'large-100': '18px',
  'large-200': '21px', 'large-300': '25px', 'large-400': '30px',
};
const WEIGHT = { base: '400', medium: '500', semibold: '600', bold: '700' };
const BORDER_WIDTH = { 'small-100': '1px', small: '1px', base: '1px', large: '2px', 'large-100': '3px', none: '0' };

function sheet(text) {
  const made = new CSSStyleSheet();
  made.replaceSync(text);
  return made;
}

const tokens = sheet(`
  :root {
    color-scheme: light dark;
    --p-ground: light-dark(#f3f4f1, #161a18); --p-surface: light-dark(#fff, #1f2522); --p-sunk: light-dark(#f7f8f5, #262d29);
    --p-strong: light-dark(#e9ece7, #313a35); --p-line: light-dark(#e1e5de, #343d38); --p-line-strong: light-dark(#b9c1b8, #59655e);
    --p-ink: light-dark(#1d2521, #e9eeea); --p-soft: light-dark(#5b6760, #a5b1aa); --p-faint: light-dark(#68736c, #909c95);
    --p-accent: light-dark(#1d6b5b, #63c9af); --p-on-accent: light-dark(#fff, #06201a); --p-accent-deep: light-dark(#155346, #7ad8c0);
    --p-link: light-dark(#14594b, #7fd3be); --p-focus: light-dark(#2a7fd4, #7ab8f5);
    --p-info: light-dark(#1c4c86, #a3c9f7); --p-info-soft: light-dark(#e5effb, #1c2f48);
    --p-success: light-dark(#13603d, #86d9ab); --p-success-soft: light-dark(#dcf2e5, #173627);
    --p-caution: light-dark(#6d5600, #efd36f); --p-caution-soft: light-dark(#fbf3cf, #36300f);
    --p-warning: light-dark(#7c4300, #f5bb77); --p-warning-soft: light-dark(#fdead2, #3d2b14);
    --p-critical: light-dark(#9a1b1b, #f5a29b); --p-critical-soft: light-dark(#fbe3e1, #451f1d); --p-critical-deep: light-dark(#b02a2a, #d8554d);
    --p-neutral: light-dark(#46514a, #c2cbc5); --p-neutral-soft: light-dark(#e8ebe6, #323a36);
    --p-shadow: 0 1px 2px light-dark(rgb(20 30 25 / .08), rgb(0 0 0 / .3));
    --p-lift: 0 8px 28px light-dark(rgb(20 30 25 / .18), rgb(0 0 0 / .55));
    --p-font: system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
  }
  :where(html) { -webkit-text-size-adjust: 100%; }
  :where(body) { margin: 0; background: var(--p-ground); color: var(--p-ink); font: 14px/1.45 var(--p-font); }
  :where(s-app-nav, s-app-window, s-option, s-option-group) { display: none; }
`);
document.adoptedStyleSheets = [...document.adoptedStyleSheets, tokens];

const common = sheet(`
  *, ::before, ::after { box-sizing: border-box; }
  :host { font-family: var(--p-font); }
  :host([hidden]) { display: none !important; }
  :focus-visible { outline: 2px solid var(--p-focus); outline-offset: 2px; }
  .unseen { position: absolute; width: 1px; height: 1px; margin: -1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
  @media (prefers-reduced-motion: reduce) { * { animation-duration: .01ms !important; transition: none !important; } }
`);

function tone(name, fallback = 'neutral') {
  const known = ['info', 'success', 'caution', 'warning', 'critical', 'neutral'];
  const chosen = known.includes(name) ? name : fallback;
  return { ink: `var(--p-${chosen})`, soft: `var(--p-${chosen}-soft)` };
}

// A value may be one for narrow and one for wide: `@container (inline-size > 500px) 1fr 1fr, 1fr`.
function responsive(text, write) {
  const match = /^\s*@container\s+([\w-]+\s+)?(\(.+?\)(?:\s*(?:and|or)\s*\(.+?\))*)\s+(.+),\s*([^,]+)$/.exec(text ?? '');
  if (!match) return text ? write(text) : '';
  const [, name = '', condition, then, otherwise] = match;
  return `${write(otherwise.trim())} @container ${name}${condition} { ${write(then.trim())} }`;
}

function sized(text, table) {
  return text.trim().split(/\s+/).map((part) => table[part] ?? part).join(' ');
}
