// Asks for one more permission in a dialog of the admin. Without it, the link leads to Shopify's own page for that.
import { ask, follow } from '../swap.js';

document.addEventListener('click', async (event) => {
  const asks = (one) => one instanceof Element && one.matches('[data-behavior~="scopes"]');
  const button = event.composedPath().find(asks);
  if (!button || !window.shopify?.scopes?.request) return;
  event.preventDefault();
  event.stopPropagation();
  const { result } = await window.shopify.scopes.request(button.dataset.scopes.split(','));
  if (result !== 'granted-all') {
    window.shopify.toast.show('Nothing was changed. You can allow it later.');
    return;
  }
  const response = await ask(button.dataset.then, { method: 'POST', body: new URLSearchParams() });
  if (response) await follow(response);
}, { capture: true });
