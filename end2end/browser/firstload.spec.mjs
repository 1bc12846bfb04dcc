// What a browser loads until a customer sees their accounts, and what it fetches later.
import { expect } from '@playwright/test';
import { test } from './enrolled.mjs';
import { bank, compressed, listenForFaults, unlock } from './people.mjs';

/** The program code that every first load has; the other parts of the modules come later. */
const PARTS = [
  'pkg/app.js', 'pkg/app_parts.js', 'pkg/app_bg.wasm',
  'worker.js', 'pkg/crypto.js', 'pkg/crypto_parts.js', 'pkg/crypto_bg.wasm',
];
const BOUND = 680 * 1024;

test('the first load stays small', async ({ device }) => {
  const page = await device.open();
  const loaded = new Map();
  page.on('requestfinished', async (request) => {
    const path = new URL(request.url()).pathname.slice(1);
    if (!/\.(js|wasm)$/.test(path)) return;
    const began = request.timing().startTime;
    const { responseBodySize } = await request.sizes();
    // A script that was fetched and checked is taken from the cache when it is run.
    const before = loaded.get(path) ?? { bytes: 0, began };
    loaded.set(path, { began: before.began, bytes: Math.max(before.bytes, responseBodySize) });
  });
  // The moment in which the accounts appear.
  await page.addInitScript(() => {
    new MutationObserver(() => {
      if (document.querySelector('.accounts li')) window.shownAt ??= Date.now();
    }).observe(document, { childList: true, subtree: true });
  });
  await page.goto(`${bank(0).web}/unlock`);
  await unlock(page);
  await expect(page.getByRole('heading', { name: 'Your accounts' })).toBeVisible();
  const shownAt = await page.evaluate(() => window.shownAt);
  // Everything else is fetched only now; it is waited for, so that all that was before is counted.
  await expect.poll(() => loaded.has('pkg/app_split_care.wasm')).toBe(true);
  const first = [...loaded].filter(([, { began }]) => began <= shownAt);
  // Chromium tells no size of the script that a worker starts with.
  const size = ([path, { bytes }]) => (path === 'worker.js' ? compressed(path) : bytes);
  const total = first.reduce((sum, part) => sum + size(part), 0);
  console.log(`first load: ${Math.round(total / 1024)} KB compressed`);
  expect(first.map(([path]) => path).sort()).toEqual([...PARTS].sort());
  const listed = PARTS.reduce((sum, part) => sum + compressed(part), 0);
  expect(Math.abs(total - listed)).toBeLessThan(1024);
  // The aim is 350 KB.
  expect(total).toBeLessThan(BOUND);
});

test('a part that is missing or changed is not run, and the page says so', async ({ device }) => {
  const page = await device.open();
  const faults = listenForFaults(page);
  await page.route('**/pkg/app_split_money.wasm', async (route) => {
    const response = await route.fetch();
    const body = await response.body();
    body[body.length - 1] ^= 1;
    await route.fulfill({ response, body });
  });
  await page.goto(`${bank(0).web}/unlock`);
  await unlock(page);
  await page.getByRole('link', { name: 'Pay someone' }).click();
  await expect(page.getByRole('heading', { name: 'This page could not be loaded' })).toBeVisible();
  expect(faults.some((fault) => /integrity/.test(fault))).toBe(true);
  // As soon as it is what the bank published, the page goes on.
  await page.unroute('**/pkg/app_split_money.wasm');
  await page.getByRole('button', { name: 'Try again' }).click();
  await expect(page.getByLabel('Their IBAN')).toBeVisible();
});

test('a part of the worker that is missing is said where it was needed', async ({ device }) => {
  const page = await device.open();
  await page.context().route('**/pkg/crypto_split_devices.wasm', (route) => route.abort());
  await page.goto(`${bank(0).web}/devices`);
  await unlock(page);
  await expect(page.getByRole('alert')).toContainText('A part of the program code could not be loaded');
  await page.context().unroute('**/pkg/crypto_split_devices.wasm');
  await page.getByRole('button', { name: 'Try again' }).click();
  await expect(page.getByRole('heading', { name: 'Your devices' })).toBeVisible();
});
