// An nginx with one worker that forwards a socket to a port, as the relay does: a measure beside it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findOnPath } from '../../scripts/setup/debian.mjs';

export interface Nginx {
  readonly socketPath: string;
  /** Of master and worker, in MB. */
  memory(): Promise<number>;
  /** Resolves when master and worker are gone. */
  end(): Promise<void>;
}

/** Starts it in front of a port. @returns undefined where there is no nginx on the PATH */
export async function startNginx(folder: string, port: number): Promise<Nginx | undefined> {
  const program = findOnPath('nginx', { PATH: `${process.env['PATH'] ?? ''}:/usr/sbin` });
  if (program === undefined) return undefined;
  const socketPath = join(folder, 'nginx.sock');
  const file = join(folder, 'nginx.conf');
  await writeFile(file, configuration(folder, socketPath, port));
  const child = spawn(program, ['-c', file, '-p', folder, '-e', join(folder, 'nginx.log')], { stdio: 'inherit' });
  const exited = once(child, 'exit');
  await Promise.race([exited, untilThere(socketPath)]);
  return {
    socketPath,
    memory: () => memoryWithChildren(child.pid ?? 0),
    end: async () => {
      child.kill();
      await exited;
    },
  };
}

const configuration = (folder: string, socketPath: string, port: number): string => `daemon off;
pid ${folder}/nginx.pid;
worker_processes 1;
events { worker_connections 4096; }
http {
  access_log off;
  ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${folder}/${name};`).join(' ')}
  upstream site { server 127.0.0.1:${port}; keepalive 32; }
  server {
    listen unix:${socketPath};
    location / {
      proxy_pass http://site;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host localhost:${port};
    }
  }
}
`;

async function untilThere(path: string): Promise<void> {
  for (;;) {
    try {
      await access(path);
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

async function memoryWithChildren(pid: number): Promise<number> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
  const pids = [pid, ...children.trim().split(' ').filter(Boolean).map(Number)];
  const pages = await Promise.all(pids.map((one) => readFile(`/proc/${one}/statm`, 'utf8')));
  return Math.round(pages.reduce((sum, text) => sum + Number(text.split(' ')[1]) * 4, 0) / 1024);
}
