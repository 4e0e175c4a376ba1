import { DATABASE_WIDE, type CommandTable, type KeyPositions } from "./commands.ts";

const SHEBANG = /^#!lua\b[^\n]*/;
const LOCKING_FLAG = "allow-key-locking";
const NOT_ALLOWED =
  "ERR Dynamic keys are not allowed with the allow-key-locking flag: every key must be in KEYS";
const WHOLE_DATABASE =
  "ERR A command that needs the whole database is not allowed with the allow-key-locking flag";

/** Key positions of the commands that the script names, under its own spelling: one look-up for its usual calls. */
function positionTable(script: string, table: CommandTable): string {
  const entries = new Set<string>();
  for (const [, spelling] of script.matchAll(/["']([A-Za-z][A-Za-z._]*)["']/g)) {
    const positions = spelling === undefined ? undefined : table.get(spelling.toUpperCase());
    if (positions !== undefined && !DATABASE_WIDE.includes(spelling?.toUpperCase() ?? "")) {
      entries.add(`["${spelling}"]=${luaPositions(positions)}`);
    }
  }
  return `{${[...entries].join(",")}}`;
}

function luaPositions({ first, last, step }: KeyPositions): string {
  if (first === 0) {
    return "false";
  }
  return first === 1 && last === 1 ? "true" : `{${first},${last},${step}}`;
}

/** Checks the keys of one call; what is not in the table is asked of Redis (`COMMAND GETKEYS`). */
const CHECK = `
local K={} for i=1,#KEYS do K[KEYS[i]]=true end
local function known(k) if type(k)=='number' then k=string.format('%.17g',k) end return K[k] end
local W={${DATABASE_WIDE.map((name) => `${name}=true`).join(",")}}
local function check(c,p,...)
 if p==false then return nil end
 local n=select('#',...)
 if p==nil then
  if W[string.upper(tostring(c))] then return '${WHOLE_DATABASE}' end
  local keys=raw.pcall('COMMAND','GETKEYS',c,...)
  if not keys.err then for i=1,#keys do if not K[keys[i]] then return '${NOT_ALLOWED}' end end end
  return nil
 end
 local words={...} local last=p[2] if last<0 then last=n+1+last end
 for i=p[1],last,p[3] do if words[i] and not known(words[i]) then return '${NOT_ALLOWED}' end end
 return nil
end
`;

/**
 * A script for plain Redis that does what the given one does on Upstash, and answers `{calls, result}`, or
 * `{calls, false, error}` when it raises: the calls are what Upstash bills.
 *
 * The flag `allow-key-locking`, which plain Redis refuses, is taken out and enforced. Lines keep their numbers.
 */
export function wrapScript(script: string, table: CommandTable): string {
  const [shebang] = SHEBANG.exec(script) ?? [];
  const flags = flagsOf(shebang);
  const isEnforced = flags.includes(LOCKING_FLAG);
  const kept = flags.filter((flag) => flag !== LOCKING_FLAG);
  const guard = isEnforced
    ? `${CHECK} local P=${positionTable(script, table)}
       local function guard(c,...)
        local p=P[c]
        if p==true then if known((...)) then return nil end if (...)==nil then return nil end return '${NOT_ALLOWED}' end
        return check(c,p,...)
       end`
    : "";
  const refuse = (how: string): string =>
    isEnforced ? `local refused=guard(...) if refused then ${how} end` : "";
  const prelude = `
    local raw,calls=redis,0
    local redis,server=setmetatable({},{__index=redis}),nil
    do ${guard}
     redis.call=function(...) ${refuse("error({err=refused})")} calls=calls+1 return raw.call(...) end
     redis.pcall=function(...) ${refuse("return {err=refused}")} calls=calls+1 return raw.pcall(...) end
    end
    local function main()`;
  const body = shebang === undefined ? script : script.slice(shebang.length + 1);
  const ending = `
end
local ok,result=xpcall(main,function(raised) return raised end)
if ok then return {calls,result} end
return {calls,false,type(result)=='table' and result.err or 'ERR '..tostring(result)}`;
  const firstLine = keepShebang(shebang, kept);
  return `${firstLine}${prelude.replace(/\s*\n\s*/g, " ").trim()} ${shebang === undefined || firstLine !== "" ? "" : "\n"}${body}${ending}`;
}

function flagsOf(shebang: string | undefined): string[] {
  const [, list] = /\bflags=(\S*)/.exec(shebang ?? "") ?? [];
  return (list ?? "").split(",").filter((flag) => flag !== "");
}

/** A first line that only switched key locking on goes; any other stays, without that flag. */
function keepShebang(shebang: string | undefined, kept: string[]): string {
  if (shebang === undefined || (kept.length === 0 && shebang.includes(LOCKING_FLAG))) {
    return "";
  }
  return kept.length === 0 ? `${shebang}\n` : `#!lua flags=${kept.join(",")}\n`;
}
