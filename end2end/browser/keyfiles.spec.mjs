// A device as a file: saved, read back, brought to another browser, and used once.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, expect } from '@playwright/test';
import { test } from './enrolled.mjs';
import { PASSPHRASE, bank, listenForFaults, pay, unlock } from './people.mjs';
import { choose, heading, looks, openFile, save } from './walking.mjs';

const OTHER = 'another long passphrase';

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

/** Every file of a folder, whatever its form. */
function* files(at) {
  for (const entry of readdirSync(at, { withFileTypes: true })) {
    const path = join(at, entry.name);
    if (entry.isDirectory()) yield* files(path);
    else if (entry.isFile() && statSync(path).size < 64 * 1024 * 1024) yield path;
  }
}

/** What the browser's storage holds for this address. */
function storage(page) {
  return page.evaluate(async () => ({
    local: Object.keys(localStorage),
    session: Object.keys(sessionStorage),
    databases: (await indexedDB.databases()).length,
    caches: (await caches?.keys?.() ?? []).length,
    cookies: document.cookie,
    workers: (await navigator.serviceWorker?.getRegistrations?.() ?? []).length,
  }));
}

const NOTHING = { local: [], session: [], databases: 0, caches: 0, cookies: '', workers: 0 };

/** The ways in which a one-time use ends, up to a page in which storage can be inspected. */
const ENDS = {
  'locking it': async ({ page }) => {
    await page.getByRole('button', { name: 'Lock this device' }).click();
    await heading(page, 'Remove your drive now');
    await looks(page, 'left');
    return page;
  },
  'doing nothing': async ({ page }) => {
    await page.clock.fastForward('09:30');
    await expect(page.getByRole('dialog', { name: 'You are about to be locked out' })).toBeVisible();
    await page.clock.fastForward('00:40');
    await heading(page, 'Remove your drive now');
    return page;
  },
  'closing the tab': async ({ page, context }) => {
    const next = await context.newPage();
    const closed = page.waitForEvent('close');
    await page.close({ runBeforeUnload: true });
    await closed;
    await next.goto(`${bank(0).web}/accounts`);
    await heading(next, 'This browser is not enrolled yet');
    return next;
  },
};

for (const [name, end] of Object.entries(ENDS)) {
  test(`used once until ${name}, a key file leaves nothing on the computer`, async ({ device, request }, info) => {
    test.setTimeout(180_000);
    const owner = await device.open();
    const file = await save(owner, folder);
    const profile = mkdtempSync(join(tmpdir(), 'not-mine-'));
    const { launchOptions } = info.project.use;
    const context = await chromium.launchPersistentContext(profile, { ...launchOptions, locale: 'en-GB' });
    const page = context.pages()[0] ?? await context.newPage();
    const faults = listenForFaults(page);
    await page.clock.install();
    await openFile(page, file, PASSPHRASE);
    await page.getByRole('radio', { name: /Use it on this computer once/ }).check();
    await page.getByRole('button', { name: 'Continue' }).click();
    await heading(page, 'Your accounts');
    const iban = (await page.locator('.iban').first().textContent()).trim();
    await pay(page, { name: device.payee.name, iban: device.payee.iban, amount: '17.31', reference: 'Wicker basket' });
    await expect(page.getByText('Paid', { exact: true }).first()).toBeVisible({ timeout: 60_000 });
    expect(await storage(page)).toEqual(NOTHING);
    const cookies = await context.cookies(bank(0).edges.map((edge) => `${edge}/v1/mailbox`));
    expect(cookies.length).toBeGreaterThan(0);
    for (const cookie of cookies) {
      expect(cookie.expires, cookie.name).toBe(-1);
      expect(cookie.httpOnly).toBe(true);
    }

    const after = await end({ page, context });
    expect(await storage(after)).toEqual(NOTHING);
    // The mailbox is shut: for this browser, which has no cookie any more, and for whoever has kept it.
    await expect(async () => expect(await context.cookies()).toEqual([])).toPass({ timeout: 20_000 });
    for (const cookie of cookies) {
      const id = cookie.name.split('-').slice(2).join('-');
      const answer = await request.get(`${bank(0).edges[0]}/v1/mailbox?device=${id}&after=0`, {
        headers: { cookie: `${cookie.name}=${cookie.value}` },
      });
      expect(answer.status()).toBe(401);
    }
    if (after === page) {
      await page.goBack();
      await expect(page.getByText(device.payee.name)).toHaveCount(0);
    }
    expect(after.url()).not.toMatch(/DE\d\d/);
    expect(faults).toEqual([]);
    await context.close();

    // What Chromium has on its disk afterwards.
    const body = readFileSync(file, 'utf8').split('-----BEGIN ENCRYPTED PRIVATE KEY-----')[1].replaceAll(/\s/g, '');
    const secrets = [
      body.slice(80, 140), PASSPHRASE, 'BEGIN ENCRYPTED PRIVATE KEY', device.customer.name, device.payee.name,
      iban.replaceAll(/\s/g, ''), iban, '17.31', 'Wicker basket',
    ];
    expect(tracesOf(secrets, profile)).toEqual([]);
    rmSync(profile, { recursive: true, force: true });
  });
}

/** Which of these texts stand in files of a folder, in either of the codings that Chromium writes. */
function tracesOf(secrets, at) {
  const traces = [];
  for (const path of files(at)) {
    const bytes = readFileSync(path);
    for (const secret of secrets) {
      for (const coded of [Buffer.from(secret, 'utf8'), Buffer.from(secret, 'utf16le')]) {
        if (bytes.includes(coded)) traces.push(`${secret.slice(0, 24)} in ${path.slice(at.length)}`);
      }
    }
  }
  return traces;
}
