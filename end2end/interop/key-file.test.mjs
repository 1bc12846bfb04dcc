// Key files: OpenSSL, Python `cryptography`, npm `node-forge` and `jose`, and keytool make what ours
// opens, and open what ours writes. A tool that is not there is said so and left out.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { X509Certificate, createHash, createPrivateKey } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { calculateJwkThumbprint, compactVerify, importJWK } from 'jose';
import forge from 'node-forge';
import { countersign, testKey } from './countersign.mjs';

const passphrase = 'plum velvet orbit canyon';
const bank = 'HALDDEFF';
const folder = mkdtempSync(join(tmpdir(), 'countersign-key-file-'));
after(() => rmSync(folder, { recursive: true }));

const key = testKey('rsa2048');
const signing = testKey('device_signing');
const encryption = testKey('device_encryption');
const thumbprint = (jwk) => calculateJwkThumbprint(jwk, 'sha256');
const publicJwk = (pem, phrase) => {
  const { kty, e, n } = createPrivateKey({ key: pem, passphrase: phrase }).export({ format: 'jwk' });
  return { kty, e, n };
};

function run(program, args, input) {
  const ran = spawnSync(program, args, { input, maxBuffer: 1 << 24 });
  assert.equal(ran.status, 0, `${program} ${args.join(' ')}\n${ran.stderr}`);
  return ran.stdout;
}

const openssl = (args, input) => run('openssl', args, input);
const pass = `pass:${passphrase}`;

function imported(file, phrase = passphrase) {
  const input = { file: Buffer.from(file).toString('base64'), passphrase: phrase, bank };
  return JSON.parse(countersign('import', input));
}

// What ours says of a file that holds `tests/keys/rsa2048.pem`, or another key.
async function holds(file, expected, jwk = key.jwk) {
  const { kind, was_encrypted: encrypted, signing: found } = imported(file);
  assert.deepEqual([kind, encrypted, found], [...expected, await thumbprint(jwk)]);
  if (expected[1]) {
    assert.deepEqual(imported(file, 'another'), { error: 'wrong-passphrase' });
    assert.deepEqual(imported(file, ''), { error: 'passphrase-needed' });
  }
}

const keyPath = join(folder, 'key.pem');
writeFileSync(keyPath, key.pem);
const selfSigned = ['req', '-x509', '-key', keyPath, '-subj', '/CN=interop', '-days', '3650'];
const certificate = openssl(selfSigned).toString();
const bundle = join(folder, 'bundle.pem');
writeFileSync(bundle, key.pem + certificate);

const forms = {
  'genpkey -aes256': [['genpkey', '-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:3072', '-aes256', '-pass', pass], 'Pkcs8', true],
  'pkcs8 -scrypt': [['pkcs8', '-topk8', '-scrypt', '-passout', pass], 'Pkcs8', true],
  'pkcs8 with SHA-1': [['pkcs8', '-topk8', '-v2', 'aes-128-cbc', '-v2prf', 'hmacWithSHA1', '-passout', pass], 'Pkcs8', true],
  'pkcs8 with SHA-512': [['pkcs8', '-topk8', '-v2', 'aes-256-cbc', '-v2prf', 'hmacWithSHA512', '-passout', pass], 'Pkcs8', true],
  'pkcs8 DER': [['pkcs8', '-topk8', '-v2', 'aes-256-cbc', '-outform', 'DER', '-passout', pass], 'Pkcs8', true],
  'pkcs8 -nocrypt': [['pkcs8', '-topk8', '-nocrypt'], 'Pkcs8', false],
  'rsa -traditional': [['rsa', '-traditional'], 'LegacyPem', false],
  'rsa -traditional -aes128': [['rsa', '-traditional', '-aes128', '-passout', pass], 'LegacyPem', true],
  'rsa -traditional -aes256': [['rsa', '-traditional', '-aes256', '-passout', pass], 'LegacyPem', true],
  'rsa -traditional -des3': [['rsa', '-traditional', '-des3', '-passout', pass], 'LegacyPem', true],
  'pkcs12': [['pkcs12', '-export', '-in', bundle, '-passout', pass], 'Pkcs12', true],
};

for (const [name, [args, ...expected]] of Object.entries(forms)) {
  test(`Countersign opens what openssl makes: ${name}`, async () => {
    const file = openssl(args, key.pem);
    const jwk = args[0] === 'genpkey' ? publicJwk(file, passphrase) : key.jwk;
    await holds(file, expected, jwk);
  });
}

test('what cannot be used is told by its own word', () => {
  const word = (args, input) => imported(openssl(args, input)).error;
  assert.equal(word(['pkey', '-pubout'], key.pem), 'public-key-only');
  assert.equal(word(['pkcs12', '-export', '-legacy', '-in', bundle, '-passout', pass]), 'old-encryption');
  assert.equal(word(['pkcs8', '-topk8', '-v1', 'PBE-SHA1-3DES', '-passout', pass], key.pem), 'old-encryption');
  assert.equal(word(['genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256']), 'unsupported-key');
  assert.equal(word(['pkey', '-aes256', '-passout', pass], testKey('rsa1024').pem), 'too-weak');
});

const vectors = JSON.parse(
  readFileSync(new URL('../../crypto-wasm/envelope/tests/vectors/certificates.json', import.meta.url), 'utf8'),
);
const certified = (role) => vectors.accepted.find((one) => one.role === role).certificate;
const certificates = [
  ...['device-signing', 'device-encryption', 'enrolment-ca', 'bank-ca'].map(certified),
  vectors.root,
];
const device = { signing: signing.pem, encryption: encryption.pem, certificates, passphrase };
const keyFile = JSON.parse(countersign('write-key-file', device));
const pkcs12 = Buffer.from(countersign('write-pkcs12', device), 'base64');
const pkcs12Path = join(folder, 'countersign.p12');
writeFileSync(pkcs12Path, pkcs12);
// As the README says: what follows from the second key on.
const secondKey = keyFile.slice(keyFile.lastIndexOf('-----BEGIN ENCRYPTED'));

test('openssl reads our key file as it is', () => {
  const path = join(folder, 'device.key');
  writeFileSync(path, keyFile);
  const publicOf = (pem) => openssl(['pkey', '-pubout'], pem).toString();
  const first = openssl(['pkey', '-in', path, '-passin', pass, '-pubout']).toString();
  assert.equal(first, publicOf(signing.pem));
  const awk = run('awk', ['/BEGIN ENCRYPTED/ { n += 1 } n >= 2', path]);
  const second = openssl(['pkey', '-passin', pass, '-pubout'], awk).toString();
  assert.equal(second, publicOf(encryption.pem));
  const leaf = openssl(['x509', '-in', path, '-noout', '-pubkey']).toString();
  assert.equal(leaf, first);
  const all = openssl(['pkcs7', '-print_certs', '-noout'], openssl(['crl2pkcs7', '-nocrl', '-certfile', path]));
  assert.equal(all.toString().match(/^subject=/gm).length, 5);
});

test('openssl reads our PKCS #12', async () => {
  const args = ['pkcs12', '-in', pkcs12Path, '-passin', pass];
  const keys = openssl([...args, '-nocerts', '-nodes']).toString();
  const pems = keys.match(/-----BEGIN PRIVATE KEY-----[^-]+-----END PRIVATE KEY-----/g);
  const found = await Promise.all(pems.map((pem) => thumbprint(publicJwk(pem))));
  const expected = await Promise.all([signing.jwk, encryption.jwk].map(thumbprint));
  assert.deepEqual(found, expected);
  const chain = openssl([...args, '-nokeys']).toString();
  assert.equal(chain.match(/BEGIN CERTIFICATE/g).length, 4);
});

// The key file with Node and jose alone, after crypto-wasm/envelope/README.md.
function blocks(label) {
  const all = keyFile.match(new RegExp(`-----BEGIN ${label}-----\n[^-]+-----END ${label}-----\n`, 'g'));
  return all.map((pem) => ({ pem, bytes: Buffer.from(pem.split('\n').slice(1, -2).join(''), 'base64') }));
}

test('jose verifies the manifest of our key file, and every part of it', async () => {
  const field = (name) => keyFile.match(new RegExp(`^${name}: (.*)$`, 'm'))[1];
  const [own, other] = blocks('ENCRYPTED PRIVATE KEY').map(({ pem }) => pem);
  const pems = blocks('CERTIFICATE').map(({ pem }) => pem);
  const jwk = publicJwk(own, passphrase);
  assert.equal(await thumbprint(jwk), field('Device'));
  assert.deepEqual(publicJwk(other, passphrase), encryption.jwk);
  const [{ bytes }] = blocks('COUNTERSIGN MANIFEST');
  const verified = await compactVerify(bytes.toString(), await importJWK(jwk, 'PS256'), { algorithms: ['PS256'] });
  assert.deepEqual(verified.protectedHeader, { alg: 'PS256', kid: field('Device'), typ: 'manifest' });
  const { body } = JSON.parse(new TextDecoder().decode(verified.payload));
  const parts = {
    version: keyFile.match(/^Countersign key file, version (\d+)\n/)[1],
    device: field('Device'),
    customer_name: field('Customer-Name'),
    customer_number: field('Customer-Number'),
    device_name: field('Device-Name'),
    bank: field('Bank'),
    bank_name: field('Bank-Name'),
    enrolled_at: field('Enrolled-At'),
    signing_key: own,
    encryption_key: other,
    certificates: pems.slice(0, -1).join(''),
    root: pems.at(-1),
    key_set: field('Key-Set'),
    request: '',
  };
  const digests = Object.entries(parts).map(([name, text]) => [name, createHash('sha256').update(text).digest('base64url')]);
  assert.deepEqual(body.parts, Object.fromEntries(digests));
  assert.ok(new X509Certificate(pems[0]).checkPrivateKey(createPrivateKey({ key: own, passphrase })));
});

test('ours opens our files again', async () => {
  const both = { signing: await thumbprint(signing.jwk), encryption: await thumbprint(encryption.jwk) };
  const common = { ...both, was_encrypted: true, certificates: 4 };
  assert.deepEqual(imported(keyFile), { ...common, kind: 'KeyFile', device: 'Thumb drive' });
  assert.deepEqual(imported(pkcs12), { ...common, kind: 'Pkcs12', device: null });
  assert.deepEqual(imported(keyFile.replace('Inês', 'Ines')), { error: 'manifest' });
});

test('node-forge and Countersign open each other', async () => {
  const theirs = forge.pki.privateKeyFromPem(key.pem);
  const own = forge.pki.certificateFromPem(certificate);
  await holds(forge.pki.encryptRsaPrivateKey(theirs, passphrase, { algorithm: 'aes256' }), ['Pkcs8', true]);
  const legacy = { legacy: true, algorithm: 'aes256' };
  await holds(forge.pki.encryptRsaPrivateKey(theirs, passphrase, legacy), ['LegacyPem', true]);
  const p12 = forge.pkcs12.toPkcs12Asn1(theirs, [own], passphrase, { algorithm: 'aes256' });
  await holds(Buffer.from(forge.asn1.toDer(p12).getBytes(), 'binary'), ['Pkcs12', true]);
  const opened = forge.pki.decryptRsaPrivateKey(secondKey, passphrase);
  assert.deepEqual(publicJwk(forge.pki.privateKeyToPem(opened)), encryption.jwk);
  const asn1 = forge.asn1.fromDer(pkcs12.toString('binary'));
  const bags = forge.pkcs12.pkcs12FromAsn1(asn1, passphrase).getBags({ friendlyName: 'signing' });
  const bag = bags.friendlyName.find((one) => one.key);
  assert.deepEqual(publicJwk(forge.pki.privateKeyToPem(bag.key)), signing.jwk);
});

// A Python that has `cryptography`: the one that is there, or one set up for these tests.
function python() {
  const has = (program) => spawnSync(program, ['-c', 'import cryptography']).status === 0;
  if (has('python3')) return 'python3';
  const home = join(tmpdir(), 'countersign-interop-python');
  const program = join(home, 'bin', 'python');
  if (!existsSync(program)) spawnSync('python3', ['-m', 'venv', home]);
  if (!has(program)) spawnSync(program, ['-m', 'pip', 'install', '--quiet', 'cryptography==50.0.2']);
  return has(program) ? program : null;
}

const makes = `
import sys, json, base64
from cryptography import x509
from cryptography.hazmat.primitives import serialization as s
from cryptography.hazmat.primitives.serialization import pkcs12
given = json.load(sys.stdin)
phrase = given['passphrase'].encode()
key = s.load_pem_private_key(given['key'].encode(), None)
own = x509.load_pem_x509_certificate(given['certificate'].encode())
best = s.BestAvailableEncryption(phrase)
files = {
  'Pkcs8': key.private_bytes(s.Encoding.PEM, s.PrivateFormat.PKCS8, best),
  'LegacyPem': key.private_bytes(s.Encoding.PEM, s.PrivateFormat.TraditionalOpenSSL, best),
  'Pkcs12': pkcs12.serialize_key_and_certificates(b'interop', key, own, None, best),
}
def public(key):
  return key.public_key().public_bytes(s.Encoding.PEM, s.PublicFormat.SubjectPublicKeyInfo).decode()
first = s.load_pem_private_key(given['file'].encode(), phrase)
second = s.load_pem_private_key(given['second'].encode(), phrase)
stored = pkcs12.load_pkcs12(base64.b64decode(given['pkcs12']), phrase)
print(json.dumps({
  'files': {kind: base64.b64encode(file).decode() for kind, file in files.items()},
  'keys': [public(first), public(second), public(stored.key)],
}))
`;

test('Python cryptography and Countersign open each other', async (t) => {
  const program = python();
  if (!program) {
    t.skip('there is no Python with `cryptography`, and none could be set up');
    return;
  }
  const given = {
    key: key.pem, certificate, passphrase, file: keyFile, second: secondKey, pkcs12: pkcs12.toString('base64'),
  };
  const answer = JSON.parse(run(program, ['-c', makes], JSON.stringify(given)));
  for (const [kind, file] of Object.entries(answer.files)) {
    await holds(Buffer.from(file, 'base64'), [kind, true]);
  }
  const publicOf = ({ pem }) => openssl(['pkey', '-pubout'], pem).toString();
  const [first, second, stored] = answer.keys;
  assert.deepEqual([first, second], [publicOf(signing), publicOf(encryption)]);
  assert.ok([first, second].includes(stored));
});

test('keytool and Countersign open each other', async (t) => {
  if (spawnSync('keytool', ['-help']).error) {
    t.skip('there is no Java keytool here');
    return;
  }
  const made = join(folder, 'keytool.p12');
  const common = ['-storetype', 'PKCS12', '-storepass', passphrase];
  run('keytool', [
    '-genkeypair', '-keyalg', 'RSA', '-keysize', '2048', '-alias', 'interop', '-dname', 'CN=interop',
    '-keystore', made, ...common,
  ]);
  const pem = openssl(['pkcs12', '-in', made, '-passin', pass, '-nocerts', '-nodes']).toString();
  await holds(readFileSync(made), ['Pkcs12', true], publicJwk(pem.slice(pem.indexOf('-----BEGIN'))));
  const list = run('keytool', ['-J-Duser.language=en', '-list', '-v', '-keystore', pkcs12Path, ...common]).toString();
  assert.equal(list.match(/Entry type: PrivateKeyEntry/g).length, 2);
  assert.equal(list.match(/Certificate chain length: 3/g).length, 2);
});
