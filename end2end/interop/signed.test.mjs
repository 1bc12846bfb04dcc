// Signed messages: npm `jose` verifies ours, and ours verifies those of `jose`.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { CompactSign, calculateJwkThumbprint, compactVerify, importJWK } from 'jose';
import { attempt, countersign, orderPayload, testKey } from './countersign.mjs';

const signers = [
  ['device_signing', 'PS256'],
  ['rsa2048', 'PS256'],
  ['rsa4096', 'PS256'],
  ['processor', 'EdDSA'],
];

for (const [name, alg] of signers) {
  const { pem, key, jwk } = testKey(name);

  test(`jose verifies what ${name} signs with ${alg}`, async () => {
    const kid = await calculateJwkThumbprint(jwk, 'sha256');
    const payload = orderPayload(kid);
    const jws = countersign('sign', { key: pem, typ: 'pain.001', payload });
    const verified = await compactVerify(jws, await importJWK(jwk, alg), { algorithms: [alg] });
    assert.deepEqual(verified.protectedHeader, { alg, kid, typ: 'pain.001' });
    assert.deepEqual(JSON.parse(new TextDecoder().decode(verified.payload)), payload);
  });

  test(`Countersign verifies what jose signs with ${name} and ${alg}`, async () => {
    const kid = await calculateJwkThumbprint(jwk, 'sha256');
    const payload = orderPayload(kid);
    const jws = await new CompactSign(new TextEncoder().encode(JSON.stringify(payload)))
      .setProtectedHeader({ alg, kid, typ: 'pain.001' })
      .sign(key);
    const verified = JSON.parse(countersign('verify', { jwk, jws }));
    const digest = createHash('sha256').update(jws).digest('base64url');
    assert.deepEqual(verified, { typ: 'pain.001', signer: kid, digest, payload });
  });
}

test('a header of jose with anything more, or another algorithm, is refused', async () => {
  const { key, jwk } = testKey('rsa2048');
  const kid = await calculateJwkThumbprint(jwk, 'sha256');
  const typ = 'pain.001';
  for (const header of [
    { alg: 'RS256', kid, typ },
    { alg: 'PS384', kid, typ },
    { alg: 'PS256', kid },
    { alg: 'PS256', typ },
    { alg: 'PS256', kid, typ: 'JWT' },
    { alg: 'PS256', kid, typ, cty: 'json' },
    { alg: 'PS256', kid, typ, jwk },
    { alg: 'PS256', kid, typ, b64: true, crit: ['b64'] },
  ]) {
    const jws = await new CompactSign(new TextEncoder().encode('{}'))
      .setProtectedHeader(header)
      .sign(key);
    const verified = attempt('verify', { jwk, jws });
    assert.equal(verified.ok, false, JSON.stringify(header));
  }
});
