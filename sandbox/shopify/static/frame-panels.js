// What covers the frame for a moment: the save bar, the question before leaving, and the question for more access.
window.panels = (say, fromServer) => {
  const bar = document.querySelector('[data-save-bar]');
  const dialog = document.querySelector('[data-dialog]');
  let confirmsDiscard = false;

  function question({ title, text, list = [], yes, no }) {
    dialog.querySelector('h2').textContent = title;
    dialog.querySelector('p').textContent = text;
    dialog.querySelector('ul').replaceChildren(
      ...list.map((line) => Object.assign(document.createElement('li'), { textContent: line })),
    );
    dialog.querySelector('[value=yes]').textContent = yes;
    dialog.querySelector('[value=no]').textContent = no;
    dialog.returnValue = 'no';
    dialog.showModal();
    return new Promise((resolve) => {
      dialog.addEventListener('close', () => resolve(dialog.returnValue === 'yes'), { once: true });
    });
  }

  function leave() {
    return question({
      title: 'Leave without saving?',
      text: 'What you changed on this page will be lost.',
      yes: 'Leave page',
      no: 'Stay',
    });
  }

  bar.querySelector('[data-save]').addEventListener('click', () => say('save'));
  bar.querySelector('[data-discard]').addEventListener('click', async () => {
    const sure = !confirmsDiscard || (await question({
      title: 'Discard all changes?',
      text: 'The page goes back to what was saved last.',
      yes: 'Discard',
      no: 'Keep editing',
    }));
    if (sure) say('discard');
  });

  // The admin's own links ask as well while something is unsaved.
  document.addEventListener('click', async (event) => {
    const link = event.target.closest?.('.bar a, .side a:not([data-path]):not([data-app-home])');
    if (!link || bar.hidden) return;
    event.preventDefault();
    if (await leave()) location.assign(link.href);
  });

  async function requestScopes({ scopes }) {
    const { sentences, missing } = await fromServer('scopes/wanted', { scopes });
    const isGranted = missing.length === 0 || (await question({
      title: 'Allow more access?',
      text: 'The app asks to be able to:',
      list: sentences,
      yes: 'Allow',
      no: 'Decline',
    }));
    const detail = isGranted ? await fromServer('scopes', { grant: scopes }) : await fromServer('scopes');
    return { result: isGranted ? 'granted-all' : 'declined-all', detail };
  }

  return {
    'save-bar': ({ isShown, discardConfirmation }) => {
      bar.hidden = !isShown;
      confirmsDiscard = Boolean(discardConfirmation);
    },
    leave,
    'scopes-query': () => fromServer('scopes'),
    'scopes-request': requestScopes,
    'scopes-revoke': async ({ scopes }) => ({ detail: await fromServer('scopes', { revoke: scopes }) }),
    picker: (asked) => window.pickProducts(asked.options ?? {}, fromServer),
  };
};
