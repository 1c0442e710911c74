// The save bar: it appears when a marked form was changed, and its two buttons act on that form.
let dirtyForm = null;
let shownBar = '';

function isDirty() {
  return Boolean(dirtyForm || shownBar);
}

function showBar(id, { discardConfirmation = false } = {}) {
  shownBar = id;
  tell('save-bar', { isShown: true, discardConfirmation });
}

function hideBar() {
  shownBar = '';
  dirtyForm = null;
  tell('save-bar', { isShown: false });
}

function leaveConfirmation() {
  return isDirty() ? ask('leave').then((leaves) => { if (leaves) hideBar(); return leaves; }) : Promise.resolve(true);
}

function marked(event) {
  const control = event.composedPath()[0];
  const form = event.target.closest?.('form[data-save-bar]') ?? control?.form;
  return form?.hasAttribute('data-save-bar') ? form : null;
}

for (const kind of ['input', 'change']) {
  document.addEventListener(kind, (event) => {
    const form = marked(event);
    if (!form || dirtyForm === form) return;
    dirtyForm = form;
    showBar('', { discardConfirmation: form.hasAttribute('data-discard-confirmation') });
  });
}

document.addEventListener('submit', (event) => { if (event.target === dirtyForm) hideBar(); }, true);
document.addEventListener('reset', (event) => { if (event.target === dirtyForm) hideBar(); });

function barButton(isSave) {
  const bar = shownBar ? document.getElementById(shownBar) : null;
  return bar?.querySelector(isSave ? 'button[variant="primary"]' : 'button:not([variant="primary"])') ?? null;
}

hear('save', () => {
  if (dirtyForm) dirtyForm.requestSubmit();
  else barButton(true)?.click();
});
hear('discard', () => {
  if (dirtyForm) dirtyForm.reset();
  else barButton(false)?.click();
});

const saveBar = {
  show: async (id) => showBar(id, { discardConfirmation: document.getElementById(id)?.hasAttribute('discardConfirmation') }),
  hide: async () => hideBar(),
  toggle: async (id) => (shownBar === id ? hideBar() : showBar(id)),
  leaveConfirmation,
};
