// New keys for a device: cut off at every moment there is one working state afterwards, and it pays.
// New sheet, new file.
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import {
  PASSPHRASE, bank, enrol, listenForFaults, openCustomer, pay, signal, unlock, writeSheetDown,
} from './people.mjs';
import {
  choose, download, heading, looks, openElsewhere, recover, saveHere, useOnce,
} from './walking.mjs';

const folder = mkdtempSync(join(tmpdir(), 'countersign-new-keys-'));

/** What this browser keeps under keys of one kind. */
const stored = (page, kind) => page.evaluate((prefix) => Object.keys(localStorage)
  .filter((key) => key.startsWith(prefix)).map((key) => key.slice(prefix.length)).sort(),
`countersign.${kind}.`);

/** Opens the page of new keys with the device unlocked. */
async function openReplace(page, at = 0) {
  await page.goto(`${bank(at).web}/devices/replace`);
  await unlock(page);
  await heading(page, 'Replace this device’s keys');
}

async function startReplacing(page, passphrase = PASSPHRASE) {
  await page.getByLabel('The passphrase of this device', { exact: true }).fill(passphrase);
  await page.keyboard.press('Enter');
}

/** Pays from the accounts; the receipt is there. */
async function pays(page, payee) {
  await page.getByRole('link', { name: 'Accounts' }).first().click();
  await heading(page, 'Your accounts');
  await pay(page, { name: payee.name, iban: payee.iban, amount: '1.00' });
  await expect(page.getByText('Paid', { exact: true }).first()).toBeVisible({ timeout: 60_000 });
}

/**
 * A window in which the replacement stops at a moment: so many envelopes of it reach the bank, its
 * answers come back or not, and the browser removes what it is told to or not.
 */
async function cutWindow(context, { envelopes, answers = true, removes = true }) {
  const page = await context.newPage();
  let cutOff;
  const cut = new Promise((resolve) => { cutOff = resolve; });
  let rotating = false;
  let sent = 0;
  await page.exposeFunction('keysAreStored', () => { rotating = true; });
  await page.exposeFunction('nothingIsRemoved', () => cutOff());
  await page.addInitScript((keeps) => {
    const { setItem, removeItem } = Storage.prototype;
    let kept = false;
    Storage.prototype.setItem = function set(key, value) {
      setItem.call(this, key, value);
      if (!key.startsWith('countersign.rotating.')) return;
      kept = keeps;
      window.keysAreStored();
    };
    Storage.prototype.removeItem = function remove(key) {
      if (!kept) removeItem.call(this, key);
      else if (key.startsWith('countersign.rotating.')) window.nothingIsRemoved();
    };
  }, !removes);
  await page.route('**/v1/**', async (route) => {
    const url = route.request().url();
    const envelope = url.endsWith('/v1/envelopes');
    const over = rotating && sent >= envelopes;
    if (over && (envelope || (!answers && url.includes('/v1/mailbox?')))) {
      cutOff();
      return;
    }
    if (rotating && envelope) sent += 1;
    await route.continue();
  });
  return { page, cut };
}

const CUTS = [
  { moment: 'the keys are made and stored, nothing is sent', envelopes: 0 },
  { moment: 'the order is sent, no answer comes', envelopes: 1, answers: false },
  { moment: 'it is ordered, the new keys have not confirmed', envelopes: 1 },
  { moment: 'they have confirmed, no answer comes', envelopes: 2, answers: false },
  { moment: 'the new keys are stored, the old ones not yet removed', envelopes: 9, removes: false },
];

test('new keys, cut off at several moments: one device works afterwards', async ({ browser }) => {
  test.setTimeout(420_000);
  const customer = openCustomer(0, 'Ines Carvalho', '500.00');
  const payee = openCustomer(0, 'Bo Park', '1.00');
  const context = await browser.newContext();
  const page = await context.newPage();
  await enrol(page, 0, customer, 'Desk');
  const first = await stored(page, 'device');
  await page.close();
  let before = first;
  for (const moment of CUTS) {
    await test.step(moment.moment, async () => {
      const { page: cutPage, cut } = await cutWindow(context, moment);
      await openReplace(cutPage);
      await startReplacing(cutPage);
      await cut;
      expect(await stored(cutPage, 'rotating')).toEqual(before);
      await cutPage.close();

      const after = await context.newPage();
      const faults = listenForFaults(after);
      await after.goto(`${bank(0).web}/accounts`);
      await unlock(after);
      await heading(after, 'Your accounts');
      await expect.poll(() => stored(after, 'rotating')).toEqual([]);
      const now = await stored(after, 'device');
      expect(now).toHaveLength(1);
      expect(now).not.toEqual(before);
      // Nothing of the old keys is left; the new seed waits for its sheet.
      expect(await stored(after, 'seed')).toEqual(now);
      expect(await stored(after, 'mailbox')).toEqual(now);
      await pays(after, payee);
      expect(faults).toEqual([]);
      before = now;
      await after.close();
    });
  }

  // And whole, with a passphrase mistyped first.
  const last = await context.newPage();
  const faults = listenForFaults(last);
  await openReplace(last);
  await looks(last, 'replace');
  await startReplacing(last, 'not the passphrase');
  await expect(last.getByRole('alert')).toContainText('does not open', { timeout: 90_000 });
  await startReplacing(last);
  await heading(last, 'Desk has new keys');
  await looks(last, 'replace-done');
  expect(await stored(last, 'device')).toHaveLength(1);
  await pays(last, payee);
  await last.getByRole('link', { name: 'Devices' }).first().click();
  await heading(last, 'Your devices');
  await expect(last.getByText('Devices that do not count any more (6)')).toBeVisible();
  expect(faults).toEqual([]);
  await context.close();
});

/** Saves the open device as a key file and reads it back. */
async function saveFile(page, name) {
  const file = await saveHere(page, folder, { name });
  await choose(page, file);
  await heading(page, 'The key file works');
  return file;
}

test('new keys come with a new sheet and want a new file; the old ones say that they were replaced', async ({ browser }) => {
  test.setTimeout(420_000);
  const customer = openCustomer(0, 'Noor Haddad', '500.00');
  const payee = openCustomer(0, 'Bo Park', '1.00');
  const page = await (await browser.newContext()).newPage();
  const faults = listenForFaults(page);
  await enrol(page, 0, customer, 'Desk');
  await page.goto(`${bank(0).web}/keys/sheet`);
  await unlock(page);
  const oldSheet = await writeSheetDown(page);
  await page.getByRole('link', { name: 'Back to Devices' }).click();
  await page.getByRole('link', { name: 'Save a key file' }).click();
  const oldFile = await saveFile(page, 'old.pem');
  await page.getByRole('link', { name: 'Back to Devices' }).click();
  await expect(page.getByText('In safety', { exact: true })).toBeVisible();

  await page.getByRole('link', { name: 'Replace the keys' }).click();
  await startReplacing(page);
  await heading(page, 'Desk has new keys');
  await expect(page.getByText('Your key file holds the old keys')).toBeVisible();
  await page.getByRole('link', { name: 'Devices' }).first().click();
  await page.getByRole('link', { name: 'What this browser keeps, and how to remove it' }).click();
  await expect(page.getByText('Not in safety yet')).toBeVisible();
  await expect(page.getByText(/makes the old keys again/)).toBeVisible();
  await expect(page.getByText(/holds the old keys: save it anew/)).toBeVisible();
  await looks(page, 'settings-replaced');
  await page.getByRole('link', { name: 'Show the recovery sheet' }).click();
  await expect(page.getByText('Version 1, generation 2')).toBeVisible();
  const newSheet = await writeSheetDown(page);
  expect(newSheet.words).not.toEqual(oldSheet.words);
  await page.getByRole('link', { name: 'Back to Devices' }).click();
  await page.getByRole('link', { name: 'Save a key file' }).click();
  const newFile = await saveFile(page, 'new.pem');
  await pays(page, payee);
  expect(faults).toEqual([]);

  // The old file and the old sheet say what became of their keys.
  const old = await openElsewhere(browser, oldFile);
  await useOnce(old);
  await expect(old.getByText(/These keys were replaced on .*\. Use the newer file/).first()).toBeVisible({ timeout: 60_000 });
  await looks(old, 'file-replaced');
  const paper = await recover(browser, oldSheet, 1);
  await expect(paper.getByRole('alert')).toContainText('These keys were replaced', { timeout: 90_000 });

  // The new ones work, each in a browser that knows nothing.
  const fresh = await openElsewhere(browser, newFile);
  await useOnce(fresh);
  await pays(fresh, payee);
  const again = await recover(browser, newSheet, 2);
  await heading(again, 'Your keys are back');
  await again.getByLabel('Name of this device').fill('From paper');
  await again.getByLabel('Passphrase', { exact: true }).fill(PASSPHRASE);
  await again.getByRole('button', { name: 'Keep it in this browser' }).click();
  await pays(again, payee);
});

test('keys in a file: the new file is read back before the bank counts its keys', async ({ browser }) => {
  test.setTimeout(420_000);
  const customer = openCustomer(0, 'Teo Brandt', '500.00');
  const payee = openCustomer(0, 'Bo Park', '1.00');
  const owner = await (await browser.newContext()).newPage();
  await enrol(owner, 0, customer, 'Drive');
  await owner.goto(`${bank(0).web}/keys/export`);
  await unlock(owner);
  const oldFile = await saveFile(owner, 'drive.pem');

  /** Goes up to the new file, which is saved and not read back. */
  async function begin(name) {
    const page = await openElsewhere(browser, oldFile);
    await useOnce(page);
    await heading(page, 'Your accounts');
    await page.getByRole('link', { name: 'Devices' }).first().click();
    await page.getByRole('link', { name: 'Replace this device’s keys' }).click();
    await heading(page, 'Replace this device’s keys');
    const file = await download(page, folder, () => startReplacing(page), name);
    await heading(page, 'Now read the new file back');
    return { page, file };
  }

  // Left before it is read back: the old file works. The file that was made then comes to nothing once
  // another one is in its place.
  const left = await begin('left.pem');
  await looks(left.page, 'replace-file');
  await left.page.context().close();
  const { page, file } = await begin('drive-new.pem');
  const faults = listenForFaults(page);
  await choose(page, oldFile);
  await expect(page.getByRole('alert')).toContainText('This is the file of another device');
  writeFileSync(join(folder, 'cut.pem'), readFileSync(file, 'utf8').slice(0, 4_000));
  await choose(page, join(folder, 'cut.pem'));
  await expect(page.getByRole('alert')).toContainText('cut off');
  const working = await openElsewhere(browser, oldFile);
  await useOnce(working);
  await pays(working, payee);
  await working.context().close();
  // The last step sent, its answer never seen, the tab closed: one of the two files works, here the new.
  let sent;
  const confirmed = new Promise((resolve) => { sent = resolve; });
  await page.route('**/v1/**', async (route) => {
    const url = route.request().url();
    if (url.includes('/v1/mailbox')) return;
    await route.continue();
    if (url.endsWith('/v1/envelopes')) sent();
  });
  await choose(page, file);
  await confirmed;
  await page.context().close();
  await expect(async () => {
    const old = await openElsewhere(browser, oldFile);
    await useOnce(old);
    await expect(old.getByText(/These keys were replaced on/).first()).toBeVisible({ timeout: 20_000 });
    await old.context().close();
  }).toPass({ timeout: 60_000 });
  const useless = await openElsewhere(browser, left.file);
  await useOnce(useless);
  await expect(useless.getByRole('alert')).toContainText('The bank does not count these keys', { timeout: 60_000 });
  const fresh = await openElsewhere(browser, file);
  await useOnce(fresh);
  await pays(fresh, payee);
  expect(faults).toEqual([]);

  // And the browser in which the old keys are kept learns it, too.
  await owner.goto(`${bank(0).web}/accounts`);
  await unlock(owner);
  await heading(owner, /^These keys were replaced/);
  await looks(owner, 'stopped-replaced');
});

test('a file that was saved and never read back takes the place when it is opened', async ({ browser }) => {
  test.setTimeout(240_000);
  const customer = openCustomer(0, 'Pia Olsen', '500.00');
  const payee = openCustomer(0, 'Bo Park', '1.00');
  const owner = await (await browser.newContext()).newPage();
  await enrol(owner, 0, customer, 'Drive');
  await owner.goto(`${bank(0).web}/keys/export`);
  await unlock(owner);
  const oldFile = await saveFile(owner, 'pia.pem');
  const page = await openElsewhere(browser, oldFile);
  await useOnce(page);
  await heading(page, 'Your accounts');
  await page.getByRole('link', { name: 'Devices' }).first().click();
  await page.getByRole('link', { name: 'Replace this device’s keys' }).click();
  const file = await download(page, folder, () => startReplacing(page), 'pia-new.pem');
  await heading(page, 'Now read the new file back');
  await page.context().close();
  const fresh = await openElsewhere(browser, file);
  await useOnce(fresh);
  await pays(fresh, payee);
  const old = await openElsewhere(browser, oldFile);
  await useOnce(old);
  await expect(old.getByText(/These keys were replaced on/).first()).toBeVisible({ timeout: 60_000 });
});

test('a payment under way when the keys change: the new keys get its receipt', async ({ browser }) => {
  test.setTimeout(240_000);
  const customer = openCustomer(0, 'Ada Moreau', '500.00');
  const payee = openCustomer(1, 'Bo Park', '1.00');
  const page = await (await browser.newContext()).newPage();
  const faults = listenForFaults(page);
  await enrol(page, 0, customer, 'Desk');
  signal(1, 'processor', 'SIGSTOP');
  try {
    await pay(page, { name: payee.name, iban: payee.iban, amount: '12.34', reference: 'Before the change' });
    await expect(page.getByText('On its way').first()).toBeVisible({ timeout: 60_000 });
    await page.getByRole('link', { name: 'Devices' }).first().click();
    await page.getByRole('link', { name: 'Replace this device’s keys' }).click();
    await startReplacing(page);
    await heading(page, 'Desk has new keys');
    await page.getByRole('link', { name: 'Accounts' }).first().click();
    await heading(page, 'On their way');
    await page.reload();
    await unlock(page);
    await heading(page, 'On their way');
    await page.locator('section', { has: page.getByRole('heading', { name: 'On their way' }) })
      .getByRole('link').first().click();
    await expect(page.getByText('12.34').first()).toBeVisible();
  } finally {
    signal(1, 'processor', 'SIGCONT');
  }
  await expect(page.getByText('Paid', { exact: true }).first()).toBeVisible({ timeout: 90_000 });
  expect(faults).toEqual([]);
});
