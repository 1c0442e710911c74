// The admin's side of the frame: what the app asks for through App Bridge, answered.
const panel = document.querySelector('[data-frame]');
const frame = panel.querySelector('iframe');
const { origin, base, home, store } = panel.dataset;

function say(kind, content = {}) {
  frame.contentWindow.postMessage({ ...content, bridge: 1, kind }, origin);
}

async function fromServer(path, body) {
  const options = body ? { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) } : {};
  const response = await fetch(`${store}/bridge/${path}`, options);
  if (!response.ok) throw new Error(`the admin could not answer: ${response.status}`);
  return response.json();
}

function adminAddress(url) {
  const inside = url.match(/^shopify:(?:\/\/)?admin\/?(.*)$/);
  return inside ? `${store}/${inside[1]}` : url;
}

function showMenu(items) {
  const box = document.querySelector('[data-app-nav]');
  if (!box) return;
  const links = items.filter((one) => !one.isHome && one.href).map((one) => {
    const link = Object.assign(document.createElement('a'), { textContent: one.label, href: base + one.href.split('?')[0] });
    link.dataset.path = one.href.split('?')[0];
    link.addEventListener('click', (event) => {
      event.preventDefault();
      say('navigate', { href: one.href });
    });
    return link;
  });
  box.replaceChildren(...links);
  box.hidden = links.length === 0;
  markMenu();
}

let place = home;

function markMenu() {
  const links = [...document.querySelectorAll('[data-app-nav] a')];
  const fits = links.filter((one) => place === one.dataset.path || place.startsWith(`${one.dataset.path}/`));
  const best = fits.sort((one, other) => other.dataset.path.length - one.dataset.path.length)[0];
  links.forEach((one) => (one === best ? one.setAttribute('aria-current', 'page') : one.removeAttribute('aria-current')));
  const main = document.querySelector('[data-app-home]');
  if (best) main?.removeAttribute('aria-current');
  else main?.setAttribute('aria-current', 'page');
}

function showPlace({ path, query, title }) {
  place = path;
  const address = path === home ? base : base + path;
  history.replaceState(null, '', query ? `${address}?${query}` : address);
  if (title) document.title = title;
  document.getElementById('side').removeAttribute('data-open');
  markMenu();
}

const handlers = {
  'id-token': async () => (await fromServer('id-token')).id_token,
  user: () => fromServer('user'),
  menu: ({ items }) => showMenu(items),
  place: showPlace,
  open: ({ url, target }) => {
    if (target === '_blank') window.open(adminAddress(url), '_blank', 'noopener');
    else location.assign(adminAddress(url));
  },
  loading: ({ isLoading }) => document.querySelector('[data-progress]').toggleAttribute('data-on', isLoading),
  toast: ({ toast, ...shown }) => window.toasts.show(toast, {
    ...shown,
    onAction: () => say('toast-action', { toast }),
    onGone: () => say('toast-gone', { toast }),
  }),
  'toast-hide': ({ toast }) => window.toasts.hide(toast),
  ...window.panels(say, fromServer),
};

window.addEventListener('message', async (event) => {
  if (event.origin !== origin || event.source !== frame.contentWindow || event.data?.bridge !== 1) return;
  const { kind, id } = event.data;
  const value = await handlers[kind]?.(event.data);
  if (id) say('answer', { id, value });
});

document.querySelector('[data-app-home]')?.addEventListener('click', (event) => {
  event.preventDefault();
  say('navigate', { href: home });
});

const progress = document.querySelector('[data-progress]');
progress.toggleAttribute('data-on', true);
frame.addEventListener('load', () => progress.toggleAttribute('data-on', false));
frame.src = panel.dataset.src; // only now: the app may speak as soon as it is loaded
