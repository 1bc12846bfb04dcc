// Paper and passphrases: the recovery sheet, the stop before a large payment, and getting back in.
import { expect } from '@playwright/test';
import { test } from './enrolled.mjs';
import {
  PASSPHRASE, bank, draft, enrol, listenForFaults, openCustomer, unlock, writeSheetDown,
} from './people.mjs';
import { heading, looks } from './walking.mjs';

test('a large payment waits for the sheet, and the sheet brings the keys back', async ({ page, browser }) => {
  test.setTimeout(240_000);
  const faults = listenForFaults(page);
  const ann = openCustomer(0, 'Ann Lee', '900.00');
  const bo = openCustomer(0, 'Bo Park', '1.00');
  await enrol(page, 0, ann, 'Kitchen laptop');
  await page.getByRole('link', { name: 'Pay someone' }).click();
  await draft(page, { name: bo.name, iban: bo.iban, amount: '250', reference: 'Chairs' });
  await heading(page, 'First, a way back to your keys');
  await looks(page, 'safety-first');
  await page.getByRole('link', { name: 'Show the recovery sheet' }).click();
  await expect(page.locator('.recovery li')).toHaveCount(24);
  await looks(page, 'sheet');
  const stored = () => page.evaluate(() => Object.keys(localStorage).filter((key) => key.startsWith('countersign.seed.')).length);
  expect(await stored()).toBe(1);
  const { words, bankWords } = await writeSheetDown(page);
  expect(await stored()).toBe(0);
  await looks(page, 'sheet-done');
  await page.getByRole('link', { name: 'Go on with your payment' }).click();
  await heading(page, 'Check your payment, then sign it');
  await expect(page.getByText('Bo Park').first()).toBeVisible();

  // Another browser, and the paper. Four letters complete a word; the rest is pasted.
  // This one cannot do without vector instructions what the first one did with them, only slower.
  const other = await (await browser.newContext()).newPage();
  let without = 0;
  await other.context().route('**/pkg/prime_filter.wasm', (route) => {
    without += 1;
    return route.abort();
  });
  faults.push(...listenForFaults(other));
  await other.goto(`${bank(0).web}/keys/recover`);
  await heading(other, 'What stands on your recovery sheet?');
  await other.getByRole('button', { name: 'Make the keys again' }).click();
  await expect(other.getByRole('alert')).toBeFocused();
  await looks(other, 'recover');
  const long = words.findIndex((word) => word.length > 4);
  await other.getByLabel(`Word ${long + 1}`, { exact: true }).pressSequentially(words[long].slice(0, 4));
  await expect(other.getByLabel(`Word ${long + 1}`, { exact: true })).toHaveValue(words[long]);
  await other.getByLabel('Word 1', { exact: true }).fill([...words.slice(0, 23), 'zoo'].join(' '));
  await other.getByLabel('The bank’s five words').fill(bankWords.join(' '));
  if (words[23] !== 'zoo') {
    await other.getByRole('button', { name: 'Make the keys again' }).click();
    await expect(other.getByRole('alert')).toContainText('do not belong together');
  }
  await other.getByLabel('Word 24', { exact: true }).fill(words[23]);
  await other.getByRole('button', { name: 'Make the keys again' }).click();
  await heading(other, 'Your keys are back');
  expect(without).toBeGreaterThan(0);
  await looks(other, 'recover-keep');
  await other.getByLabel('Name of this device').fill('From paper');
  await other.getByLabel('Passphrase', { exact: true }).fill(PASSPHRASE);
  await other.getByRole('button', { name: 'Keep it in this browser' }).click();
  await heading(other, 'Your accounts');
  expect(faults).toEqual([]);
});

test('the passphrase is changed, and wrong ones are slowed', async ({ device }) => {
  const page = await device.open();
  await page.goto(`${bank(0).web}/keys/passphrase`);
  await unlock(page);
  await heading(page, 'Change the passphrase');
  await page.getByLabel('Passphrase now').fill(PASSPHRASE);
  await page.getByLabel('New passphrase').fill('a fresh long passphrase');
  await page.getByRole('button', { name: 'Change the passphrase' }).click();
  await heading(page, 'The passphrase is changed');
  await looks(page, 'passphrase-done');
  await page.goto(`${bank(0).web}/accounts`);
  for (let times = 1; times <= 4; times += 1) {
    await unlock(page, `${PASSPHRASE} ${times}`);
    await expect(page.getByRole('alert')).toContainText('passphrase');
    await expect(page.getByRole('button', { name: 'Unlock', exact: true })).not.toHaveAttribute('aria-disabled', 'true');
  }
  await expect(page.getByRole('alert')).toContainText('each further try waits longer');
  await unlock(page, 'a fresh long passphrase');
  await expect(page.getByRole('alert')).toContainText('before the next try');
  await expect(async () => {
    const field = page.getByLabel('Passphrase of this device');
    if (await field.isVisible()) await unlock(page, 'a fresh long passphrase');
    await expect(page.getByRole('heading', { name: 'Your accounts' })).toBeVisible({ timeout: 8_000 });
  }).toPass({ timeout: 60_000 });
});

test('how fast the browser is', async ({ page }) => {
  test.setTimeout(120_000);
  const faults = listenForFaults(page);
  await page.goto(`${bank(0).web}/about/speed`);
  await page.getByRole('button', { name: 'Measure' }).click();
  await expect(page.getByText('Measured: the table is complete.')).toBeVisible({ timeout: 90_000 });
  await expect(page.locator('td.num', { hasText: /ms/ })).toHaveCount(10);
  await looks(page, 'speed');
  console.log((await page.locator('table.speed tbody').innerText()).replaceAll('\n', ' | '));
  expect(faults).toEqual([]);
});

/** Milliseconds from the next click until the page shows these words, as the page itself sees it. */
function untilShown(page, words) {
  return page.evaluate((wanted) => new Promise((resolve) => {
    addEventListener('click', () => {
      const begin = performance.now();
      const look = new MutationObserver(() => {
        if (!document.body.innerText.includes(wanted)) return;
        look.disconnect();
        resolve(Math.round(performance.now() - begin));
      });
      look.observe(document.body, { childList: true, subtree: true, characterData: true });
    }, { capture: true, once: true });
  }), words);
}

test('both keys are made quickly', async ({ page }) => {
  test.setTimeout(120_000);
  const ann = openCustomer(0, 'Ann Lee', '10.00');
  const made = 'Both keys are made and tested';
  const took = [];
  for (let run = 0; run < Number(process.env.KEY_RUNS ?? 3); run += 1) {
    await page.goto(`${bank(0).web}/enrol`);
    await page.getByLabel('Slip number').fill(ann.locator);
    await page.getByLabel('Slip code').fill(ann.secret);
    const time = untilShown(page, made);
    await page.getByRole('button', { name: 'Continue' }).click();
    await expect(page.getByText(made)).toBeVisible({ timeout: 60_000 });
    took.push(await time);
    expect(page.workers().length).toBe(1);
  }
  console.log('both keys, from the click, in ms:', took.sort((a, b) => a - b).join(' '));
});
