// Fetches a file, so that the request carries the identity, and hands it to the browser to keep.
import { ask, show } from '../swap.js';

document.addEventListener('submit', async (event) => {
  const form = event.target.closest('form[data-behavior~="download"]');
  if (!form) return;
  event.preventDefault();
  const sent = form.method === 'post' ? { method: 'POST', body: new URLSearchParams(new FormData(form)) } : {};
  const response = await ask(form.action, sent);
  if (!response) return;
  if (!response.ok) {
    show(await response.text(), location.href);
    return;
  }
  const address = URL.createObjectURL(await response.blob());
  const link = Object.assign(document.createElement('a'), { href: address, download: form.dataset.name });
  link.click();
  URL.revokeObjectURL(address);
});
