// Key files of other tools, and each file that cannot be used: what the pages say of it.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from '@playwright/test';
import { test } from './enrolled.mjs';
import { PASSPHRASE, bank, enrol, listenForFaults, openCustomer, operator, unlock } from './people.mjs';
import { choose, heading, looks, openFile, save } from './walking.mjs';

const fixture = (name) => resolve(dirname(fileURLToPath(import.meta.url)), '../../crypto-wasm/envelope/tests/fixtures', name);
const OF_FIXTURES = 'plum velvet orbit canyon';

let folder;
test.beforeAll(() => { folder = mkdtempSync(join(tmpdir(), 'refusals-')); });
test.afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('each file that cannot be used says so', async ({ device, page }) => {
  const owner = await device.open();
  const file = await save(owner, folder);
  const text = readFileSync(file, 'utf8');
  const openssl = (...words) => execFileSync('openssl', words, { cwd: folder, stdio: ['ignore', 'pipe', 'ignore'] });
  openssl('genrsa', '-out', 'weak.pem', '1024');
  openssl('genrsa', '-out', 'plain.pem', '2048');
  openssl('pkey', '-in', 'plain.pem', '-pubout', '-out', 'public.pem');
  openssl('ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', 'curve.pem');
  const make = (name, content) => {
    writeFileSync(join(folder, name), content);
    return join(folder, name);
  };
  const refused = {
    [make('shopping.txt', 'milk, bread')]: 'This is not a key file',
    [make('large.pem', 'x'.repeat(70_000))]: 'too large',
    [make('newer.pem', text.replace('version 1', 'version 9'))]: 'newer version',
    [make('cut.pem', text.slice(0, text.length / 2))]: 'cut off: its end is missing',
    [join(folder, 'public.pem')]: 'only a public key',
    [join(folder, 'weak.pem')]: 'too short',
    [join(folder, 'curve.pem')]: 'of this kind',
  };
  await page.goto(`${bank(0).web}/keys/import`);
  for (const [name, words] of Object.entries(refused)) {
    await choose(page, name);
    await expect(page.getByRole('alert')).toContainText(words);
  }
  await looks(page, 'import-refused');
  const changed = make('changed.pem', text.replace(/Device-Name: .*/, 'Device-Name: Somebody else'));
  await openFile(page, changed, PASSPHRASE);
  await expect(page.getByRole('alert')).toContainText('was changed');
  await openFile(page, fixture('bundle-mismatch.pem'), OF_FIXTURES);
  await expect(page.getByRole('alert')).toContainText('belongs to another key');
});

test('a key file of another bank is sent there', async ({ page, browser }) => {
  test.setTimeout(180_000);
  await enrol(page, 1, openCustomer(1, 'Ann Lee', '10.00'));
  const file = await save(page, folder);
  const other = await (await browser.newContext()).newPage();
  await openFile(other, file, PASSPHRASE);
  await expect(other.getByRole('alert')).toContainText('This key file belongs to another bank');
  await expect(other.getByRole('alert')).toContainText('BRISDEMM');
  expect(await other.evaluate(() => Object.keys(localStorage))).toEqual([]);
});

test('a file of a revoked device is not taken in', async ({ page, browser }) => {
  test.setTimeout(180_000);
  await enrol(page, 0, openCustomer(0, 'Ann Lee', '10.00'), 'Lost laptop');
  const file = await save(page, folder);
  const id = await page.evaluate(() => Object.keys(localStorage)
    .find((key) => key.startsWith('countersign.device.')).slice('countersign.device.'.length));
  operator(0, 'device', 'revoke', '--device', id, '--reason', 'lost');
  const other = await (await browser.newContext()).newPage();
  // The bank's edges hear of it within seconds.
  await expect(async () => {
    await openFile(other, file, PASSPHRASE);
    await other.getByRole('radio', { name: /^Keep it/ }).check();
    await other.getByRole('button', { name: 'Continue' }).click();
    await expect(other.getByRole('alert')).toContainText('This device was revoked', { timeout: 8_000 });
  }).toPass({ timeout: 60_000 });
  await heading(other, 'Which key file do you bring?');
  expect(await other.evaluate(() => Object.keys(localStorage))).toEqual([]);
  await looks(other, 'import-revoked');
});

for (const [name, what] of [['pkcs1-aes256.pem', 'in OpenSSL’s older form'], ['pkcs8-scrypt.pem', 'PKCS #8']]) {
  test(`${name} opens`, async ({ page }) => {
    await page.goto(`${bank(0).web}/keys/import`);
    await choose(page, fixture(name));
    await expect(page.getByText(what)).toBeVisible();
    await page.getByLabel('Passphrase of this file').fill(OF_FIXTURES);
    await page.getByRole('button', { name: 'Open' }).click();
    await heading(page, 'This key is not a device of yours yet');
    await expect(page.getByText('This key was not encrypted')).toHaveCount(0);
  });
}

test('wrong passphrases of a file are slowed, and leave no trace', async ({ page }) => {
  await page.goto(`${bank(0).web}/keys/import`);
  await choose(page, fixture('pkcs8-aes256.pem'));
  const passphrase = page.getByLabel('Passphrase of this file');
  const open = page.getByRole('button', { name: 'Open' });
  const alert = page.getByRole('alert');
  for (let times = 1; times <= 4; times += 1) {
    await passphrase.fill(`wrong ${times}`);
    await open.click();
    await expect(alert).toContainText(times < 3 ? 'does not open this file' : `wrong ${times} times`);
    await expect(open).not.toHaveAttribute('aria-disabled', 'true');
  }
  await passphrase.fill(OF_FIXTURES);
  await expect(async () => {
    if (await open.isVisible()) await open.click();
    await expect(page.getByRole('heading', { name: 'This key is not a device of yours yet' })).toBeVisible({ timeout: 4_000 });
  }).toPass({ timeout: 60_000 });
  expect(await page.evaluate(() => Object.keys(localStorage))).toEqual([]);
});

test('a bare key signs for a new device, and is encrypted on the spot', async ({ page }) => {
  test.setTimeout(180_000);
  const faults = listenForFaults(page);
  const ann = openCustomer(0, 'Ann Lee', '10.00');
  const file = join(folder, 'bare.pem');
  execFileSync('openssl', ['genrsa', '-out', file, '3072'], { stdio: 'ignore' });
  await page.goto(`${bank(0).web}/keys/import`);
  await choose(page, file);
  await heading(page, 'This key is not a device of yours yet');
  await expect(page.getByText('This key was not encrypted')).toBeVisible();
  await looks(page, 'import-foreign');
  await page.getByRole('button', { name: 'Enrol with this key' }).click();
  await expect(page.getByText('With the key from your file')).toBeVisible();
  // Somebody looks something up, and comes back: the key is still there.
  await page.getByRole('link', { name: 'How it works' }).first().click();
  await heading(page, 'How it works');
  await page.getByRole('link', { name: 'Enrol this browser' }).first().click();
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
  const kept = await page.evaluate(() => Object.values(localStorage).join('\n'));
  expect(kept).toContain('BEGIN ENCRYPTED PRIVATE KEY');
  const body = readFileSync(file, 'utf8').split('\n').slice(2, 4).join('');
  expect(kept.replaceAll('\\n', '')).not.toContain(body);
  // The keys in storage are those of the file.
  await page.reload();
  await page.goto(`${bank(0).web}/settings`);
  await expect(page.getByText('Own key').first()).toBeVisible();
  await page.goto(`${bank(0).web}/accounts`);
  await unlock(page);
  await heading(page, 'Your accounts');
  expect(faults).toEqual([]);
});
