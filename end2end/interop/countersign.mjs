// The Rust side of these tests: builds the example `interop` of the crate `envelope` once, and runs
// one operation per call. Everything else in this folder is npm `jose`, Node and OpenSSL.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createPrivateKey } from 'node:crypto';
import { fileURLToPath } from 'node:url';

const checkout = fileURLToPath(new URL('../../', import.meta.url));
const keys = new URL('../../crypto-wasm/envelope/tests/keys/', import.meta.url);

let program;

function build() {
  const built = spawnSync(
    'cargo',
    ['build', '--quiet', '-p', 'envelope', '--example', 'interop', '--message-format=json'],
    { cwd: checkout, encoding: 'utf8', maxBuffer: 1 << 26, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  if (built.status !== 0) throw new Error('the example `interop` does not build');
  const artifact = built.stdout
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line))
    .find((line) => line.target?.name === 'interop' && line.executable);
  return artifact.executable;
}

// Answers { ok, text, error }.
export function attempt(command, input) {
  program ??= build();
  const ran = spawnSync(program, [command], { input: JSON.stringify(input), encoding: 'utf8' });
  return { ok: ran.status === 0, text: ran.stdout.trim(), error: ran.stderr.trim() };
}

// Answers what the program prints, or throws.
export function countersign(command, input) {
  const ran = attempt(command, input);
  if (!ran.ok) throw new Error(`${command}: ${ran.error}`);
  return ran.text;
}

// A frozen test key as PEM, as a Node key, and its public half as a JWK without further members.
export function testKey(name) {
  const pem = readFileSync(new URL(`${name}.pem`, keys), 'utf8');
  const key = createPrivateKey(pem);
  const { kty, n, e, crv, x } = key.export({ format: 'jwk' });
  const jwk = kty === 'RSA' ? { kty, e, n } : { kty, crv, x };
  return { pem, key, jwk };
}

// Pads a compact JWS with spaces to the next size class, as every Countersign envelope has it.
export function padded(jws) {
  const size = [1, 2, 4, 8, 16, 32].map((kib) => kib * 1024).find((bytes) => jws.length <= bytes);
  return jws.padEnd(size, ' ');
}

// A payment order as `message::order` has it, from a device to a bank.
export function orderPayload(iss) {
  return {
    iss,
    aud: 'HALDDEFF',
    jti: '0000000000000000000000000G',
    iat: 1795348800,
    exp: 1795349700,
    body: {
      debtor_account: 'DE50370905020004100117',
      creditor_name: 'Inês Carvalho',
      creditor_account: 'NO9386011117947',
      instructed_amount: { value: '123.45', currency: 'EUR' },
      remittance: 'Invoice 7',
    },
  };
}
