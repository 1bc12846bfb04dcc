// A whole journey without a mouse, and what comes out on paper.
import { expect } from '@playwright/test';
import { test } from './enrolled.mjs';
import { PASSPHRASE, bank, draft, listenForFaults, makeSafe, openCustomer, unlock } from './people.mjs';
import { focused, press, type } from './walking.mjs';

test('enrol, pay, keep the receipt and lock, all by keyboard', async ({ page }) => {
  test.setTimeout(240_000);
  const faults = listenForFaults(page);
  const ann = openCustomer(0, 'Ann Lee', '100.00');
  const bo = openCustomer(0, 'Bo Park', '1.00');
  const heading = (name) => expect(page.getByRole('heading', { name })).toBeVisible({ timeout: 60_000 });
  await page.goto(bank(0).web);
  await press(page, /Enrol this browser/);
  await heading('What stands on your activation slip?');
  await type(page, 'Slip number', ann.locator);
  await type(page, 'Slip code', ann.secret);
  await page.keyboard.press('Enter');
  await heading(/is this really your bank/);
  await type(page, 'The bank’s five words', ann.words);
  await expect(page.getByText('Both keys are made and tested')).toBeVisible({ timeout: 90_000 });
  await page.keyboard.press('Enter');
  await heading('Name this device and lock its keys');
  await type(page, 'Name of this device', 'Keyboard');
  await type(page, 'Passphrase', PASSPHRASE);
  await page.keyboard.press('Enter');
  await heading('Keyboard is now your device');
  await press(page, 'Go to your accounts');
  await heading('Your accounts');
  await press(page, 'Pay someone');
  await heading('How much and to whom');
  await type(page, 'Their name', bo.name);
  await type(page, 'Their IBAN', bo.iban);
  await type(page, 'Amount', '20');
  await type(page, 'Reference', 'Lunch');
  await page.keyboard.press('Enter');
  await heading('Check your payment, then sign it');
  await press(page, /^Sign and pay 20\.00/);
  await heading(/^Bo Park has 20\.00/);
  const download = page.waitForEvent('download');
  await press(page, 'Download receipt');
  await download;
  // Back to the head of the page by the skip link's way: the main part takes the focus first.
  await page.keyboard.press('Control+Home');
  await page.reload();
  await heading('Unlock this device');
  await type(page, 'Passphrase of this device', PASSPHRASE);
  await page.keyboard.press('Enter');
  await heading(/^Bo Park has 20\.00/);
  await page.keyboard.press('Shift+Tab');
  for (let presses = 0; presses < 40 && (await focused(page)) !== 'Lock this device'; presses += 1) {
    await page.keyboard.press('Shift+Tab');
  }
  await page.keyboard.press('Enter');
  await heading('Unlock this device');
  expect(faults).toEqual([]);
});

test('a password manager finds whose passphrase it is', async ({ device }) => {
  const page = await device.open();
  await page.goto(`${bank(0).web}/accounts`);
  const form = page.locator('form').filter({ has: page.getByLabel('Passphrase of this device') });
  await expect(form.locator('input[autocomplete="username"]')).toHaveValue('Kitchen laptop');
  await expect(form.locator('input[autocomplete="current-password"]')).toHaveAttribute('type', 'password');
});

test('a receipt and a statement on paper', async ({ device }, info) => {
  test.setTimeout(120_000);
  const page = await device.open({ viewport: { width: 718, height: 1000 } });
  await page.goto(`${bank(0).web}/accounts`);
  await unlock(page);
  await page.getByRole('link', { name: 'Pay someone' }).click();
  await draft(page, { ...device.payee, amount: '1 234,56', reference: 'Invoice 2026-114, roof repair' });
  await makeSafe(page);
  await page.getByRole('button', { name: /^Sign and pay/ }).click();
  await expect(page.getByRole('heading', { name: /^Bo Park has/ })).toBeVisible();
  await page.emulateMedia({ media: 'print', colorScheme: 'light' });
  const sheet = page.getByRole('article', { name: 'Order and receipt' });
  for (const part of ['Your half', 'The bank’s half', 'Bo Park', 'Invoice 2026-114', 'Digest of your half', 'Posting']) {
    await expect(sheet.getByText(part).first()).toBeVisible();
  }
  await expect(sheet.getByText(/1\s234\.56/).first()).toBeVisible();
  await expect(page.getByText('Check this receipt at any time')).toBeVisible();
  await expect(page.locator('.brand-house')).toHaveText(bank(0).name);
  await expect(page.locator('.brand-house')).toBeVisible();
  await expect(page.getByRole('navigation', { name: 'Main' })).toBeHidden();
  await expect(page.getByRole('button').first()).toBeHidden();
  await page.screenshot({ path: info.outputPath('receipt-on-paper.png'), fullPage: true });

  await page.emulateMedia({ media: 'screen' });
  await page.getByRole('link', { name: 'Accounts' }).first().click();
  await page.getByRole('link', { name: 'Everyday', exact: true }).click();
  await expect(page.getByRole('table')).toBeVisible();
  await page.emulateMedia({ media: 'print', colorScheme: 'light' });
  await expect(page.getByRole('cell', { name: /1\s234\.56/ }).first()).toBeVisible();
  await expect(page.getByRole('button', { name: 'Print' })).toBeHidden();
  await page.screenshot({ path: info.outputPath('statement-on-paper.png'), fullPage: true });
});
