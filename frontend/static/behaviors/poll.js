// Refreshes a part of the screen while something runs. It stops by itself when the part no longer asks for it.
const RESTING_MS = 1000;
let timer = 0;

function isBusy(part) {
  return part.contains(document.activeElement) && document.activeElement.matches('input, textarea, select, summary');
}

function parts() {
  return [...document.querySelectorAll('[data-behavior~="poll"][id]')];
}

async function refresh() {
  const here = location.href;
  if (!document.hidden) {
    const response = await fetch(here, { headers: { Accept: 'text/html' } }).catch(() => null);
    if (response?.ok && location.href === here) {
      const next = new DOMParser().parseFromString(await response.text(), 'text/html');
      for (const part of parts()) {
        const fresh = next.getElementById(part.id);
        const isOpen = part.querySelector('details[open], s-modal[open], dialog[open]');
        if (fresh && !isOpen && !isBusy(part)) part.replaceWith(document.adoptNode(fresh));
      }
    }
  }
  plan();
}

function plan() {
  clearTimeout(timer);
  const waits = parts().map((part) => Number(part.dataset.every) * 1000 || RESTING_MS);
  if (waits.length) timer = setTimeout(refresh, Math.max(RESTING_MS, Math.min(...waits)));
}

document.addEventListener('concord:swapped', plan);
plan();
