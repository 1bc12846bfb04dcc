// Enrolment, unlocking, locking and forgetting; several customers in one browser; a dead edge.
import { expect, test } from '@playwright/test';
import {
  PASSPHRASE, accessible, bank, enrol, fits, listenForFaults, openCustomer, pay, signal, unlock,
} from './people.mjs';

test('every public page is sound on any screen, light and dark', async ({ page }) => {
  const faults = listenForFaults(page);
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme });
    for (const width of [1280, 390, 320]) {
      await page.setViewportSize({ width, height: 900 });
      for (const path of ['/', '/enrol', '/unlock', '/accounts', '/settings', '/help', '/nowhere']) {
        await page.goto(bank(0).web + path);
        await expect(page.getByRole('heading', { level: 1 }).first()).toBeVisible();
        await fits(page);
        if (width !== 390) await accessible(page);
      }
    }
  }
  expect(faults).toEqual([]);
});

test('pages say nothing of anybody and carry a strict policy', async ({ request }) => {
  const answer = await request.get(`${bank(0).web}/accounts`);
  const policy = answer.headers()['content-security-policy'];
  expect(policy).toContain("default-src 'none'");
  expect(policy).not.toContain('unsafe-inline');
  expect(policy).not.toContain("'unsafe-eval'");
  expect(await answer.text()).not.toMatch(/DE\d\d|EUR/);
});

test('wrong words, a wrong slip, a wrong passphrase; lock and forget', async ({ page }) => {
  test.setTimeout(240_000);
  const faults = listenForFaults(page);
  const ann = openCustomer(0, 'Ann Lee', '10.00');
  await page.goto(`${bank(0).web}/enrol`);
  await page.getByRole('button', { name: 'Continue' }).click();
  await expect(page.getByRole('alert')).toBeFocused();
  await accessible(page);
  await page.getByLabel('Slip number').fill(ann.locator);
  await page.getByLabel('Slip code').fill('0000-0000-0000-0000');
  await page.getByRole('button', { name: 'Continue' }).click();

  // The words of another bank: nothing goes on.
  const other = openCustomer(1, 'Other', '1.00');
  await page.getByLabel('The bank’s five words').fill(other.words);
  const next = page.getByRole('button', { name: 'Continue to passphrase' });
  await expect(next).not.toHaveAttribute('aria-disabled', 'true', { timeout: 90_000 });
  await next.click();
  await expect(page.getByRole('alert')).toContainText('These are not the words');
  await page.getByLabel('The bank’s five words').fill(ann.words.toUpperCase());
  await next.click();

  // A code that does not fit is refused by the bank; with the right one the same keys go on.
  await page.getByLabel('Name of this device').fill('Kitchen laptop');
  await page.getByLabel('Passphrase', { exact: true }).fill(PASSPHRASE);
  await page.getByRole('button', { name: 'Activate this device' }).click();
  await expect(page.getByRole('alert')).toContainText(/do not fit|slip/, { timeout: 60_000 });
  await page.getByLabel('Slip code').fill(ann.secret);
  await page.getByRole('button', { name: 'Continue' }).click();
  const done = page.getByRole('heading', { name: 'Kitchen laptop is now your device' });
  await expect(async () => {
    if (await next.isVisible()) await next.click();
    const activate = page.getByRole('button', { name: 'Activate this device' });
    if (await activate.isVisible()) {
      await page.getByLabel('Passphrase', { exact: true }).fill(PASSPHRASE);
      await activate.click();
    }
    await expect(done).toBeVisible({ timeout: 10_000 });
  }).toPass({ timeout: 60_000 });
  await page.getByRole('link', { name: 'Go to your accounts' }).click();

  // What is stored is encrypted.
  const stored = await page.evaluate(() => JSON.stringify({ ...localStorage }));
  expect(stored).toContain('BEGIN ENCRYPTED PRIVATE KEY');
  expect(stored).not.toContain('BEGIN PRIVATE KEY');
  expect(stored).not.toContain(PASSPHRASE);

  await page.getByRole('button', { name: 'Lock this device' }).click();
  await expect(page.getByRole('heading', { name: 'Unlock this device' })).toBeVisible();
  await unlock(page, 'not the passphrase');
  await expect(page.getByRole('alert')).toBeVisible();
  await unlock(page);
  await expect(page.getByRole('heading', { name: 'Your accounts' })).toBeVisible();

  await page.getByRole('link', { name: 'Devices' }).first().click();
  await page.getByRole('link', { name: /^What this browser keeps/ }).click();
  await accessible(page);
  await page.getByRole('button', { name: /^Forget/ }).first().click();
  await page.getByRole('dialog').getByRole('button', { name: 'Forget Kitchen laptop' }).click();
  await expect.poll(() => page.evaluate(() => Object.keys(localStorage).length)).toBe(0);
  expect(faults).toEqual([]);
});

test('two customers share a browser; who it is, is chosen at unlock', async ({ page }) => {
  test.setTimeout(240_000);
  const ann = openCustomer(0, 'Ann Lee', '11.00');
  const bo = openCustomer(0, 'Bo Park', '22.00');
  await enrol(page, 0, ann, 'Ann’s half');
  await page.getByRole('button', { name: 'Lock this device' }).click();
  await enrol(page, 0, bo, 'Bo’s half', 'another long passphrase');
  await expect(page.getByText('22.00').first()).toBeVisible();
  await page.getByRole('button', { name: 'Lock this device' }).click();
  await page.getByRole('radio', { name: /Ann Lee/ }).check({ force: true });
  await unlock(page);
  await expect(page.getByText('11.00').first()).toBeVisible();
});

test('the browser goes on with the other edge when one dies', async ({ page }) => {
  test.setTimeout(240_000);
  const ann = openCustomer(0, 'Ann Lee', '100.00');
  const bo = openCustomer(0, 'Bo Park', '1.00');
  await enrol(page, 0, ann);
  for (const edge of ['edge-1', 'edge-2']) {
    signal(0, 'edge', 'SIGKILL', edge);
    await pay(page, { name: bo.name, iban: bo.iban, amount: '10' });
    await expect(page.getByRole('heading', { name: /^Paid/ })).toBeVisible({ timeout: 60_000 });
    await page.getByRole('link', { name: 'Accounts' }).first().click();
    // The supervisor starts it again; the next one is killed when both are there.
    await expect.poll(async () => {
      const answers = await Promise.all(bank(0).edges.map((origin) =>
        fetch(`${origin}/v1/health`).then((a) => a.ok, () => false)));
      return answers.every(Boolean);
    }, { timeout: 60_000 }).toBe(true);
  }
});

test('two tabs of one device do each other no harm', async ({ context }) => {
  test.setTimeout(240_000);
  const ann = openCustomer(0, 'Ann Lee', '100.00');
  const bo = openCustomer(0, 'Bo Park', '1.00');
  const first = await context.newPage();
  await enrol(first, 0, ann);
  const second = await context.newPage();
  await second.goto(`${bank(0).web}/accounts`);
  await unlock(second);
  await expect(second.getByText('100.00').first()).toBeVisible();
  await pay(first, { name: bo.name, iban: bo.iban, amount: '10' });
  await expect(first.getByRole('heading', { name: /^Paid/ })).toBeVisible();
  await expect(second.getByText('90.00').first()).toBeVisible();
  await pay(second, { name: bo.name, iban: bo.iban, amount: '20' });
  await expect(second.getByRole('heading', { name: /^Paid/ })).toBeVisible();
  await first.getByRole('link', { name: 'Accounts' }).first().click();
  await expect(first.getByText('70.00').first()).toBeVisible();
});
