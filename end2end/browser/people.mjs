// What people do in the pages, in one place.
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join, resolve, dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import AxeBuilder from '@axe-core/playwright';
import { expect } from '@playwright/test';
import { welcome } from './network.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const server = resolve(here, '../../target/debug/server');
export const PASSPHRASE = 'copper orchard vivid lantern';

/** A bank of the demo network: 0 or 1. */
export function bank(at) {
  return welcome().banks[at];
}

/** Runs a command of the bank's operator. */
export function operator(at, ...words) {
  return execFileSync(server, [...words, '--config', bank(at).config], { encoding: 'utf8' });
}

/** The process ids of a role of a bank, by the configuration that only this network has. */
export function processes(at, role, name) {
  const wanted = [role, '--config', bank(at).config, ...(name ? ['--name', name] : [])];
  const ids = readdirSync('/proc').filter((entry) => /^\d+$/.test(entry));
  const runs = (id) => {
    try {
      const words = readFileSync(`/proc/${id}/cmdline`, 'utf8').split('\0').slice(1);
      return wanted.every((word, place) => words[place] === word);
    } catch {
      // It has ended meanwhile.
      return false;
    }
  };
  return ids.filter(runs).map(Number);
}

/** Signals every process of a role. */
export function signal(at, role, kind, name) {
  const ids = processes(at, role, name);
  expect(ids.length, `${role} ${name ?? ''} runs`).toBeGreaterThan(0);
  ids.forEach((id) => process.kill(id, kind));
}

/** Opens a customer; answers what stands on the slip. */
export function openCustomer(at, name, deposit) {
  const add = ['customer', 'add', '--json', '--name', name];
  if (deposit) add.push('--deposit', deposit);
  return { name, ...JSON.parse(operator(at, ...add)) };
}

/** Fails on the console's errors and on anything a browser reports as a breach of the policy. */
export function listenForFaults(page) {
  const faults = [];
  page.on('pageerror', (error) => faults.push(String(error)));
  page.on('console', (message) => {
    // A request to an edge that was killed on purpose, and nothing else, may fail.
    const lost = /net::ERR_|Failed to load resource/.test(message.text());
    if (message.type() === 'error' && !lost) faults.push(message.text());
  });
  return faults;
}

/** Goes through an enrolment up to the button that asks the bank. */
export async function beginEnrolment(page, at, slip, device, passphrase = PASSPHRASE) {
  await page.goto(`${bank(at).web}/enrol`);
  await page.getByLabel('Slip number').fill(slip.locator);
  await page.getByLabel('Slip code').fill(slip.secret);
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByLabel('The bank’s five words').fill(slip.words);
  const next = page.getByRole('button', { name: 'Continue to passphrase' });
  await expect(next).not.toHaveAttribute('aria-disabled', 'true', { timeout: 90_000 });
  await next.click();
  await page.getByLabel('Name of this device').fill(device);
  await page.getByLabel('Passphrase', { exact: true }).fill(passphrase);
}

/** Makes this browser a device of a customer, as the slip says. */
export async function enrol(page, at, slip, device = 'Kitchen laptop', passphrase = PASSPHRASE) {
  await beginEnrolment(page, at, slip, device, passphrase);
  await page.getByRole('button', { name: 'Activate this device' }).click();
  const done = page.getByRole('heading', { name: `${device} is now your device` });
  await expect(done).toBeVisible({ timeout: 60_000 });
  await page.getByRole('link', { name: 'Go to your accounts' }).click();
  await expect(page.getByRole('heading', { name: 'Your accounts' })).toBeVisible();
}

/** Opens the keys of the device in this browser. */
export async function unlock(page, passphrase = PASSPHRASE) {
  await page.getByLabel('Passphrase of this device').fill(passphrase);
  await page.getByRole('button', { name: 'Unlock' }).click();
}

/** The orders in this browser's storage that have no receipt yet. */
export async function storedOrders(page) {
  const texts = await page.evaluate(() => Object.entries(localStorage)
    .filter(([key]) => key.startsWith('countersign.order.'))
    .map(([, text]) => text));
  return texts.map((text) => JSON.parse(text));
}

/** Fills the first page of a payment and goes on to the check page. */
export async function draft(page, to) {
  await page.getByLabel('Their name').fill(to.name);
  await page.getByLabel('Their IBAN').fill(to.iban);
  await page.getByLabel('Amount').fill(to.amount);
  await page.getByLabel('Reference').fill(to.reference ?? '');
  await page.getByRole('button', { name: 'Continue' }).click();
}

/** Pays from the accounts page; answers on the page of the payment. */
export async function pay(page, to) {
  await page.getByRole('link', { name: 'Pay someone' }).click();
  await draft(page, to);
  await expect(page.getByRole('heading', { name: 'Check your payment, then sign it' })).toBeVisible();
  await page.getByRole('button', { name: /^Sign and pay/ }).click();
}

/** Writes the recovery sheet down and reads three words back; answers what stands on the paper. */
export async function writeSheetDown(page) {
  await expect(page.locator('.recovery li')).toHaveCount(24);
  const words = await page.locator('.recovery li').allTextContents();
  const bankWords = await page.locator('.summary .words li').allTextContents();
  await page.getByRole('button', { name: 'I have written them down' }).click();
  await expect(page.getByRole('heading', { name: 'Read three words from your paper' })).toBeVisible();
  for (const label of await page.locator('form .field label').allTextContents()) {
    await page.getByLabel(label, { exact: true }).fill(words[Number(label.match(/\d+/)[0]) - 1]);
  }
  await page.getByRole('button', { name: 'Check and wipe' }).click();
  await expect(page.getByRole('heading', { name: 'The sheet is right' })).toBeVisible();
  return { words, bankWords };
}

/** Does what the pages insist on before the first payment above 100 EUR. */
export async function makeSafe(page) {
  await expect(page.getByRole('heading', { name: 'First, a way back to your keys' })).toBeVisible();
  await page.getByRole('link', { name: 'Show the recovery sheet' }).click();
  await writeSheetDown(page);
  await page.getByRole('link', { name: 'Go on with your payment' }).click();
}

/** The page has no accessibility mistakes that axe can find, contrast included. */
export async function accessible(page) {
  const found = await new AxeBuilder({ page })
    .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'])
    .analyze();
  const words = found.violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html).join(' | ')}`);
  expect(words, page.url()).toEqual([]);
}

/** Nothing may stick out sideways. */
export async function fits(page) {
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  expect(wide, page.url()).toBeLessThanOrEqual(0);
}

/** Bytes of a served file as a browser loads it, compressed. */
export function compressed(path) {
  return statSync(join(resolve(here, '../../target/site'), `${path}.br`)).size;
}

/** A file of the network's folder. */
export function read(path) {
  return readFileSync(path, 'utf8');
}
