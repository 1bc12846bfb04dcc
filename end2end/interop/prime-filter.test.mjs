// The vector form of the test that sorts out candidates for primes, where it runs: it must say what
// the definition says, and never no to a prime.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { checkPrimeSync, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';

const BITS_MAX = 2048;
const here = (path) => new URL(path, import.meta.url);
const module = new WebAssembly.Module(readFileSync(here('../../target/site/pkg/prime_filter.wasm')));
const numbers = JSON.parse(readFileSync(here('../../crypto-wasm/envelope/tests/vectors/candidates.json'), 'utf8'));

/** As the worker calls it: all memory is overwritten after each test. */
function load() {
  const { memory, room, may_be_prime: mayBePrime } = new WebAssembly.Instance(module).exports;
  const all = new Uint8Array(memory.buffer);
  return (number) => {
    const hex = number.toString(16);
    const bytes = Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex');
    all.set(bytes, room());
    const may = mayBePrime(bytes.length);
    all.fill(0);
    return may === 1;
  };
}

/** 2 to the power of (n - 1) / 2 is 1 modulo n. */
function byDefinition(n) {
  let power = 1n;
  for (const bit of (n >> 1n).toString(2)) {
    power = (power * power) % n;
    if (bit === '1') power = (power * 2n) % n;
  }
  return power === 1n;
}

const ones = (bits) => (1n << BigInt(bits)) - 1n;
/** The two highest bits set, 7 modulo 8, as every candidate. */
const shaped = (number, bits) => (BigInt.asUintN(bits, number) | (3n << BigInt(bits - 2)) | 7n);
const random = (bits) => shaped(BigInt(`0x${randomBytes(bits / 8).toString('hex')}`), bits);

const passes = load();

function agrees(number) {
  const passed = passes(number);
  assert.equal(passed, byDefinition(number), number.toString(16));
  // The library that is asked here is neither of ours.
  if (!passed) assert.equal(checkPrimeSync(number), false, number.toString(16));
}

test('it imports nothing, so that no candidate goes anywhere', () => {
  assert.deepEqual(WebAssembly.Module.imports(module), []);
});

test('random candidates of every length of a key', () => {
  for (let bits = 1024; bits <= BITS_MAX; bits += 32) agrees(random(bits));
  for (let times = 0; times < 60; times += 1) agrees(random(1536));
});

test('primes pass', () => {
  for (const bits of [1024, 1536, BITS_MAX]) {
    let prime = random(bits);
    while (!checkPrimeSync(prime)) prime = shaped(prime + 8n, bits);
    assert.ok(passes(prime), prime.toString(16));
    agrees(prime - 8n);
    agrees(shaped(prime * prime, bits));
  }
});

test('extreme limbs, and all lengths there are', () => {
  for (let bits = 128; bits <= BITS_MAX; bits += 8) {
    agrees(ones(bits));
    agrees(shaped(0n, bits));
  }
  for (const bits of [1024, 1536, 1544, BITS_MAX]) {
    for (const place of [28, 56, 112, 113, 504, 756, 1008, bits - 29, bits - 3]) {
      agrees(ones(bits) ^ (1n << BigInt(place)));
      agrees(shaped(1n << BigInt(place), bits));
      agrees(shaped(ones(place), bits));
      agrees(shaped(ones(bits) ^ ones(place), bits));
      agrees(shaped(ones(28) << BigInt(place), bits));
    }
  }
});

test('composites that look like primes, as the other form says', () => {
  for (const { number, passes: expected, why } of numbers) {
    const candidate = BigInt(`0x${number}`);
    assert.equal(byDefinition(candidate), expected, why);
    assert.equal(passes(candidate), expected, why);
  }
});

test('what it does not judge it lets through', () => {
  const { memory, room, may_be_prime: mayBePrime } = new WebAssembly.Instance(module).exports;
  new Uint8Array(memory.buffer).fill(0xff, room(), room() + 256);
  for (const length of [0, 1, 15, 257, 4096, 2 ** 31]) assert.equal(mayBePrime(length), 1);
  assert.equal(mayBePrime(256), 0);
});
