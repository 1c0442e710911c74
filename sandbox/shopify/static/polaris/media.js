// Pictures and signs of progress.
define('s-icon', class extends PolarisElement {
  static props = { type: 'string', tone: 'string', color: 'string', size: 'string', interestFor: 'string' };
  static html = '<span></span>';
  static css = ':host { display: inline-flex; vertical-align: middle; } span { display: contents; } :host([size=small]) svg { width: 16px; height: 16px; } :host([color=subdued]) { color: var(--p-soft); }';

  update() {
    this.part_('span').innerHTML = iconSvg(this.type || '');
    const isToned = this.tone && !['auto', 'neutral'].includes(this.tone);
    this.own.replaceSync(isToned ? `:host { color: ${tone(this.tone).ink}; }` : '');
  }
});

define('s-spinner', class extends PolarisElement {
  static props = { size: 'string', accessibilityLabel: 'string' };
  static html = '<span role="status"><i></i><b class="unseen"></b></span>';
  static css = `:host { display: inline-block; vertical-align: middle; } i { display: block; width: 20px; height: 20px; border: 2px solid var(--p-line-strong); border-top-color: var(--p-accent); border-radius: 50%; animation: turn .8s linear infinite; } :host([size^=large]) i { width: 36px; height: 36px; border-width: 3px; } @keyframes turn { to { transform: rotate(1turn); } }`;

  update() {
    this.part_('b').textContent = this.accessibilityLabel || 'Loading';
  }
});

define('s-progress', class extends PolarisElement {
  static props = { value: 'number', max: 'number', tone: 'string', accessibilityLabel: 'string' };
  static html = '<div class="all" role="progressbar"><div class="done"></div></div>';
  static css = ':host { display: block; } .all { height: 8px; border-radius: 99px; background: var(--p-strong); overflow: hidden; } .done { height: 100%; border-radius: 99px; background: var(--p-accent); transition: width .3s; }';

  update() {
    const max = this.hasAttribute('max') ? this.max : 1;
    const all = this.part_('.all');
    all.ariaLabel = this.accessibilityLabel || 'Progress';
    Object.assign(all, { ariaValueMin: '0', ariaValueMax: String(max), ariaValueNow: String(this.value) });
    const isToned = this.tone && !['auto', 'neutral'].includes(this.tone);
    const share = Math.max(0, Math.min(100, (this.value / max) * 100));
    this.own.replaceSync(`.done { width: ${share}%; ${isToned ? `background: ${tone(this.tone).ink};` : ''} }`);
  }
});

class Picture extends PolarisElement {
  static props = { src: 'string', alt: 'string' };
  static html = '<img>';

  drawn() {
    const image = this.part_('img');
    image?.addEventListener('load', () => this.say('load'));
    image?.addEventListener('error', () => this.say('error'));
  }
}

define('s-image', class extends Picture {
  static props = { ...BOX_PROPS, src: 'string', alt: 'string', srcSet: 'string', sizes: 'string', loading: 'string', aspectRatio: 'string', objectFit: 'string', inlineSize: 'string' };
  static css = ':host { display: block; } :host([inlinesize=auto]) { display: inline-block; } img { display: block; width: 100%; } :host([inlinesize=auto]) img { width: auto; }';

  update() {
    const image = this.part_('img');
    if (this.src && image.getAttribute('src') !== this.src) image.src = this.src;
    if (this.srcSet) image.srcset = this.srcSet;
    Object.assign(image, { alt: this.alt, sizes: this.sizes, loading: this.loading === 'lazy' ? 'lazy' : 'eager' });
    this.own.replaceSync(`img { aspect-ratio: ${this.aspectRatio || 'auto'}; object-fit: ${this.objectFit || 'contain'}; border-radius: ${sized(this.borderRadius || 'none', RADIUS)}; ${borderCss(this)} }`);
  }
});

const SIDES = { 'small-200': 24, 'small-100': 32, small: 36, base: 44, large: 60, 'large-100': 80, 'large-200': 96 };

define('s-thumbnail', class extends Picture {
  static props = { ...Picture.props, size: 'string' };
  static css = ':host { display: inline-block; vertical-align: middle; } .frame { display: grid; place-items: center; border: 1px solid var(--p-line); border-radius: 8px; overflow: hidden; background: var(--p-sunk); color: var(--p-faint); } img { width: 100%; height: 100%; object-fit: cover; } img:not([src]) { display: none; }';
  static html = '<span class="frame"><img><i></i></span>';

  update() {
    const image = this.part_('img');
    if (this.src) image.src = this.src;
    image.alt = this.alt;
    this.part_('i').innerHTML = this.src ? '' : iconSvg('image');
    const side = SIDES[this.size] ?? SIDES.base;
    this.own.replaceSync(`.frame { width: ${side}px; height: ${side}px; }`);
  }
});

define('s-avatar', class extends Picture {
  static props = { ...Picture.props, size: 'string', initials: 'string' };
  static css = ':host { display: inline-block; vertical-align: middle; } .frame { display: grid; place-items: center; border-radius: 50%; overflow: hidden; background: var(--p-info-soft); color: var(--p-info); font-weight: 650; } img { width: 100%; height: 100%; object-fit: cover; } img:not([src]) { display: none; }';
  static html = '<span class="frame" role="img"><img alt=""><i></i></span>';

  update() {
    if (this.src) this.part_('img').src = this.src;
    const mark = this.part_('i');
    mark.style.fontStyle = 'normal';
    if (this.initials) mark.textContent = this.src ? '' : this.initials.slice(0, 2).toUpperCase();
    else mark.innerHTML = this.src ? '' : iconSvg('person');
    this.part_('.frame').ariaLabel = this.alt || this.initials || 'Avatar';
    const side = SIDES[this.size] ?? 36;
    this.own.replaceSync(`.frame { width: ${side}px; height: ${side}px; font-size: ${Math.round(side * 0.38)}px; }`);
  }
});
