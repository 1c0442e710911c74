// Fields that are typed into. Each is a member of its form under its name; `value` in HTML is what a reset goes back to.
const FIELD_PROPS = {
  label: 'string', details: 'string', error: 'string', placeholder: 'string', disabled: 'boolean', readOnly: 'boolean',
  required: 'boolean', name: 'string', labelAccessibilityVisibility: 'string', autocomplete: 'string',
  minLength: 'number', maxLength: 'number', min: 'string', max: 'string', step: 'string', prefix: 'string', suffix: 'string', icon: 'string',
};
const FIELD_CSS = `
  :host { display: block; min-width: 0; font-size: 14px; color: var(--p-ink); } label { display: block; margin-bottom: 4px; font-size: 13px; font-weight: 500; } label:empty { display: none; }
  .need::after { content: ' *'; color: var(--p-critical); }
  .box { display: flex; align-items: center; gap: 6px; background: var(--p-surface); border: 1px solid var(--p-line-strong); border-radius: 8px; padding: 0 10px; min-height: 34px; }
  .box:focus-within { outline: 2px solid var(--p-focus); outline-offset: 1px; } .box[data-bad] { border-color: var(--p-critical); background: var(--p-critical-soft); } .box[data-off] { opacity: .6; }
  input, textarea, select { flex: 1; min-width: 0; width: 100%; border: 0; background: none; color: inherit; font: 14px/1.45 var(--p-font); padding: 6px 0; outline: none; }
  textarea { resize: vertical; } ::placeholder { color: var(--p-faint); opacity: 1; } .side { color: var(--p-soft); white-space: nowrap; } .side:empty { display: none; } .side svg { display: block; width: 16px; height: 16px; }
  .more { color: var(--p-soft); font-size: 13px; margin-top: 4px; } .bad { color: var(--p-critical); font-size: 13px; margin-top: 4px; display: flex; gap: 5px; align-items: start; } .bad svg { width: 16px; height: 16px; flex: none; margin-top: 1px; } .more[hidden], .bad[hidden] { display: none; }
  input::-webkit-search-cancel-button { cursor: pointer; }`;

class Field extends PolarisElement {
  static formAssociated = true;
  static focus = true;
  static props = FIELD_PROPS;
  static css = FIELD_CSS;
  static inputType = 'text';

  static get observedAttributes() {
    return [...Object.keys(this.props).map((name) => name.toLowerCase()), 'value'];
  }

  #dirty = false;

  control() {
    return `<input id="control" type="${this.constructor.inputType}">`;
  }

  get inner() {
    return this.part_('#control');
  }

  get form() {
    return this.internals.form;
  }

  get value() {
    return this.inner ? this.inner.value : this.getAttribute('value') ?? '';
  }

  set value(wanted) {
    this.#dirty = true;
    if (this.inner) this.inner.value = wanted ?? '';
    else this.pending = wanted;
    this.settle();
  }

  get defaultValue() {
    return this.getAttribute('value') ?? '';
  }

  set defaultValue(value) {
    this.setAttribute('value', value);
  }

  connectedCallback() {
    if (!this.inner) {
      this.root.innerHTML = `<label for="control"></label><div class="box"><span class="side before"></span>${this.control()}<span class="side after"></span><slot name="accessory"></slot></div>
        <div class="bad" id="bad" hidden></div><slot name="error"></slot><div class="more" id="more" hidden></div><slot name="details"></slot>`;
      this.listen();
      this.inner.value = this.pending ?? this.getAttribute('value') ?? '';
    }
    this.update();
  }

  attributeChangedCallback(name, before, after) {
    if (!this.inner) return;
    if (name === 'value' && !this.#dirty) this.inner.value = after ?? '';
    this.update();
  }

  listen() {
    this.inner.addEventListener('input', () => {
      this.#dirty = true;
      this.settle();
    });
    this.inner.addEventListener('change', () => this.dispatchEvent(new Event('change', { bubbles: true })));
    this.inner.addEventListener('keydown', (event) => {
      if (event.key === 'Enter' && this.inner.localName === 'input') this.internals.form?.requestSubmit();
    });
  }

  formResetCallback() {
    this.#dirty = false;
    this.inner.value = this.defaultValue;
    this.settle();
  }

  formDisabledCallback(isDisabled) {
    if (this.inner) this.inner.disabled = isDisabled || this.disabled;
  }

  checkValidity() {
    return this.internals.checkValidity();
  }

  reportValidity() {
    return this.internals.reportValidity();
  }

  settle() {
    if (!this.inner) return;
    this.internals.setFormValue(this.inner.value);
    const { validity, validationMessage } = this.inner;
    if (validity.valid) this.internals.setValidity({});
    else this.internals.setValidity(validity, validationMessage, this.inner);
  }

  update() {
    const { inner } = this;
    const label = this.part_('label');
    label.textContent = this.label;
    label.className = this.labelAccessibilityVisibility === 'exclusive' ? 'unseen' : this.required ? 'need' : '';
    Object.assign(inner, { placeholder: this.placeholder, disabled: this.disabled, readOnly: this.readOnly, required: this.required });
    if (this.autocomplete) inner.autocomplete = this.autocomplete;
    for (const name of ['min', 'max', 'step', 'minlength', 'maxlength']) {
      if (this.hasAttribute(name)) inner.setAttribute(name, this.getAttribute(name));
      else inner.removeAttribute(name);
    }
    this.part_('.before').innerHTML = this.icon && this.constructor.hasIcon ? iconSvg(this.icon) : '';
    if (this.prefix) this.part_('.before').textContent = this.prefix;
    this.part_('.after').textContent = this.suffix;
    this.words();
    this.settle();
  }

  words() {
    const [bad, more] = [this.part_('.bad'), this.part_('.more')];
    bad.innerHTML = iconSvg('alert-circle');
    bad.append(this.error);
    bad.hidden = !this.error;
    more.textContent = this.details;
    more.hidden = !this.details;
    this.part_('.box')?.toggleAttribute('data-bad', Boolean(this.error));
    this.part_('.box')?.toggleAttribute('data-off', this.disabled);
    this.inner.ariaInvalid = this.error ? 'true' : null;
    this.inner.setAttribute('aria-describedby', 'bad more');
  }
}

define('s-text-field', class extends Field { static hasIcon = true; });
define('s-email-field', class extends Field { static inputType = 'email'; });
define('s-url-field', class extends Field { static inputType = 'url'; });
define('s-password-field', class extends Field { static inputType = 'password'; });
define('s-date-field', class extends Field { static inputType = 'date'; });
define('s-date-picker', class extends Field { static inputType = 'date'; });
define('s-color-field', class extends Field { static css = `${FIELD_CSS} input { min-height: 26px; }`; static inputType = 'color'; });
define('s-color-picker', class extends Field { static css = `${FIELD_CSS} input { min-height: 26px; }`; static inputType = 'color'; });

define('s-search-field', class extends Field {
  static inputType = 'search';

  update() {
    super.update();
    this.part_('.before').innerHTML = iconSvg('search');
  }
});

define('s-number-field', class extends Field {
  static props = { ...FIELD_PROPS, inputMode: 'string' };
  static inputType = 'number';

  update() {
    if (!this.hasAttribute('step') && this.inputMode !== 'numeric') this.inner.step = 'any';
    super.update();
    this.inner.inputMode = this.inputMode || 'decimal';
    if (!this.hasAttribute('step') && this.inputMode !== 'numeric') this.inner.step = 'any';
    this.settle();
  }
});

define('s-money-field', class extends Field {
  static props = { ...FIELD_PROPS, currencyCode: 'string' };

  update() {
    super.update();
    this.inner.inputMode = 'decimal';
    this.part_('.before').textContent = this.currencyCode === 'auto' ? '' : this.currencyCode;
  }
});

define('s-text-area', class extends Field {
  static props = { ...FIELD_PROPS, rows: 'number' };

  control() {
    return '<textarea id="control"></textarea>';
  }

  update() {
    super.update();
    this.inner.rows = this.rows || 2;
  }
});

define('s-drop-zone', class extends Field {
  static props = { ...FIELD_PROPS, accept: 'string', multiple: 'boolean', accessibilityLabel: 'string' };
  static inputType = 'file';

  get files() {
    return [...(this.inner?.files ?? [])];
  }

  settle() {
    const data = new FormData();
    this.files.forEach((file) => data.append(this.name, file));
    this.internals.setFormValue(data);
  }

  formResetCallback() {
    this.inner.value = '';
  }
});
