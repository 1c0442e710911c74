// Who we are, where the admin is, and how to speak with it. Everything else in this script uses `tell` and `ask`.
const adminOrigin = new URL(document.currentScript.src).origin;
const isEmbedded = window.top !== window.self;

function meta(name) {
  return document.querySelector(`meta[name="${name}"]`)?.content ?? '';
}

function memory() {
  try {
    return window.sessionStorage;
  } catch (error) {
    if (error instanceof DOMException) return null; // a browser that blocks storage in frames
    throw error;
  }
}

function remembered(name) {
  const given = new URLSearchParams(location.search).get(name);
  if (given) memory()?.setItem(`app-bridge:${name}`, given);
  return given ?? memory()?.getItem(`app-bridge:${name}`) ?? '';
}

const config = {
  apiKey: meta('shopify-api-key') || new URL(document.currentScript.src).searchParams.get('apiKey') || '',
  host: remembered('host'),
  shop: remembered('shop'),
  locale: remembered('locale') || 'en',
  appOrigins: meta('shopify-app-origins').split(',').map((one) => one.trim()).filter(Boolean),
  disabledFeatures: meta('shopify-disabled-features').split(',').map((one) => one.trim()).filter(Boolean),
  debug: { webVitals: meta('shopify-debug').includes('web-vitals') },
};

const waiting = new Map();
const listeners = new Map();
let lastId = 0;

function tell(kind, content = {}) {
  if (isEmbedded) window.parent.postMessage({ ...content, bridge: 1, kind }, adminOrigin);
}

function ask(kind, content = {}) {
  if (!isEmbedded) return new Promise(() => {});
  lastId += 1;
  const id = lastId;
  const answer = new Promise((resolve) => waiting.set(id, resolve));
  tell(kind, { ...content, id });
  return answer;
}

function hear(kind, listener) {
  listeners.set(kind, listener);
}

window.addEventListener('message', (event) => {
  if (event.origin !== adminOrigin || event.data?.bridge !== 1) return;
  const { kind, id } = event.data;
  if (kind === 'answer') {
    waiting.get(id)?.(event.data.value);
    waiting.delete(id);
    return;
  }
  listeners.get(kind)?.(event.data);
});
