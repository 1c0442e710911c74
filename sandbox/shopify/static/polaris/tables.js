// Tables that turn into lists where there is no room. Cells learn their place from the headers.
define('s-table', class extends PolarisElement {
  static props = { variant: 'string', loading: 'boolean', paginate: 'boolean', hasPreviousPage: 'boolean', hasNextPage: 'boolean' };
  static html = `<div class="filters"><slot name="filters"></slot></div><div class="wide"><div class="table" role="table"><slot></slot></div></div>
    <nav aria-label="Pages"><button type="button" class="before" aria-label="Previous page"></button><button type="button" class="after" aria-label="Next page"></button></nav>`;
  static css = `:host { display: block; container: s-table / inline-size; font-size: 14px; color: var(--p-ink); } .wide { overflow-x: auto; } .table { display: table; width: 100%; border-collapse: collapse; }
    .filters:not([data-used]) { display: none; } .filters { padding: 10px 12px; border-bottom: 1px solid var(--p-line); } :host([loading]) .table { opacity: .45; pointer-events: none; }
    nav { display: none; justify-content: center; gap: 6px; padding: 10px; border-top: 1px solid var(--p-line); } :host([paginate]) nav { display: flex; }
    nav button { display: inline-flex; padding: 5px 8px; border: 1px solid var(--p-line-strong); border-radius: 8px; background: var(--p-surface); color: var(--p-ink); cursor: pointer; } nav button:disabled { opacity: .45; cursor: not-allowed; } nav svg { width: 18px; height: 18px; }
    @container s-table (inline-size < 560px) { .table { display: block; } }`;

  drawn() {
    this.part_('.before').innerHTML = iconSvg('chevron-left');
    this.part_('.after').innerHTML = iconSvg('chevron-right');
    this.part_('.before').addEventListener('click', () => this.say('previouspage'));
    this.part_('.after').addEventListener('click', () => this.say('nextpage'));
    this.watchSlots(() => this.update());
    new MutationObserver(() => this.teach()).observe(this, { childList: true, subtree: true });
  }

  teach() {
    const headers = [...this.querySelectorAll('s-table-header')];
    for (const row of this.querySelectorAll('s-table-row')) {
      [...row.children].filter((one) => one.localName === 's-table-cell').forEach((cell, at) => cell.learn?.(headers[at]));
    }
  }

  update() {
    this.part_('.filters').toggleAttribute('data-used', this.has('filters'));
    this.part_('.before').disabled = !this.hasPreviousPage;
    this.part_('.after').disabled = !this.hasNextPage;
    this.part_('.table').ariaBusy = this.loading ? 'true' : null;
    this.own.replaceSync(this.variant === 'list' ? '.table { display: block; }' : '');
    this.teach();
  }
});

define('s-table-header-row', class extends PolarisElement {
  static css = ':host { display: table-header-group; } @container s-table (inline-size < 560px) { :host { display: none; } } ::slotted(*) { border-bottom: 1px solid var(--p-line); }';
  static role = 'row';
});

define('s-table-header', class extends PolarisElement {
  static props = { listSlot: 'string', format: 'string' };
  static css = `:host { display: table-cell; padding: 8px 12px; } :host(:first-child) { padding-inline-start: 16px; } :host(:last-child) { padding-inline-end: 16px; } :host { font-size: 12px; font-weight: 600; color: var(--p-soft); text-align: start; white-space: nowrap; background: var(--p-sunk); }
    :host([format=numeric]), :host([format=currency]) { text-align: end; }`;
  static role = 'columnheader';
});

define('s-table-body', class extends PolarisElement {
  static css = ':host { display: table-row-group; } @container s-table (inline-size < 560px) { :host { display: block; } }';
  static role = 'rowgroup';
});

define('s-table-row', class extends PolarisElement {
  static props = { clickDelegate: 'string' };
  static css = `:host { display: table-row; } :host(:hover) { background: var(--p-sunk); } :host([clickdelegate]) { cursor: pointer; } ::slotted(*) { border-bottom: 1px solid var(--p-line); } :host(:last-child) ::slotted(*) { border-bottom: 0; }
    @container s-table (inline-size < 560px) { :host { display: grid; grid-template-columns: minmax(0, 1fr) auto; gap: 2px 10px; padding: 10px 16px; border-bottom: 1px solid var(--p-line); } :host(:last-child) { border-bottom: 0; } ::slotted(*) { border-bottom: 0 !important; } }`;
  static role = 'row';

  drawn() {
    this.addEventListener('click', (event) => {
      const isOwn = event.composedPath().some((one) => one !== this && one instanceof Element && this.contains(one) && one.matches('a, button, input, s-link, s-button, s-clickable, s-checkbox'));
      if (this.clickDelegate && !isOwn) this.getRootNode().getElementById(this.clickDelegate)?.click();
    });
  }
});

define('s-table-cell', class extends PolarisElement {
  static html = '<span class="label" aria-hidden="true"></span><slot></slot>';
  static css = `:host { display: table-cell; padding: 10px 12px; } :host(:first-child) { padding-inline-start: 16px; } :host(:last-child) { padding-inline-end: 16px; } :host { vertical-align: middle; overflow-wrap: anywhere; } .label { display: none; } :host(:state(end)) { text-align: end; font-variant-numeric: tabular-nums; white-space: nowrap; }
    @container s-table (inline-size < 560px) { :host { display: block; padding: 0 !important; grid-column: 1 / -1; } :host(:state(end)) { text-align: start; }
      :host(:state(primary)) { font-weight: 600; grid-column: 1; } :host(:state(inline)) { grid-column: 2; grid-row: 1; } :host(:state(kicker)) { order: -1; font-size: 12px; color: var(--p-soft); } :host(:state(secondary)) { color: var(--p-soft); }
      :host(:state(labeled)) { display: flex; gap: 8px; justify-content: space-between; font-size: 13px; } :host(:state(labeled)) .label { display: inline; color: var(--p-soft); font-weight: 400; } }`;
  static role = 'cell';

  learn(header) {
    const { states } = this.internals;
    states.clear();
    states.add(header?.listSlot || 'labeled');
    if (['numeric', 'currency'].includes(header?.format)) states.add('end');
    this.part_('.label').textContent = header?.textContent.trim() ?? '';
  }

  drawn() {
    this.closest('s-table')?.teach?.();
  }
});
