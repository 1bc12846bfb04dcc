// A customer of one bank enrols a browser and pays customers of both banks; all of them see it.
import { readFileSync } from 'node:fs';
import { compactVerify, importX509, decodeProtectedHeader, decodeJwt } from 'jose';
import { expect, test } from '@playwright/test';
import { accessible, draft, enrol, listenForFaults, makeSafe, openCustomer, pay, signal, unlock } from './people.mjs';

test('a payment between two banks, seen by both, with a receipt anyone can check', async ({ browser }, info) => {
  test.setTimeout(240_000);
  const ann = openCustomer(0, 'Mira Lindqvist-Östergård', '12480.22');
  const bo = openCustomer(1, 'Jean-Baptiste Archambault', '10.00');
  const annPage = await (await browser.newContext()).newPage();
  const boPage = await (await browser.newContext()).newPage();
  const faults = [...[annPage, boPage].map(listenForFaults)];
  await enrol(annPage, 0, ann);
  await enrol(boPage, 1, bo, 'Office computer');
  await expect(boPage.getByText('10.00').first()).toBeVisible();
  await accessible(annPage);

  // The check page is drawn from the bytes that will be signed; nothing is kept before it.
  await annPage.getByRole('link', { name: 'Pay someone' }).click();
  await draft(annPage, { name: bo.name, iban: bo.iban, amount: '1 250,00', reference: 'Roof repair' });
  await makeSafe(annPage);
  await expect(annPage.getByText('Not signed yet')).toBeVisible();
  await expect(annPage.getByText('SHA-256 of those bytes')).toBeVisible();
  const stored = () => annPage.evaluate(() => Object.keys(localStorage).filter((k) => k.includes('.order.')).length);
  expect(await stored()).toBe(0);
  await accessible(annPage);
  await annPage.getByRole('button', { name: 'Sign and pay 1 250.00 EUR to Jean-Baptiste Archambault' }).click();
  await expect(annPage.getByRole('heading', { name: /^Paid/ })).toBeVisible();
  await accessible(annPage);

  // The payee's page shows it without a reload.
  await expect(boPage.getByText('1 260.00').first()).toBeVisible();
  await expect(boPage.getByText('Roof repair').first()).toBeVisible();

  // The receipt is checked with a library that is not ours.
  const download = annPage.waitForEvent('download');
  await annPage.getByRole('button', { name: 'Download receipt' }).click();
  const file = info.outputPath('receipt.json');
  await (await download).saveAs(file);
  const receipt = JSON.parse(readFileSync(file, 'utf8'));
  const key = await importX509(receipt.receipt.certificates[0], 'EdDSA');
  const verified = await compactVerify(receipt.receipt.jws, key);
  expect(verified.protectedHeader.typ).toBe('receipt');
  const said = JSON.parse(new TextDecoder().decode(verified.payload));
  expect(said.body.outcome.status).toBe('booked');
  expect(said.body.amount).toEqual({ value: '1250.00', currency: 'EUR' });
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(receipt.order.jws));
  expect(said.body.order_digest).toBe(Buffer.from(digest).toString('base64url'));
  expect(decodeProtectedHeader(receipt.order.jws).typ).toBe('pain.001');
  expect(decodeJwt(receipt.order.jws).body.creditor_account).toBe(bo.iban);

  // After a reload the keys are shut; the payment is still there once they are open.
  await annPage.reload();
  await unlock(annPage);
  await expect(annPage.getByRole('heading', { name: /^Paid/ })).toBeVisible();
  expect(faults.flat()).toEqual([]);
});

test('payments within a bank, and what goes wrong in words', async ({ page }) => {
  test.setTimeout(240_000);
  const faults = listenForFaults(page);
  const ann = openCustomer(0, 'Ann Lee', '100.00');
  const bo = openCustomer(0, 'Bo Park', '5.00');
  await enrol(page, 0, ann);
  await pay(page, { name: bo.name, iban: bo.iban, amount: '20' });
  await expect(page.getByRole('heading', { name: /^Paid/ })).toBeVisible();

  // Typed wrong: nothing leaves the page, the summary has the focus and says how to mend it.
  await page.getByRole('link', { name: 'Pay', exact: true }).click();
  await draft(page, { name: '', iban: 'DE00 0000', amount: '1.000,00' });
  const summary = page.getByRole('alert');
  await expect(summary).toBeFocused();
  await expect(summary).toContainText('Enter the payee');
  await expect(page).toHaveTitle(/^Error:/);
  await accessible(page);
  await draft(page, { name: bo.name, iban: bo.iban, amount: '80.01' });
  await expect(summary).toContainText('Enter an amount of 80.00');

  // Refused there: the money comes back, and the reason is said.
  const nobody = 'DE91 7002 0570 9999 9990 01';
  await draft(page, { name: 'Nobody', iban: (await checked(nobody)), amount: '30' });
  await page.getByRole('button', { name: /^Sign and pay/ }).click();
  await expect(page.getByRole('heading', { name: /^Not paid/ })).toBeVisible();
  await expect(page.getByText('The payee’s bank has no account').or(page.getByText("The payee's bank has no account")).first()).toBeVisible();
  await accessible(page);

  // Among the receipts it stands beside what was paid, with its reason.
  await page.getByRole('link', { name: 'Receipts' }).first().click();
  const decided = page.getByRole('region', { name: 'Decided', exact: true });
  const line = (name) => decided.getByRole('listitem').filter({ hasText: name });
  await expect(line('Nobody')).toContainText('Not paid');
  await expect(line('Nobody')).toContainText('has no account with this IBAN');
  await expect(line('Bo Park')).toContainText('Paid');
  await expect(decided.getByRole('heading', { level: 3 })).toContainText('Today');
  await accessible(page);
  await line('Nobody').getByRole('link').click();
  await expect(page.getByRole('heading', { name: 'No money has left your account' })).toBeVisible();

  await page.getByRole('link', { name: 'Accounts' }).first().click();
  await expect(page.getByText('80.00').first()).toBeVisible();
  await page.getByRole('link', { name: 'Everyday', exact: true }).click();
  await expect(page.getByRole('table')).toContainText('Bo Park');
  await accessible(page);
  expect(faults).toEqual([]);
});

test('a bank that is silent keeps nobody in the dark', async ({ page }) => {
  test.setTimeout(240_000);
  const ann = openCustomer(0, 'Ann Lee', '100.00');
  const bo = openCustomer(1, 'Bo Park', '1.00');
  await enrol(page, 0, ann);
  // Every processor of the other bank stands still.
  signal(1, 'processor', 'SIGSTOP');
  try {
    await pay(page, { name: bo.name, iban: bo.iban, amount: '25', reference: 'Books' });
    await expect(page.getByRole('heading', { name: /25\.00.EUR is on its way to Bo Park/ })).toBeVisible();
    await expect(page.getByText('The money is set aside until Brisa Bank answers')).toBeVisible();
    await expect(page.getByRole('button', { name: 'Download receipt' })).toHaveCount(0);
    await accessible(page);
    await page.getByRole('link', { name: 'Accounts' }).first().click();
    const way = page.getByRole('region', { name: 'On their way' });
    await expect(way).toContainText('Bo Park');
    await expect(page.getByText('75.00').first()).toBeVisible();
    await expect(page.getByText('Booked 100.00, set aside 25.00')).toBeVisible();
    await way.getByRole('link', { name: 'Bo Park' }).click();
    await expect(page.getByRole('heading', { name: /is on its way to Bo Park/ })).toBeVisible();
  } finally {
    signal(1, 'processor', 'SIGCONT');
  }
  // The page that is open hears of it.
  await expect(page.getByRole('heading', { name: /^Bo Park has 25\.00/ })).toBeVisible({ timeout: 60_000 });
  await page.getByRole('link', { name: 'Accounts' }).first().click();
  await expect(page.getByRole('region', { name: 'On their way' })).toHaveCount(0);
});

/** The check digits of an IBAN whose other digits are given. */
async function checked(iban) {
  const packed = iban.replaceAll(' ', '');
  const digits = `${packed.slice(4)}131400`;
  const remainder = [...digits].reduce((sum, digit) => (sum * 10 + Number(digit)) % 97, 0);
  return `DE${String(98 - remainder).padStart(2, '0')}${packed.slice(4)}`;
}
