// Page, section and the boxes that arrange things.
define('s-page', class extends PolarisElement {
  static props = { heading: 'string', inlineSize: 'string' };
  static html = `
    <div class="page"><header>
      <div class="up"><slot name="breadcrumb-actions"></slot></div>
      <div class="top"><h1></h1><slot name="supplemental-start"></slot><slot name="accessory"></slot><span class="grow"></span>
        <div class="actions"><slot name="secondary-actions"></slot><slot name="primary-action"></slot></div></div>
    </header><div class="columns"><div class="main"><slot></slot></div><aside><slot name="aside"></slot></aside></div></div>`;
  static css = `
    :host { display: block; container: s-page / inline-size; color: var(--p-ink); font-size: 14px; line-height: 1.45; }
    .page { max-width: 1000px; margin: 0 auto; padding: 20px 20px 56px; }
    .page[data-size=small] { max-width: 660px; } .page[data-size=large] { max-width: none; }
    header { margin-bottom: 16px; } .up { font-size: 13px; margin-bottom: 4px; } .up:not([data-used]), aside:not([data-used]) { display: none; }
    .top { display: flex; flex-wrap: wrap; align-items: center; gap: 8px 12px; min-height: 32px; } .grow { flex: 1; }
    h1 { font-size: 20px; line-height: 1.25; font-weight: 650; margin: 0; overflow-wrap: anywhere; } .actions { display: flex; flex-wrap: wrap; gap: 8px; }
    .columns { display: grid; gap: 16px; align-items: start; } .main, aside { display: grid; gap: 16px; min-width: 0; grid-template-columns: minmax(0, 1fr); }
    @container s-page (inline-size >= 780px) { .columns[data-aside] { grid-template-columns: minmax(0, 2fr) minmax(0, 1fr); } }
    @container s-page (inline-size < 520px) { .page { padding: 14px 12px 56px; } .actions { width: 100%; } }`;

  drawn() {
    this.watchSlots(() => this.update());
  }

  update() {
    this.part_('.page').dataset.size = this.inlineSize || 'base';
    this.part_('h1').textContent = this.heading;
    this.part_('.up').toggleAttribute('data-used', this.has('breadcrumb-actions'));
    this.part_('aside').toggleAttribute('data-used', this.has('aside'));
    this.part_('.columns').toggleAttribute('data-aside', this.has('aside'));
  }
});

define('s-section', class extends PolarisElement {
  static props = { heading: 'string', subheading: 'string', padding: 'string', accessibilityLabel: 'string' };
  static html = `<section><div class="top"><div class="titles"><div class="title"><span class="name"></span><slot name="accessory"></slot></div><p></p><slot name="supplemental"></slot></div>
    <slot name="graphic"></slot><div class="actions"><slot name="secondary-actions"></slot><slot name="primary-action"></slot></div></div><div class="inside"><slot></slot></div></section>`;
  static css = `
    :host { display: block; min-width: 0; } section { color: var(--p-ink); }
    section[data-card] { background: var(--p-surface); border: 1px solid var(--p-line); border-radius: 12px; box-shadow: var(--p-shadow); overflow: clip; }
    section[data-card] > .top { padding: 16px 16px 0; } section[data-card] > .inside { padding: 16px; } section[data-card][data-flush] > .inside { padding: 0; }
    section[data-card][data-flush] > .top[data-used] { padding-bottom: 12px; }
    .top:not([data-used]) { display: none; } .top { display: flex; gap: 12px; align-items: start; } .titles { flex: 1; min-width: 0; } .top[data-used] + .inside { padding-top: 10px; }
    section:not([data-card]) > .top { margin-bottom: 8px; }
    .title { display: flex; flex-wrap: wrap; align-items: center; gap: 8px; } .name { font-size: 15px; font-weight: 650; line-height: 1.35; } section:not([data-card]) .name { font-size: 14px; }
    p { margin: 2px 0 0; color: var(--p-soft); } p:empty { display: none; } .actions { display: flex; gap: 8px; flex-wrap: wrap; justify-content: flex-end; }
    .inside { display: grid; gap: 12px; grid-template-columns: minmax(0, 1fr); }`;

  drawn() {
    this.watchSlots(() => this.update());
  }

  update() {
    const section = this.part_('section');
    const isInner = Boolean(this.parentElement?.closest('s-section, s-modal, s-popover'));
    section.toggleAttribute('data-card', !isInner);
    section.toggleAttribute('data-flush', this.padding === 'none');
    const name = this.part_('.name');
    name.textContent = this.heading;
    name.role = 'heading';
    name.ariaLevel = isInner ? '3' : '2';
    this.part_('p').textContent = this.subheading;
    section.ariaLabel = this.accessibilityLabel || this.heading || null;
    const used = this.heading || this.subheading || ['accessory', 'primary-action', 'secondary-actions', 'graphic', 'supplemental'].some((one) => this.has(one));
    this.part_('.top').toggleAttribute('data-used', Boolean(used));
  }
});

class Box extends PolarisElement {
  static props = BOX_PROPS;
  static html = '<div class="box"><slot></slot></div>';
  static css = ':host { display: block; min-width: 0; } .box { min-width: 0; }';

  extraCss() {
    return '';
  }

  update() {
    this.own.replaceSync(boxCss(this, '.box') + this.extraCss());
    speak(this, this.part_('.box'));
  }
}
define('s-box', Box);

define('s-scroll-box', class extends Box {
  static props = { ...BOX_PROPS, snapType: 'string', scrollPadding: 'string', scrollMargin: 'string' };

  extraCss() {
    return `.box { overflow: ${this.overflow || 'auto'}; }`;
  }
});

function gapCss(host, fallback = '0') {
  const write = (name) => (one) => `.box { ${name}: ${sized(one, SPACE)}; }`;
  return [
    host.gap ? responsive(host.gap, write('gap')) : `.box { gap: ${fallback}; }`,
    host.rowGap ? responsive(host.rowGap, write('row-gap')) : '',
    host.columnGap ? responsive(host.columnGap, write('column-gap')) : '',
  ].join('\n');
}

const ARRANGE = {
  justifyContent: 'string', alignItems: 'string', alignContent: 'string', gap: 'string', rowGap: 'string', columnGap: 'string',
};

define('s-stack', class extends Box {
  static props = { ...BOX_PROPS, ...ARRANGE, direction: 'string' };
  static css = `${Box.css} .box { display: flex; }`;

  extraCss() {
    const flow = responsive(this.direction || 'block', (one) => `.box { flex-direction: ${one === 'inline' ? 'row' : 'column'}; flex-wrap: ${one === 'inline' ? 'wrap' : 'nowrap'}; }`);
    const align = `.box { justify-content: ${this.justifyContent || 'normal'}; align-items: ${this.alignItems || 'normal'}; align-content: ${this.alignContent || 'normal'}; }`;
    return flow + align + gapCss(this);
  }
});

define('s-grid', class extends Box {
  static props = {
    ...BOX_PROPS, ...ARRANGE, justifyItems: 'string', placeItems: 'string', placeContent: 'string',
    gridTemplateColumns: 'string', gridTemplateRows: 'string',
  };
  static css = `${Box.css} .box { display: grid; }`;

  extraCss() {
    const rules = { 'justify-items': this.justifyItems, 'align-items': this.alignItems, 'place-items': this.placeItems,
      'justify-content': this.justifyContent, 'align-content': this.alignContent, 'place-content': this.placeContent };
    const set = Object.entries(rules).filter(([, value]) => value).map(([name, value]) => `${name}: ${value};`);
    const tracks = (name) => (one) => `.box { ${name}: ${one.replace(/(^|\s)(\d*\.?\d+fr)/g, '$1minmax(0, $2)')}; }`;
    return `.box { ${set.join(' ')} }`
      + responsive(this.gridTemplateColumns, tracks('grid-template-columns'))
      + responsive(this.gridTemplateRows, tracks('grid-template-rows')) + gapCss(this);
  }
});

define('s-grid-item', class extends Box {
  static props = { ...BOX_PROPS, gridColumn: 'string', gridRow: 'string' };

  extraCss() {
    const place = (name, value) => responsive(value, (one) => `:host { ${name}: ${one}; }`);
    return place('grid-column', this.gridColumn) + place('grid-row', this.gridRow);
  }
});

define('s-query-container', class extends PolarisElement {
  static props = { containerName: 'string' };
  static css = ':host { display: block; container-type: inline-size; }';

  update() {
    this.own.replaceSync(this.containerName ? `:host { container-name: ${this.containerName}; }` : '');
  }
});

define('s-divider', class extends PolarisElement {
  static props = { direction: 'string', color: 'string' };
  static html = '';
  static css = `:host { display: block; background: var(--p-line); block-size: 1px; } :host([color=strong]) { background: var(--p-line-strong); }
    :host([direction=block]) { block-size: auto; inline-size: 1px; align-self: stretch; }`;
  static role = 'separator';
});

for (const [name, tag] of [['s-unordered-list', 'ul'], ['s-ordered-list', 'ol']]) {
  define(name, class extends PolarisElement {
    static css = `:host { display: block; list-style: ${tag === 'ul' ? 'disc' : 'decimal'}; padding-inline-start: 20px; color: var(--p-ink); }`;
    static role = 'list';
  });
}

define('s-list-item', class extends PolarisElement {
  static css = ':host { display: list-item; margin-block: 2px; }';
  static role = 'listitem';
});
