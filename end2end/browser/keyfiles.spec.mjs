// A device as a file: saved, read back, brought to another browser, used once, and every refusal.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, expect } from '@playwright/test';
import { test } from './enrolled.mjs';
import { PASSPHRASE, accessible, bank, enrol, fits, listenForFaults, openCustomer, pay, unlock } from './people.mjs';

const OTHER = 'another long passphrase';

/** Light and dark, wide and narrow: axe, nothing sticks out, and a picture to look at. */
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

const heading = (page, name) => expect(page.getByRole('heading', { name })).toBeVisible({ timeout: 60_000 });
const choose = (page, file) => page.locator('input[type=file]').setInputFiles(file);

/** Saves the open device as a file, and reads it back. */
async function save(page, folder, kind = /^Key file/, filePassphrase) {
  await page.goto(`${bank(0).web}/keys/export`);
  await unlock(page);
  await heading(page, 'Save a key file');
  await page.getByRole('radio', { name: kind }).check();
  await page.getByLabel('Passphrase of this device').fill(PASSPHRASE);
  if (filePassphrase) await page.getByLabel('Passphrase of the .p12 file').fill(filePassphrase);
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Save the file' }).click();
  const saved = await download;
  const file = join(folder, saved.suggestedFilename());
  await saved.saveAs(file);
  await heading(page, 'Now read it back');
  return file;
}

test.describe.configure({ mode: 'serial' });
let folder;
test.beforeAll(() => { folder = mkdtempSync(join(tmpdir(), 'keyfiles-')); });
test.afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('a key file is saved, read back, and opened by OpenSSL', async ({ device }) => {
  const page = await device.open();
  const faults = listenForFaults(page);
  await page.goto(`${bank(0).web}/keys/export`);
  await unlock(page);
  await page.getByRole('button', { name: 'Save the file' }).click();
  await expect(page.getByRole('alert')).toBeFocused();
  await looks(page, 'export');
  const file = await save(page, folder);
  await looks(page, 'read-back');
  const text = readFileSync(file, 'utf8');
  writeFileSync(join(folder, 'cut.pem'), text.slice(0, text.length / 2));
  await choose(page, join(folder, 'cut.pem'));
  await expect(page.getByRole('alert')).toContainText('cut off');
  await choose(page, file);
  await heading(page, 'The key file works');
  await looks(page, 'export-done');
  const key = execFileSync('openssl', ['pkey', '-in', file, '-passin', `pass:${PASSPHRASE}`, '-noout', '-text']).toString();
  expect(key).toContain('3072 bit');
  await page.getByRole('link', { name: 'Back to Devices' }).click();
  await expect(page.getByText('In safety')).toBeVisible();
  await looks(page, 'settings');
  expect(faults).toEqual([]);
});

test('it is brought to another browser and kept there', async ({ device, browser }) => {
  const owner = await device.open();
  const file = await save(owner, folder);
  const page = await (await browser.newContext()).newPage();
  const faults = listenForFaults(page);
  await page.goto(`${bank(0).web}/unlock`);
  await looks(page, 'no-device');
  await page.getByRole('link', { name: 'I have a key file' }).first().click();
  await heading(page, 'Which key file do you bring?');
  await looks(page, 'import');
  await choose(page, file);
  await heading(page, 'Open the key file');
  await looks(page, 'import-passphrase');
  await page.getByLabel('Passphrase of this file').fill('not the passphrase');
  await page.getByRole('button', { name: 'Open' }).click();
  await expect(page.getByRole('alert')).toContainText('The passphrase does not open this file');
  await page.getByLabel('Passphrase of this file').fill(PASSPHRASE);
  await page.getByRole('button', { name: 'Open' }).click();
  await heading(page, 'What becomes of this key?');
  await page.getByRole('button', { name: 'Continue' }).click();
  await expect(page.getByRole('alert')).toContainText('Choose what becomes of this key');
  await page.getByRole('radio', { name: /Keep it in this browser/ }).check();
  await looks(page, 'import-decide');
  await page.getByLabel('Passphrase in this browser').fill(OTHER);
  await page.getByRole('button', { name: 'Continue' }).click();
  await heading(page, 'Your accounts');
  await page.reload();
  await unlock(page, PASSPHRASE);
  await expect(page.getByRole('alert')).toContainText('passphrase');
  await unlock(page, OTHER);
  await heading(page, 'Your accounts');
  expect(faults).toEqual([]);
});

test('a PKCS #12 file comes back', async ({ device, browser }) => {
  const owner = await device.open();
  const file = await save(owner, folder, /PKCS #12/, OTHER);
  await choose(owner, file);
  await heading(owner, 'The key file works');
  const page = await (await browser.newContext()).newPage();
  await page.goto(`${bank(0).web}/keys/import`);
  await choose(page, file);
  await page.getByLabel('Passphrase of this file').fill(OTHER);
  await page.getByRole('button', { name: 'Open' }).click();
  await heading(page, 'What becomes of this key?');
  await page.getByRole('radio', { name: /Keep it in this browser/ }).check();
  await page.getByLabel('Name of this device').fill('From a store');
  await page.getByLabel('Passphrase in this browser').fill(PASSPHRASE);
  await page.getByRole('button', { name: 'Continue' }).click();
  await heading(page, 'Your accounts');
});

test('each file that cannot be used says so', async ({ device, page }) => {
  const owner = await device.open();
  const file = await save(owner, folder);
  const text = readFileSync(file, 'utf8');
  const openssl = (...words) => execFileSync('openssl', words, { cwd: folder, stdio: ['ignore', 'pipe', 'ignore'] });
  openssl('genrsa', '-out', 'weak.pem', '1024');
  openssl('genrsa', '-out', 'plain.pem', '2048');
  openssl('pkey', '-in', 'plain.pem', '-pubout', '-out', 'public.pem');
  openssl('ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', 'curve.pem');
  const make = (name, content) => writeFileSync(join(folder, name), content);
  make('shopping.txt', 'milk, bread');
  make('large.pem', 'x'.repeat(70_000));
  make('newer.pem', text.replace('version 1', 'version 9'));
  make('other.pem', text.replace(/HALDDEFF/g, 'BRISDEMM'));
  make('changed.pem', text.replace(/Device-Name: .*/, 'Device-Name: Somebody else'));
  const refused = {
    'shopping.txt': 'This is not a key file',
    'large.pem': 'too large',
    'newer.pem': 'newer version',
    'public.pem': 'only a public key',
    'weak.pem': 'too short',
    'curve.pem': 'of this kind',
  };
  await page.goto(`${bank(0).web}/keys/import`);
  for (const [name, words] of Object.entries(refused)) {
    await choose(page, join(folder, name));
    await expect(page.getByRole('alert')).toContainText(words);
  }
  await looks(page, 'import-refused');
  for (const [name, words] of [['other.pem', 'another bank'], ['changed.pem', 'was changed']]) {
    await page.goto(`${bank(0).web}/keys/import`);
    await choose(page, join(folder, name));
    await page.getByLabel('Passphrase of this file').fill(PASSPHRASE);
    await page.getByRole('button', { name: 'Open' }).click();
    await expect(page.getByRole('alert')).toContainText(words);
  }
});

test('a whole file is brought without a mouse', async ({ device, browser }) => {
  const owner = await device.open();
  const file = await save(owner, folder);
  const page = await (await browser.newContext({ viewport: { width: 390, height: 800 } })).newPage();
  const tabTo = async (wanted) => {
    for (let presses = 0; presses < 30; presses += 1) {
      await page.keyboard.press('Tab');
      if (await wanted.evaluate((it) => it === document.activeElement)) return;
    }
    throw new Error(`Tab does not lead to ${wanted}`);
  };
  await page.goto(`${bank(0).web}/keys/import`);
  await expect(page.getByText('Drop the key file here')).toBeVisible();
  await tabTo(page.locator('input[type=file]'));
  const outline = await page.locator('.drop').evaluate((it) => getComputedStyle(it).outlineStyle);
  expect(outline).toBe('solid');
  const chooser = page.waitForEvent('filechooser');
  await page.keyboard.press('Space');
  await (await chooser).setFiles(file);
  await heading(page, 'Open the key file');
  await tabTo(page.getByLabel('Passphrase of this file'));
  await page.keyboard.type(PASSPHRASE);
  await page.keyboard.press('Enter');
  await heading(page, 'What becomes of this key?');
  await tabTo(page.getByRole('radio', { name: /once/ }));
  await page.keyboard.press('Space');
  await tabTo(page.getByRole('button', { name: 'Continue' }));
  await page.keyboard.press('Enter');
  await heading(page, 'Your accounts');
  await tabTo(page.getByRole('button', { name: 'Lock this device' }));
  await page.keyboard.press('Enter');
  await heading(page, 'Remove your drive now');
});

test('a file that is dropped is taken like one that is chosen', async ({ page }) => {
  await page.goto(`${bank(0).web}/keys/import`);
  await expect(page.getByText('Drop the key file here')).toBeVisible();
  const transfer = await page.evaluateHandle(() => {
    const dropped = new DataTransfer();
    dropped.items.add(new File(['milk, bread'], 'shopping.txt', { type: 'text/plain' }));
    return dropped;
  });
  await page.dispatchEvent('.drop', 'dragover', { dataTransfer: transfer });
  await page.dispatchEvent('.drop', 'drop', { dataTransfer: transfer });
  await expect(page.getByRole('alert')).toContainText('This is not a key file');
});

test('a bare key signs for a new device', async ({ page }) => {
  test.setTimeout(180_000);
  const faults = listenForFaults(page);
  const ann = openCustomer(0, 'Ann Lee', '10.00');
  execFileSync('openssl', ['genrsa', '-out', join(folder, 'bare.pem'), '3072'], { stdio: 'ignore' });
  await page.goto(`${bank(0).web}/keys/import`);
  await choose(page, join(folder, 'bare.pem'));
  await heading(page, 'This key is not a device of yours yet');
  await expect(page.getByText('This key was not encrypted')).toBeVisible();
  await looks(page, 'import-foreign');
  await page.getByRole('button', { name: 'Enrol with this key' }).click();
  await expect(page.getByText('With the key from your file')).toBeVisible();
  await page.getByLabel('Slip number').fill(ann.locator);
  await page.getByLabel('Slip code').fill(ann.secret);
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByLabel('The bank’s five words').fill(ann.words);
  const next = page.getByRole('button', { name: 'Continue to passphrase' });
  await expect(next).not.toHaveAttribute('aria-disabled', 'true', { timeout: 90_000 });
  await next.click();
  await page.getByLabel('Name of this device').fill('Own key');
  await page.getByLabel('Passphrase', { exact: true }).fill(PASSPHRASE);
  await page.getByRole('button', { name: 'Activate this device' }).click();
  await heading(page, 'Own key is now your device');
  await expect(page.getByRole('link', { name: 'Show the recovery sheet' })).toHaveCount(0);
  expect(faults).toEqual([]);
});

/** Every file of a folder, whatever its form. */
function* files(at) {
  for (const entry of readdirSync(at, { withFileTypes: true })) {
    const path = join(at, entry.name);
    if (entry.isDirectory()) yield* files(path);
    else if (entry.isFile() && statSync(path).size < 64 * 1024 * 1024) yield path;
  }
}

test('used once, a key file leaves nothing on the computer', async ({ device }, info) => {
  test.setTimeout(180_000);
  const owner = await device.open();
  const file = await save(owner, folder);
  const text = readFileSync(file, 'utf8');
  const profile = mkdtempSync(join(tmpdir(), 'not-mine-'));
  const { launchOptions } = info.project.use;
  const context = await chromium.launchPersistentContext(profile, { ...launchOptions, locale: 'en-GB' });
  const page = context.pages()[0] ?? await context.newPage();
  const faults = listenForFaults(page);
  await page.goto(`${bank(0).web}/keys/import`);
  await choose(page, file);
  await page.getByLabel('Passphrase of this file').fill(PASSPHRASE);
  await page.getByRole('button', { name: 'Open' }).click();
  await page.getByRole('radio', { name: /Use it on this computer once/ }).check();
  await page.getByRole('button', { name: 'Continue' }).click();
  await heading(page, 'Your accounts');
  await looks(page, 'once-accounts');
  const iban = (await page.locator('.iban').first().textContent()).trim();
  await pay(page, { name: device.payee.name, iban: device.payee.account ?? device.payee.iban, amount: '17.31', reference: 'Wicker basket' });
  await expect(page.getByText('Paid', { exact: true }).first()).toBeVisible();
  const kept = await page.evaluate(async () => ({
    local: Object.keys(localStorage),
    session: Object.keys(sessionStorage),
    databases: (await indexedDB.databases()).length,
    caches: (await caches?.keys?.() ?? []).length,
    cookies: document.cookie,
    workers: (await navigator.serviceWorker?.getRegistrations?.() ?? []).length,
  }));
  expect(kept).toEqual({ local: [], session: [], databases: 0, caches: 0, cookies: '', workers: 0 });
  for (const cookie of await context.cookies()) {
    expect(cookie.expires, cookie.name).toBe(-1);
    expect(cookie.httpOnly).toBe(true);
  }
  await page.getByRole('button', { name: 'Lock this device' }).click();
  await heading(page, 'Remove your drive now');
  await looks(page, 'left');
  await page.goBack();
  await expect(page.getByText(device.payee.name)).toHaveCount(0);
  const addresses = page.url();
  expect(addresses).not.toMatch(/DE\d\d/);
  expect(faults).toEqual([]);
  await context.close();

  // What Chromium has on its disk afterwards.
  const body = text.split('-----BEGIN ENCRYPTED PRIVATE KEY-----')[1].replaceAll(/\s/g, '');
  const compact = iban.replaceAll(/\s/g, '');
  const secrets = [
    body.slice(80, 140), PASSPHRASE, 'BEGIN ENCRYPTED PRIVATE KEY', device.customer.name, device.payee.name,
    compact, iban, '17.31', 'Wicker basket',
  ];
  const traces = [];
  for (const path of files(profile)) {
    const bytes = readFileSync(path);
    for (const secret of secrets) {
      for (const coded of [Buffer.from(secret, 'utf8'), Buffer.from(secret, 'utf16le')]) {
        if (bytes.includes(coded)) traces.push(`${secret.slice(0, 24)} in ${path.slice(profile.length)}`);
      }
    }
  }
  expect(traces).toEqual([]);
  rmSync(profile, { recursive: true, force: true });
});
