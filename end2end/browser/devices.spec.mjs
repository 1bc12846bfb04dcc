// A customer's devices, by keyboard alone, on a desk and in a hand: adding one with another, changing and
// revoking it, and what a device sees that the bank takes nothing from any more.
import { expect } from '@playwright/test';
import { test } from './enrolled.mjs';
import { PASSPHRASE, bank, listenForFaults } from './people.mjs';
import { WIDTHS, heading, pick, press, sound, type, unlockByKeys } from './walking.mjs';

/** Five words as the page shows them in boxes. */
async function fiveWords(page, within = page) {
  const words = await within.locator('.words-large li').allTextContents();
  expect(words).toHaveLength(5);
  return words.map((word) => word.trim()).join(' ');
}

/** Opens the list of devices in a window with the enrolled device. */
async function openDevices(page) {
  await page.goto(`${bank(0).web}/devices`);
  await unlockByKeys(page);
  await heading(page, 'Your devices');
}

/** Opens the page that adds a device; answers the bank's words that stand on it. */
async function beginAdding(page) {
  await press(page, 'Add a device');
  await heading(page, '1. At the new browser');
  await expect(page.getByText('/enrol/join')).toBeVisible();
  await expect(page.locator('.words-large li')).toHaveCount(5);
  return fiveWords(page);
}

/** Makes keys in a new browser, which then waits; answers its code. */
async function beginJoining(page, words, name) {
  await page.goto(`${bank(0).web}/enrol/join`);
  await type(page, 'The bank’s five words', words);
  await page.keyboard.press('Enter');
  await heading(page, 'Name this device and lock its keys');
  await type(page, 'Name of this device', name);
  await type(page, 'Passphrase', PASSPHRASE);
  await page.keyboard.press('Enter');
  await heading(page, 'Now approve it on your other device');
  return (await page.locator('.join-code').textContent()).trim();
}

/** Looks the code up at the old device. */
async function lookUp(page, code) {
  await type(page, 'The code that the new device shows', code.toLowerCase());
  await page.keyboard.press('Enter');
  await heading(page, 'Are these five words on the other screen, too?');
}

/** Adds a device that may sign; answers with both windows at the end of their journeys. */
async function add(device, context, name) {
  const old = await device.open();
  await openDevices(old);
  const words = await beginAdding(old);
  const fresh = await context.newPage();
  const code = await beginJoining(fresh, words, name);
  await lookUp(old, code);
  await pick(old, /^Look and sign payments/);
  await press(old, /^Yes, all five are the same/);
  await heading(old, `${name} is approved`);
  await heading(fresh, `${name} is now your device`);
  return { old, fresh };
}

const line = (page, name) =>
  page.getByRole('listitem').filter({ has: page.getByRole('heading', { name }) });

// The devices of one run are still in the list during the other.
const NAMES = { 1280: ['Phone', 'Tablet', 'Travel tablet'], 390: ['Pocket', 'Reader', 'Travel reader'] };

for (const width of WIDTHS) {
  const [phone, tablet, travel] = NAMES[width];
  test.describe(`by keyboard at ${width}`, () => {
    test.use({ viewport: { width, height: 900 } });

    test('one device adds another, which survives a reload; both say so', async ({ device, context }) => {
      test.setTimeout(300_000);
      const old = await device.open();
      const faults = listenForFaults(old);
      await openDevices(old);
      await sound(old);
      await expect(line(old, 'Kitchen laptop').getByText('This device')).toBeVisible();
      const words = await beginAdding(old);
      expect(words).toBe(device.customer.words);
      await sound(old);

      const fresh = await context.newPage();
      const sent = [];
      fresh.on('request', (request) => request.url().endsWith('/v1/envelopes') && sent.push(request));
      await fresh.goto(`${bank(0).web}/enrol/join`);
      await sound(fresh);
      await type(fresh, 'The bank’s five words', words.split(' ').reverse().join(' '));
      await fresh.keyboard.press('Enter');
      await expect(fresh.getByRole('alert')).toContainText('not the words of the bank');
      expect(sent).toEqual([]);
      const code = await beginJoining(fresh, words, phone);
      await sound(fresh);
      expect(code).toMatch(/^[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}$/);
      await expect(fresh.getByRole('img', { name: /^QR code/ })).toBeVisible();
      const shown = await fiveWords(fresh);

      await press(fresh, /Print the letter/);
      await heading(fresh, 'A letter for the bank');
      await type(fresh, 'Your name', 'Mira Lindqvist-Östergård');
      await type(fresh, 'Customer number', '100204');
      await sound(fresh);
      const letter = fresh.getByRole('article', { name: 'Initialisation letter' });
      for (const part of ['Mira Lindqvist-Östergård', '100204', phone, code]) {
        await expect(letter.getByText(part, { exact: true })).toBeVisible();
      }
      expect(await fiveWords(fresh)).toBe(shown);

      // Closed and opened again: the same keys, the same code.
      await fresh.reload();
      await heading(fresh, 'Go on with adding this browser');
      await sound(fresh);
      await type(fresh, 'The passphrase that you chose', PASSPHRASE);
      await fresh.keyboard.press('Enter');
      await heading(fresh, 'Now approve it on your other device');
      expect((await fresh.locator('.join-code').textContent()).trim()).toBe(code);
      expect(await fiveWords(fresh)).toBe(shown);

      // A code that nobody shows; then the right one, as a camera would bring it.
      await type(old, 'The code that the new device shows', '0000-0000');
      await old.keyboard.press('Enter');
      await expect(old.getByRole('alert')).toContainText('No new device waits under this code');
      await sound(old);
      await lookUp(old, code);
      expect(await fiveWords(old)).toBe(shown);
      await sound(old);
      // Nothing is chosen beforehand.
      await press(old, /^Yes, all five are the same/);
      await expect(old.getByRole('alert')).toContainText('Choose what the new device may do');
      await pick(old, /^Look only/);
      await press(old, /^Yes, all five are the same/);
      await heading(fresh, `${phone} is now your device`);
      await heading(old, `${phone} is approved`);
      await expect(old.getByText('It is one of your devices now')).toBeVisible({ timeout: 60_000 });
      await sound(old);
      await sound(fresh);

      await press(fresh, 'Go to your accounts');
      await heading(fresh, 'Your accounts');
      await press(old, 'Go to your devices');
      await expect(line(old, phone).getByText('May look only')).toBeVisible();
      await expect(old.getByText(`${phone} was added, approved by another device of yours.`)).toBeVisible();
      expect(faults).toEqual([]);
    });

    test('other words: refused on both sides', async ({ device, context }) => {
      test.setTimeout(240_000);
      const old = await device.open();
      await openDevices(old);
      const words = await beginAdding(old);
      const fresh = await context.newPage();
      const code = await beginJoining(fresh, words, 'Stranger');
      await lookUp(old, code);
      await press(old, /^No, or I am not sure/);
      await heading(old, 'The new device is refused');
      await sound(old);
      await heading(fresh, 'This browser was not added');
      await sound(fresh);
      const kept = await fresh.evaluate(() => Object.keys(localStorage));
      expect(kept).toEqual([]);
    });

    test('rename, rights, suspend, resume, revoke; and what the device sees', async ({ device, context }) => {
      test.setTimeout(300_000);
      const { old, fresh } = await add(device, context, tablet);
      await press(fresh, 'Go to your accounts');
      await heading(fresh, 'Your accounts');
      await press(old, 'Go to your devices');
      await press(old, `Look and change ${tablet}`);
      await heading(old, tablet);
      await sound(old);

      await type(old, 'Name of this device', '');
      await press(old, 'Rename');
      await expect(old.getByRole('alert')).toContainText('Enter a name');
      await type(old, 'Name of this device', travel);
      await press(old, 'Rename');
      await heading(old, travel);
      // The other device is told, in a message and in a lasting place.
      await expect(fresh.getByText(`One of your devices is called ${travel} now.`)).toBeVisible({ timeout: 30_000 });

      await press(old, 'Let it only look');
      await expect(old.getByText('May look only: it signs no payments')).toBeVisible();
      await press(old, 'Let it sign payments');
      await expect(old.getByText('May look, sign payments, and manage devices')).toBeVisible();

      await press(old, /^Suspend/);
      await sound(old);
      await press(old, `Yes, suspend ${travel} now`);
      await expect(old.getByRole('button', { name: `Resume ${travel}` })).toBeVisible();
      await fresh.reload();
      await unlockByKeys(fresh);
      await heading(fresh, 'This device is suspended');
      await sound(fresh);
      await press(old, `Resume ${travel}`);
      await expect(old.getByRole('button', { name: /^Suspend/ })).toBeVisible();
      await press(fresh, 'Look again');
      await heading(fresh, 'Your accounts');

      await press(old, /^Revoke/);
      await heading(old, `Why do you revoke ${travel}?`);
      await sound(old);
      await press(old, 'Continue');
      await expect(old.getByRole('alert')).toContainText('why you revoke it');
      await type(old, 'Why you revoke it', 'Left on the train');
      await old.keyboard.press('Enter');
      await heading(old, `Check, then revoke ${travel}`);
      await sound(old);
      // The page says what the bytes say.
      await press(old, /^Show every field/);
      const bytes = JSON.parse(await old.locator('.fields').textContent());
      expect(bytes.body.change).toMatchObject({ do: 'revoke', reason: 'Left on the train' });
      await expect(old.getByText('Left on the train', { exact: true })).toBeVisible();
      await press(old, `Sign and revoke ${travel}`);
      await heading(old, 'Your devices');
      await expect(old.getByText(`${travel} was revoked.`)).toBeVisible();
      await sound(old);
      await fresh.reload();
      await unlockByKeys(fresh);
      await heading(fresh, 'This device is revoked');
      await sound(fresh);
    });
  });
}
