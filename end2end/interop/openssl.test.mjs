// Key files: the openssl command line opens ours, and ours opens those of openssl in our form.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { calculateJwkThumbprint } from 'jose';
import { createPublicKey } from 'node:crypto';
import { attempt, countersign, testKey } from './countersign.mjs';

const passphrase = 'plum velvet orbit canyon';

function openssl(args, input) {
  const ran = spawnSync('openssl', args, { input, encoding: 'utf8' });
  assert.equal(ran.error, undefined, 'these tests need the openssl command line');
  assert.equal(ran.status, 0, ran.stderr);
  return ran.stdout;
}

for (const name of ['device_signing', 'processor']) {
  const { pem, jwk } = testKey(name);

  test(`openssl opens the key file of ${name}`, async () => {
    const file = JSON.parse(countersign('encrypt-key', { key: pem, passphrase }));
    const opened = openssl(['pkey', '-passin', `pass:${passphrase}`, '-pubout'], file);
    const { kty, n, e, crv, x } = createPublicKey(opened).export({ format: 'jwk' });
    const public_ = kty === 'RSA' ? { kty, e, n } : { kty, crv, x };
    assert.deepEqual(public_, jwk);
  });

  test(`Countersign opens the key file that openssl makes of ${name}`, async () => {
    const file = openssl(
      ['pkcs8', '-topk8', '-v2', 'aes-256-cbc', '-v2prf', 'hmacWithSHA256', '-iter', '600000',
        '-passout', `pass:${passphrase}`],
      pem,
    );
    const thumbprint = countersign('decrypt-key', { file, passphrase });
    assert.equal(thumbprint, await calculateJwkThumbprint(jwk, 'sha256'));
    assert.equal(attempt('decrypt-key', { file, passphrase: 'another' }).ok, false);
  });
}
