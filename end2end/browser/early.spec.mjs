// What somebody does before the program code is there: nothing is lost, and nothing goes into the address.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import { bank, listenForFaults } from './people.mjs';

/** Holds the program code of the pages back; answers what lets it go. */
async function holdCode(page) {
  let release;
  const released = new Promise((resolve) => { release = resolve; });
  await page.route('**/pkg/app_bg.wasm', async (route) => {
    await released;
    await route.continue();
  });
  return release;
}

test('typed and pressed too early: it is done as soon as it can be', async ({ page }) => {
  const faults = listenForFaults(page);
  const release = await holdCode(page);
  await page.goto(`${bank(0).web}/enrol`, { waitUntil: 'commit' });
  await page.getByLabel('Slip number').fill('0YEK PC28');
  await page.getByLabel('Slip code').fill('secret words');
  await page.getByLabel('Slip code').press('Enter');
  expect(new URL(page.url()).search).toBe('');
  release();
  // The form answers now, to what was typed: the number is right, the code is not.
  await expect(page.getByRole('alert')).toContainText('code');
  await expect(page.getByRole('alert')).not.toContainText('number');
  await expect(page.getByLabel('Slip code')).toHaveValue('secret words');
  expect(new URL(page.url()).search).toBe('');
  expect(faults).toEqual([]);
});

test('without the program code a form is never sent', async ({ page }) => {
  test.setTimeout(40_000);
  await page.route('**/pkg/app.js', (route) => route.abort());
  await page.goto(`${bank(0).web}/enrol`, { waitUntil: 'domcontentloaded' });
  await expect(page.getByText('could not be loaded completely')).toBeVisible();
  await page.getByLabel('Slip code').fill('secret words');
  await page.getByLabel('Slip code').press('Enter');
  expect(new URL(page.url()).search).toBe('');
  // As a script, or a browser without the page's own, would send it.
  const after = await page.evaluate(() => new Promise((resolve) => {
    document.addEventListener('securitypolicyviolation', ({ effectiveDirective }) => {
      resolve([effectiveDirective, location.search]);
    });
    document.querySelector('form').submit();
  }));
  expect(after).toEqual(['form-action', '']);
});

test('a file that is chosen too early is read', async ({ page }) => {
  const folder = mkdtempSync(join(tmpdir(), 'early-'));
  try {
    const file = join(folder, 'shopping.txt');
    writeFileSync(file, 'milk, bread');
    const release = await holdCode(page);
    await page.goto(`${bank(0).web}/keys/import`, { waitUntil: 'commit' });
    await page.locator('input[type=file]').setInputFiles(file);
    release();
    await expect(page.getByRole('alert')).toContainText('This is not a key file');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
