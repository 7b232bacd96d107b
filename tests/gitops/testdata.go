package main

import (
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/json"
	"sigs.k8s.io/yaml"
)

const written = "# Written by `tests/gitops/run testdata` from what the end-to-end tests saw on a real API server. Do not edit.\n"

type example struct {
	kind  string
	class class
}

// Writes an object of each kind and class, and what is expected of it, in the layout of Argo CD.
func writeTestdata(dump, folder string) error {
	all, err := readDump(dump)
	if err != nil {
		return err
	}
	chosen := map[example]map[string]any{}
	for _, it := range all {
		of := example{it.kind(), classOf(it.object)}
		if _, there := chosen[of]; !there {
			chosen[of] = it.object
		}
	}
	kinds := map[string][]example{}
	for of := range chosen {
		kinds[of.kind] = append(kinds[of.kind], of)
	}
	for kind, examples := range kinds {
		sort.Slice(examples, func(i, j int) bool { return examples[i].class < examples[j].class })
		place := filepath.Join(folder, "azimage.dev", kind)
		var tests healthTests
		for _, of := range examples {
			object := chosen[of]
			unstructured.RemoveNestedField(object, "metadata", "managedFields")
			name := filepath.Join("testdata", string(of.class)+".yaml")
			// Argo CD asks no script about an object that is being deleted.
			if of.class == deleting {
				continue
			}
			if err := write(filepath.Join(place, name), object); err != nil {
				return err
			}
			tests.Tests = append(tests.Tests, healthTest{expectedHealth(object), name})
		}
		if err := write(filepath.Join(place, "health_test.yaml"), tests); err != nil {
			return err
		}
		if err := writeActions(filepath.Join(place, "actions"), kind, chosen); err != nil {
			return err
		}
	}
	return nil
}

func writeActions(place, kind string, chosen map[example]map[string]any) error {
	initial, there := chosen[example{kind, ready}]
	if !there {
		return fmt.Errorf("no %s was ready", kind)
	}
	changed := func(change func(object map[string]any) error) map[string]any {
		object := unstructured.Unstructured{Object: initial}
		copied := object.DeepCopy().Object
		if err := change(copied); err != nil {
			panic(err)
		}
		return copied
	}
	suspend := func(value bool) map[string]any {
		return changed(func(object map[string]any) error {
			return unstructured.SetNestedField(object, value, "spec", "suspend")
		})
	}
	objects := map[string]map[string]any{
		"initial": initial,
		"reconciled": changed(func(object map[string]any) error {
			return unstructured.SetNestedField(object, someTime, "metadata", "annotations", requested)
		}),
	}
	at := func(name string) string { return filepath.Join("testdata", name+".yaml") }
	tests := actionTests{ActionTests: []actionTest{{"reconcile", at("initial"), at("reconciled")}}}
	if kind == "ReplicationTarget" {
		tests.DiscoveryTests = []discoveryTest{{at("initial"), []discovered{{"reconcile", false}}}}
	} else {
		objects["suspended"], objects["resumed"] = suspend(true), suspend(false)
		of := func(suspended bool) []discovered {
			return []discovered{{"reconcile", suspended}, {"suspend", suspended}, {"resume", !suspended}}
		}
		tests.DiscoveryTests = []discoveryTest{
			{at("initial"), of(false)}, {at("suspended"), of(true)}, {at("resumed"), of(false)},
		}
		tests.ActionTests = append(tests.ActionTests,
			actionTest{"suspend", at("initial"), at("suspended")}, actionTest{"resume", at("suspended"), at("resumed")})
	}
	for name, object := range objects {
		if err := write(filepath.Join(place, at(name)), object); err != nil {
			return err
		}
	}
	return write(filepath.Join(place, "action_test.yaml"), tests)
}

func write(path string, content any) error {
	text, err := yaml.Marshal(content)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, append([]byte(written), text...), 0o644)
}

// The test data has to be what a cluster shows today: an example of each class, and one with whose conditions an object was seen.
func judgeTestdata(gitops string, all []seen, classes map[string]int, found *problems) {
	there := map[string]bool{}
	paths, _ := filepath.Glob(filepath.Join(gitops, "argocd", "azimage.dev", "*", "testdata", "*.yaml"))
	for _, path := range paths {
		object, err := readWhole(path)
		if err != nil {
			found.add("%v", err)
			continue
		}
		there[text(object, "kind")+" "+string(classOf(object))] = true
		if !isUnderWay(object) && !isSeen(object, all) {
			found.add("%s: no object of the tests looks like this any more: run `tests/gitops/run testdata`", path)
		}
	}
	for of := range classes {
		if !there[of] && !strings.HasSuffix(of, " "+string(deleting)) {
			found.add("there is no test data for %s: run `tests/gitops/run testdata`", of)
		}
	}
}

// An object of the test data, with whole numbers.
func readWhole(path string) (map[string]any, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	text, err = yaml.YAMLToJSON(text)
	if err != nil {
		return nil, err
	}
	var object map[string]any
	return object, json.Unmarshal(text, &object)
}

// Whether how the object is passes by itself: then it depends on the moment whether a test sees it so.
func isUnderWay(object map[string]any) bool {
	class := classOf(object)
	return class == outdated || class == reconciling || class == retrying
}

// Whether an object of the same kind and class has all conditions of this one. It may have more, for newer fields.
func isSeen(object map[string]any, all []seen) bool {
	wanted, _, _ := unstructured.NestedSlice(object, "status", "conditions")
	for _, it := range all {
		if it.kind() != text(object, "kind") || classOf(it.object) != classOf(object) {
			continue
		}
		same := true
		for _, one := range wanted {
			one := one.(map[string]any)
			other := condition(it.object, one["type"].(string))
			same = same && other != nil && other["status"] == one["status"] && other["reason"] == one["reason"]
		}
		if same {
			return true
		}
	}
	return false
}
