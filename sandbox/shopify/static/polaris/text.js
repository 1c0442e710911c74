// Words: headings, paragraphs, inline text, numbers, badges and the small marks beside them.
const TEXT_PROPS = {
  color: 'string', tone: 'string', fontSize: 'string', fontWeight: 'string', fontVariantNumeric: 'string',
  accessibilityVisibility: 'string', dir: 'string', lineClamp: 'number', interestFor: 'string',
};

function textCss(host, selector = ':host') {
  const rules = [];
  if (host.color === 'subdued') rules.push('color: var(--p-soft);');
  if (host.tone && !['auto', 'neutral'].includes(host.tone)) rules.push(`color: ${tone(host.tone).ink};`);
  if (TEXT_SIZE[host.fontSize]) rules.push(`font-size: ${TEXT_SIZE[host.fontSize]};`);
  if (WEIGHT[host.fontWeight]) rules.push(`font-weight: ${WEIGHT[host.fontWeight]};`);
  if (host.fontVariantNumeric && host.fontVariantNumeric !== 'auto') rules.push(`font-variant-numeric: ${host.fontVariantNumeric};`);
  if (host.lineClamp > 0) rules.push(`display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: ${host.lineClamp}; overflow: hidden;`);
  if (host.accessibilityVisibility === 'exclusive') rules.push('position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%);');
  return `${selector} { ${rules.join(' ')} }`;
}

class Words extends PolarisElement {
  static props = TEXT_PROPS;

  update() {
    this.own.replaceSync(textCss(this));
    this.internals.ariaHidden = this.accessibilityVisibility === 'hidden' ? 'true' : null;
  }
}

define('s-text', class extends Words {
  static props = { ...TEXT_PROPS, type: 'string' };
  static css = `:host([type=strong]) { font-weight: 650; } :host([type=address]) { font-style: normal; } :host([type=redundant]) { text-decoration: line-through; color: var(--p-soft); }`;
});

define('s-paragraph', class extends Words {
  static css = ':host { display: block; margin: 0; overflow-wrap: anywhere; }';
  static role = 'paragraph';
});

define('s-number', class extends Words {
  static css = ':host { font-variant-numeric: tabular-nums; }';
});

define('s-heading', class extends PolarisElement {
  static props = { fontSize: 'string', accessibilityRole: 'string', accessibilityVisibility: 'string', lineClamp: 'number' };
  static css = ':host { display: block; font-size: 15px; font-weight: 650; line-height: 1.35; color: var(--p-ink); overflow-wrap: anywhere; }';

  update() {
    const depth = this.closest('s-section')?.parentElement?.closest('s-section') ? 4 : 3;
    const isHeading = !['presentation', 'none'].includes(this.accessibilityRole);
    this.internals.role = isHeading ? 'heading' : 'presentation';
    this.internals.ariaLevel = isHeading ? String(this.closest('s-section') ? depth : 2) : null;
    this.own.replaceSync(textCss(this));
  }
});

define('s-badge', class extends PolarisElement {
  static props = { color: 'string', icon: 'string', size: 'string', tone: 'string' };
  static html = '<span class="badge"><span class="icon"></span><slot></slot></span>';
  static css = `:host { display: inline-block; vertical-align: middle; width: fit-content; }
    .badge { display: inline-flex; align-items: center; gap: 4px; border-radius: 99px; padding: 1px 9px; font-size: 12px; line-height: 18px; font-weight: 600; white-space: nowrap; }
    .icon { display: contents; } .icon svg { width: 13px; height: 13px; } :host([size^=large]) .badge { padding: 3px 12px; font-size: 13px; }`;

  update() {
    const { ink, soft } = tone(this.tone);
    const isStrong = this.color === 'strong';
    this.own.replaceSync(`.badge { color: ${isStrong ? 'var(--p-surface)' : ink}; background: ${isStrong ? ink : soft}; }`);
    this.part_('.icon').innerHTML = this.icon ? iconSvg(this.icon) : '';
  }
});

define('s-chip', class extends PolarisElement {
  static props = { color: 'string', accessibilityLabel: 'string', removable: 'boolean' };
  static html = '<span class="chip"><slot name="graphic"></slot><slot></slot><button type="button"></button></span>';
  static css = `:host { display: inline-block; width: fit-content; } .chip { display: inline-flex; align-items: center; gap: 6px; border: 1px solid var(--p-line-strong); border-radius: 8px; padding: 2px 8px; font-size: 13px; background: var(--p-surface); }
    :host([color=subdued]) .chip { background: var(--p-sunk); border-color: var(--p-line); } :host([color=strong]) .chip { background: var(--p-strong); }
    button { display: none; border: 0; background: none; padding: 2px; cursor: pointer; color: inherit; border-radius: 4px; } :host([removable]) button { display: inline-flex; } button svg { width: 14px; height: 14px; }`;

  drawn() {
    const button = this.part_('button');
    button.innerHTML = iconSvg('x');
    button.addEventListener('click', () => this.say('remove'));
  }

  update() {
    this.part_('.chip').ariaLabel = this.accessibilityLabel || null;
    this.part_('button').ariaLabel = `Remove ${this.accessibilityLabel || this.textContent.trim()}`;
  }
});

define('s-banner', class extends PolarisElement {
  static props = { tone: 'string', heading: 'string', dismissible: 'boolean', hidden: 'boolean' };
  static html = `<div class="banner"><span class="icon"></span><div class="text"><strong></strong><slot></slot><div class="actions"><slot name="secondary-actions"></slot></div></div><button type="button" aria-label="Dismiss"></button></div>`;
  static css = `:host { display: block; } .banner { display: flex; gap: 10px; border-radius: 12px; padding: 12px 14px; border: 1px solid; color: var(--p-ink); }
    .icon svg { width: 20px; height: 20px; display: block; } .text { flex: 1; min-width: 0; overflow-wrap: anywhere; } strong { display: block; font-weight: 650; } strong:empty { display: none; }
    .actions { display: flex; gap: 8px; flex-wrap: wrap; margin-top: 10px; } .actions:not([data-used]) { display: none; }
    button { display: none; border: 0; background: none; color: inherit; cursor: pointer; align-self: start; padding: 2px; border-radius: 6px; } :host([dismissible]) button { display: inline-flex; } button svg { width: 18px; height: 18px; }`;

  drawn() {
    const button = this.part_('button');
    button.innerHTML = iconSvg('x');
    button.addEventListener('click', () => {
      this.say('dismiss');
      this.hidden = true;
      this.say('afterhide');
    });
    this.watchSlots(() => this.update());
  }

  update() {
    const { ink, soft } = tone(this.tone, 'info');
    const icons = { success: 'check-circle', warning: 'alert-triangle', critical: 'alert-circle' };
    this.own.replaceSync(`.banner { background: ${soft}; border-color: color-mix(in srgb, ${ink} 28%, transparent); } .icon, strong { color: ${ink}; }`);
    this.part_('.icon').innerHTML = iconSvg(icons[this.tone] ?? 'info');
    this.part_('strong').textContent = this.heading;
    this.part_('.actions').toggleAttribute('data-used', this.has('secondary-actions'));
    this.part_('.banner').role = ['critical', 'warning'].includes(this.tone) ? 'alert' : 'status';
  }
});

define('s-empty-state', class extends PolarisElement {
  static props = { heading: 'string' };
  static html = `<div class="empty"><slot name="graphic"></slot><h3></h3><div class="sub"><slot name="subheading"></slot><slot></slot></div><div class="actions"><slot name="secondary-actions"></slot><slot name="primary-action"></slot></div></div>`;
  static css = `:host { display: block; } .empty { display: grid; justify-items: center; text-align: center; gap: 8px; padding: 32px 16px; }
    h3 { margin: 0; font-size: 16px; font-weight: 650; } .sub { color: var(--p-soft); max-width: 44ch; } .actions { display: flex; gap: 8px; flex-wrap: wrap; justify-content: center; margin-top: 8px; }`;

  update() {
    this.part_('h3').textContent = this.heading;
  }
});
