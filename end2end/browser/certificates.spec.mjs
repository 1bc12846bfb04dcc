// Certificates that end: the reminder, the refusal, and what renews them. And two tabs with one device:
// what one of them renews or changes, the other does not write back.
import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from '@playwright/test';
import {
  PASSPHRASE, bank, enrol, listenForFaults, openCustomer, pay, processes, signal, unlock,
} from './people.mjs';
import { heading, looks } from './walking.mjs';

/** Has a bank's registrar make certificates that last so long; without a number, as long as usual. */
async function certificatesLast(at, seconds) {
  const file = bank(at).config;
  const lines = readFileSync(file, 'utf8').split('\n');
  const others = lines.filter((line) => !line.startsWith('device_certificate_seconds'));
  const own = seconds ? [`device_certificate_seconds = ${seconds}`] : [];
  // Before the first table: what follows one belongs to it.
  writeFileSync(file, [...own, ...others].join('\n'));
  const before = processes(at, 'registrar');
  signal(at, 'registrar', 'SIGTERM');
  const isNew = () => processes(at, 'registrar').some((id) => !before.includes(id));
  await expect.poll(isNew, { timeout: 30_000 }).toBe(true);
}

test('certificates end: a reminder, a clear refusal, and one press', async ({ browser }) => {
  test.setTimeout(300_000);
  const customer = openCustomer(1, 'Kai Lund', '500.00');
  const payee = openCustomer(1, 'Bo Park', '1.00');
  const page = await (await browser.newContext()).newPage();
  const faults = listenForFaults(page);
  try {
    await certificatesLast(1, 60);
    await enrol(page, 1, customer, 'Desk');
  } finally {
    await certificatesLast(1);
  }
  await heading(page, /^This device’s certificates end/);
  await page.goto(`${bank(1).web}/settings`);
  await page.goto(`${bank(1).web}/accounts`);
  // They end by the bank's clock, and by this one.
  await expect(async () => {
    await page.reload();
    await unlock(page);
    await heading(page, 'Your accounts');
    await expect(page.getByRole('heading', { name: /^This device’s certificates ended on/ })).toBeVisible({ timeout: 3_000 });
  }).toPass({ timeout: 120_000 });
  await looks(page, 'accounts-ended');
  await pay(page, { name: payee.name, iban: payee.iban, amount: '5.00' });
  await expect(page.getByText('Not paid', { exact: true }).first()).toBeVisible({ timeout: 60_000 });
  await expect(page.getByText(/certificates of this device have ended, so the bank takes no orders/).first()).toBeVisible();
  await looks(page, 'payment-ended');
  await page.getByRole('link', { name: 'Devices' }).first().click();
  await page.getByRole('link', { name: 'What this browser keeps, and how to remove it' }).click();
  await expect(page.getByRole('heading', { name: /^This device’s certificates ended on/ })).toBeVisible();
  await looks(page, 'settings-ended');
  await page.getByRole('button', { name: 'Renew now' }).click();
  await expect(page.getByRole('heading', { name: /^This device’s certificates end/ })).toHaveCount(0, { timeout: 60_000 });
  await page.getByRole('link', { name: 'Accounts' }).first().click();
  await pay(page, { name: payee.name, iban: payee.iban, amount: '1.00' });
  await expect(page.getByText('Paid', { exact: true }).first()).toBeVisible({ timeout: 60_000 });
  expect(faults).toEqual([]);
});

/** Gives the device in this tab another passphrase, without loading a page. */
async function changePassphrase(page, from, to) {
  await page.getByRole('link', { name: 'Devices' }).first().click();
  await page.getByRole('link', { name: 'What this browser keeps, and how to remove it' }).click();
  await page.getByRole('link', { name: 'Change the passphrase' }).click();
  await page.getByLabel('Passphrase now').fill(from);
  await page.getByLabel('New passphrase').fill(to);
  await page.getByRole('button', { name: 'Change the passphrase' }).click();
  await heading(page, 'The passphrase is changed');
}

test('two tabs: what one changes, the other does not write back', async ({ browser }) => {
  test.setTimeout(300_000);
  const second = 'another long passphrase';
  const third = 'yet another passphrase';
  const customer = openCustomer(1, 'Ivo Maran', '500.00');
  const context = await browser.newContext();
  const page = await context.newPage();
  const faults = listenForFaults(page);
  try {
    await certificatesLast(1, 1_200);
    await enrol(page, 1, customer, 'Desk');
  } finally {
    await certificatesLast(1);
  }
  const ends = /^This device’s certificates end/;
  await heading(page, ends);
  const other = await context.newPage();
  faults.push(...listenForFaults(other));
  await other.goto(`${bank(1).web}/settings`);
  await other.goto(`${bank(1).web}/accounts`);
  await unlock(other);
  await heading(other, ends);

  // The other tab was open before the passphrase was changed, and writes.
  await changePassphrase(page, PASSPHRASE, second);
  await other.getByRole('button', { name: 'Renew now' }).click();
  await expect(other.getByRole('heading', { name: ends })).toHaveCount(0, { timeout: 60_000 });
  // This one was open before the renewal: it knows of it, and writes in its turn.
  await page.getByRole('link', { name: 'Accounts' }).first().click();
  await heading(page, 'Your accounts');
  await expect(page.getByRole('heading', { name: ends })).toHaveCount(0);
  await changePassphrase(page, second, third);
  await expect(other.getByRole('heading', { name: 'Your accounts' })).toBeVisible();

  for (const passphrase of [PASSPHRASE, second]) {
    await other.goto(`${bank(1).web}/accounts`);
    await unlock(other, passphrase);
    await expect(other.getByRole('alert')).toContainText('does not open');
  }
  await unlock(other, third);
  await heading(other, 'Your accounts');
  await expect(other.getByRole('heading', { name: ends })).toHaveCount(0);

  // New keys in the place of those that are open in the other tab.
  const device = () => other.evaluate(() => Object.keys(localStorage).filter((key) => key.startsWith('countersign.device.')));
  const before = await device();
  await page.getByRole('link', { name: 'Devices' }).first().click();
  await page.getByRole('link', { name: 'Replace this device’s keys' }).click();
  await page.getByLabel('The passphrase of this device', { exact: true }).fill(third);
  await page.keyboard.press('Enter');
  await heading(page, 'Desk has new keys');
  await heading(other, 'Unlock this device');
  await expect(other.getByText('were replaced or removed in another tab')).toBeVisible();
  await looks(other, 'locked-by-tab');
  expect(await device()).toHaveLength(1);
  expect(await device()).not.toEqual(before);
  await unlock(other, third);
  await heading(other, 'Your accounts');
  expect(faults).toEqual([]);
});
