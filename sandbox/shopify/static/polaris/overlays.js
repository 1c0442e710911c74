// What lies above the page: modal, popover, menu, tooltip. The page behind is untouched.
const OVERLAY_EVENTS = (host, isShown) => {
  host.say(isShown ? 'show' : 'hide');
  requestAnimationFrame(() => host.say(isShown ? 'aftershow' : 'afterhide'));
};

define('s-modal', class extends PolarisElement {
  static props = { heading: 'string', size: 'string', padding: 'string', accessibilityLabel: 'string' };
  static html = `<dialog><header><h2></h2><button type="button" class="close" aria-label="Close"></button></header><div class="inside"><slot></slot></div>
    <footer><slot name="secondary-actions"></slot><slot name="primary-action"></slot></footer></dialog>`;
  static css = `:host { display: contents; } dialog { border: 1px solid var(--p-line); border-radius: 14px; padding: 0; width: min(620px, calc(100vw - 24px)); max-height: min(86vh, 900px); background: var(--p-surface); color: var(--p-ink); box-shadow: var(--p-lift); font-size: 14px; line-height: 1.45; }
    dialog[open] { display: flex; flex-direction: column; } dialog::backdrop { background: rgb(10 16 13 / .5); }
    dialog[data-size^=small] { width: min(400px, calc(100vw - 24px)); } dialog[data-size^=large] { width: min(920px, calc(100vw - 24px)); }
    header { display: flex; align-items: center; gap: 12px; padding: 12px 12px 12px 18px; border-bottom: 1px solid var(--p-line); } h2 { flex: 1; margin: 0; font-size: 15px; font-weight: 650; }
    .close { border: 0; background: none; color: var(--p-soft); padding: 6px; border-radius: 8px; cursor: pointer; display: inline-flex; } .close:hover { background: var(--p-strong); }
    .inside { padding: 18px; overflow: auto; display: grid; gap: 12px; grid-template-columns: minmax(0, 1fr); } dialog[data-padding=none] .inside { padding: 0; }
    footer { display: flex; gap: 8px; justify-content: flex-end; padding: 12px 18px; border-top: 1px solid var(--p-line); } footer:not([data-used]) { display: none; }`;

  drawn() {
    const close = this.part_('.close');
    close.innerHTML = iconSvg('x');
    close.addEventListener('click', () => this.hideOverlay());
    this.part_('dialog').addEventListener('close', () => OVERLAY_EVENTS(this, false));
    this.part_('dialog').addEventListener('click', (event) => {
      if (event.target === event.currentTarget && event.offsetY >= 0) this.#outside(event);
    });
    this.watchSlots(() => this.update());
  }

  #outside(event) {
    const box = this.part_('dialog').getBoundingClientRect();
    const isInside = event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top && event.clientY <= box.bottom;
    if (!isInside) this.hideOverlay();
  }

  get defaultCommand() {
    return 'showOverlay';
  }

  showOverlay() {
    if (this.part_('dialog').open) return;
    this.part_('dialog').showModal();
    OVERLAY_EVENTS(this, true);
  }

  hideOverlay() {
    this.part_('dialog').close();
  }

  toggleOverlay() {
    if (this.part_('dialog').open) this.hideOverlay();
    else this.showOverlay();
  }

  update() {
    const dialog = this.part_('dialog');
    dialog.dataset.size = this.size || 'base';
    dialog.dataset.padding = this.padding;
    dialog.ariaLabel = this.accessibilityLabel || this.heading || null;
    this.part_('h2').textContent = this.heading;
    this.part_('footer').toggleAttribute('data-used', this.has('primary-action') || this.has('secondary-actions'));
  }
});

class Popover extends PolarisElement {
  static props = { inlineSize: 'string', minInlineSize: 'string', maxInlineSize: 'string', blockSize: 'string', minBlockSize: 'string', maxBlockSize: 'string', accessibilityLabel: 'string' };
  static html = '<div class="float" popover="auto"><slot></slot></div>';
  static css = `:host { display: contents; } .float { position: fixed; inset: auto; margin: 0; border: 1px solid var(--p-line); border-radius: 12px; background: var(--p-surface); color: var(--p-ink); box-shadow: var(--p-lift); padding: 0; max-width: min(92vw, 420px); max-height: 70vh; overflow: auto; font-size: 14px; line-height: 1.45; }`;

  drawn() {
    this.part_('.float').addEventListener('toggle', (event) => {
      const isShown = event.newState === 'open';
      this.from?.internals && (this.from.inner.ariaExpanded = String(isShown));
      OVERLAY_EVENTS(this, isShown);
      if (isShown) this.opened?.();
    });
  }

  get defaultCommand() {
    return 'toggleOverlay';
  }

  get isShown() {
    return this.part_('.float').matches(':popover-open');
  }

  showOverlay(from) {
    if (this.isShown) return;
    this.from = from;
    this.part_('.float').showPopover();
    this.#place(from);
  }

  hideOverlay() {
    if (this.isShown) this.part_('.float').hidePopover();
  }

  toggleOverlay(from) {
    if (this.isShown) this.hideOverlay();
    else this.showOverlay(from);
  }

  #place(from) {
    const float = this.part_('.float');
    const box = float.getBoundingClientRect();
    const at = (from?.inner ?? from ?? document.body).getBoundingClientRect();
    const below = at.bottom + 6 + box.height <= window.innerHeight || at.top < box.height;
    float.style.top = `${Math.max(8, below ? at.bottom + 6 : at.top - box.height - 6)}px`;
    float.style.left = `${Math.max(8, Math.min(at.left, window.innerWidth - box.width - 8))}px`;
  }

  update() {
    const sizes = ['inlineSize', 'minInlineSize', 'maxInlineSize', 'blockSize', 'minBlockSize', 'maxBlockSize'];
    const rules = sizes.filter((one) => this[one]).map((one) => `${one.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}: ${this[one]};`);
    this.own.replaceSync(`.float { ${rules.join(' ')} }`);
    this.part_('.float').ariaLabel = this.accessibilityLabel || null;
  }
}
define('s-popover', Popover);

define('s-menu', class extends Popover {
  static css = `${Popover.css} .float { padding: 6px; } .items { display: grid; min-width: 180px; gap: 1px; }
    ::slotted(s-button) { display: block; } ::slotted(s-section) { display: block; }`;
  static html = '<div class="float" popover="auto"><div class="items"><slot></slot></div></div>';

  items() {
    return [...this.querySelectorAll('s-button, s-link')].filter((one) => !one.disabled);
  }

  opened() {
    this.items()[0]?.focus();
  }

  drawn() {
    super.drawn();
    this.watchSlots(() => this.update());
    this.addEventListener('click', (event) => {
      if (event.target.closest('s-button, s-link')) this.hideOverlay();
    });
    this.addEventListener('keydown', (event) => {
      const items = this.items();
      const at = items.indexOf(event.target.closest('s-button, s-link'));
      const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      items[(to + items.length) % items.length]?.focus();
    });
  }

  update() {
    super.update();
    for (const item of this.querySelectorAll('s-button:not([variant])')) item.setAttribute('variant', 'tertiary');
    for (const item of this.querySelectorAll('s-button:not([inlinesize])')) item.setAttribute('inlinesize', 'fill');
  }
});

define('s-tooltip', class extends PolarisElement {
  static html = '<div class="tip" popover="manual" role="tooltip"><slot></slot></div>';
  static css = `:host { display: contents; } .tip { position: fixed; inset: auto; margin: 0; border: 0; border-radius: 8px; padding: 6px 10px; background: var(--p-ink); color: var(--p-surface); font-size: 12px; line-height: 1.4; max-width: 260px; box-shadow: var(--p-lift); pointer-events: none; }`;

  showOverlay(from) {
    const tip = this.part_('.tip');
    if (tip.matches(':popover-open')) return;
    tip.showPopover();
    const [box, at] = [tip.getBoundingClientRect(), from.getBoundingClientRect()];
    tip.style.top = `${at.top > box.height + 12 ? at.top - box.height - 6 : at.bottom + 6}px`;
    tip.style.left = `${Math.max(8, Math.min(at.left + at.width / 2 - box.width / 2, window.innerWidth - box.width - 8))}px`;
  }

  hideOverlay() {
    const tip = this.part_('.tip');
    if (tip.matches(':popover-open')) tip.hidePopover();
  }
});

function interest(event, isShown) {
  const from = event.target.closest?.('[interestfor]');
  const tip = from && from.getRootNode().getElementById(from.getAttribute('interestfor'));
  if (isShown) tip?.showOverlay?.(from.inner ?? from);
  else tip?.hideOverlay?.();
}
for (const kind of ['mouseover', 'focusin']) document.addEventListener(kind, (event) => interest(event, true));
for (const kind of ['mouseout', 'focusout']) document.addEventListener(kind, (event) => interest(event, false));
