// A fresh demo network for a test, on ports of its own, thrown away afterwards.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const checkout = fileURLToPath(new URL('../../', import.meta.url));
const LIMIT = 180_000;

// The server, built unless the caller says where it is.
function program() {
  if (process.env.COUNTERSIGN_SERVER) return process.env.COUNTERSIGN_SERVER;
  const command = ['build', '--quiet', '-p', 'server', '--bin', 'server', '--message-format=json'];
  const built = spawnSync('cargo', command, {
    cwd: checkout,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (built.status !== 0) throw new Error('the server does not build');
  const lines = built.stdout.split('\n').filter((line) => line.startsWith('{'));
  const artifacts = lines.map((line) => JSON.parse(line));
  return artifacts.find((line) => line.target?.name === 'server' && line.executable).executable;
}

// Answers { banks, open(bank, name, deposit), stop() }.
export async function raise(port) {
  const server = program();
  const folder = mkdtempSync(join(tmpdir(), 'countersign-interop-'));
  const site = join(folder, 'site');
  mkdirSync(site);
  // Pages are not needed here.
  writeFileSync(join(site, 'manifest.json'), '{"files":{}}');
  const log = openSync(join(folder, 'demo.log'), 'w');
  const network = join(folder, 'network');
  const child = spawn(server, ['demo', '--port', String(port), '--folder', network, '--site', site], {
    cwd: checkout,
    stdio: ['ignore', log, log],
  });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const stop = async () => {
    child.kill('SIGINT');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  const welcome = join(network, 'welcome.json');
  const end = Date.now() + LIMIT;
  while (!existsSync(welcome)) {
    if (child.exitCode !== null || Date.now() > end) {
      const said = readFileSync(join(folder, 'demo.log'), 'utf8');
      await stop();
      throw new Error(`the demo does not start:\n${said}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const { banks } = JSON.parse(readFileSync(welcome, 'utf8'));
  const open = (bank, name, deposit) => {
    const config = banks[bank].config;
    const command = ['customer', 'add', '--json', '--name', name, '--deposit', deposit, '--config', config];
    const ran = spawnSync(server, command, { cwd: checkout, encoding: 'utf8' });
    if (ran.status !== 0) throw new Error(ran.stderr || ran.stdout);
    return JSON.parse(ran.stdout);
  };
  return { banks, open, stop };
}
