// The admin's own behaviours: menu on a phone, choosing a shop or a person, the toast that any page may show.
const menu = document.querySelector('[data-menu]');
const side = document.getElementById('side');

menu?.addEventListener('click', () => {
  const isOpen = side.toggleAttribute('data-open');
  menu.setAttribute('aria-expanded', String(isOpen));
});

document.querySelector('[data-shops]')?.addEventListener('change', (event) => location.assign(event.target.value));

document.querySelector('[data-staff]')?.addEventListener('change', (event) => {
  const form = event.currentTarget;
  form.elements.path.value = location.pathname;
  form.submit();
});

document.addEventListener('submit', (event) => {
  const question = event.target.dataset?.sure;
  if (question && !window.confirm(question)) event.preventDefault();
});

window.toasts = {
  shown: new Map(),
  show(id, { text, isError = false, action = '', duration = 5000, onAction, onGone }) {
    const box = document.createElement('div');
    box.className = isError ? 'toast bad' : 'toast';
    box.append(Object.assign(document.createElement('span'), { textContent: text }));
    if (action) box.append(this.button(action, () => { onAction?.(); this.hide(id); }));
    box.append(this.button('Dismiss', () => this.hide(id)));
    document.querySelector('[data-toasts]').append(box);
    this.shown.set(id, { box, onGone, timer: setTimeout(() => this.hide(id), duration) });
  },
  hide(id) {
    const toast = this.shown.get(id);
    if (!toast) return;
    clearTimeout(toast.timer);
    toast.box.remove();
    this.shown.delete(id);
    toast.onGone?.();
  },
  button(label, act) {
    const made = Object.assign(document.createElement('button'), { type: 'button', textContent: label });
    made.addEventListener('click', act);
    return made;
  },
};
