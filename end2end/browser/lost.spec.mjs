// A key file is used once, and something that was signed has found no way yet: every way of locking asks
// first, and the closing page says what was lost.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from '@playwright/test';
import { test } from './enrolled.mjs';
import { PASSPHRASE, bank, listenForFaults } from './people.mjs';
import {
  choose, heading, looks, openElsewhere, save, saved, useOnce,
} from './walking.mjs';

const OTHER = 'another long passphrase';

let folder;
test.beforeAll(() => { folder = mkdtempSync(join(tmpdir(), 'lost-')); });
test.afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Uses a file on a computer that knows nothing. */
async function openOnce(browser, file, passphrase = PASSPHRASE) {
  const page = await openElsewhere(browser, file, passphrase);
  await useOnce(page);
  await heading(page, 'Your accounts');
  return page;
}

test('a change of devices that was not delivered', async ({ device, browser }) => {
  test.setTimeout(180_000);
  const file = await save(await device.open(), folder);
  const page = await openOnce(browser, file);
  const faults = listenForFaults(page);
  await page.clock.install();
  await page.getByRole('link', { name: 'Devices' }).first().click();
  await page.getByRole('link', { name: /^Look and change/ }).first().click();
  await page.route('**/v1/envelopes', (route) => route.abort());
  await page.getByLabel('Name of this device').fill('Another name');
  await page.getByRole('button', { name: 'Rename' }).click();
  await expect(page.getByText('it is sent again by itself').first()).toBeVisible({ timeout: 60_000 });

  const asks = page.getByRole('dialog', { name: 'Something that you signed has not reached the bank' });
  await page.getByRole('button', { name: 'Lock this device' }).click();
  await expect(asks).toContainText('1 order that you have signed');
  await looks(page, 'would-be-lost');
  await asks.getByRole('button', { name: 'Stay until it is sent' }).click();
  await expect(asks).toBeHidden();
  // The dialog of the last minute asks as well.
  const idle = page.getByRole('dialog', { name: 'You are about to be locked out' });
  await page.clock.fastForward('09:30');
  await expect(idle).toBeVisible();
  await idle.getByRole('button', { name: 'Lock now' }).click();
  await expect(idle).toBeHidden();
  await expect(asks).toBeVisible();
  await asks.getByRole('button', { name: 'Lock and lose it' }).click();
  await heading(page, 'Remove your drive now');
  await expect(page.getByText('Not sent', { exact: true })).toBeVisible();
  await expect(page.getByText(/1 order that you have signed had not reached the bank/)).toBeVisible();
  await looks(page, 'left-unsent');
  expect(faults).toEqual([]);
});

test('the file of another tool: it is saved as a key file with a passphrase of its own', async ({ device, browser }) => {
  test.setTimeout(180_000);
  const owner = await device.open();
  const store = await save(owner, folder, /PKCS #12/, OTHER);
  const page = await openOnce(browser, store, OTHER);
  const faults = listenForFaults(page);
  await page.getByRole('link', { name: 'Devices' }).first().click();
  await page.getByRole('link', { name: 'What this browser keeps, and how to remove it' }).click();
  await page.getByRole('link', { name: 'Save a fresh key file' }).click();
  await heading(page, 'Save a key file');
  await page.getByRole('radio', { name: /^Key file/ }).check();
  await page.getByLabel('A passphrase for the key file').fill('short');
  await page.getByRole('button', { name: 'Save the file' }).click();
  await expect(page.getByRole('alert')).toContainText('12 characters');
  await looks(page, 'export-bare');
  await page.getByLabel('A passphrase for the key file').fill(PASSPHRASE);
  const file = await saved(page, folder, () => page.getByRole('button', { name: 'Save the file' }).click());
  await choose(page, file);
  await heading(page, 'The key file works');
  await (await openOnce(browser, file)).context().close();
  expect(faults).toEqual([]);
});
