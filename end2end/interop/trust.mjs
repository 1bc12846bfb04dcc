// Certificates and thumbprints with Node alone, as crypto-wasm/envelope/README.md has them.
import { X509Certificate, createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { calculateJwkThumbprint } from 'jose';

const usages = { 'bank-ca': 2, 'processor-ca': 3, 'enrolment-ca': 4, processor: 6, 'device-signing': 8, 'device-encryption': 9 };
const above = {
  'bank-ca': [],
  'enrolment-ca': ['bank-ca'],
  processor: ['processor-ca', 'bank-ca'],
  'device-signing': ['enrolment-ca', 'bank-ca'],
  'device-encryption': ['enrolment-ca', 'bank-ca'],
};

export const certificate = (base64) => new X509Certificate(Buffer.from(base64, 'base64'));

// The JWK of a key with the members that Countersign has, and its thumbprint.
export function publicJwk(key) {
  const { kty, e, n, crv, x } = key.export({ format: 'jwk' });
  return kty === 'RSA' ? { kty, e, n } : { kty, crv, x };
}

export const thumbprint = (key) => calculateJwkThumbprint(publicJwk(key), 'sha256');

export const digest = (text) => createHash('sha256').update(text).digest('base64url');

function base32(bytes) {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  const groups = bits.match(/.{1,5}/g);
  return groups.map((five) => 'abcdefghijklmnopqrstuvwxyz234567'[parseInt(five.padEnd(5, '0'), 2)]).join('');
}

function hold(what, why) {
  if (!what) throw new Error(`certificate: ${why}`);
}

// A certificate of this role and bank, signed by its issuer, at this time.
function checkOne(one, issuer, role, bic, holder, at) {
  const name = `DNS:${base32(Buffer.from(holder, 'base64url'))}.${role}.${bic.toLowerCase()}.countersign.invalid`;
  hold(one.subjectAltName === name, `is not named ${name}`);
  hold(one.keyUsage.includes(`1.3.6.1.4.1.32473.1.${usages[role]}`), `is not for ${role}`);
  hold(one.checkIssued(issuer) && one.verify(issuer.publicKey), 'its issuer did not sign it');
  const [from, until] = [one.validFrom, one.validTo].map((text) => Date.parse(text) / 1000);
  hold(from <= at && at <= until, `is not valid at ${at}`);
}

// Checks a path of certificates, issuer after issued, up to the pinned root.
export async function verifyChain(path, root, role, bic, at, holder) {
  const roles = [role, ...above[role]];
  hold(path.length === roles.length, 'its path has another length');
  for (const [place, one] of path.entries()) {
    const own = await thumbprint(one.publicKey);
    const name = place === 0 && holder ? holder : own;
    checkOne(one, path[place + 1] ?? root, roles[place], bic, name, at);
  }
  return path[0];
}

// The five words of a thumbprint.
export function fiveWords(print) {
  const file = new URL('../../crypto-wasm/envelope/src/words/eff_large_wordlist.txt', import.meta.url);
  const list = readFileSync(file, 'utf8').trimEnd().split('\n');
  let rest = BigInt(`0x${Buffer.from(print, 'base64url').subarray(0, 16).toString('hex')}`);
  return Array.from({ length: 5 }, () => {
    const word = list[Number(rest % 7776n)];
    rest /= 7776n;
    return word;
  });
}
