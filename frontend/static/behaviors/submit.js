// Sends a form by fetch, so that it carries the identity; then goes where the answer says, or shows the form again.
import { ask, follow } from '../swap.js';

function buttons(form) {
  return form.querySelectorAll('s-button[type="submit"]');
}

document.addEventListener('submit', async (event) => {
  const form = event.target.closest('form[data-behavior~="submit"]');
  if (!form) return;
  event.preventDefault();
  if (form.dataset.isBusy) return;
  form.dataset.isBusy = 'yes';
  buttons(form).forEach((button) => { button.loading = true; });
  const body = new URLSearchParams(new FormData(form));
  const response = await ask(form.action, { method: 'POST', body });
  delete form.dataset.isBusy;
  buttons(form).forEach((button) => { button.loading = false; });
  if (response) await follow(response);
});
