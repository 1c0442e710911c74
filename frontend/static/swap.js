// Puts the main part of a fetched page in the place of the present one. Everything else on the page stays.
export function show(html, address) {
  const next = new DOMParser().parseFromString(html, 'text/html');
  const main = next.getElementById('main');
  const isSameRelease = next.documentElement.dataset.release === document.documentElement.dataset.release;
  if (!main || !isSameRelease) {
    location.assign(address);
    return;
  }
  document.getElementById('main').replaceWith(document.adoptNode(main));
  document.getElementById('notice').replaceChildren();
  document.title = next.title;
  document.dispatchEvent(new CustomEvent('concord:swapped'));
}

// A request that brings its answer or a notice that none came. App Bridge adds the identity.
export async function ask(address, options = {}) {
  window.shopify?.loading?.(true);
  try {
    return await fetch(address, { headers: { Accept: 'text/html, application/json' }, ...options });
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    const notice = document.getElementById('no-answer').content.cloneNode(true);
    document.getElementById('notice').replaceChildren(notice);
    return null;
  } finally {
    window.shopify?.loading?.(false);
  }
}

// Goes to another screen: the address changes, focus and reading start at its top.
export async function go(address, { isBack = false } = {}) {
  const response = await ask(address);
  if (!response) return;
  if (!isBack) history.pushState({}, '', response.url);
  show(await response.text(), response.url);
  document.getElementById('main').focus({ preventScroll: true });
  window.scrollTo(0, 0);
}

// What became of an act: goes where its answer says, or shows the screen that came back instead.
export async function follow(response) {
  if (!response.headers.get('Content-Type')?.startsWith('application/json')) {
    show(await response.text(), location.href);
    document.getElementById('main').querySelector('[error]')?.scrollIntoView({ block: 'center' });
    return;
  }
  const { go: address, say } = await response.json();
  await go(address);
  window.shopify?.toast?.show(say);
}
