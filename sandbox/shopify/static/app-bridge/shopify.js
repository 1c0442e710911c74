// The `shopify` global as the app sees it.
const toasts = new Map();
let lastToast = 0;

hear('toast-action', ({ toast }) => toasts.get(toast)?.onAction?.());
hear('toast-gone', ({ toast }) => {
  toasts.get(toast)?.onDismiss?.();
  toasts.delete(toast);
});

const toast = {
  show(text, options = {}) {
    lastToast += 1;
    const id = `toast-${lastToast}`;
    toasts.set(id, options);
    const { duration = 5000, isError = false, action = '' } = options;
    tell('toast', { toast: id, text: String(text), duration, isError, action });
    return id;
  },
  hide: (id) => tell('toast-hide', { toast: id }),
};

function overlay(id, verb) {
  const element = document.getElementById(id);
  const own = { show: 'showOverlay', hide: 'hideOverlay', toggle: 'toggleOverlay' }[verb];
  return Promise.resolve((element?.[own] ?? element?.[verb])?.call(element));
}

// `ui-modal` is the older spelling of a dialog that lives in the page.
class UiModal extends HTMLElement {
  #dialog() {
    let dialog = this.querySelector(':scope > dialog');
    if (!dialog) {
      dialog = document.createElement('dialog');
      dialog.append(...this.childNodes);
      this.append(dialog);
      dialog.addEventListener('close', () => this.dispatchEvent(new Event('hide')));
    }
    return dialog;
  }

  show() {
    this.#dialog().showModal();
    this.dispatchEvent(new Event('show'));
  }

  hide() {
    this.#dialog().close();
  }

  toggle() {
    if (this.#dialog().open) this.hide();
    else this.show();
  }
}
customElements.define('ui-modal', UiModal);

window.shopify = {
  config,
  origin: location.origin,
  protocol: location.protocol,
  ready: Promise.resolve(),
  environment: { embedded: isEmbedded, mobile: false, pos: false, intent: false },
  idToken: () => idToken(),
  user: () => ask('user'),
  toast,
  saveBar,
  loading: (isLoading = true) => tell('loading', { isLoading: Boolean(isLoading) }),
  modal: {
    show: (id) => overlay(id, 'show'),
    hide: (id) => overlay(id, 'hide'),
    toggle: (id) => overlay(id, 'toggle'),
  },
  scopes: {
    query: () => ask('scopes-query'),
    request: (scopes) => ask('scopes-request', { scopes: [...scopes] }),
    revoke: (scopes) => ask('scopes-revoke', { scopes: [...scopes] }),
  },
  resourcePicker: (options) => ask('picker', { options }),
  webVitals: { onReport: () => {} },
};
