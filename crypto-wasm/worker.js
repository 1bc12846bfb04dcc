// The module worker: loads the crypto module, after checking it, and passes messages on.
//
// The page starts it as /worker.js?js=HASH&parts=HASH&wasm=HASH&filter=HASH with the integrity hashes (sha384-...) that stand
// in the page. Without them it does not start: a worker that holds keys runs no unchecked code.

const waiting = [];
let take = (message) => waiting.push(message);
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

const hashes = new URL(self.location.href).searchParams;
async function fetchChecked(url, name) {
  // A plus sign in base64 reads as a blank in a query that was not percent-encoded.
  const integrity = (hashes.get(name) ?? "").replaceAll(" ", "+");
  if (!/^sha(256|384|512)-/.test(integrity)) {
    throw new Error(`worker.js: the page gave no hash for ${url}`);
  }
  const response = await fetch(url, { integrity });
  if (!response.ok) throw new Error(`worker.js: ${url} answered ${response.status}`);
  return response;
}

// What makes keys quicker where the browser has vector instructions: where a candidate is written,
// and what tests it. Its memory is overwritten each time, because a candidate may become a secret.
async function loadFilter() {
  const response = await fetchChecked("/pkg/prime_filter.wasm", "filter");
  const bytes = await response.arrayBuffer();
  if (!WebAssembly.validate(bytes)) return null;
  const { instance } = await WebAssembly.instantiate(bytes);
  const { memory, room, may_be_prime } = instance.exports;
  const all = new Uint8Array(memory.buffer);
  const test = (length) => {
    try {
      return may_be_prime(length) === 1;
    } finally {
      all.fill(0);
    }
  };
  return [new Uint8Array(memory.buffer, room(), 256), test];
}
let filter = null;
const quick = () => (filter ??= loadFilter());

async function load() {
  const [wasm] = await Promise.all([
    fetchChecked("/pkg/crypto_bg.wasm", "wasm"),
    fetchChecked("/pkg/crypto.js", "js").then((response) => response.arrayBuffer()),
    // It fetches the rest of the module when that is needed, each part with its hash.
    fetchChecked("/pkg/crypto_parts.js", "parts").then((response) => response.arrayBuffer()),
  ]);
  // An import in a worker takes no hash itself: it gets what was just checked, from the cache.
  const module = await import("/pkg/crypto.js");
  await module.default({ module_or_path: wasm });
  // Started first: a worker that is not there yet takes nothing.
  module.start(pause, quick);
  // A file that somebody chose comes along with what is asked about it, and is read in the module.
  take = (message) => {
    if (typeof message === "string") module.take(message);
    else module.take_file(message.text, message.file);
  };
  waiting.splice(0).forEach(take);
  join = (port) => {
    // What comes meanwhile waits in the channel; without this part, keys are made by one worker.
    module.join((text) => port.postMessage(text)).then(
      () => { port.onmessage = (event) => module.take_peer(event.data); },
      (error) => console.warn(error),
    );
  };
  if (joining) join(joining);
}

// Thrown outside of the promise, so that the page's `onerror` hears of it.
load().catch((error) => setTimeout(() => { throw error; }));
