// Going through pages: without a mouse, and looking at each of them on the way.
import { join } from 'node:path';
import { expect } from '@playwright/test';
import { PASSPHRASE, accessible, bank, fits, unlock } from './people.mjs';

/** A desk and a hand. */
export const WIDTHS = [1280, 390];

export const heading = (page, name) =>
  expect(page.getByRole('heading', { name })).toBeVisible({ timeout: 90_000 });

/** As it stands: nothing sticks out, and axe finds nothing. */
export async function sound(page) {
  await fits(page);
  await accessible(page);
}

/** Light and dark, wide and narrow: nothing sticks out, axe finds nothing, and a picture to look at. */
export async function looks(page, name) {
  const before = page.viewportSize();
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme });
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: 900 });
      await fits(page);
      if (process.env.SCREENS) {
        await page.screenshot({ path: join(process.env.SCREENS, `${name}-${width}-${colorScheme}.png`), fullPage: true });
      }
    }
    await accessible(page);
  }
  await page.emulateMedia({ colorScheme: 'light' });
  await page.setViewportSize(before);
}

/** What has the focus, as people name it; nothing where that is no control. */
export function focused(page) {
  return page.evaluate(() => {
    const it = document.activeElement;
    if (!it.matches('a, button, input, select, summary')) return '';
    return (it.labels?.[0] ?? it).textContent.replaceAll(/\s+/g, ' ').trim();
  });
}

/** Presses Tab until something has the focus, and sees that the focus shows. */
export async function tabTo(page, name) {
  const passed = [];
  for (let presses = 0; presses < 80; presses += 1) {
    if (presses > 0) await page.keyboard.press('Tab');
    const here = await focused(page);
    if (name instanceof RegExp ? name.test(here) : here === name) {
      const shows = await page.evaluate(() => {
        const it = document.activeElement;
        const drawn = (element) => element && getComputedStyle(element).outlineStyle !== 'none';
        return it.matches(':focus-visible') && (drawn(it) || drawn(it.closest('.drop, .choice')));
      });
      expect(shows, `the focus shows on ${here}`).toBe(true);
      return;
    }
    passed.push(here);
  }
  throw new Error(`Tab does not lead to ${name}: ${passed.join(' | ')}`);
}

/** Replaces what stands in a field. */
export async function type(page, name, text) {
  await tabTo(page, name);
  await page.keyboard.press('Control+A');
  await page.keyboard.press('Delete');
  await page.keyboard.type(text);
}

export async function press(page, name) {
  await tabTo(page, name);
  await page.keyboard.press('Enter');
}

/** Chooses one of several: Tab leads to the group, the arrows within it. */
export async function pick(page, name) {
  const group = page.getByRole('group').filter({ has: page.getByRole('radio', { name }) }).last();
  const first = await group.getByRole('radio').first().evaluate((it) => it.labels[0].textContent.replaceAll(/\s+/g, ' ').trim());
  await tabTo(page, first);
  await page.keyboard.press('Space');
  for (let presses = 0; presses < 10 && !name.test(await focused(page)); presses += 1) {
    await page.keyboard.press('ArrowDown');
  }
  await expect(page.getByRole('radio', { name })).toBeChecked();
}

/** Chooses a file without a mouse. */
export async function bring(page, file, label) {
  await tabTo(page, label);
  const chooser = page.waitForEvent('filechooser');
  await page.keyboard.press('Space');
  await (await chooser).setFiles(file);
}

/** Opens the device without a mouse. */
export async function unlockByKeys(page, passphrase = PASSPHRASE) {
  await type(page, 'Passphrase of this device', passphrase);
  await page.keyboard.press('Enter');
}

/** Chooses a file. */
export const choose = (page, file) => page.locator('input[type=file]').setInputFiles(file);

/** Opens a file with its passphrase. */
export async function openFile(page, file, passphrase) {
  await page.goto(`${bank(0).web}/keys/import`);
  await choose(page, file);
  await page.getByLabel('Passphrase of this file').fill(passphrase);
  await page.getByRole('button', { name: 'Open' }).click();
}

/** Opens a key file in a browser that knows nothing; goes on to what becomes of it. */
export async function openElsewhere(browser, file, passphrase = PASSPHRASE) {
  const page = await (await browser.newContext()).newPage();
  await openFile(page, file, passphrase);
  await heading(page, 'What becomes of this key?');
  return page;
}

/** What was opened is used and not kept. */
export async function useOnce(page) {
  await page.getByRole('radio', { name: /Use it on this computer once/ }).check();
  await page.getByRole('button', { name: 'Continue' }).click();
}

/** Types a recovery sheet into a browser that knows nothing. */
export async function recover(browser, { words, bankWords }, generation) {
  const page = await (await browser.newContext()).newPage();
  await page.goto(`${bank(0).web}/keys/recover`);
  await page.getByLabel('Word 1', { exact: true }).fill(words.join(' '));
  await page.getByLabel('Generation').fill(String(generation));
  await page.getByLabel('The bank’s five words').fill(bankWords.join(' '));
  await page.getByRole('button', { name: 'Make the keys again' }).click();
  return page;
}

/** The file that an act makes, in a folder: under its own name or another. */
export async function download(page, folder, act, name) {
  const coming = page.waitForEvent('download', { timeout: 90_000 });
  await act();
  const file = join(folder, name ?? (await coming).suggestedFilename());
  await (await coming).saveAs(file);
  return file;
}

/** The same, where the page then asks for the file back. */
export async function saved(page, folder, act, name) {
  const file = await download(page, folder, act, name);
  await heading(page, 'Now read it back');
  return file;
}

/** On the page that saves the open device as a file: saves it. */
export async function saveHere(page, folder, { kind = /^Key file/, filePassphrase, name } = {}) {
  await heading(page, 'Save a key file');
  await page.getByRole('radio', { name: kind }).check();
  await page.getByLabel('Passphrase of this device').fill(PASSPHRASE);
  if (filePassphrase) await page.getByLabel('Passphrase of the .p12 file').fill(filePassphrase);
  return saved(page, folder, () => page.getByRole('button', { name: 'Save the file' }).click(), name);
}

/** The same from anywhere, with the device locked. */
export async function save(page, folder, kind = /^Key file/, filePassphrase) {
  const origin = page.url().startsWith('http') ? new URL(page.url()).origin : bank(0).web;
  await page.goto(`${origin}/keys/export`);
  await unlock(page);
  return saveHere(page, folder, { kind, filePassphrase });
}
