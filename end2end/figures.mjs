// Measures what a customer waits for: from the click on "Sign and pay" until the receipt, opened and
// its signature checked, stands on the screen. A network of its own, nobody else at work:
//
//     node end2end/figures.mjs [payments]
//
// Figures are printed, not judged: they belong to the machine.
import { chromium } from '@playwright/test';
import start from './browser/network.mjs';
import { bank, draft, enrol, openCustomer } from './browser/people.mjs';

const PAYMENTS = Number(process.argv[2] ?? 20);

/** Milliseconds from the click to the checked receipt, as the page itself sees it. */
function stopwatch(page) {
  return page.evaluate(() => new Promise((resolve) => {
    addEventListener('click', () => {
      const begin = performance.now();
      const look = new MutationObserver(() => {
        const checked = document.querySelector('.half-theirs .tag-positive');
        if (!checked) return;
        look.disconnect();
        // Drawn: the frame after the next has it on the screen.
        requestAnimationFrame(() => requestAnimationFrame(() => resolve(performance.now() - begin)));
      });
      look.observe(document.body, { childList: true, subtree: true, characterData: true });
    }, { capture: true, once: true });
  }));
}

function report(name, times) {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share) => Math.round(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]);
  console.log(`${name}: p50 ${at(0.5)} ms, p90 ${at(0.9)} ms, max ${at(1)} ms (${times.length} payments)`);
}

async function measure(page, payee) {
  const times = [];
  for (let count = 0; count < PAYMENTS; count += 1) {
    await page.getByRole('link', { name: 'Pay', exact: true }).click();
    await draft(page, { name: payee.name, iban: payee.iban, amount: '1', reference: `Number ${count + 1}` });
    const button = page.getByRole('button', { name: /^Sign and pay/ });
    await button.waitFor();
    const time = stopwatch(page);
    await button.click();
    times.push(await time);
  }
  return times;
}

const stop = await start();
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu'],
});
try {
  const ann = openCustomer(0, 'Ann Lee', '1000.00');
  const page = await browser.newPage();
  const begin = Date.now();
  await enrol(page, 0, ann);
  console.log(`enrolment, typed at once: ${((Date.now() - begin) / 1000).toFixed(1)} s`);
  for (const [at, name] of [[0, 'within the bank'], [1, `to ${bank(1).name ?? 'the other bank'}`]]) {
    const payee = openCustomer(at, 'Bo Park', '1.00');
    report(`Sign and pay to checked receipt, ${name}`, await measure(page, payee));
  }
} finally {
  await browser.close();
  await stop();
}
