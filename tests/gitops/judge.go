package main

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"sort"
	"strings"
)

// What kstatus says of an object of a test, from its first moment to its last: by scenario or namespace, then by kind and name.
type table map[string]map[string][]string

func judgeObjects(dump, gitops, tablePath string, found *problems) error {
	all, err := readDump(dump)
	if err != nil {
		return err
	}
	scripts, err := readScripts(gitops)
	if err != nil {
		return err
	}
	gates, err := readGates(filepath.Join(gitops, "flux"))
	if err != nil {
		return err
	}
	var wanted table
	if err := readYAML(tablePath, &wanted); err != nil {
		return err
	}
	classes := map[string]int{}
	lives := table{}
	for _, it := range all {
		classes[it.kind()+" "+string(classOf(it.object))]++
		where := fmt.Sprintf("%s: %s %s (%s)", it.scenario, it.kind(), it.name(), classOf(it.object))
		said, err := kstatusOf(it.object)
		if err != nil {
			found.add("%s: kstatus: %v", where, err)
		}
		lives.note(it, said)
		judgeObject(it, where, said, scripts, gates, found)
	}
	judgeTable(wanted, lives, found)
	judgeBareObjects(gates, found)
	judgeTestdata(gitops, all, classes, found)
	fmt.Printf("   %d objects of %d namespaces; the lives of those of %d tests are as the table has them\n", len(all), len(lives), len(wanted))
	var counts []string
	for name, count := range classes {
		counts = append(counts, fmt.Sprintf("%s %d", name, count))
	}
	sort.Strings(counts)
	fmt.Printf("   %s\n", strings.Join(counts, ", "))
	return nil
}

func readScripts(gitops string) (map[string]string, error) {
	paths, err := filepath.Glob(filepath.Join(gitops, "argocd", "azimage.dev", "*", "health.lua"))
	if err != nil {
		return nil, err
	}
	scripts := map[string]string{}
	for _, path := range paths {
		script, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		scripts[filepath.Base(filepath.Dir(path))] = string(script)
	}
	return scripts, nil
}

// Every tool has to say what the object's class calls for.
func judgeObject(it seen, where, kstatus string, scripts map[string]string, gates []gate, found *problems) {
	verdict, known := verdicts[classOf(it.object)]
	if !known {
		found.add("%s: no tool can tell how it is: %v", where, it.object["status"])
		return
	}
	allowed := false
	for _, one := range verdict.kstatus {
		allowed = allowed || one == kstatus
	}
	if !allowed {
		found.add("%s: kstatus says %s, and not %s", where, kstatus, strings.Join(verdict.kstatus, " or "))
	}
	for _, problem := range fluxProblems(it.object) {
		found.add("%s: Flux: %s", where, problem)
	}
	script, ok := scripts[it.kind()]
	if !ok {
		found.add("%s: Argo CD has no script for it", where)
		return
	}
	said, err := healthOf(script, it.object, atRunTime)
	if wanted := expectedHealth(it.object); err != nil || said != wanted {
		found.add("%s: Argo CD says %+v %v, and not %+v", where, said, err, wanted)
	}
	for _, gate := range gates {
		wanted, err := expectedOf(gate.name, it.object)
		if err != nil {
			found.add("%v", err)
			continue
		}
		said, err := gate.says(it.object)
		if err != nil || said != wanted {
			found.add("%s: %s says %s %v, and not %s", where, gate.name, said, err, wanted)
		}
	}
}

// Objects as no watch shows them for long: nothing may take them for finished, nor fail.
func judgeBareObjects(gates []gate, found *problems) {
	for _, kind := range []string{"ImageVersion", "ReplicationTarget", "ImageDefinition"} {
		object := func(status map[string]any) map[string]any {
			return map[string]any{
				"apiVersion": "azimage.dev/v1alpha1", "kind": kind, "status": status,
				"metadata": map[string]any{"name": "web", "namespace": "images", "generation": int64(1)},
			}
		}
		for _, gate := range gates {
			said, err := gate.says(object(map[string]any{"observedGeneration": int64(-1)}))
			if err != nil || said != "InProgress" {
				found.add("%s: of a fresh %s: %s %v", gate.name, kind, said, err)
			}
			if _, ok := gate.evaluators[kind]; !ok {
				continue
			}
			// A gate that only wants to see the object looked at has nothing to wait for.
			said, err = gate.says(object(map[string]any{"observedGeneration": int64(1)}))
			wanted, _ := expectedOf(gate.name, object(map[string]any{"observedGeneration": int64(1)}))
			if err != nil || said != wanted {
				found.add("%s: of a %s without conditions: %s %v, and not %s", gate.name, kind, said, err, wanted)
			}
		}
	}
}

func (lives table) note(it seen, said string) {
	if lives[it.namespace] == nil {
		lives[it.namespace] = map[string][]string{}
	}
	key := it.kind() + "/" + it.name()
	life := lives[it.namespace][key]
	if len(life) == 0 || life[len(life)-1] != said {
		lives[it.namespace][key] = append(life, said)
	}
}

func judgeTable(wanted, lives table, found *problems) {
	tried := map[string]bool{}
	for namespace, there := range lives {
		scenario := unique.ReplaceAllString(namespace, "")
		tried[scenario] = true
		for object, life := range wanted[scenario] {
			if !reflect.DeepEqual(there[object], life) {
				found.add("%s: kstatus says of %s %v, and not %v", namespace, object, there[object], life)
			}
		}
	}
	for scenario := range wanted {
		if !tried[scenario] {
			found.add("there are no objects of the test %s", scenario)
		}
	}
}
