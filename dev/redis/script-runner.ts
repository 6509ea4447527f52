import { lauxlib, lua, lualib, to_luastring } from "fengari";
import type { LuaState } from "fengari";
import { fieldText, pushReply, readArguments, readReply } from "./lua-values.ts";
import { RedisError } from "./reply.ts";
import type { Reply } from "./reply.ts";

const libraries = {
  _G: lualib.luaopen_base,
  math: lualib.luaopen_math,
  string: lualib.luaopen_string,
  table: lualib.luaopen_table,
};

// Redis speaks Lua 5.1, fengari 5.3.
const compatibility = "unpack = table.unpack; dofile, loadfile, print = nil, nil, nil";

/**
 * Runs Lua scripts against `call`. Whole numbers within 32 bits are integers here and wrap on overflow,
 * which Redis's doubles do not: a sliding window may have twelve days, a bucket 24 days to fill up.
 */
export class ScriptRunner {
  readonly #L = lauxlib.luaL_newstate();
  readonly #compiled = new Map<string, number>();
  readonly #call: (words: string[]) => Reply;

  constructor(call: (words: string[]) => Reply) {
    this.#call = call;
    const L = this.#L;
    for (const [name, open] of Object.entries(libraries)) {
      lauxlib.luaL_requiref(L, to_luastring(name), open, true);
      lua.lua_pop(L, 1);
    }
    lauxlib.luaL_loadstring(L, to_luastring(compatibility));
    lua.lua_call(L, 0, 0);
    this.#defineRedis();
  }

  /** @throws RedisError of the script, or of a command it called */
  run(source: string, keys: string[], args: string[]): Reply {
    const L = this.#L;
    setGlobal(L, "KEYS", keys);
    setGlobal(L, "ARGV", args);
    lua.lua_rawgeti(L, lua.LUA_REGISTRYINDEX, this.#compile(source));
    try {
      if (lua.lua_pcall(L, 0, 1, 0) !== lua.LUA_OK) throw new RedisError(errorText(L));
      const reply = readReply(L, -1);
      if (reply instanceof RedisError) throw reply;
      return reply;
    } finally {
      lua.lua_settop(L, 0);
    }
  }

  #compile(source: string): number {
    const known = this.#compiled.get(source);
    if (known !== undefined) return known;
    const L = this.#L;
    if (lauxlib.luaL_loadstring(L, to_luastring(source)) !== lua.LUA_OK) {
      const message = errorText(L);
      lua.lua_settop(L, 0);
      throw new RedisError(`ERR Error compiling script (new function): ${message}`);
    }
    const reference = lauxlib.luaL_ref(L, lua.LUA_REGISTRYINDEX);
    this.#compiled.set(source, reference);
    return reference;
  }

  #defineRedis(): void {
    const L = this.#L;
    const functions: Record<string, (L: LuaState) => number> = {
      call: (state) => this.#callFromLua(state, true),
      pcall: (state) => this.#callFromLua(state, false),
      error_reply: (state) => pushRecord(state, "err"),
      status_reply: (state) => pushRecord(state, "ok"),
    };
    lua.lua_createtable(L, 0, 4);
    for (const [name, fn] of Object.entries(functions)) {
      lua.lua_pushcfunction(L, fn);
      lua.lua_setfield(L, -2, to_luastring(name));
    }
    lua.lua_setglobal(L, to_luastring("redis"));
  }

  #callFromLua(L: LuaState, raises: boolean): number {
    let reply: Reply;
    try {
      reply = this.#call(readArguments(L));
    } catch (error) {
      if (!(error instanceof RedisError)) throw error;
      reply = error;
    }
    pushReply(L, reply);
    return raises && reply instanceof RedisError ? lua.lua_error(L) : 1;
  }
}

/** `redis.error_reply(text)` and `redis.status_reply(text)`: a table with that one field. */
function pushRecord(L: LuaState, field: string): number {
  lua.lua_createtable(L, 0, 1);
  lua.lua_pushvalue(L, 1);
  lua.lua_setfield(L, -2, to_luastring(field));
  return 1;
}

function setGlobal(L: LuaState, name: string, values: string[]): void {
  pushReply(L, values);
  lua.lua_setglobal(L, to_luastring(name));
}

function errorText(L: LuaState): string {
  if (lua.lua_type(L, -1) === lua.LUA_TTABLE) return fieldText(L, -1, "err") ?? "ERR unknown error";
  return `ERR ${lua.lua_tojsstring(L, -1)}`;
}
