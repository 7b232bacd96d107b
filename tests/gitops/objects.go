package main

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/json"
)

// An object as it stood at one moment.
type seen struct {
	// The test, which is its namespace without what makes that unique; some tests have several namespaces.
	scenario  string
	namespace string
	object    map[string]any
}

var unique = regexp.MustCompile(`-[0-9a-f]{10}$`)

func readDump(folder string) ([]seen, error) {
	paths, err := filepath.Glob(filepath.Join(folder, "*.jsonl"))
	if err != nil {
		return nil, err
	}
	sort.Strings(paths)
	var all []seen
	for _, path := range paths {
		file, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		namespace := strings.TrimSuffix(filepath.Base(path), ".jsonl")
		scenario := unique.ReplaceAllString(namespace, "")
		lines := bufio.NewScanner(file)
		lines.Buffer(nil, 8<<20)
		for lines.Scan() {
			var object map[string]any
			// Whole numbers stay whole, as in Kubernetes' own clients.
			if err := json.Unmarshal(lines.Bytes(), &object); err != nil {
				return nil, fmt.Errorf("%s: %w", path, err)
			}
			all = append(all, seen{scenario, namespace, object})
		}
		if err := lines.Err(); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		file.Close()
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("there are no objects in %s: run the end-to-end tests with AZIMAGE_DUMP=%s", folder, folder)
	}
	return all, nil
}

func (it seen) kind() string { return text(it.object, "kind") }

func (it seen) name() string { return text(it.object, "metadata", "name") }

func text(object map[string]any, path ...string) string {
	found, _, _ := unstructured.NestedString(object, path...)
	return found
}

func number(object map[string]any, path ...string) int64 {
	found, _, _ := unstructured.NestedInt64(object, path...)
	return found
}

func isDeleting(object map[string]any) bool {
	return text(object, "metadata", "deletionTimestamp") != ""
}

func isSuspended(object map[string]any) bool {
	suspend, _, _ := unstructured.NestedBool(object, "spec", "suspend")
	return suspend
}

func condition(object map[string]any, kind string) map[string]any {
	all, _, _ := unstructured.NestedSlice(object, "status", "conditions")
	for _, it := range all {
		if it, ok := it.(map[string]any); ok && it["type"] == kind {
			return it
		}
	}
	return nil
}

func isTrue(object map[string]any, kind string) bool {
	return text(condition(object, kind), "status") == "True"
}

// What a tool has to tell apart. The order is the one in which it is decided.
type class string

const (
	deleting    class = "deleting"
	fresh       class = "fresh"
	outdated    class = "outdated"
	suspended   class = "suspended"
	stalled     class = "stalled"
	retrying    class = "retrying"
	reconciling class = "reconciling"
	idle        class = "idle"
	ready       class = "ready"
	unclear     class = "unclear"
)

func classOf(object map[string]any) class {
	observed := number(object, "status", "observedGeneration")
	switch {
	case isDeleting(object):
		return deleting
	case observed == -1:
		return fresh
	case observed != number(object, "metadata", "generation"):
		return outdated
	case isSuspended(object):
		return suspended
	case isTrue(object, "Stalled"):
		return stalled
	case isTrue(object, "Reconciling") && text(condition(object, "Ready"), "status") == "False":
		return retrying
	case isTrue(object, "Reconciling"):
		return reconciling
	case isTrue(object, "Ready") && text(condition(object, "Ready"), "reason") != "Succeeded":
		return idle
	case isTrue(object, "Ready"):
		return ready
	default:
		return unclear
	}
}

// What tools have to say of a class: Argo CD, and kstatus, which knows no suspension.
var verdicts = map[class]struct {
	argocd  string
	kstatus []string
}{
	deleting:    {"Progressing", []string{"Terminating"}},
	fresh:       {"Progressing", []string{"InProgress"}},
	outdated:    {"Progressing", []string{"InProgress"}},
	suspended:   {"Suspended", []string{"Failed", "Current"}},
	stalled:     {"Degraded", []string{"Failed"}},
	retrying:    {"Progressing", []string{"InProgress"}},
	reconciling: {"Progressing", []string{"InProgress"}},
	idle:        {"Healthy", []string{"Current"}},
	ready:       {"Healthy", []string{"Current"}},
}

// What Argo CD shows of an object. A suspended one is shown as such before azimage has seen it.
func expectedHealth(object map[string]any) health {
	kind := classOf(object)
	said := health{Status: verdicts[kind].argocd}
	switch {
	case kind == deleting:
		said.Message = "Pending deletion"
	case isSuspended(object):
		said = health{"Suspended", text(object, "kind") + " is suspended"}
	case kind == fresh || kind == outdated:
		said.Message = "Waiting for azimage to look at the object as it is now"
	default:
		said.Message = text(condition(object, "Ready"), "message")
	}
	return said
}
