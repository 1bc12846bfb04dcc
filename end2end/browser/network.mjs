// Starts a fresh demo network for the browser tests and stops it afterwards.
import { spawn } from 'node:child_process';
import { createWriteStream, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const target = resolve(here, '../../target');
export const folder = join(target, 'end2end');
const port = process.env.END2END_PORT ?? '17000';
const READY_LIMIT_MS = 120_000;

export default async function start() {
  mkdirSync(target, { recursive: true });
  rmSync(join(folder, 'welcome.json'), { force: true });
  const log = createWriteStream(join(target, 'end2end-demo.log'));
  const arguments_ = ['demo', '--fresh', '--folder', folder, '--port', port];
  const demo = spawn(join(target, 'debug/server'), arguments_, { stdio: ['ignore', 'pipe', 'pipe'] });
  demo.stdout.pipe(log);
  demo.stderr.pipe(log);
  let ended = null;
  demo.on('exit', (code, signal) => { ended = code ?? signal; });
  const until = Date.now() + READY_LIMIT_MS;
  while (!existsSync(join(folder, 'welcome.json'))) {
    if (ended !== null) throw new Error(`the demo ended (${ended}); see target/end2end-demo.log`);
    if (Date.now() > until) {
      demo.kill('SIGTERM');
      throw new Error('the demo was not ready in time; see target/end2end-demo.log');
    }
    await new Promise((resume) => setTimeout(resume, 200));
  }
  return async () => {
    if (ended !== null) return;
    const gone = new Promise((resume) => demo.once('exit', resume));
    demo.kill('SIGTERM');
    await gone;
  };
}

/** What the demo prints, for programs: banks, customers, slips. */
export function welcome() {
  return JSON.parse(readFileSync(join(folder, 'welcome.json'), 'utf8'));
}
