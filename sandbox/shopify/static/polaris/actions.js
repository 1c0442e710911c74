// Things that are pressed: buttons, links, clickable areas; and what pressing them does to another element.
const PRESS_PROPS = {
  href: 'string', target: 'string', download: 'string', type: 'string', disabled: 'boolean', loading: 'boolean',
  command: 'string', commandFor: 'string', interestFor: 'string', accessibilityLabel: 'string', lang: 'string',
};

function commanded(host) {
  if (!host.commandFor) return;
  const target = host.getRootNode().getElementById(host.commandFor);
  const verbs = { '--show': 'showOverlay', '--hide': 'hideOverlay', '--toggle': 'toggleOverlay' };
  if (host.command === '--copy') {
    navigator.clipboard.writeText(target?.value || target?.textContent.trim() || '');
  } else {
    const verb = verbs[host.command] ?? target?.defaultCommand ?? 'showOverlay';
    target?.[verb]?.(host);
  }
}

class Pressable extends PolarisElement {
  static formAssociated = true;
  static focus = true;
  static html = '<slot></slot>';

  get inner() {
    return this.part_('.press');
  }

  drawn() {
    this.addEventListener('click', (event) => this.#pressed(event));
    this.watchSlots(() => this.update());
  }

  #pressed(event) {
    if (this.disabled || this.loading) {
      event.preventDefault();
      event.stopImmediatePropagation();
      return;
    }
    commanded(this);
    if (this.href) return;
    queueMicrotask(() => {
      if (event.defaultPrevented) return;
      if (this.type === 'submit') this.internals.form?.requestSubmit();
      if (this.type === 'reset') this.internals.form?.reset();
    });
  }

  inside() {
    return '<slot></slot>';
  }

  update() {
    const wanted = this.href && !this.disabled ? 'a' : 'button';
    if (this.inner?.localName !== wanted) {
      this.inner?.remove();
      const made = element(wanted, { className: 'press' });
      made.innerHTML = this.inside();
      this.root.replaceChildren(made);
    }
    const { inner } = this;
    if (wanted === 'a') {
      inner.setAttribute('href', this.href);
      if (this.target && this.target !== 'auto') inner.target = this.target;
      if (this.hasAttribute('download')) inner.download = this.download;
    } else {
      inner.type = 'button';
      inner.disabled = this.disabled;
      inner.ariaBusy = this.loading ? 'true' : null;
    }
    inner.ariaLabel = this.accessibilityLabel || null;
    this.refresh?.();
  }
}

class Button extends Pressable {
  static props = { ...PRESS_PROPS, tone: 'string', icon: 'string', variant: 'string', inlineSize: 'string' };
  static css = `:host { display: inline-block; vertical-align: middle; width: fit-content; } :host([inlinesize=fill]) { display: block; width: auto; }
    .press { display: inline-flex; align-items: center; justify-content: center; gap: 6px; width: 100%; min-height: 32px; padding: 5px 12px; font: 600 13px/1.5 var(--p-font); border-radius: 8px; border: 1px solid var(--p-line-strong); background: var(--p-surface); color: var(--p-ink); cursor: pointer; text-decoration: none; box-shadow: var(--p-shadow); position: relative; white-space: nowrap; }
    .press:hover { background: var(--p-sunk); } .press:active { transform: translateY(1px); }
    .press[data-look=primary] { background: var(--p-accent); border-color: var(--p-accent); color: var(--p-on-accent); } .press[data-look=primary]:hover { background: var(--p-accent-deep); border-color: var(--p-accent-deep); }
    .press[data-look=tertiary] { border-color: transparent; background: transparent; box-shadow: none; } .press[data-look=tertiary]:hover { background: var(--p-strong); }
    .press[data-tone=critical] { color: var(--p-critical); } .press[data-tone=critical][data-look=primary] { background: var(--p-critical-deep); border-color: var(--p-critical-deep); color: #fff; }
    .press:disabled { opacity: .5; cursor: not-allowed; } .press[data-only] { padding: 5px 7px; } .icon { display: contents; } .icon svg { width: 16px; height: 16px; flex: none; }
    .wait { display: none; position: absolute; inset: 0; margin: auto; width: 16px; height: 16px; border: 2px solid currentcolor; border-inline-end-color: transparent; border-radius: 50%; animation: turn .8s linear infinite; }
    .press[aria-busy] .wait { display: block; } .press[aria-busy] > :not(.wait) { visibility: hidden; } @keyframes turn { to { transform: rotate(1turn); } }`;

  inside() {
    return '<span class="icon"></span><slot></slot><span class="wait"></span>';
  }

  look() {
    if (this.variant && this.variant !== 'auto') return this.variant;
    const isMain = this.slot === 'primary-action' && this.parentElement?.localName !== 's-section';
    return isMain ? 'primary' : 'secondary';
  }

  refresh() {
    const { inner } = this;
    inner.dataset.look = this.look();
    inner.dataset.tone = this.tone;
    inner.querySelector('.icon').innerHTML = this.icon ? iconSvg(this.icon) : '';
    inner.toggleAttribute('data-only', Boolean(this.icon && !this.textContent.trim()));
  }
}
define('s-button', Button);

define('s-press-button', class extends Button {
  static props = { ...Button.props, pressed: 'boolean' };

  refresh() {
    super.refresh();
    this.inner.ariaPressed = String(this.pressed);
    this.own.replaceSync(this.pressed ? '.press { background: var(--p-strong) !important; }' : '');
  }
});

define('s-link', class extends Pressable {
  static props = { ...PRESS_PROPS, tone: 'string' };
  static css = `:host { display: inline; } .press { display: inline; font: inherit; padding: 0; border: 0; background: none; color: var(--p-link); text-decoration: underline; text-underline-offset: 2px; text-decoration-thickness: 1px; cursor: pointer; text-align: start; border-radius: 3px; }
    :host([tone=critical]) .press { color: var(--p-critical); } :host([tone=neutral]) .press { color: inherit; } .press:hover { text-decoration-thickness: 2px; }`;
});

define('s-clickable', class extends Pressable {
  static props = { ...PRESS_PROPS, ...BOX_PROPS };
  static css = `:host { display: block; min-width: 0; } .press { display: block; width: 100%; font: inherit; color: inherit; text-align: start; text-decoration: none; border: 0; background: none; padding: 0; cursor: pointer; }
    .press:hover { background-image: linear-gradient(rgb(127 127 127 / .07) 0 0); } .press:disabled { cursor: not-allowed; opacity: .6; }`;

  refresh() {
    this.own.replaceSync(boxCss(this, '.press'));
  }
});

define('s-clickable-chip', class extends Pressable {
  static props = { ...PRESS_PROPS, color: 'string', removable: 'boolean', hidden: 'boolean' };
  static css = `:host { display: inline-block; width: fit-content; } .press { display: inline-flex; align-items: center; gap: 6px; font: 500 13px/1.5 var(--p-font); color: var(--p-ink); border: 1px solid var(--p-line-strong); border-radius: 8px; padding: 2px 10px; background: var(--p-surface); cursor: pointer; text-decoration: none; }
    .press:hover { background: var(--p-sunk); } :host([color=strong]) .press { background: var(--p-strong); }`;

  inside() {
    return '<slot name="graphic"></slot><slot></slot>';
  }
});

define('s-button-group', class extends PolarisElement {
  static props = { gap: 'string', accessibilityLabel: 'string' };
  static html = '<div class="group" role="group"><slot name="secondary-actions"></slot><slot></slot><slot name="primary-action"></slot></div>';
  static css = ':host { display: inline-block; } .group { display: flex; flex-wrap: wrap; gap: 8px; } :host([gap=none]) .group { gap: 0; }';

  update() {
    this.part_('.group').ariaLabel = this.accessibilityLabel || null;
  }
});
