// Filters a list: the form's words become the address. A choice filters at once, a text after Enter.
import { go } from '../swap.js';

function search(form) {
  const address = new URL(form.action);
  for (const [name, value] of new FormData(form)) {
    if (value) address.searchParams.set(name, value);
    else address.searchParams.delete(name);
  }
  address.searchParams.delete('page');
  go(address.href);
}

function formOf(event) {
  return event.target.closest?.('form[data-behavior~="search"]');
}

document.addEventListener('submit', (event) => {
  const form = formOf(event);
  if (!form) return;
  event.preventDefault();
  search(form);
});

document.addEventListener('change', (event) => {
  const form = formOf(event);
  if (form && event.target.matches('s-select, select')) search(form);
});

document.addEventListener('keydown', (event) => {
  const form = formOf(event);
  if (!form || event.key !== 'Enter' || !event.target.matches('s-search-field')) return;
  event.preventDefault();
  search(form);
});
