// A client of a bank with nothing of ours: Node and npm `jose`, written after the two READMEs
// (crypto-wasm/envelope and crypto-wasm/message) and nothing else.
import { createHash, createHmac, generateKeyPairSync, randomBytes } from 'node:crypto';
import { CompactEncrypt, CompactSign, compactDecrypt, compactVerify, importJWK } from 'jose';
import { certificate, digest, fiveWords, publicJwk, thumbprint, verifyChain } from './trust.mjs';

const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const encode = (text) => new TextEncoder().encode(text);
const decode = (bytes) => new TextDecoder().decode(bytes);
const seconds = () => Math.floor(Date.now() / 1000);

export function messageId() {
  const bits = [...randomBytes(16)].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  return `${bits}00`.match(/.{5}/g).map((five) => alphabet[parseInt(five, 2)]).join('');
}

function fromCrockford(text) {
  const bits = [...text.replaceAll('-', '')].map((c) => alphabet.indexOf(c).toString(2).padStart(5, '0'));
  return Buffer.from(bits.join('').match(/.{8}/g).map((byte) => parseInt(byte, 2)));
}

function padded(jws) {
  const size = [1024, 2048, 4096, 8192, 16384, 32768].find((bytes) => jws.length <= bytes);
  return encode(jws.padEnd(size, ' '));
}

export class Client {
  // The bank as this edge shows it, believed only because its words are those of the slip.
  static async meet(edges, words) {
    const client = new Client();
    Object.assign(client, { edges, after: 0, letters: [], signers: new Map(), sessions: new Map() });
    client.info = await (await client.request('GET', '/v1/bank')).json();
    client.root = certificate(client.info.root);
    const cas = client.info.certificates.map(certificate);
    const bic = client.info.bank;
    const bankCa = await verifyChain([cas[0]], client.root, 'bank-ca', bic, seconds());
    const own = fiveWords(await thumbprint(bankCa.publicKey));
    if (own.join(' ') !== words) throw new Error('these are not the words of the slip');
    await client.readKeySet(bankCa.publicKey);
    const [signing, encryption] = [1, 2].map(() => generateKeyPairSync('rsa', { modulusLength: 3072 }));
    Object.assign(client, { bankCa, signing, encryption });
    client.device = await thumbprint(signing.publicKey);
    return client;
  }

  async readKeySet(key) {
    const { payload, protectedHeader } = await compactVerify(this.info.key_set, key, { algorithms: ['PS256'] });
    const set = JSON.parse(decode(payload));
    const fits =
      protectedHeader.typ === 'key-set' && protectedHeader.kid === (await thumbprint(key)) &&
      set.iss === this.info.bank && set.aud === 'countersign' && set.exp >= seconds();
    if (!fits) throw new Error('the key set does not hold');
    this.bankKey = await importJWK(set.body.current.key, 'RSA-OAEP-256');
    this.bankKid = set.body.current.kid;
  }

  // One request, to the next edge where one fails.
  async request(method, path, body, headers = {}) {
    let last;
    for (const edge of this.edges) {
      const type = body === undefined ? {} : { 'content-type': 'application/jose' };
      try {
        const answer = await fetch(edge + path, { method, body, headers: { ...type, ...headers } });
        if (answer.status < 500) return Object.assign(answer, { edge });
        last = new Error(`${edge} answers ${answer.status}`);
      } catch (error) {
        last = error;
      }
    }
    throw last;
  }

  async sign(typ, body, { re, life = 900, aud = this.info.bank, jti = messageId() } = {}) {
    const iat = seconds();
    const payload = { iss: this.device, aud, jti, iat, exp: iat + life, ...(re && { re }), body };
    return new CompactSign(encode(JSON.stringify(payload)))
      .setProtectedHeader({ alg: 'PS256', kid: this.device, typ })
      .sign(this.signing.privateKey);
  }

  // In the newest session where there is one, to the bank's key otherwise.
  async seal(jws) {
    const session = [...this.sessions].at(-1);
    const header = session
      ? { alg: 'A256GCMKW', enc: 'A256GCM', kid: session[0] }
      : { alg: 'RSA-OAEP-256', enc: 'A256GCM', kid: this.bankKid };
    const key = session ? session[1].toBank : this.bankKey;
    return new CompactEncrypt(padded(jws)).setProtectedHeader(header).encrypt(key);
  }

  async post(envelope) {
    const answer = await this.request('POST', '/v1/envelopes', envelope);
    if (answer.status !== 202) throw new Error(`not stored: ${await answer.text()}`);
    return (await answer.json()).envelope;
  }

  // Sends a signed message and waits for what answers it.
  async ask(jws, kinds) {
    await this.post(await this.seal(jws));
    return this.letter((letter) => letter.re === digest(jws) && kinds.includes(letter.typ));
  }

  async openMailbox() {
    const { challenge } = await (await this.request('POST', '/v1/mailbox/challenge')).json();
    for (const edge of this.edges) {
      const body = { challenge, key: publicJwk(this.signing.publicKey) };
      const jws = await this.sign('mailbox-open', body, { aud: edge, life: 60 });
      const headers = { 'content-type': 'application/jose' };
      const answer = await fetch(`${edge}/v1/mailbox/open`, { method: 'POST', body: jws, headers });
      if (answer.status === 204) {
        this.cookie = answer.headers.getSetCookie()[0].split(';')[0];
        return;
      }
      throw new Error(`the mailbox stays shut: ${await answer.text()}`);
    }
  }

  async readMail() {
    if (!this.cookie) await this.openMailbox();
    const path = `/v1/mailbox?device=${this.device}&after=${this.after}`;
    const answer = await this.request('GET', path, undefined, { cookie: this.cookie });
    if (answer.status !== 200) throw new Error(`no mail: ${await answer.text()}`);
    for (const { n, envelope } of (await answer.json()).messages) {
      this.letters.push(await this.open(envelope));
      this.after = n;
    }
  }

  // The first letter that fits, read or still to come.
  async letter(fits, limit = 60_000) {
    const end = Date.now() + limit;
    for (;;) {
      const found = this.letters.find(fits);
      if (found) return found;
      if (Date.now() > end) throw new Error('the bank did not answer in time');
      await this.readMail();
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  async open(envelope) {
    const header = JSON.parse(Buffer.from(envelope.split('.')[0], 'base64url'));
    const key = header.alg === 'A256GCMKW' ? this.sessions.get(header.kid)?.toDevice : this.encryption.privateKey;
    const { plaintext } = await compactDecrypt(envelope, key);
    return this.verify(decode(plaintext).trimEnd());
  }

  // A message of one of the bank's processors.
  async verify(jws) {
    const { kid } = JSON.parse(Buffer.from(jws.split('.')[0], 'base64url'));
    if (!this.signers.has(kid)) {
      const answer = await this.request('GET', `/v1/certificates/${kid}`);
      this.signers.set(kid, (await answer.json()).certificates.map(certificate));
    }
    const path = this.signers.get(kid);
    const { payload, protectedHeader } = await compactVerify(jws, path[0].publicKey, { algorithms: ['EdDSA'] });
    const said = JSON.parse(decode(payload));
    await verifyChain(path, this.root, 'processor', this.info.bank, said.iat);
    const fits = said.iss === kid && kid === (await thumbprint(path[0].publicKey));
    if (!fits || (said.aud !== this.device && protectedHeader.typ !== 'receipt')) throw new Error('not for this device');
    return { typ: protectedHeader.typ, jws, ...said };
  }

  async enrol(locator, secret, deviceName) {
    const encryptionKid = await thumbprint(this.encryption.publicKey);
    const key = createHash('sha256').update('countersign slip v1').update(fromCrockford(secret)).digest();
    const parts = [fromCrockford(locator), Buffer.of(0), ...[this.device, encryptionKid].map((t) => Buffer.from(t, 'base64url'))];
    const request = await this.sign('enrol-request', {
      locator,
      proof: createHmac('sha256', key).update(Buffer.concat(parts)).digest('base64url'),
      signing_key: publicJwk(this.signing.publicKey),
      encryption_key: publicJwk(this.encryption.publicKey),
      device_name: deviceName,
    });
    const enrolled = await this.ask(request, ['enrolled', 'refused']);
    if (enrolled.typ === 'refused') return enrolled;
    await this.checkCertificates(enrolled);
    const confirm = await this.sign('enrol-confirm', { nonce: enrolled.body.nonce }, { re: digest(enrolled.jws) });
    return this.ask(confirm, ['activated', 'refused']);
  }

  async checkCertificates({ body }) {
    const path = body.chain.map(certificate);
    const [signing, encryption] = [body.signing_certificate, body.encryption_certificate].map(certificate);
    const check = (one, role) => verifyChain([one, ...path], this.root, role, this.info.bank, seconds(), this.device);
    await check(signing, 'device-signing');
    await check(encryption, 'device-encryption');
    const same = signing.checkPrivateKey(this.signing.privateKey) && encryption.checkPrivateKey(this.encryption.privateKey);
    if (!same) throw new Error('the certificates are for other keys');
  }

  async openSession() {
    const session = randomBytes(16).toString('base64url');
    const [toBank, toDevice] = [randomBytes(32), randomBytes(32)];
    const jws = await this.sign('session-open', {
      session,
      key_to_bank: toBank.toString('base64url'),
      key_to_device: toDevice.toString('base64url'),
    });
    const opened = await this.ask(jws, ['session-opened', 'refused']);
    if (opened.typ === 'session-opened') this.sessions.set(session, { toBank, toDevice });
    return opened;
  }

  // Answers the signed order with its receipt.
  async pay(order) {
    const jws = await this.sign('pain.001', order);
    const receipt = await this.ask(jws, ['receipt']);
    if (receipt.body.order_digest !== digest(jws)) throw new Error('the receipt is for another order');
    return { jws, receipt };
  }
}
