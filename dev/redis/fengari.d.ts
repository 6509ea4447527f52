/** The part of fengari's Lua C API that the script runner uses. */
declare module "fengari" {
  export type LuaState = { readonly brand: "LuaState" };
  export type LuaString = Uint8Array;

  export const lua: {
    readonly LUA_OK: 0;
    readonly LUA_REGISTRYINDEX: number;
    readonly LUA_TBOOLEAN: 1;
    readonly LUA_TNUMBER: 3;
    readonly LUA_TSTRING: 4;
    readonly LUA_TTABLE: 5;
    lua_call(L: LuaState, argCount: number, resultCount: number): void;
    lua_createtable(L: LuaState, arraySize: number, recordSize: number): void;
    lua_error(L: LuaState): never;
    lua_getfield(L: LuaState, index: number, name: LuaString): number;
    lua_gettop(L: LuaState): number;
    lua_pcall(L: LuaState, argCount: number, resultCount: number, handler: number): number;
    lua_pop(L: LuaState, count: number): void;
    lua_pushboolean(L: LuaState, value: boolean): void;
    lua_pushcfunction(L: LuaState, fn: (L: LuaState) => number): void;
    lua_pushinteger(L: LuaState, value: number): void;
    lua_pushnil(L: LuaState): void;
    lua_pushnumber(L: LuaState, value: number): void;
    lua_pushstring(L: LuaState, value: LuaString): void;
    lua_pushvalue(L: LuaState, index: number): void;
    lua_rawgeti(L: LuaState, index: number, position: number): number;
    lua_rawseti(L: LuaState, index: number, position: number): void;
    lua_setfield(L: LuaState, index: number, name: LuaString): void;
    lua_setglobal(L: LuaState, name: LuaString): void;
    lua_settop(L: LuaState, index: number): void;
    lua_toboolean(L: LuaState, index: number): boolean;
    lua_tojsstring(L: LuaState, index: number): string;
    lua_tonumber(L: LuaState, index: number): number;
    lua_type(L: LuaState, index: number): number;
  };

  export const lauxlib: {
    luaL_loadstring(L: LuaState, source: LuaString): number;
    luaL_newstate(): LuaState;
    luaL_ref(L: LuaState, table: number): number;
    luaL_requiref(L: LuaState, name: LuaString, open: (L: LuaState) => number, isGlobal: boolean): void;
  };

  export const lualib: {
    luaopen_base(L: LuaState): number;
    luaopen_math(L: LuaState): number;
    luaopen_string(L: LuaState): number;
    luaopen_table(L: LuaState): number;
  };

  export function to_luastring(text: string): LuaString;
}
