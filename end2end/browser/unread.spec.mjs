// A file that somebody chooses: the worker reads it, the page never does. It may hold a key that is not
// encrypted, and what a page has read cannot be wiped.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import { bank, listenForFaults } from './people.mjs';
import { choose, heading } from './walking.mjs';

let folder;
let file;
test.beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'unread-'));
  file = join(folder, 'bare.pem');
  execFileSync('openssl', ['genrsa', '-out', file, '2048'], { stdio: 'ignore' });
});
test.afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Writes down what the page reads of any file, and what it says to a worker. */
async function watch(page) {
  await page.addInitScript(() => {
    window.read = [];
    window.said = [];
    const note = (prototype, name) => {
      const real = prototype[name];
      prototype[name] = function noted(...all) {
        window.read.push(name);
        return real.apply(this, all);
      };
    };
    for (const name of ['arrayBuffer', 'bytes', 'slice', 'stream', 'text']) {
      if (Blob.prototype[name]) note(Blob.prototype, name);
    }
    for (const name of Object.getOwnPropertyNames(FileReader.prototype)) {
      if (name.startsWith('readAs')) note(FileReader.prototype, name);
    }
    const { postMessage } = Worker.prototype;
    Worker.prototype.postMessage = function said(message, ...all) {
      window.said.push(JSON.stringify(message));
      return postMessage.call(this, message, ...all);
    };
  });
}

/** It was opened, and nothing of it came by. */
async function unread(page) {
  await heading(page, 'This key is not a device of yours yet');
  await expect(page.getByText('This key was not encrypted')).toBeVisible();
  const { read, said } = await page.evaluate(() => ({ read: window.read, said: window.said.join('\n') }));
  expect(read).toEqual([]);
  expect(said).toContain('open-file');
  const bytes = readFileSync(file);
  for (const secret of [bytes.toString().split('\n')[3], bytes.toString('base64').slice(400, 440)]) {
    expect(said).not.toContain(secret);
  }
}

test('a chosen file', async ({ page }) => {
  const faults = listenForFaults(page);
  await watch(page);
  await page.goto(`${bank(0).web}/keys/import`);
  await expect(page.getByText('Drop the key file here')).toBeVisible();
  await choose(page, file);
  await unread(page);
  // The same one again, by another way.
  await page.getByRole('button', { name: 'Another file' }).click();
  await choose(page, file);
  await unread(page);
  expect(faults).toEqual([]);
});

test('a dropped file', async ({ page }) => {
  await watch(page);
  await page.goto(`${bank(0).web}/keys/import`);
  await expect(page.getByText('Drop the key file here')).toBeVisible();
  const transfer = await page.evaluateHandle((text) => {
    const dropped = new DataTransfer();
    dropped.items.add(new File([text], 'bare.pem'));
    return dropped;
  }, readFileSync(file, 'utf8'));
  await page.dispatchEvent('.drop', 'drop', { dataTransfer: transfer });
  await unread(page);
});

test('a file that is chosen before the program code is there', async ({ page }) => {
  await watch(page);
  let release;
  const released = new Promise((resolve) => { release = resolve; });
  await page.route('**/pkg/app_bg.wasm', async (route) => {
    await released;
    await route.continue();
  });
  await page.goto(`${bank(0).web}/keys/import`, { waitUntil: 'commit' });
  await choose(page, file);
  release();
  await unread(page);
});
