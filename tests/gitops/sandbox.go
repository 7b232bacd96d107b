package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	lua "github.com/yuin/gopher-lua"
	luajson "layeh.com/gopher-json"
)

// How long Argo CD lets a script run.
const limit = time.Second

// The libraries that a script gets.
type libraries bool

const (
	// What a script from argocd-cm gets when Argo CD runs: the base, tables, packages, and of `os` the clock alone.
	atRunTime libraries = false
	// What the built-in scripts get, and those in Argo CD's own tests.
	open libraries = true
)

// Runs a script with the global `obj`, as Argo CD's util/lua does; what it returns, as JSON.
func run(script string, object map[string]any, with libraries) ([]byte, error) {
	state := lua.NewState(lua.Options{SkipOpenLibs: with == atRunTime})
	defer state.Close()
	for _, library := range []struct {
		name string
		open lua.LGFunction
	}{
		{lua.LoadLibName, lua.OpenPackage},
		{lua.BaseLibName, lua.OpenBase},
		{lua.TabLibName, lua.OpenTable},
		{lua.OsLibName, lua.OpenOs},
	} {
		call := lua.P{Fn: state.NewFunction(library.open), Protect: true}
		if err := state.CallByParam(call, lua.LString(library.name)); err != nil {
			return nil, err
		}
	}
	keepTheClock(state)
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	state.SetContext(ctx)
	state.SetGlobal("obj", value(state, object))
	if err := state.DoString(script); err != nil {
		return nil, err
	}
	returned := state.Get(-1)
	if returned.Type() != lua.LTTable {
		return nil, fmt.Errorf("the script returns no table but %s", returned.Type())
	}
	return luajson.Encode(returned)
}

// Of the library `os` Argo CD has two functions, which a script gets by `require`.
func keepTheClock(state *lua.LState) {
	whole := state.GetGlobal(lua.OsLibName).(*lua.LTable)
	clock := map[string]lua.LValue{"time": whole.RawGetString("time"), "date": whole.RawGetString("date")}
	state.SetGlobal(lua.OsLibName, lua.LNil)
	loaded := state.GetField(state.Get(lua.RegistryIndex), "_LOADED")
	state.SetField(loaded, lua.OsLibName, lua.LNil)
	state.PreloadModule(lua.OsLibName, func(state *lua.LState) int {
		module := state.NewTable()
		for name, function := range clock {
			module.RawSetString(name, function)
		}
		state.Push(module)
		return 1
	})
}

func value(state *lua.LState, any_ any) lua.LValue {
	switch it := any_.(type) {
	case bool:
		return lua.LBool(it)
	case string:
		return lua.LString(it)
	case float64:
		return lua.LNumber(it)
	case int64:
		return lua.LNumber(it)
	case []any:
		table := state.CreateTable(len(it), 0)
		for _, item := range it {
			table.Append(value(state, item))
		}
		return table
	case map[string]any:
		table := state.CreateTable(0, len(it))
		for key, item := range it {
			table.RawSetString(key, value(state, item))
		}
		return table
	default:
		return lua.LNil
	}
}

// Health as Argo CD shows it.
type health struct {
	Status  string `json:"status"`
	Message string `json:"message,omitempty"`
}

// What a script says of an object. Argo CD asks none of an object that is being deleted.
func healthOf(script string, object map[string]any, with libraries) (health, error) {
	var said health
	if isDeleting(object) {
		return health{Status: "Progressing", Message: "Pending deletion"}, nil
	}
	text, err := run(script, object, with)
	if err != nil {
		return said, err
	}
	return said, json.Unmarshal(text, &said)
}
