package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"time"

	"sigs.k8s.io/yaml"
)

// health_test.yaml of Argo CD.
type healthTests struct {
	Tests []healthTest `json:"tests"`
}

type healthTest struct {
	HealthStatus health `json:"healthStatus"`
	InputPath    string `json:"inputPath"`
}

// action_test.yaml of Argo CD.
type actionTests struct {
	DiscoveryTests []discoveryTest `json:"discoveryTests"`
	ActionTests    []actionTest    `json:"actionTests"`
}

type discoveryTest struct {
	InputPath string       `json:"inputPath"`
	Result    []discovered `json:"result"`
}

type discovered struct {
	Name     string `json:"name"`
	Disabled bool   `json:"disabled"`
}

type actionTest struct {
	Action             string `json:"action"`
	InputPath          string `json:"inputPath"`
	ExpectedOutputPath string `json:"expectedOutputPath"`
}

// Argo CD's clock, which changes an action's result.
var when = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$`)

const requested, someTime = "azimage.dev/reconcile-requested-at", "0001-01-01T00:00:00Z"

func judgeScripts(folder string, found *problems) error {
	if err := judgeSandbox(found); err != nil {
		return err
	}
	kinds, err := filepath.Glob(filepath.Join(folder, "azimage.dev", "*"))
	if err != nil || len(kinds) == 0 {
		return fmt.Errorf("there are no kinds in %s: %w", folder, err)
	}
	count := 0
	for _, kind := range kinds {
		tried, err := judgeKind(kind, found)
		if err != nil {
			return fmt.Errorf("%s: %w", kind, err)
		}
		count += tried
	}
	if err := judgeConfigMap(folder, kinds, found); err != nil {
		return err
	}
	fmt.Printf("   %d kinds, %d cases, with the libraries that Argo CD has at run time and with all\n", len(kinds), count)
	return nil
}

// The sandbox of these tests has to refuse what Argo CD's refuses, or it shows nothing.
func judgeSandbox(found *problems) error {
	object := map[string]any{"kind": "ImageVersion"}
	for _, script := range []string{
		`return {status = string.format("%s", "Healthy")}`, `return {status = obj.kind:upper()}`,
		`return {status = tostring(math.floor(1.5))}`, `return {status = os.date("%Y")}`,
		`return {status = require("os").getenv("HOME")}`, `io.open("/etc/passwd") return {}`,
	} {
		if _, err := run(script, object, atRunTime); err == nil {
			found.add("the sandbox lets this pass: %s", script)
		}
	}
	if _, err := run(`return {status = string.format("%s", "Healthy")}`, object, open); err != nil {
		found.add("with all libraries string.format should work: %v", err)
	}
	if _, err := run(`return {status = require("os").date("!%Y")}`, object, atRunTime); err != nil {
		found.add("the sandbox should have a clock: %v", err)
	}
	began := time.Now()
	if _, err := run(`while true do end`, object, atRunTime); err == nil || time.Since(began) > 3*limit {
		found.add("a script without end should be ended after %s: %v", limit, err)
	}
	return nil
}

func judgeKind(folder string, found *problems) (int, error) {
	script, err := os.ReadFile(filepath.Join(folder, "health.lua"))
	if err != nil {
		return 0, err
	}
	var tests healthTests
	if err := readYAML(filepath.Join(folder, "health_test.yaml"), &tests); err != nil {
		return 0, err
	}
	count := 0
	for _, test := range tests.Tests {
		object, err := readObject(filepath.Join(folder, test.InputPath))
		if err != nil {
			return 0, err
		}
		for _, with := range []libraries{atRunTime, open} {
			said, err := healthOf(string(script), object, with)
			if err != nil || said != test.HealthStatus {
				found.add("%s: %s: %+v %v, and not %+v", folder, test.InputPath, said, err, test.HealthStatus)
			}
			count++
		}
	}
	tried, err := judgeActions(filepath.Join(folder, "actions"), found)
	return count + tried, err
}

func judgeActions(folder string, found *problems) (int, error) {
	discovery, err := os.ReadFile(filepath.Join(folder, "discovery.lua"))
	if err != nil {
		return 0, err
	}
	var tests actionTests
	if err := readYAML(filepath.Join(folder, "action_test.yaml"), &tests); err != nil {
		return 0, err
	}
	count := 0
	for _, with := range []libraries{atRunTime, open} {
		for _, test := range tests.DiscoveryTests {
			object, err := readObject(filepath.Join(folder, test.InputPath))
			if err != nil {
				return 0, err
			}
			text, err := run(string(discovery), object, with)
			said := map[string]discovered{}
			if err == nil {
				err = json.Unmarshal(text, &said)
			}
			wanted := map[string]discovered{}
			for _, it := range test.Result {
				wanted[it.Name] = discovered{Disabled: it.Disabled}
			}
			if err != nil || !reflect.DeepEqual(said, wanted) {
				found.add("%s: %s: %+v %v, and not %+v", folder, test.InputPath, said, err, wanted)
			}
			count++
		}
		for _, test := range tests.ActionTests {
			if err := judgeAction(folder, test, with, found); err != nil {
				return 0, err
			}
			count++
		}
	}
	return count, nil
}

func judgeAction(folder string, test actionTest, with libraries, found *problems) error {
	script, err := os.ReadFile(filepath.Join(folder, test.Action, "action.lua"))
	if err != nil {
		return err
	}
	object, err := readObject(filepath.Join(folder, test.InputPath))
	if err != nil {
		return err
	}
	wanted, err := readObject(filepath.Join(folder, test.ExpectedOutputPath))
	if err != nil {
		return err
	}
	text, err := run(string(script), object, with)
	said := map[string]any{}
	if err == nil {
		err = json.Unmarshal(text, &said)
	}
	if annotations, ok := said["metadata"].(map[string]any)["annotations"].(map[string]any); ok {
		if at, ok := annotations[requested].(string); ok && when.MatchString(at) {
			annotations[requested] = someTime
		}
	}
	if err != nil || !reflect.DeepEqual(comparable_(said), comparable_(wanted)) {
		found.add("%s: %s of %s: not %s (%v): %s", folder, test.Action, test.InputPath, test.ExpectedOutputPath, err, text)
	}
	return nil
}

// The objects as Argo CD compares them: Lua knows no whole numbers, and can't tell an empty list from an empty object.
func comparable_(it any) any {
	switch it := it.(type) {
	case map[string]any:
		all := map[string]any{}
		for key, value := range it {
			if value = comparable_(value); value != nil {
				all[key] = value
			}
		}
		if len(all) == 0 {
			return nil
		}
		return all
	case []any:
		var all []any
		for _, value := range it {
			all = append(all, comparable_(value))
		}
		if len(all) == 0 {
			return nil
		}
		return all
	case int64:
		return float64(it)
	default:
		return it
	}
}

// What argocd-cm.yaml tells Argo CD has to be what was judged.
func judgeConfigMap(folder string, kinds []string, found *problems) error {
	var patch struct {
		Data map[string]string `json:"data"`
	}
	if err := readYAML(filepath.Join(folder, "argocd-cm.yaml"), &patch); err != nil {
		return err
	}
	keys := 0
	for _, kind := range kinds {
		name := filepath.Base(kind)
		same := func(said string, file string) {
			text, err := os.ReadFile(filepath.Join(kind, file))
			if err != nil || strings.TrimSpace(said) != strings.TrimSpace(string(text)) {
				found.add("argocd-cm.yaml: %s of %s isn't that of the file: %v", file, name, err)
			}
		}
		same(patch.Data["resource.customizations.health.azimage.dev_"+name], "health.lua")
		var actions struct {
			Discovery   string `json:"discovery.lua"`
			Definitions []struct {
				Name   string `json:"name"`
				Action string `json:"action.lua"`
			} `json:"definitions"`
		}
		err := yaml.UnmarshalStrict([]byte(patch.Data["resource.customizations.actions.azimage.dev_"+name]), &actions)
		if err != nil {
			return err
		}
		same(actions.Discovery, "actions/discovery.lua")
		for _, it := range actions.Definitions {
			same(it.Action, filepath.Join("actions", it.Name, "action.lua"))
		}
		there, _ := filepath.Glob(filepath.Join(kind, "actions", "*", "action.lua"))
		if len(there) != len(actions.Definitions) {
			found.add("argocd-cm.yaml: %s has %d actions, and %d files", name, len(actions.Definitions), len(there))
		}
		keys += 2
	}
	if len(patch.Data) != keys {
		found.add("argocd-cm.yaml has %d keys, and not %d", len(patch.Data), keys)
	}
	return nil
}

func readYAML(path string, into any) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := yaml.UnmarshalStrict(text, into); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

func readObject(path string) (map[string]any, error) {
	var object map[string]any
	return object, readYAML(path, &object)
}
