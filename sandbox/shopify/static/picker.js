// The product chooser: a dialog with a search field and one box per product or variant.
window.pickProducts = async ({ type = 'product', multiple = false, selectionIds = [] }, fromServer) => {
  const { products } = await fromServer('products');
  const rows = type === 'variant'
    ? products.flatMap((one) => one.variants.map((variant) => ({ ...variant, title: `${one.title} · ${variant.title}` })))
    : products;
  const chosen = new Set(selectionIds.map((one) => one.id));
  const dialog = document.createElement('dialog');
  const list = document.createElement('div');
  const search = Object.assign(document.createElement('input'), { type: 'search', placeholder: 'Search', ariaLabel: 'Search' });

  function draw() {
    const wanted = search.value.toLowerCase();
    list.replaceChildren(...rows.filter((one) => `${one.title} ${one.sku ?? ''}`.toLowerCase().includes(wanted)).map((one) => {
      const label = Object.assign(document.createElement('label'), { className: 'check' });
      const box = Object.assign(document.createElement('input'), {
        type: multiple ? 'checkbox' : 'radio', name: 'picked', checked: chosen.has(one.id),
      });
      box.addEventListener('change', () => {
        if (!multiple) chosen.clear();
        if (box.checked) chosen.add(one.id);
        else chosen.delete(one.id);
      });
      label.append(box, document.createTextNode(one.title));
      return label;
    }));
  }

  search.addEventListener('input', draw);
  draw();
  const buttons = Object.assign(document.createElement('form'), { method: 'dialog', className: 'row' });
  buttons.append(
    Object.assign(document.createElement('button'), { value: 'no', textContent: 'Cancel' }),
    Object.assign(document.createElement('button'), { value: 'yes', textContent: 'Select', className: 'main' }),
  );
  dialog.append(search, document.createElement('p'), list, buttons);
  document.body.append(dialog);
  dialog.showModal();
  await new Promise((resolve) => dialog.addEventListener('close', resolve, { once: true }));
  dialog.remove();
  return dialog.returnValue === 'yes' ? rows.filter((one) => chosen.has(one.id)) : undefined;
};
