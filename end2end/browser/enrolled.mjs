// Keys take seconds to make, so each worker makes one device and its tests begin with that browser's
// storage. `device.open()` gives a browser window in which the device is enrolled and locked.
import { test as base } from '@playwright/test';
import { enrol, openCustomer } from './people.mjs';

export const test = base.extend({
  enrolled: [async ({ browser }, use) => {
    const customer = openCustomer(0, 'Mira Lindqvist-Östergård', '5000.00');
    const payee = openCustomer(0, 'Bo Park', '1.00');
    const context = await browser.newContext();
    await enrol(await context.newPage(), 0, customer);
    const storage = await context.storageState();
    await context.close();
    await use({ customer, payee, storage });
  }, { scope: 'worker', timeout: 180_000 }],

  device: async ({ browser, enrolled, viewport }, use) => {
    const contexts = [];
    const open = async (options = {}) => {
      const context = await browser.newContext({ storageState: enrolled.storage, viewport, ...options });
      contexts.push(context);
      return context.newPage();
    };
    await use({ ...enrolled, open });
    await Promise.all(contexts.map((context) => context.close()));
  },
});
