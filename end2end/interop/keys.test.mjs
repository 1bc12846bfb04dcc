// Keys: thumbprints and JWKs agree with npm `jose`; the slip's proof and the five words agree with
// what the README says, computed here with Node alone.
import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { calculateJwkThumbprint } from 'jose';
import { attempt, countersign, testKey } from './countersign.mjs';

test('thumbprints are those of jose', async () => {
  for (const name of ['device_signing', 'rsa2048', 'rsa4096', 'processor']) {
    const { pem, jwk } = testKey(name);
    const thumbprint = await calculateJwkThumbprint(jwk, 'sha256');
    assert.equal(countersign('thumbprint', { jwk }), thumbprint);
    assert.deepEqual(JSON.parse(countersign('jwk', { key: pem })), jwk);
  }
});

test('a JWK with further members, a small key or another exponent is refused', () => {
  const { jwk } = testKey('rsa2048');
  const small = testKey('rsa1024').jwk;
  for (const bad of [{ ...jwk, use: 'sig' }, { ...jwk, e: 'Aw' }, small, { kty: 'EC' }]) {
    assert.equal(attempt('thumbprint', { jwk: bad }).ok, false);
  }
});

// Crockford's base 32, most significant bit first.
function crockford(text) {
  const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
  const bits = [...text.replaceAll('-', '')]
    .map((c) => alphabet.indexOf(c).toString(2).padStart(5, '0'))
    .join('');
  return Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
}

test('the proof of a slip is an HMAC over locator and thumbprints', async () => {
  const slip = { locator: 'K7QM-2P4X', secret: '4F7K-9QWE-2MNB-8XPA' };
  const signing = await calculateJwkThumbprint(testKey('device_signing').jwk, 'sha256');
  const encryption = await calculateJwkThumbprint(testKey('device_encryption').jwk, 'sha256');
  const key = createHash('sha256')
    .update('countersign slip v1')
    .update(crockford(slip.secret))
    .digest();
  const proof = createHmac('sha256', key)
    .update(crockford(slip.locator))
    .update(Buffer.of(0))
    .update(Buffer.from(signing, 'base64url'))
    .update(Buffer.from(encryption, 'base64url'))
    .digest('base64url');
  assert.equal(countersign('proof', { ...slip, signing, encryption }), proof);
});

test('five words are five divisions of the first 16 bytes', () => {
  const list = new URL(
    '../../crypto-wasm/envelope/src/words/eff_large_wordlist.txt',
    import.meta.url,
  );
  const words = readFileSync(list, 'utf8').trimEnd().split('\n');
  const thumbprint = createHash('sha256').update('any key').digest();
  let number = BigInt(`0x${thumbprint.subarray(0, 16).toString('hex')}`);
  const five = [];
  for (let i = 0; i < 5; i += 1) {
    five.push(words[Number(number % 7776n)]);
    number /= 7776n;
  }
  const input = { thumbprint: thumbprint.toString('base64url') };
  assert.equal(countersign('words', input), five.join(' '));
});
