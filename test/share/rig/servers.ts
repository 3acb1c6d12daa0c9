/** The file servers, in the run's own namespaces, with all their state in a folder of it. */
import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import type { Guest } from './guest.js';
import { PLACES, type TeamUser, USERS } from './link.js';
import { run, until } from './shell.js';

export const mountNames = ['smb', 'nfs3', 'nfs42'] as const;
export type MountName = (typeof mountNames)[number];

export interface Mount {
  readonly name: MountName;
  readonly title: string;
  /** Whether a chmod is kept and shown to everybody. */
  readonly keepsModes: boolean;
  readonly hasLinks: boolean;
  readonly server: FileServer;
  /** The export as a whole: no user may write any more, or all users again. */
  readonly setReadOnly: (isReadOnly: boolean) => Promise<void>;
  /** Mounts the export in a guest, as root and as one of the team. */
  mount(guest: Guest, user: TeamUser): Promise<void>;
}

const ADDRESS = '10.99.0.1';
const STATE = '/mnt/server';

/** A program that serves the exported directory. */
class FileServer {
  readonly command: string;
  private readonly words: readonly string[];
  private readonly port: number;

  constructor(command: string, words: readonly string[], port: number) {
    this.command = command;
    this.words = words;
    this.port = port;
  }

  async start(): Promise<void> {
    spawn(this.command, this.words, { stdio: 'ignore', detached: true }).unref();
    await until(`${this.command} answers on port ${this.port}`, 20_000, () => answers(this.port));
  }

  /** All its processes: it stops answering, and no client is told. */
  stop(): void {
    this.signal('SIGSTOP');
  }
  goOn(): void {
    this.signal('SIGCONT');
  }

  async kill(): Promise<void> {
    this.signal('SIGKILL');
    await until(`${this.command} is gone`, 10_000, () => this.pids().length === 0);
  }

  /** Reads its settings again. */
  reload(): void {
    this.signal('SIGHUP');
  }

  private signal(signal: NodeJS.Signals): void {
    for (const pid of this.pids()) process.kill(pid, signal);
  }

  private pids(): number[] {
    const name = this.command.slice(0, 15);
    return readdirSync('/proc')
      .filter((pid) => /^\d+$/.test(pid))
      .filter((pid) => isCalled(pid, name))
      .map(Number);
  }
}

function isCalled(pid: string, name: string): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.includes(`(${name}`) && !/\) Z /.test(stat);
  } catch {
    return false; // it has ended meanwhile
  }
}

const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = net.connect(port, ADDRESS);
    socket.on('connect', () => resolve(true)).on('error', () => resolve(false));
    socket.on('connect', () => socket.destroy());
  });

/** Whatever a mount is called, its server runs already when this resolves. */
export async function serve(name: MountName): Promise<Mount> {
  mkdirSync(STATE, { recursive: true });
  const mount = name === 'smb' ? await samba() : await ganesha(name);
  await mount.server.start();
  return mount;
}

// --- SMB -------------------------------------------------------------------------------------------------------------

const folders = ['state', 'cache', 'lock', 'pid', 'private', 'ncalrpc', 'log'];

const sambaConf = () => `[global]
server role = standalone server
interfaces = ${ADDRESS} 127.0.0.1
bind interfaces only = yes
smb ports = 445
disable netbios = yes
map to guest = never
state directory = ${STATE}/state
cache directory = ${STATE}/cache
lock directory = ${STATE}/lock
pid directory = ${STATE}/pid
private dir = ${STATE}/private
ncalrpc dir = ${STATE}/ncalrpc
passdb backend = smbpasswd:${STATE}/private/smbpasswd
load printers = no
printcap name = /dev/null
disable spoolss = yes
server min protocol = SMB3_11
[share]
path = ${PLACES.exported}
read only = no
force user = root
create mask = 0666
directory mask = 0777
[team]
path = ${PLACES.exported}/team
read only = no
create mask = 0660
directory mask = 0770
`;

async function samba(): Promise<Mount> {
  for (const folder of folders) mkdirSync(`${STATE}/${folder}`, { recursive: true });
  const conf = `${STATE}/smb.conf`;
  writeFileSync(conf, sambaConf());
  for (const user of ['root', 'ana', 'ben']) await setPassword(conf, user);
  const version = (await run('smbd', '--version')).replace(/^Version /, '');
  const server = new FileServer('smbd', ['-s', conf, '-D', '-l', `${STATE}/log`], 445);
  return {
    name: 'smb',
    title: `SMB 3.1.1, Samba ${version}`,
    keepsModes: false,
    hasLinks: false,
    server,
    setReadOnly: (isReadOnly) => remount(isReadOnly ? 'ro' : 'rw'),
    mount: async (guest, user) => {
      await guest.shell('/run/modprobe cifs');
      const common = 'password=rig,vers=3.1.1';
      await guest.shell(`mount -t cifs //${ADDRESS}/share ${PLACES.share} -o username=root,${common}`);
      const owner = `uid=${USERS[user]},gid=${USERS.group},file_mode=0660,dir_mode=0770`;
      await guest.shell(
        `mount -t cifs //${ADDRESS}/team ${PLACES.team} -o username=${user},${owner},${common}`,
      );
    },
  };
}

async function setPassword(conf: string, user: string): Promise<void> {
  await run('bash', '-c', `printf 'rig\\nrig\\n' | smbpasswd -c ${conf} -s -a ${user}`);
}

export async function remount(how: 'ro' | 'rw'): Promise<void> {
  await until(`the export is ${how}`, 5000, () =>
    run('mount', '-o', `remount,${how}`, PLACES.exported).then(
      () => true,
      () => false, // a write is on its way
    ),
  );
}

// --- NFS -------------------------------------------------------------------------------------------------------------

const ganeshaConf = (access: 'RO' | 'RW') => `NFS_CORE_PARAM {
  Bind_addr = ${ADDRESS}; NFS_Port = 2049; MNT_Port = 20048; Protocols = 3,4;
  Enable_NLM = false; Enable_RQUOTA = false;
}
NFSv4 {
  Grace_Period = 5; Lease_Lifetime = 10; Graceless = true; RecoveryRoot = ${STATE}/recovery;
  Minor_Versions = 0,1,2; Delegations = false;
}
EXPORT {
  Export_Id = 1; Path = ${PLACES.exported}; Pseudo = /share; Access_Type = ${access}; Squash = No_Root_Squash;
  SecType = sys; Protocols = 3,4; Transports = TCP; FSAL { Name = VFS; }
}
`;

async function ganesha(name: 'nfs3' | 'nfs42'): Promise<Mount> {
  mkdirSync(`${STATE}/recovery`, { recursive: true });
  const conf = `${STATE}/ganesha.conf`;
  writeFileSync(conf, ganeshaConf('RW'));
  spawn('rpcbind', ['-w', '-f', '-h', ADDRESS], { stdio: 'ignore' });
  await until('rpcbind answers', 10_000, () => answers(111));
  const version = /V(\d\S*)/.exec(await run('ganesha.nfsd', '-v'))?.[1] ?? 'of an unknown version';
  const words = ['-f', conf, '-L', `${STATE}/ganesha.log`, '-p', `${STATE}/ganesha.pid`, '-N', 'NIV_EVENT'];
  const server = new FileServer('ganesha.nfsd', words, 2049);
  const is3 = name === 'nfs3';
  const source = `${ADDRESS}:${is3 ? PLACES.exported : '/share'}`;
  const kind = is3
    ? `-t nfs -o vers=3,nolock,port=2049,mountport=20048,tcp,mountproto=tcp`
    : '-t nfs4 -o vers=4.2';
  return {
    name,
    title: `NFSv${is3 ? '3' : '4.2'}, NFS-Ganesha ${version}`,
    keepsModes: true,
    hasLinks: true,
    server,
    // its disk cannot be: the server keeps files open
    setReadOnly: async (isReadOnly) => {
      writeFileSync(conf, ganeshaConf(isReadOnly ? 'RO' : 'RW'));
      server.reload();
    },
    mount: async (guest) => {
      await guest.shell(`/run/modprobe ${is3 ? 'nfsv3' : 'nfsv4'}`);
      await guest.shell(`mount ${kind} ${source} ${PLACES.share}`);
      await guest.shell(`mount --bind ${PLACES.share}/team ${PLACES.team}`);
    },
  };
}
