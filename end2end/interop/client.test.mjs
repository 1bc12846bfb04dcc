// A client with nothing of ours enrols, opens a session, reads and pays, within a bank and to another
// one, against real servers.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Client } from './client.mjs';
import { raise } from './demo.mjs';
import { digest } from './trust.mjs';

const PORT = 25_000;
let demo;

before(async () => {
  demo = await raise(PORT);
});

after(() => demo?.stop());

async function customer(bank, name, deposit) {
  const slip = demo.open(bank, name, deposit);
  const client = await Client.meet(demo.banks[bank].edges, slip.words);
  const activated = await client.enrol(slip.locator, slip.secret, 'Test client');
  assert.equal(activated.typ, 'activated', JSON.stringify(activated.body));
  assert.equal(activated.body.bank, client.info.bank);
  return { client, iban: slip.iban, name };
}

const order = (from, to, value, remittance = '') => ({
  debtor_account: from.iban,
  creditor_name: to.name,
  creditor_account: to.iban,
  instructed_amount: { value, currency: 'EUR' },
  remittance,
});

async function available({ client, iban }) {
  const overview = await client.ask(await client.sign('overview-ask', {}), ['overview']);
  return overview.body.accounts.find((account) => account.iban === iban).available.value;
}

test('a client with nothing of ours enrols, reads and pays', async (t) => {
  const [ann, bob, cleo] = [
    await customer(0, 'Ann Ahlgren', '500.00'),
    await customer(0, 'Bo Bergqvist', '1.00'),
    await customer(1, 'Cleo Castro', '1.00'),
  ];

  await t.test('the words of another bank are noticed before anything is sealed', async () => {
    const { words } = demo.open(1, 'Dora Dahl', '1.00');
    await assert.rejects(Client.meet(demo.banks[0].edges, words), /not the words/);
  });

  await t.test('a wrong code is refused', async () => {
    const slip = demo.open(0, 'Eve Ek', '1.00');
    const client = await Client.meet(demo.banks[0].edges, slip.words);
    const other = slip.secret.startsWith('0') ? '1' : '0';
    const refused = await client.enrol(slip.locator, other + slip.secret.slice(1), 'Test client');
    assert.deepEqual([refused.typ, refused.body.reason], ['refused', 'SL01']);
  });

  await t.test('it reads without a session and within one', async () => {
    assert.equal(await available(ann), '500.00');
    const opened = await ann.client.openSession();
    assert.equal(opened.typ, 'session-opened');
    assert.equal(await available(ann), '500.00');
  });

  await t.test('it pays within the bank, and the payee is told', async () => {
    const { jws, receipt } = await ann.client.pay(order(ann, bob, '12.50', 'Bröd'));
    assert.equal(receipt.body.outcome.status, 'booked');
    const notice = await bob.client.letter((letter) => letter.body.event === 'money-in');
    assert.deepEqual(notice.body.amount, { value: '12.50', currency: 'EUR' });
    assert.equal(notice.body.remittance, 'Bröd');
    // The same order, sealed anew: the same receipt again, and nothing is paid twice.
    const known = ann.client.letters.length;
    await ann.client.post(await ann.client.seal(jws));
    const again = await ann.client.letter((letter) => ann.client.letters.indexOf(letter) >= known && letter.typ === 'receipt');
    assert.equal(again.jws, receipt.jws);
    assert.equal(await available(ann), '487.50');
  });

  await t.test('it pays to the other bank', async () => {
    const { receipt } = await ann.client.pay(order(ann, cleo, '100.00'));
    assert.equal(receipt.body.outcome.status, 'booked');
    assert.ok(ann.client.letters.some((letter) => letter.body.event === 'on-its-way'));
    await cleo.client.letter((letter) => letter.body.event === 'money-in');
    assert.equal(await available(cleo), '101.00');
    assert.equal(await available(ann), '387.50');
  });

  await t.test('it is refused with a code', async () => {
    const { receipt } = await bob.client.pay(order(bob, ann, '1000.00'));
    assert.deepEqual(receipt.body.outcome, { status: 'refused', reason: 'AM04' });
  });

  await t.test('it reads its statement and a payment with both documents', async () => {
    const ask = await ann.client.sign('statement-ask', { account: ann.iban, limit: 2 });
    const statement = await ann.client.ask(ask, ['statement']);
    const amounts = statement.body.entries.map((entry) => entry.amount.value);
    assert.deepEqual(amounts, ['-100.00', '-12.50']);
    assert.equal(typeof statement.body.older, 'number');
    const payment = statement.body.entries[1].payment;
    const answer = await ann.client.ask(await ann.client.sign('payment-ask', { payment }), ['payment']);
    const receipt = await ann.client.verify(answer.body.receipt);
    assert.equal(receipt.body.order_digest, digest(answer.body.order));
  });
});
