// Copies a text, and says so.
document.addEventListener('click', async (event) => {
  const button = event.target.closest?.('[data-behavior~="copy"]');
  if (!button) return;
  try {
    await navigator.clipboard.writeText(button.dataset.text);
    window.shopify?.toast?.show(button.dataset.said);
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
    window.prompt('Copy this:', button.dataset.text); // a browser that gives frames no clipboard
  }
});
