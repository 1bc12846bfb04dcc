// Keys that are carried, by keyboard alone, on a desk and in a hand: files, one-time use, paper, a new
// passphrase.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from '@playwright/test';
import { test } from './enrolled.mjs';
import { PASSPHRASE, bank, listenForFaults } from './people.mjs';
import { WIDTHS, bring, heading, pick, press, saved, sound, type, unlockByKeys } from './walking.mjs';

const OTHER = 'another long passphrase';

let folder;
test.beforeAll(() => { folder = mkdtempSync(join(tmpdir(), 'carried-')); });
test.afterAll(() => rmSync(folder, { recursive: true, force: true }));

for (const width of WIDTHS) {
  test.describe(`by keyboard at ${width}`, () => {
    test.use({ viewport: { width, height: 900 } });

    test('a key file is saved, read back, and used once', async ({ device, browser, viewport }) => {
      const page = await device.open();
      const faults = listenForFaults(page);
      await page.goto(`${bank(0).web}/keys/export`);
      await unlockByKeys(page);
      await heading(page, 'Save a key file');
      await pick(page, /^Key file/);
      await type(page, 'Passphrase of this device', PASSPHRASE);
      const file = await saved(page, folder, () => page.keyboard.press('Enter'));
      await sound(page);
      await bring(page, file, 'Drop the saved file here');
      await heading(page, 'The key file works');
      await sound(page);
      await press(page, 'Back to Devices');
      await heading(page, /^This browser$/);

      const context = await browser.newContext({ viewport });
      const other = await context.newPage();
      faults.push(...listenForFaults(other));
      await other.goto(`${bank(0).web}/keys/import`);
      await bring(other, file, 'Drop the key file here');
      await heading(other, 'Open the key file');
      await sound(other);
      await type(other, 'Passphrase of this file', PASSPHRASE);
      await other.keyboard.press('Enter');
      await heading(other, 'What becomes of this key?');
      await pick(other, /^Use it on this computer once/);
      await sound(other);
      await press(other, 'Continue');
      await heading(other, 'Your accounts');
      await press(other, /^Lock/);
      await heading(other, 'Remove your drive now');
      await sound(other);
      await press(other, 'Open a key file again');
      await heading(other, 'Which key file do you bring?');
      expect(faults).toEqual([]);
      await context.close();
    });

    test('a PKCS #12 file is saved and read back', async ({ device }) => {
      const page = await device.open();
      const faults = listenForFaults(page);
      await page.goto(`${bank(0).web}/keys/export`);
      await unlockByKeys(page);
      await heading(page, 'Save a key file');
      await pick(page, /^PKCS #12/);
      await type(page, 'Passphrase of this device', PASSPHRASE);
      await type(page, 'Passphrase of the .p12 file', OTHER);
      await sound(page);
      const file = await saved(page, folder, () => page.keyboard.press('Enter'));
      await bring(page, file, 'Drop the saved file here');
      await heading(page, 'The key file works');
      expect(faults).toEqual([]);
    });

    test('the sheet is written down, and brings the keys back', async ({ device, browser, viewport }) => {
      test.setTimeout(180_000);
      const page = await device.open();
      const faults = listenForFaults(page);
      await page.goto(`${bank(0).web}/keys/sheet`);
      await unlockByKeys(page);
      await heading(page, 'Your recovery sheet');
      await expect(page.locator('.recovery li')).toHaveCount(24);
      await sound(page);
      const words = await page.locator('.recovery li').allTextContents();
      const bankWords = await page.locator('.summary .words li').allTextContents();
      await press(page, 'I have written them down');
      await heading(page, 'Read three words from your paper');
      await sound(page);
      for (const label of await page.locator('form .field label').allTextContents()) {
        await type(page, label, words[Number(label.match(/\d+/)[0]) - 1]);
      }
      await page.keyboard.press('Enter');
      await heading(page, 'The sheet is right');
      await sound(page);

      const context = await browser.newContext({ viewport });
      const other = await context.newPage();
      faults.push(...listenForFaults(other));
      await other.goto(`${bank(0).web}/keys/recover`);
      // Whole words, typed quickly: what is completed after four letters is written over.
      for (const [at, word] of words.entries()) await type(other, `Word ${at + 1}`, word);
      await type(other, 'The bank’s five words', bankWords.join(' '));
      await sound(other);
      await other.keyboard.press('Enter');
      await heading(other, 'Your keys are back');
      await sound(other);
      await type(other, 'Name of this device', 'From paper');
      await type(other, 'Passphrase', OTHER);
      await other.keyboard.press('Enter');
      await heading(other, 'Your accounts');
      expect(faults).toEqual([]);
      await context.close();
    });

    test('the passphrase is changed', async ({ device }) => {
      const page = await device.open();
      const faults = listenForFaults(page);
      await page.goto(`${bank(0).web}/keys/passphrase`);
      await unlockByKeys(page);
      await heading(page, 'Change the passphrase');
      await type(page, 'Passphrase now', PASSPHRASE);
      await type(page, 'New passphrase', OTHER);
      await sound(page);
      await page.keyboard.press('Enter');
      await heading(page, 'The passphrase is changed');
      await sound(page);
      await page.reload();
      await unlockByKeys(page, OTHER);
      await heading(page, 'Change the passphrase');
      expect(faults).toEqual([]);
    });
  });
}
