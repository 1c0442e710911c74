// Moves between screens without loading the frame anew. Without it, links are plain links and still lead there.
import { go } from '../swap.js';

const LINKS = 'a[href], s-link[href], s-button[href], s-clickable[href]';

function target(href) {
  const url = new URL(href, location.href);
  return url.origin === location.origin && url.pathname.startsWith('/app') ? url.href : '';
}

document.addEventListener('click', (event) => {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return;
  const link = event.composedPath().find((one) => one instanceof Element && one.matches(LINKS));
  if (!link || link.hasAttribute('download') || link.hasAttribute('target')) return;
  const address = target(link.getAttribute('href'));
  if (!address) return;
  event.preventDefault();
  go(address);
});

// The admin's own menu was used.
document.addEventListener('shopify:navigate', (event) => {
  const href = event.detail?.href ?? event.target.getAttribute?.('href');
  const address = href ? target(href) : '';
  if (!address) return;
  event.preventDefault();
  go(address);
});

window.addEventListener('popstate', () => go(location.href, { isBack: true }));
