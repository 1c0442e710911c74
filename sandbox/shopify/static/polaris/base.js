// What every element shares: a shadow root drawn once, attributes mirrored as properties, form membership.
const TYPES = {
  string: { read: (element, name) => element.getAttribute(name) ?? '', write: (element, name, value) => element.setAttribute(name, value ?? '') },
  boolean: { read: (element, name) => element.hasAttribute(name), write: (element, name, value) => element.toggleAttribute(name, Boolean(value)) },
  number: { read: (element, name) => Number(element.getAttribute(name) ?? 0), write: (element, name, value) => element.setAttribute(name, value) },
};

class PolarisElement extends HTMLElement {
  static props = {};
  static css = '';
  static role = '';

  static get observedAttributes() {
    return Object.keys(this.props).map((name) => name.toLowerCase());
  }

  #drawn = false;

  constructor() {
    super();
    const { focus = false, look } = this.constructor;
    this.internals = this.attachInternals();
    this.root = this.attachShadow({ mode: 'open', delegatesFocus: focus });
    this.own = new CSSStyleSheet();
    this.root.adoptedStyleSheets = [common, ...(look ? [look] : []), this.own];
    if (this.constructor.role) this.internals.role = this.constructor.role;
  }

  connectedCallback() {
    if (!this.#drawn) {
      this.root.innerHTML = this.constructor.html ?? '<slot></slot>';
      this.#drawn = true;
      this.drawn();
    }
    this.update();
  }

  attributeChangedCallback() {
    if (this.#drawn) this.update();
  }

  drawn() {}

  update() {}

  part_(selector) {
    return this.root.querySelector(selector);
  }

  say(name, options = {}) {
    return this.dispatchEvent(new CustomEvent(name, { bubbles: false, cancelable: false, ...options }));
  }

  has(slot) {
    const found = this.part_(`slot[name="${slot}"]`);
    return Boolean(found?.assignedNodes().length);
  }

  watchSlots(act) {
    this.root.addEventListener('slotchange', act);
  }
}

// What the browser mirrors itself; anything else of the same name (Element.prefix) is not about our attribute.
const MIRRORED = new Set(['hidden', 'dir', 'lang', 'inputMode']);

function isDefined(prototype, property) {
  for (let one = prototype; one !== HTMLElement.prototype; one = Object.getPrototypeOf(one)) {
    if (Object.hasOwn(one, property)) return true;
  }
  return MIRRORED.has(property);
}

function define(name, made) {
  for (const [property, type] of Object.entries(made.props)) {
    if (isDefined(made.prototype, property)) continue;
    const attribute = property.toLowerCase();
    Object.defineProperty(made.prototype, property, {
      get() { return TYPES[type].read(this, attribute); },
      set(value) { TYPES[type].write(this, attribute, value); },
      configurable: true,
      enumerable: true,
    });
  }
  if (made.css) made.look = sheet(made.css);
  customElements.define(name, made);
}

function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

// Attributes that boxes of every kind understand.
const BOX_PROPS = {
  background: 'string', border: 'string', borderWidth: 'string', borderStyle: 'string', borderColor: 'string',
  borderRadius: 'string', padding: 'string', paddingBlock: 'string', paddingBlockStart: 'string',
  paddingBlockEnd: 'string', paddingInline: 'string', paddingInlineStart: 'string', paddingInlineEnd: 'string',
  display: 'string', blockSize: 'string', minBlockSize: 'string', maxBlockSize: 'string', inlineSize: 'string',
  minInlineSize: 'string', maxInlineSize: 'string', accessibilityVisibility: 'string', accessibilityRole: 'string',
  accessibilityLabel: 'string', overflow: 'string',
};
const BACKGROUNDS = { base: 'var(--p-surface)', subdued: 'var(--p-sunk)', strong: 'var(--p-strong)', transparent: 'transparent' };
const LINES = { base: 'var(--p-line)', subdued: 'var(--p-line)', strong: 'var(--p-line-strong)' };

function borderCss(host) {
  const parts = (host.border || '').split(/\s+/).filter((part) => part && part !== 'none');
  const width = host.borderWidth || parts[0] || '';
  if (!width || width === 'none') return '';
  const color = host.borderColor || parts[1] || 'base';
  const style = host.borderStyle && host.borderStyle !== 'auto' ? host.borderStyle : parts[2] || 'solid';
  return `border: 0 ${style.split(' ')[0]} ${LINES[color] ?? color}; border-width: ${sized(width, BORDER_WIDTH)};`;
}

function boxCss(host, selector) {
  const rules = [`background: ${BACKGROUNDS[host.background] ?? 'transparent'};`, borderCss(host)];
  const spaces = {
    padding: host.padding, 'padding-block': host.paddingBlock, 'padding-inline': host.paddingInline,
    'padding-block-start': host.paddingBlockStart, 'padding-block-end': host.paddingBlockEnd,
    'padding-inline-start': host.paddingInlineStart, 'padding-inline-end': host.paddingInlineEnd,
  };
  if (host.borderRadius) rules.push(`border-radius: ${sized(host.borderRadius, RADIUS)};`);
  for (const side of ['blockSize', 'minBlockSize', 'maxBlockSize', 'inlineSize', 'minInlineSize', 'maxInlineSize']) {
    const name = side.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    if (host[side]) rules.push(`${name}: ${host[side]};`);
  }
  if (host.overflow) rules.push(`overflow: ${host.overflow};`);
  const fixed = `${selector} { ${rules.join(' ')} }`;
  const flexible = Object.entries(spaces).filter(([, value]) => value);
  const around = flexible.map(([name, value]) => responsive(value, (one) => `${selector} { ${name}: ${sized(one, SPACE)}; }`));
  const shown = responsive(host.display, (one) => (one === 'none' ? ':host { display: none; }' : ''));
  return [fixed, ...around, shown].join('\n');
}

const ROLES = { header: 'banner', footer: 'contentinfo', section: 'region', aside: 'complementary', 'ordered-list': 'list', 'unordered-list': 'list', 'list-item': 'listitem', generic: null, none: 'presentation' };

function speak(host, target) {
  const wanted = host.accessibilityRole ?? '';
  const role = wanted in ROLES ? ROLES[wanted] : wanted || null;
  if (role) target.setAttribute('role', role);
  else target.removeAttribute('role');
  if (host.accessibilityLabel) target.setAttribute('aria-label', host.accessibilityLabel);
  target.toggleAttribute('aria-hidden', false);
  if (host.accessibilityVisibility === 'hidden') target.setAttribute('aria-hidden', 'true');
  target.classList.toggle('unseen', host.accessibilityVisibility === 'exclusive');
}
