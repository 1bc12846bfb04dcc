// The module worker: loads the crypto module, after checking it, and passes messages on.
//
// The page starts it as /worker.js?js=HASH&wasm=HASH with the integrity hashes (sha384-...) that stand
// in the page. Without them it does not start: a worker that holds keys runs no unchecked code.

const waiting = [];
let take = (text) => waiting.push(text);
let join = (port) => { joining = port; };
let joining = null;
// A channel's end comes once, when the page has started a second worker that helps to make keys.
self.onmessage = (event) => {
  if (event.ports.length > 0) join(event.ports[0]);
  else take(event.data);
};

// Lets go for a moment, so that messages are taken in between. A timer would wait 4 ms each time.
const moment = new MessageChannel();
const resuming = [];
moment.port1.onmessage = () => resuming.shift()?.();
const pause = (go) => {
  resuming.push(go);
  moment.port2.postMessage(null);
};

async function load() {
  const hashes = new URL(self.location.href).searchParams;
  const fetchChecked = async (url, name) => {
    // A plus sign in base64 reads as a blank in a query that was not percent-encoded.
    const integrity = (hashes.get(name) ?? "").replaceAll(" ", "+");
    if (!/^sha(256|384|512)-/.test(integrity)) {
      throw new Error(`worker.js: the page gave no hash for ${url}`);
    }
    const response = await fetch(url, { integrity });
    if (!response.ok) throw new Error(`worker.js: ${url} answered ${response.status}`);
    return response;
  };
  const [wasm] = await Promise.all([
    fetchChecked("/pkg/crypto_bg.wasm", "wasm"),
    fetchChecked("/pkg/crypto.js", "js").then((response) => response.arrayBuffer()),
  ]);
  // An import in a worker takes no hash itself: it gets what was just checked, from the cache.
  const module = await import("/pkg/crypto.js");
  await module.default({ module_or_path: wasm });
  // Started first: a worker that is not there yet takes nothing.
  module.start(pause);
  take = (text) => module.take(text);
  waiting.splice(0).forEach(take);
  join = (port) => {
    port.onmessage = (event) => module.take_peer(event.data);
    module.join((text) => port.postMessage(text));
  };
  if (joining) join(joining);
}

// Thrown outside of the promise, so that the page's `onerror` hears of it.
load().catch((error) => setTimeout(() => { throw error; }));
