import { lua, to_luastring } from "fengari";
import type { LuaState } from "fengari";
import { RedisError } from "./reply.ts";
import type { Reply } from "./reply.ts";

/** Pushes a reply as Redis converts it for Lua: nil is false, statuses and errors are tables. */
export function pushReply(L: LuaState, reply: Reply): void {
  if (reply === null) lua.lua_pushboolean(L, false);
  else if (typeof reply === "string") lua.lua_pushstring(L, to_luastring(reply));
  else if (typeof reply === "number") pushNumber(L, reply);
  else if (reply instanceof RedisError) pushRecord(L, "err", reply.message);
  else if (Array.isArray(reply)) pushArray(L, reply);
  else pushRecord(L, "ok", reply.ok);
}

/** Reads what a script returned: numbers lose their fraction, an array ends at its first nil. */
export function readReply(L: LuaState, index: number): Reply {
  const type = lua.lua_type(L, index);
  if (type === lua.LUA_TSTRING) return lua.lua_tojsstring(L, index);
  if (type === lua.LUA_TNUMBER) return Math.trunc(lua.lua_tonumber(L, index));
  if (type === lua.LUA_TBOOLEAN) return lua.lua_toboolean(L, index) ? 1 : null;
  return type === lua.LUA_TTABLE ? readTable(L, index) : null;
}

/** The arguments of a function called from Lua, as the words of a command. */
export function readArguments(L: LuaState): string[] {
  const words: string[] = [];
  for (let index = 1; index <= lua.lua_gettop(L); index++) {
    const type = lua.lua_type(L, index);
    if (type === lua.LUA_TNUMBER) words.push(String(lua.lua_tonumber(L, index)));
    else if (type === lua.LUA_TSTRING) words.push(lua.lua_tojsstring(L, index));
    else throw new RedisError("ERR Lua redis lib command arguments must be strings or integers");
  }
  return words;
}

export function fieldText(L: LuaState, index: number, name: string): string | undefined {
  const type = lua.lua_getfield(L, index, to_luastring(name));
  const text = type === lua.LUA_TSTRING ? lua.lua_tojsstring(L, -1) : undefined;
  lua.lua_pop(L, 1);
  return text;
}

function readTable(L: LuaState, index: number): Reply {
  const err = fieldText(L, index, "err");
  if (err !== undefined) return new RedisError(err);
  const ok = fieldText(L, index, "ok");
  if (ok !== undefined) return { ok };
  const items: Reply[] = [];
  while (lua.lua_rawgeti(L, index, items.length + 1) > 0) {
    items.push(readReply(L, lua.lua_gettop(L)));
    lua.lua_pop(L, 1);
  }
  lua.lua_pop(L, 1);
  return items;
}

/** Whole numbers print without a fraction only when they are Lua integers, which have 32 bits here. */
function pushNumber(L: LuaState, value: number): void {
  if (value === (value | 0)) lua.lua_pushinteger(L, value);
  else lua.lua_pushnumber(L, value);
}

function pushArray(L: LuaState, items: Reply[]): void {
  lua.lua_createtable(L, items.length, 0);
  items.forEach((item, index) => {
    pushReply(L, item);
    lua.lua_rawseti(L, -2, index + 1);
  });
}

function pushRecord(L: LuaState, field: string, text: string): void {
  lua.lua_createtable(L, 0, 1);
  lua.lua_pushstring(L, to_luastring(text));
  lua.lua_setfield(L, -2, to_luastring(field));
}
