// Fields that are chosen from: select, checkbox, switch, and lists of choices.
function mirror(name) {
  // Bare elements: a select reads them and draws native options of its own.
  customElements.define(name, class extends HTMLElement {
    static get observedAttributes() {
      return ['value', 'selected', 'disabled', 'label'];
    }

    get value() {
      return this.getAttribute('value') ?? this.textContent.trim();
    }

    set value(wanted) {
      this.setAttribute('value', wanted);
    }

    attributeChangedCallback() {
      this.closest('s-select')?.redraw?.();
    }
  });
}
mirror('s-option');
mirror('s-option-group');

define('s-select', class extends Field {
  static css = `${FIELD_CSS} .box { padding-inline-end: 6px; } select { appearance: none; cursor: pointer; padding-inline-end: 20px; } option, optgroup { background: var(--p-surface); color: var(--p-ink); }
    .after { pointer-events: none; margin-inline-start: -24px; }`;

  control() {
    return '<select id="control"></select>';
  }

  connectedCallback() {
    super.connectedCallback();
    this.redraw();
    this.observer ??= new MutationObserver(() => this.redraw());
    this.observer.observe(this, { childList: true, subtree: true, characterData: true });
  }

  disconnectedCallback() {
    this.observer?.disconnect();
  }

  #options(parent) {
    return [...parent.children].filter((one) => one.matches('s-option, s-option-group')).map((one) => {
      if (one.localName === 's-option-group') {
        return element('optgroup', { label: one.getAttribute('label') ?? '' }, ...this.#options(one));
      }
      return element('option', { value: one.value, disabled: one.hasAttribute('disabled') }, one.textContent.trim());
    });
  }

  redraw() {
    if (!this.inner) return;
    const chosen = this.isTouched ? this.inner.value : this.defaultChoice();
    const empty = this.placeholder || !chosen ? [element('option', { value: '', disabled: this.required }, this.placeholder)] : [];
    this.inner.replaceChildren(...empty, ...this.#options(this));
    this.inner.value = chosen;
    this.settle();
  }

  defaultChoice() {
    return this.getAttribute('value') ?? this.querySelector('s-option[selected]')?.value ?? '';
  }

  listen() {
    super.listen();
    this.inner.addEventListener('input', () => { this.isTouched = true; });
  }

  attributeChangedCallback(name) {
    if (!this.inner) return;
    this.update();
    if (name === 'value' || name === 'placeholder') this.redraw();
  }

  get value() {
    return this.inner ? this.inner.value : this.defaultChoice();
  }

  set value(wanted) {
    this.isTouched = true;
    if (this.inner) this.inner.value = wanted;
    this.settle();
  }

  formResetCallback() {
    this.isTouched = false;
    this.redraw();
  }

  update() {
    super.update();
    this.part_('.after').innerHTML = iconSvg('select');
  }
});

class Checkbox extends Field {
  static props = { ...FIELD_PROPS, checked: 'boolean', indeterminate: 'boolean', accessibilityLabel: 'string' };
  static css = `:host { display: block; font-size: 14px; color: var(--p-ink); } .row { display: flex; gap: 8px; align-items: start; cursor: pointer; } .row:has(:disabled) { opacity: .6; cursor: not-allowed; }
    input { width: 17px; height: 17px; margin: 2px 0 0; accent-color: var(--p-accent); flex: none; cursor: inherit; } .more, .bad { font-size: 13px; margin: 2px 0 0 25px; color: var(--p-soft); } .bad { color: var(--p-critical); display: flex; gap: 5px; } .bad svg { width: 16px; height: 16px; } .more[hidden], .bad[hidden] { display: none; }`;

  #touched = false;

  connectedCallback() {
    if (!this.inner) {
      this.root.innerHTML = '<label class="row"><input id="control" type="checkbox"><span class="label"></span></label><div class="bad" hidden></div><slot name="error"></slot><div class="more" hidden></div><slot name="details"></slot>';
      this.inner.checked = this.wanted ?? this.hasAttribute('checked');
      this.listen();
    }
    this.update();
  }

  listen() {
    this.inner.addEventListener('change', () => {
      this.#touched = true;
      this.settle();
      this.dispatchEvent(new Event('change', { bubbles: true }));
    });
  }

  get checked() {
    return this.inner ? this.inner.checked : this.hasAttribute('checked');
  }

  set checked(wanted) {
    this.#touched = true;
    this.wanted = Boolean(wanted);
    if (this.inner) this.inner.checked = this.wanted;
    this.settle();
  }

  get value() {
    return this.getAttribute('value') ?? 'on';
  }

  set value(wanted) {
    this.setAttribute('value', wanted);
  }

  attributeChangedCallback(name) {
    if (!this.inner) return;
    if (name === 'checked' && !this.#touched) this.inner.checked = this.hasAttribute('checked');
    this.update();
  }

  formResetCallback() {
    this.#touched = false;
    this.inner.checked = this.hasAttribute('checked');
    this.settle();
  }

  settle() {
    if (!this.inner) return;
    this.internals.setFormValue(this.inner.checked ? this.value : null);
    this.internals.setValidity(this.required && !this.inner.checked ? { valueMissing: true } : {}, 'Please tick this box', this.inner);
  }

  update() {
    const label = this.part_('.label');
    label.textContent = this.label;
    label.classList.toggle('unseen', this.labelAccessibilityVisibility === 'exclusive');
    this.inner.disabled = this.disabled;
    this.inner.indeterminate = this.indeterminate;
    this.inner.ariaLabel = this.accessibilityLabel || null;
    this.words();
    this.settle();
  }
}
define('s-checkbox', Checkbox);

define('s-switch', class extends Checkbox {
  static css = `${Checkbox.css} input { appearance: none; width: 34px; height: 20px; border-radius: 99px; background: var(--p-line-strong); position: relative; margin-top: 0; transition: background .15s; }
    input::after { content: ''; position: absolute; top: 2px; inset-inline-start: 2px; width: 16px; height: 16px; border-radius: 50%; background: #fff; transition: translate .15s; } input:checked { background: var(--p-accent); } input:checked::after { translate: 14px 0; } .more, .bad { margin-inline-start: 42px; }`;

  update() {
    super.update();
    this.inner.role = 'switch';
  }
});

define('s-choice', class extends PolarisElement {
  static focus = true;
  static props = { value: 'string', selected: 'boolean', disabled: 'boolean', accessibilityLabel: 'string' };
  static html = '<label class="row"><input type="radio"><span><slot></slot><span class="more"><slot name="details"></slot></span></span></label><div class="second"><slot name="secondary-content"></slot></div>';
  static css = `:host { display: block; } .row { display: flex; gap: 8px; align-items: start; cursor: pointer; } .row:has(:disabled) { opacity: .6; cursor: not-allowed; } input { width: 17px; height: 17px; margin: 2px 0 0; accent-color: var(--p-accent); flex: none; } .more { display: block; color: var(--p-soft); font-size: 13px; } .second { margin-inline-start: 25px; }`;

  get inner() {
    return this.part_('input');
  }

  update() {
    const list = this.closest('s-choice-list');
    this.inner.type = list?.multiple ? 'checkbox' : 'radio';
    this.inner.disabled = this.disabled || Boolean(list?.disabled);
    this.inner.ariaLabel = this.accessibilityLabel || this.#words() || null;
  }

  #words() {
    const own = [...this.childNodes].filter((one) => !(one instanceof Element && one.slot));
    return own.map((one) => one.textContent).join(' ').trim();
  }
});

define('s-choice-list', class extends PolarisElement {
  static formAssociated = true;
  static props = { label: 'string', details: 'string', error: 'string', name: 'string', multiple: 'boolean', disabled: 'boolean', labelAccessibilityVisibility: 'string' };
  static html = '<div class="all"><div class="label" id="label"></div><div class="choices"><slot></slot></div><div class="bad" hidden></div><div class="more" hidden></div></div>';
  static css = `:host { display: block; font-size: 14px; color: var(--p-ink); } .label { font-size: 13px; font-weight: 500; margin-bottom: 6px; } .label:empty { display: none; } .choices { display: grid; gap: 8px; } .more, .bad { font-size: 13px; margin-top: 6px; color: var(--p-soft); } .bad { color: var(--p-critical); } [hidden] { display: none; }`;

  choices() {
    return [...this.querySelectorAll('s-choice')].filter((one) => one.closest('s-choice-list') === this);
  }

  get values() {
    return this.choices().filter((one) => one.inner?.checked).map((one) => one.value);
  }

  set values(wanted) {
    this.choices().forEach((one) => { if (one.inner) one.inner.checked = wanted.includes(one.value); });
    this.settle();
  }

  get form() {
    return this.internals.form;
  }

  drawn() {
    this.addEventListener('input', (event) => this.#changed(event));
    this.addEventListener('keydown', (event) => this.#keyed(event));
    this.watchSlots(() => this.#begin());
    queueMicrotask(() => this.#begin());
  }

  #begin() {
    for (const one of this.choices()) {
      if (one.inner && !one.begun) {
        one.begun = true;
        one.inner.checked = one.hasAttribute('selected');
      }
      if (one.inner) one.update();
    }
    this.settle();
  }

  #changed(event) {
    const chosen = event.target.closest('s-choice');
    if (chosen?.closest('s-choice-list') !== this) return;
    if (!this.multiple) this.choices().forEach((one) => { if (one !== chosen) one.inner.checked = false; });
    this.settle();
    this.dispatchEvent(new Event('change', { bubbles: true }));
  }

  #keyed(event) {
    const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
    const from = event.target.closest('s-choice');
    if (!step || this.multiple || from?.closest('s-choice-list') !== this) return;
    event.preventDefault();
    const open = this.choices().filter((one) => !one.inner.disabled);
    const next = open[(open.indexOf(from) + step + open.length) % open.length];
    next.focus();
    next.inner.click();
  }

  formResetCallback() {
    this.choices().forEach((one) => { one.inner.checked = one.hasAttribute('selected'); });
    this.settle();
  }

  settle() {
    const data = new FormData();
    this.values.forEach((value) => data.append(this.name, value));
    this.internals.setFormValue(this.name ? data : null);
  }

  update() {
    const label = this.part_('.label');
    label.textContent = this.label;
    label.classList.toggle('unseen', this.labelAccessibilityVisibility === 'exclusive');
    for (const [part, text] of [['.bad', this.error], ['.more', this.details]]) {
      this.part_(part).textContent = text;
      this.part_(part).hidden = !text;
    }
    const all = this.part_('.all');
    all.role = this.multiple ? 'group' : 'radiogroup';
    all.setAttribute('aria-labelledby', 'label');
  }
});
