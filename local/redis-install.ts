import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";

const NAMES = ["redis-server", "valkey-server"];
const FURTHER_FOLDERS = ["/usr/bin", "/usr/local/bin", "/usr/sbin", "/opt/homebrew/bin"];
const POLICY = "/usr/sbin/policy-rc.d";

/**
 * Where a Redis (or Valkey) server is: on the PATH, or else installed now by root on Debian and its kin.
 *
 * Anywhere else it fails with the command to type.
 */
export function redisBinary(print: (line: string) => void): string {
  const present = findOnPath();
  if (present !== undefined) {
    return present;
  }
  if (process.platform === "linux" && process.getuid?.() === 0 && existsSync("/usr/bin/apt-get")) {
    print("No redis-server on the PATH: installing it (apt-get install -y redis-server).");
    installDebian();
    const installed = findOnPath();
    if (installed !== undefined) {
      return installed;
    }
  }
  throw new Error(
    `No redis-server (or valkey-server) on the PATH. ${instruction()} ` +
      "Or set REDIS_URL to a server of yours.",
  );
}

function findOnPath(): string | undefined {
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), ...FURTHER_FOLDERS];
  for (const name of NAMES) {
    const found = folders.map((folder) => join(folder, name)).find(isExecutable);
    if (found !== undefined) {
      return found;
    }
  }
  return undefined;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function instruction(): string {
  if (process.platform === "darwin") {
    return "Install it: brew install redis.";
  }
  return process.platform === "linux"
    ? "Install it, on Debian or Ubuntu: sudo apt-get install -y redis-server."
    : "Install it: https://redis.io/docs/latest/operate/oss_and_stack/install/.";
}

/** The package would start a service of its own; a policy file keeps it from that, as Debian provides. */
function installDebian(): void {
  const isPolicyOurs = !existsSync(POLICY);
  if (isPolicyOurs) {
    writeFileSync(POLICY, "#!/bin/sh\nexit 101\n", { mode: 0o755 });
  }
  try {
    if (!apt("install", "-y", "--no-install-recommends", "redis-server")) {
      apt("update");
      apt("install", "-y", "--no-install-recommends", "redis-server");
    }
  } finally {
    if (isPolicyOurs) {
      rmSync(POLICY, { force: true });
    }
  }
}

function apt(...args: string[]): boolean {
  const run = spawnSync("/usr/bin/apt-get", ["-q", "-o", "DPkg::Lock::Timeout=120", ...args], {
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
    encoding: "utf8",
  });
  return run.status === 0;
}
