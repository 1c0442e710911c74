// ID tokens: asked from the admin, kept until shortly before their end. Outside the admin there are none.
const SPARE_S = 5;
let kept = tokenOf(new URLSearchParams(location.search).get('id_token'));

function tokenOf(text) {
  if (!text || text.split('.').length !== 3) return null;
  const part = text.split('.')[1].replaceAll('-', '+').replaceAll('_', '/');
  try {
    return { text, exp: JSON.parse(atob(part)).exp };
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof DOMException) return null;
    throw error;
  }
}

function adminHome() {
  if (!config.host) return '';
  const place = atob(config.host.replaceAll('-', '+').replaceAll('_', '/'));
  return `${adminOrigin}${place.slice(place.indexOf('/'))}/apps/${config.apiKey}`;
}

function enterAdmin() {
  const home = adminHome();
  if (home) location.replace(home + (location.pathname === '/' ? '' : location.pathname));
}

async function idToken({ fresh = false } = {}) {
  if (!isEmbedded) {
    enterAdmin();
    return new Promise(() => {});
  }
  if (fresh || !kept || kept.exp - Date.now() / 1000 < SPARE_S) kept = tokenOf(await ask('id-token'));
  return kept.text;
}

// The bounce page: nothing on it but this script. It goes back to the page that had no token, with one.
const reload = new URLSearchParams(location.search).get('shopify-reload');
if (reload) {
  const target = new URL(reload, location.href);
  if (target.origin === location.origin) {
    idToken({ fresh: true }).then((token) => {
      target.searchParams.set('id_token', token);
      location.replace(target);
    });
  }
} else if (!isEmbedded && config.host && !config.disabledFeatures.includes('auto-redirect')) {
  enterAdmin();
}
