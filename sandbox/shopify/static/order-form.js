// The order form: lines come and go; one line always stays.
const lines = document.querySelector('[data-lines]');
const template = document.querySelector('[data-template]');

document.querySelector('[data-add]').addEventListener('click', () => {
  lines.append(template.content.cloneNode(true));
  lines.lastElementChild.querySelector('select').focus();
});

lines.addEventListener('click', (event) => {
  if (event.target.closest('[data-remove]') && lines.children.length > 1) event.target.closest('[data-line]').remove();
});
