// Open keys on an empty chair: what warns, what locks, and what a way back shows afterwards.
import { expect } from '@playwright/test';
import { test } from './enrolled.mjs';
import { accessible, bank, listenForFaults, unlock } from './people.mjs';

/** Nothing of the customer stands on the page. */
async function showsNothingPrivate(page) {
  await expect(page.getByRole('heading', { name: 'Unlock this device' })).toBeVisible();
  const text = await page.evaluate(() => document.body.innerText);
  expect(text).not.toMatch(/DE\d\d|\d EUR|Bo Park/);
}

async function openAccounts(device) {
  const page = await device.open();
  await page.clock.install();
  await page.goto(`${bank(0).web}/accounts`);
  await unlock(page);
  await expect(page.getByRole('heading', { name: 'Your accounts' })).toBeVisible();
  return page;
}

test('an idle device warns, can be kept open, and locks at the end', async ({ device }) => {
  const page = await openAccounts(device);
  const faults = listenForFaults(page);
  const dialog = page.getByRole('dialog', { name: 'You are about to be locked out' });
  await page.clock.fastForward('08:30');
  await expect(dialog).toBeHidden();
  await page.clock.fastForward('00:40');
  await expect(dialog).toBeVisible();
  await accessible(page);
  // A key that happens to be pressed is no answer; the button is.
  await page.keyboard.press('Shift');
  await expect(dialog).toBeVisible();
  await dialog.getByRole('button', { name: 'Stay unlocked' }).click();
  await expect(dialog).toBeHidden();
  await page.clock.fastForward('08:30');
  await expect(dialog).toBeHidden();
  await expect(page.getByRole('heading', { name: 'Your accounts' })).toBeVisible();
  await page.clock.fastForward('00:40');
  await expect(dialog).toBeVisible();
  await page.clock.fastForward('01:00');
  await showsNothingPrivate(page);
  await expect(dialog).toBeHidden();
  await unlock(page);
  await expect(page.getByRole('heading', { name: 'Your accounts' })).toBeVisible();
  expect(faults).toEqual([]);
});

test('a message leaves by itself, but not under a hand', async ({ device }) => {
  const page = await openAccounts(device);
  await page.getByRole('button', { name: /^Copy/ }).first().click();
  const toast = page.locator('.toast');
  await expect(toast).toBeVisible();
  await toast.hover();
  await page.clock.fastForward('01:00');
  await expect(toast).toBeVisible();
  await page.mouse.move(5, 5);
  await page.clock.fastForward('00:30');
  await expect(toast).toBeHidden();
  await page.getByRole('button', { name: /^Copy/ }).first().click();
  await toast.getByRole('button').focus();
  await page.clock.fastForward('01:00');
  await page.keyboard.press('Enter');
  await expect(toast).toBeHidden();
});

test('the way back after locking shows nothing', async ({ device }) => {
  const page = await openAccounts(device);
  await page.getByRole('link', { name: 'Receipts' }).first().click();
  await expect(page.getByRole('heading', { name: 'Receipts' })).toBeVisible();
  await page.getByRole('link', { name: 'Everyday' }).or(page.getByRole('link', { name: 'Accounts' })).first().click();
  await expect(page.getByText('Account holder')).toBeVisible();
  await page.getByRole('button', { name: 'Lock this device' }).click();
  await showsNothingPrivate(page);
  await page.goBack();
  await showsNothingPrivate(page);
  await page.goBack();
  await showsNothingPrivate(page);
});

test('a page that the browser kept is locked when it is shown again', async ({ playwright, enrolled }) => {
  // Chromium of its own: the others are told to keep no pages.
  const { executablePath, args } = test.info().project.use.launchOptions;
  const browser = await playwright.chromium.launch({
    executablePath, args, ignoreDefaultArgs: ['--disable-back-forward-cache'],
  });
  const context = await browser.newContext({ storageState: enrolled.storage });
  const page = await context.newPage();
  await page.goto(`${bank(0).web}/accounts`);
  await unlock(page);
  await expect(page.getByText('Account holder')).toBeVisible();
  await page.evaluate(() => {
    addEventListener('pageshow', (event) => {
      globalThis.shownAgain = { kept: event.persisted, text: document.body.innerText };
    });
  });
  await page.goto(`${bank(1).web}/help`);
  // A page that is shown again loads nothing.
  await page.goBack({ waitUntil: 'commit' });
  await showsNothingPrivate(page);
  // What stood there in the very first moment, where the page was kept.
  const first = await page.evaluate(() => globalThis.shownAgain);
  expect(first.kept).toBe(true);
  expect(first.text).not.toMatch(/DE\d\d|\d EUR/);
  await unlock(page);
  await expect(page.getByText('Account holder')).toBeVisible();
  await browser.close();
});
