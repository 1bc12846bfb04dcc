// Sealed messages: npm `jose` opens ours, and ours opens those of `jose`, for keys and sessions.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { CompactEncrypt, CompactSign, calculateJwkThumbprint, compactDecrypt, importJWK } from 'jose';
import { attempt, countersign, orderPayload, padded, testKey } from './countersign.mjs';

const encode = (text) => new TextEncoder().encode(text);
const decode = (bytes) => new TextDecoder().decode(bytes);

// A signed order of the device, made by jose.
async function signedOrder() {
  const { key, jwk } = testKey('device_signing');
  const kid = await calculateJwkThumbprint(jwk, 'sha256');
  return new CompactSign(encode(JSON.stringify(orderPayload(kid))))
    .setProtectedHeader({ alg: 'PS256', kid, typ: 'pain.001' })
    .sign(key);
}

for (const name of ['bank_encryption', 'rsa2048', 'rsa4096']) {
  const { pem, key, jwk } = testKey(name);

  test(`jose opens what is sealed to ${name}`, async () => {
    const jws = await signedOrder();
    const jwe = countersign('seal', { jwk, jws });
    const opened = await compactDecrypt(jwe, key);
    const kid = await calculateJwkThumbprint(jwk, 'sha256');
    assert.deepEqual(opened.protectedHeader, { alg: 'RSA-OAEP-256', enc: 'A256GCM', kid });
    assert.equal(decode(opened.plaintext), padded(jws));
  });

  test(`Countersign opens what jose seals to ${name}`, async () => {
    const jws = await signedOrder();
    const kid = await calculateJwkThumbprint(jwk, 'sha256');
    const jwe = await new CompactEncrypt(encode(padded(jws)))
      .setProtectedHeader({ alg: 'RSA-OAEP-256', enc: 'A256GCM', kid })
      .encrypt(await importJWK(jwk, 'RSA-OAEP-256'));
    assert.equal(countersign('open', { key: pem, jwe }), jws);
  });
}

test('both ways within a session', async () => {
  const jws = await signedOrder();
  const secret = randomBytes(32);
  const session = randomBytes(16).toString('base64url');
  const key = secret.toString('base64url');

  const ours = countersign('seal-session', { session, key, jws });
  const opened = await compactDecrypt(ours, secret, {
    keyManagementAlgorithms: ['A256GCMKW'],
    contentEncryptionAlgorithms: ['A256GCM'],
  });
  assert.equal(opened.protectedHeader.kid, session);
  assert.equal(decode(opened.plaintext), padded(jws));

  const theirs = await new CompactEncrypt(encode(padded(jws)))
    .setProtectedHeader({ alg: 'A256GCMKW', enc: 'A256GCM', kid: session })
    .encrypt(secret);
  assert.equal(countersign('open-session', { key, jwe: theirs }), jws);
  const other = randomBytes(32).toString('base64url');
  assert.equal(attempt('open-session', { key: other, jwe: theirs }).ok, false);
});

test('what is not padded, compressed, or sealed in another way is refused alike', async () => {
  const { pem, jwk } = testKey('rsa2048');
  const kid = await calculateJwkThumbprint(jwk, 'sha256');
  const jws = await signedOrder();
  const good = { alg: 'RSA-OAEP-256', enc: 'A256GCM', kid };
  for (const [header, content] of [
    [good, jws],
    [good, `${padded(jws)} `],
    [good, 'x'.repeat(1024)],
    [{ ...good, cty: 'JWT' }, padded(jws)],
    [{ ...good, enc: 'A128GCM' }, padded(jws)],
    [{ ...good, enc: 'A256CBC-HS512' }, padded(jws)],
    [{ ...good, alg: 'RSA-OAEP' }, padded(jws)],
    [{ alg: good.alg, enc: good.enc }, padded(jws)],
  ]) {
    const jwe = await new CompactEncrypt(encode(content))
      .setProtectedHeader(header)
      .encrypt(await importJWK(jwk, header.alg));
    assert.equal(attempt('open', { key: pem, jwe }).ok, false, JSON.stringify(header));
  }
});
