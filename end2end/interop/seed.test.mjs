// A device's keys from the 24 words of its sheet, with Node alone: BIP-39, HKDF and det-keygen after
// crypto-wasm/envelope/README.md and c2sp.org/det-keygen, with OpenSSL's primality test.
import assert from 'node:assert/strict';
import { checkPrimeSync, createHash, createHmac, hkdfSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { attempt, countersign } from './countersign.mjs';

const list = readFileSync(
  new URL('../../crypto-wasm/envelope/src/recovery/english.txt', import.meta.url),
  'utf8',
).trimEnd().split('\n');
const seed = createHash('sha256').update('a seed for this test').digest();

function words(entropy) {
  const checksum = createHash('sha256').update(entropy).digest()[0];
  const bits = [...entropy, checksum].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  return bits.match(/.{11}/g).map((eleven) => list[parseInt(eleven, 2)]);
}

// HMAC-DRBG: the candidates in their order.
function* candidates(keySeed, bits) {
  const mac = (key, ...parts) => createHmac('sha256', key).update(Buffer.concat(parts)).digest();
  const length = Buffer.alloc(2);
  length.writeUInt16BE(bits);
  let k = Buffer.alloc(32);
  let v = Buffer.alloc(32, 1);
  for (const round of [0, 1]) {
    k = mac(k, v, Buffer.of(round), keySeed, Buffer.from('det RSA key gen'), length);
    v = mac(k, v);
  }
  for (;;) {
    let made = Buffer.alloc(0);
    while (made.length < bits / 16) {
      v = mac(k, v);
      made = Buffer.concat([made, v]);
    }
    made = made.subarray(0, bits / 16);
    made[0] |= 0xc0;
    made[made.length - 1] |= 7;
    yield BigInt(`0x${made.toString('hex')}`);
    k = mac(k, v, Buffer.of(0));
    v = mac(k, v);
  }
}

// The modulus. (That a pair does not fit the exponent happens once in some 30,000 keys.)
function modulus(keySeed) {
  const primes = [];
  for (const candidate of candidates(keySeed, 3072)) {
    if (checkPrimeSync(candidate)) primes.push(candidate);
    if (primes.length === 2) return primes[0] * primes[1];
  }
  return null;
}

test('the words of a seed are those of BIP-39', () => {
  const hex = seed.toString('hex');
  assert.equal(countersign('seed-words', { seed: hex }), words(seed).join(' '));
  assert.equal(countersign('words-seed', { words: words(seed).join(' ').toUpperCase() }), hex);
  const swapped = words(seed);
  [swapped[0], swapped[5]] = [swapped[5], swapped[0]];
  assert.match(attempt('words-seed', { words: swapped.join(' ') }).error, /Checksum/);
});

for (const [use, generation] of [['signing', 1], ['encryption', 2]]) {
  test(`the ${use} key of a seed, generation ${generation}, is the one that Node makes`, () => {
    const number = Buffer.alloc(4);
    number.writeUInt32BE(generation);
    const zero = Buffer.alloc(1);
    const label = Buffer.from('countersign device key v1');
    const info = Buffer.concat([label, zero, Buffer.from('HALDDEFF'), zero, Buffer.from(use), zero, number]);
    const keySeed = Buffer.from(hkdfSync('sha256', seed, Buffer.alloc(0), info, 32));
    const input = { seed: seed.toString('hex'), bank: 'HALDDEFF', use, generation };
    const { n, e } = JSON.parse(countersign('seed-key', input));
    assert.equal(e, 'AQAB');
    assert.equal(BigInt(`0x${Buffer.from(n, 'base64url').toString('hex')}`), modulus(keySeed));
  });
}
