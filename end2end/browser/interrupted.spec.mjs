// What is cut off goes on: an enrolment, and an order that is being sent.
import { expect } from '@playwright/test';
import { test } from './enrolled.mjs';
import {
  PASSPHRASE, bank, beginEnrolment, listenForFaults, openCustomer, storedOrders, unlock, draft,
} from './people.mjs';
import { heading, looks } from './walking.mjs';

const ENVELOPES = '**/v1/envelopes';

test('an enrolment whose tab was closed goes on with the same keys', async ({ browser }) => {
  test.setTimeout(180_000);
  const ann = openCustomer(0, 'Ann Lee', '10.00');
  const context = await browser.newContext();
  let page = await context.newPage();
  await beginEnrolment(page, 0, ann, 'Kitchen laptop');
  // The bank gets the request; its answer finds nobody.
  let arrived;
  const reached = new Promise((resolve) => { arrived = resolve; });
  await context.route(ENVELOPES, async (route) => {
    await route.fetch();
    arrived();
  });
  await page.getByRole('button', { name: 'Activate this device' }).click();
  await reached;
  const kept = await page.evaluate(() => ({ ...localStorage }));
  const key = Object.keys(kept).find((it) => it.startsWith('countersign.enrolling.'));
  expect(key).toBeDefined();
  expect(JSON.stringify(kept)).not.toContain(ann.secret.replaceAll('-', ''));
  await page.close();
  await context.unrouteAll({ behavior: 'ignoreErrors' });

  page = await context.newPage();
  const faults = listenForFaults(page);
  await page.goto(`${bank(0).web}/accounts`);
  await page.getByRole('link', { name: 'Go on with your enrolment' }).click();
  await page.getByLabel('The passphrase that you chose').fill('not the passphrase');
  await page.getByRole('button', { name: 'Go on' }).click();
  await expect(page.getByRole('alert')).toContainText('does not open', { ignoreCase: true });
  await page.getByLabel('The passphrase that you chose').fill(PASSPHRASE);
  await page.getByRole('button', { name: 'Go on' }).click();
  await expect(page.getByRole('heading', { name: 'Kitchen laptop is now your device' })).toBeVisible({ timeout: 60_000 });
  // The keys are those that were made before the tab was closed.
  const keys = await page.evaluate(() => Object.keys(localStorage));
  expect(keys).toContain(key.replace('enrolling', 'device'));
  expect(keys.some((it) => it.includes('.enrolling.'))).toBe(false);
  await page.getByRole('link', { name: 'Go to your accounts' }).click();
  await expect(page.getByText('10.00').first()).toBeVisible();
  expect(faults).toEqual([]);
  await context.close();
});

test('two enrolments that were interrupted: each goes on as itself', async ({ browser }) => {
  test.setTimeout(240_000);
  const context = await browser.newContext();
  const people = [['Ann Lee', 'First laptop', PASSPHRASE], ['Bo Park', 'Second laptop', 'another long passphrase']];
  const tabs = [];
  for (const [name, device, passphrase] of people) {
    const page = await context.newPage();
    // Both get as far as the last button before either is interrupted.
    await beginEnrolment(page, 0, openCustomer(0, name, '10.00'), device, passphrase);
    tabs.push({ page, device, passphrase, faults: listenForFaults(page) });
  }
  await context.route(ENVELOPES, (route) => route.abort());
  for (const { page } of tabs) {
    await page.getByRole('button', { name: 'Activate this device' }).click();
    await expect(page.getByRole('button', { name: 'Try again' })).toBeVisible({ timeout: 60_000 });
  }
  await context.unroute(ENVELOPES);
  const done = (page, device) => heading(page, `${device} is now your device`);

  // A page that knows neither lists both.
  const page = await context.newPage();
  await page.goto(`${bank(0).web}/enrol`);
  await heading(page, 'Go on with your enrolment');
  await page.getByLabel('The passphrase that you chose').fill(tabs[1].passphrase);
  await page.getByRole('button', { name: 'Go on' }).click();
  await expect(page.getByRole('alert')).toContainText('Choose the enrolment');
  await page.getByRole('radio', { name: /^First laptop/ }).check();
  await looks(page, 'enrol-resume-several');
  await page.getByRole('button', { name: 'Go on' }).click();
  await expect(page.getByRole('alert')).toContainText('does not open', { ignoreCase: true });
  await page.getByRole('radio', { name: /^Second laptop/ }).check();
  await page.getByLabel('The passphrase that you chose').fill(tabs[1].passphrase);
  await page.getByRole('button', { name: 'Go on' }).click();
  await done(page, 'Second laptop');

  // The tab in which the other one was interrupted takes its own.
  await tabs[0].page.getByRole('button', { name: 'Try again' }).click();
  await done(tabs[0].page, 'First laptop');
  expect(tabs[0].faults).toEqual([]);
  await context.close();
});

test('tried again in its own tab, an enrolment takes no other', async ({ browser }) => {
  test.setTimeout(240_000);
  const context = await browser.newContext();
  const tabs = [];
  for (const device of ['First laptop', 'Second laptop', 'Third laptop']) {
    const page = await context.newPage();
    await beginEnrolment(page, 0, openCustomer(0, 'Ann Lee', '10.00'), device, `the passphrase of ${device}`);
    tabs.push({ page, device });
  }
  await context.route(ENVELOPES, (route) => route.abort());
  for (const { page } of tabs) {
    await page.getByRole('button', { name: 'Activate this device' }).click();
    await expect(page.getByRole('button', { name: 'Try again' })).toBeVisible({ timeout: 60_000 });
  }
  await context.unroute(ENVELOPES);
  for (const { page, device } of tabs) {
    await page.getByRole('button', { name: 'Try again' }).click();
    await heading(page, `${device} is now your device`);
  }
  await context.close();
});

test('an order that is cut off by a reload is sent again as the same bytes and paid once', async ({ device }) => {
  test.setTimeout(120_000);
  const page = await device.open();
  const payee = openCustomer(0, 'Jean-Baptiste Archambault', '1.00');
  await page.goto(`${bank(0).web}/pay`);
  await unlock(page);
  await draft(page, { name: payee.name, iban: payee.iban, amount: '37,50', reference: 'Piano lessons' });

  // Whatever carries the order is held back before it reaches the bank.
  const sent = [];
  let open = false;
  await page.context().route(ENVELOPES, async (route) => {
    const body = route.request().postData();
    const orders = await storedOrders(page).catch(() => []);
    if (orders.some((order) => order.envelope === body)) {
      sent.push(body);
      if (!open) return;
    }
    await route.continue();
  });
  await page.getByRole('button', { name: /^Sign and pay/ }).click();
  await expect.poll(() => sent.length).toBeGreaterThan(0);
  const [order] = await storedOrders(page);
  const stored = await page.evaluate(() => JSON.stringify({ ...localStorage }));
  for (const secret of ['Jean-Baptiste', '37.50', 'Piano', payee.iban]) expect(stored).not.toContain(secret);
  await page.reload();

  // Locked, the page knows nothing of it; unlocked, all of it.
  await page.goto(`${bank(0).web}/payments`);
  await expect(page.getByRole('heading', { name: 'Unlock this device' })).toBeVisible();
  await unlock(page);
  const waiting = page.getByRole('region', { name: 'Not decided yet' });
  await expect(waiting).toContainText('Jean-Baptiste Archambault');
  await expect(waiting).toContainText('37.50');
  await expect(waiting).toContainText('Being sent');
  await waiting.getByRole('link').click();
  await expect(page.getByText('Piano lessons')).toBeVisible();
  await expect(page.getByText('never be paid twice')).toBeVisible();

  // The way is free: what is sent now are the bytes of before, and somebody else's copy of them.
  open = true;
  await expect(page.getByRole('heading', { name: /has 37\.50/ })).toBeVisible({ timeout: 60_000 });
  expect(new Set(sent)).toEqual(new Set([order.envelope]));
  const again = await fetch(`${bank(0).edges[0]}/v1/envelopes`, {
    method: 'POST', body: order.envelope, headers: { 'content-type': 'application/jose' },
  });
  expect(again.ok).toBe(true);
  await expect.poll(() => storedOrders(page)).toEqual([]);
  await page.getByRole('link', { name: 'Receipts' }).first().click();
  const decided = page.getByRole('region', { name: 'Decided', exact: true });
  await expect(decided.getByRole('link', { name: 'Jean-Baptiste Archambault' })).toHaveCount(1);
  await expect(page.getByText('Not decided yet')).toHaveCount(0);
});
