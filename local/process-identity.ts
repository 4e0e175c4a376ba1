import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** Whether a process with this id exists. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** What tells a process from a later one with the same id: its start; undefined when there is none. */
export function startOf(pid: number): string | undefined {
  try {
    if (process.platform === "linux") {
      const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
      const [state, ...fields] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      return state === "Z" ? undefined : fields[18];
    }
    const start = execFileSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8" }).trim();
    return start === "" ? undefined : start;
  } catch {
    return undefined;
  }
}

/** The process that started this one; undefined when there is none. */
export function parentOf(pid: number): number | undefined {
  try {
    if (process.platform === "linux") {
      const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
      return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
    }
    return Number(execFileSync("ps", ["-o", "ppid=", "-p", String(pid)], { encoding: "utf8" }));
  } catch {
    return undefined;
  }
}

/** A process's command without its folder, e.g. `sh`; undefined when there is none. */
export function commandOf(pid: number): string | undefined {
  try {
    if (process.platform === "linux") {
      return readFileSync(`/proc/${pid}/comm`, "utf8").trim();
    }
    const command = execFileSync("ps", ["-o", "comm=", "-p", String(pid)], { encoding: "utf8" });
    return command.trim().replace(/^.*\//, "");
  } catch {
    return undefined;
  }
}
