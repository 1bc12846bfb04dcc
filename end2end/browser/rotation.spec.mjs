// New keys for a device: cut off at every moment there is one working state afterwards, and it pays.
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import {
  PASSPHRASE, accessible, bank, enrol, fits, listenForFaults, openCustomer, pay, unlock,
} from './people.mjs';

/** The page is sound on a desk and in a hand, in the light and in the dark. */
async function looks(page, name) {
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme });
    for (const width of [1280, 390]) {
      await page.setViewportSize({ width, height: 900 });
      await fits(page);
      if (process.env.SCREENS) {
        await page.screenshot({ path: join(process.env.SCREENS, `${name}-${width}-${colorScheme}.png`), fullPage: true });
      }
    }
    await accessible(page);
  }
  await page.emulateMedia({ colorScheme: 'light' });
  await page.setViewportSize({ width: 1280, height: 900 });
}

const heading = (page, name) =>
  expect(page.getByRole('heading', { name })).toBeVisible({ timeout: 90_000 });

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
