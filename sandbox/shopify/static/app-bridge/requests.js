// Requests to the app carry the ID token by themselves, and the app can ask for a fresh one or for the top window.
const RETRY = 'X-Shopify-Retry-Invalid-Session-Request';
const REAUTHORIZE = 'X-Shopify-API-Request-Failure-Reauthorize-Url';
const plainFetch = window.fetch.bind(window);

function isOurs(address) {
  const url = new URL(address, location.href);
  if (url.origin === location.origin || config.appOrigins.includes(url.origin)) return true;
  return url.protocol === location.protocol && url.hostname.endsWith(`.${location.hostname}`);
}

function withIdentity(request, token) {
  const copy = new Request(request);
  copy.headers.set('Authorization', `Bearer ${token}`);
  if (!copy.headers.has('Accept-Language')) copy.headers.set('Accept-Language', config.locale);
  return copy;
}

async function identifiedFetch(input, init) {
  const request = new Request(input, init);
  if (!isEmbedded || !isOurs(request.url) || request.headers.has('Authorization')) return plainFetch(request);
  const spare = request.clone();
  let response = await plainFetch(withIdentity(request, await idToken()));
  if (response.status === 401 && response.headers.has(RETRY)) {
    response = await plainFetch(withIdentity(spare, await idToken({ fresh: true })));
  }
  const elsewhere = response.headers.get(REAUTHORIZE);
  if (elsewhere) {
    tell('open', { url: new URL(elsewhere, location.href).href, target: '_top' });
    return new Promise(() => {});
  }
  return response;
}

function identifyOldRequests() {
  const { open, send, setRequestHeader } = XMLHttpRequest.prototype;
  XMLHttpRequest.prototype.open = function opened(method, address, ...rest) {
    this.isForApp = isEmbedded && isOurs(address) && rest[0] !== false;
    return open.call(this, method, address, ...rest);
  };
  XMLHttpRequest.prototype.setRequestHeader = function noted(name, value) {
    if (name.toLowerCase() === 'authorization') this.isForApp = false;
    return setRequestHeader.call(this, name, value);
  };
  XMLHttpRequest.prototype.send = function sent(body) {
    if (!this.isForApp) return send.call(this, body);
    idToken().then((token) => {
      setRequestHeader.call(this, 'Authorization', `Bearer ${token}`);
      send.call(this, body);
    });
    return undefined;
  };
}

if (!config.disabledFeatures.includes('fetch')) {
  window.fetch = identifiedFetch;
  identifyOldRequests();
}
