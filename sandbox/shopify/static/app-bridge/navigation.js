// Moving about: links that leave the frame, the app's menu in the admin, and the address the admin shows.
const LINKS = 'a[href], s-link[href], s-button[href], s-clickable[href], s-clickable-chip[href]';
const RESERVED = ['embedded', 'hmac', 'host', 'id_token', 'locale', 'session', 'shop', 'timestamp'];

function linkIn(event) {
  return event.composedPath().find((one) => one instanceof Element && one.matches(LINKS));
}

function leavesFrame(href, target) {
  return href.startsWith('shopify:') || ['_top', '_parent', '_blank'].includes(target);
}

document.addEventListener('click', async (event) => {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || !isEmbedded) return;
  const link = linkIn(event);
  if (!link) return;
  const href = link.getAttribute('href');
  const target = link.getAttribute('target') ?? '';
  if (leavesFrame(href, target)) {
    event.preventDefault();
    const url = href.startsWith('shopify:') ? href : new URL(href, location.href).href;
    tell('open', { url, target: target === '_blank' ? '_blank' : '_top' });
    return;
  }
  if (isDirty() && !href.startsWith('#')) {
    event.preventDefault();
    if (await leaveConfirmation()) location.assign(href);
  }
});

function menuLinks() {
  return [...document.querySelectorAll('s-app-nav > a, s-app-nav > s-link, ui-nav-menu > a, ui-nav-menu > s-link')];
}

function tellMenu() {
  const items = menuLinks().map((link) => ({
    label: link.textContent.trim(),
    href: link.getAttribute('href') ?? '',
    isHome: link.getAttribute('rel') === 'home',
  }));
  tell('menu', { items });
}

function tellPlace() {
  const query = new URLSearchParams(location.search);
  if (query.has('shopify-reload')) return;
  RESERVED.forEach((name) => query.delete(name));
  tell('place', { path: location.pathname, query: query.toString(), title: document.title });
}

function watchHistory() {
  for (const name of ['pushState', 'replaceState']) {
    const original = history[name].bind(history);
    history[name] = (...values) => {
      original(...values);
      tellPlace();
    };
  }
  window.addEventListener('popstate', tellPlace);
}

// The admin's menu was used: the page may swap its own content, otherwise the frame goes there.
hear('navigate', async ({ href }) => {
  if (isDirty() && !(await leaveConfirmation())) return;
  const link = menuLinks().find((one) => one.getAttribute('href') === href) ?? document.documentElement;
  const moved = new CustomEvent('shopify:navigate', { bubbles: true, cancelable: true, detail: { href } });
  if (link.dispatchEvent(moved)) location.assign(href);
});

const hidden = new CSSStyleSheet();
hidden.replaceSync('s-app-nav, ui-nav-menu, ui-save-bar, ui-title-bar { display: none !important; }');
document.adoptedStyleSheets = [...document.adoptedStyleSheets, hidden];

document.addEventListener('DOMContentLoaded', () => {
  if (!isEmbedded || reload) return;
  tellMenu();
  tellPlace();
  new MutationObserver(tellMenu).observe(document.body, { childList: true, subtree: false });
});
watchHistory();
