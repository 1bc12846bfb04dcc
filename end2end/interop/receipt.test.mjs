// A receipt as anyone can check it without anything of ours: npm `jose` for the signature, Node for
// the certificates.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { calculateJwkThumbprint, compactVerify, importJWK } from 'jose';
import { countersign, orderPayload, testKey } from './countersign.mjs';

test('a receipt names the digest of the signed order', async () => {
  const device = testKey('device_signing');
  const processor = testKey('processor');
  const deviceId = await calculateJwkThumbprint(device.jwk, 'sha256');
  const processorId = await calculateJwkThumbprint(processor.jwk, 'sha256');
  const order = orderPayload(deviceId);
  const signedOrder = countersign('sign', { key: device.pem, typ: 'pain.001', payload: order });
  const digest = createHash('sha256').update(signedOrder).digest('base64url');
  const { instructed_amount: amount, ...named } = order.body;
  const receipt = countersign('sign', {
    key: processor.pem,
    typ: 'receipt',
    payload: {
      iss: processorId,
      aud: deviceId,
      jti: '0000000000000000000000000M',
      iat: order.iat + 1,
      exp: order.iat + 60,
      re: digest,
      body: {
        order: order.jti,
        order_digest: digest,
        ...named,
        amount,
        at: order.iat + 1,
        outcome: { status: 'booked', posting: '17' },
      },
    },
  });
  const { payload, protectedHeader } = await compactVerify(
    receipt,
    await importJWK(processor.jwk, 'EdDSA'),
    { algorithms: ['EdDSA'] },
  );
  assert.deepEqual(protectedHeader, { alg: 'EdDSA', kid: processorId, typ: 'receipt' });
  const read = JSON.parse(new TextDecoder().decode(payload));
  assert.equal(read.re, digest);
  assert.equal(read.body.order_digest, digest);
  assert.deepEqual(read.body.outcome, { status: 'booked', posting: '17' });
});
