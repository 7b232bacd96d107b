package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	helm "github.com/fluxcd/helm-controller/api/v2"
	flux "github.com/fluxcd/kustomize-controller/api/v1"
	"github.com/fluxcd/pkg/runtime/cel"
	"github.com/fluxcd/pkg/runtime/conditions"
	"github.com/fluxcd/pkg/runtime/conditions/check"
	source "github.com/fluxcd/source-controller/api/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/yaml"
	yaml_ "sigs.k8s.io/yaml"
)

// What Flux's own checks, made for its controllers' tests, say against a status.
func fluxProblems(object map[string]any) (problems []string) {
	if number(object, "status", "observedGeneration") == -1 {
		// Nobody has looked at it: it has no conditions yet.
		return nil
	}
	kind := classOf(object)
	checker := check.NewChecker(nil, &check.Conditions{NegativePolarity: []string{"Stalled", "Reconciling"}})
	if kind == outdated || kind == deleting || isTrue(object, "Reconciling") {
		checker = check.NewInProgressChecker(nil)
	}
	checker.DisableFetch = true
	fail, warn := checker.Check(context.Background(), conditions.UnstructuredGetter(&unstructured.Unstructured{Object: object}))
	for _, it := range []error{fail, warn} {
		if it != nil {
			problems = append(problems, it.Error())
		}
	}
	return problems
}

func kstatusOf(object map[string]any) (string, error) {
	result, err := status.Compute(&unstructured.Unstructured{Object: object})
	if err != nil {
		return "", err
	}
	return result.Status.String(), nil
}

// What a Kustomization of the examples goes by: Flux's evaluator of each kind that it has expressions for.
type gate struct {
	name       string
	evaluators map[string]*cel.StatusEvaluator
}

// Reads the examples for Flux, each as the type that Flux has for it, without unknown fields.
func readGates(folder string) ([]gate, error) {
	paths, err := filepath.Glob(filepath.Join(folder, "*.yaml"))
	if err != nil || len(paths) == 0 {
		return nil, fmt.Errorf("there are no examples in %s: %w", folder, err)
	}
	var gates []gate
	for _, path := range paths {
		file, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		documents := yaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(file)))
		for {
			document, err := documents.Read()
			if err == io.EOF {
				break
			}
			if err != nil {
				return nil, fmt.Errorf("%s: %w", path, err)
			}
			one, err := readGate(filepath.Base(path), document)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", path, err)
			}
			gates = append(gates, one...)
		}
	}
	return gates, nil
}

func readGate(name string, document []byte) ([]gate, error) {
	var of struct {
		Kind string `json:"kind"`
	}
	if err := yaml_.Unmarshal(document, &of); err != nil {
		return nil, err
	}
	switch of.Kind {
	case "OCIRepository":
		return nil, yaml_.UnmarshalStrict(document, &source.OCIRepository{})
	case "HelmRelease":
		return nil, yaml_.UnmarshalStrict(document, &helm.HelmRelease{})
	case "Kustomization":
		var object flux.Kustomization
		if err := yaml_.UnmarshalStrict(document, &object); err != nil {
			return nil, err
		}
		it := gate{name, map[string]*cel.StatusEvaluator{}}
		for _, health := range object.Spec.HealthCheckExprs {
			if health.APIVersion != "azimage.dev/v1alpha1" {
				return nil, fmt.Errorf("expressions for another API: %s", health.APIVersion)
			}
			evaluator, err := cel.NewStatusEvaluator(&health.HealthCheckExpressions)
			if err != nil {
				return nil, err
			}
			it.evaluators[health.Kind] = evaluator
		}
		return []gate{it}, nil
	default:
		return nil, fmt.Errorf("the judge knows no type for the kind %q", of.Kind)
	}
}

// What the gate says of an object. Where it has no expressions Flux asks kstatus.
func (it gate) says(object map[string]any) (string, error) {
	evaluator, ok := it.evaluators[text(object, "kind")]
	if !ok || isDeleting(object) {
		return kstatusOf(object)
	}
	result, err := evaluator.Evaluate(context.Background(), &unstructured.Unstructured{Object: object})
	if err != nil {
		return "", err
	}
	return result.Status.String(), nil
}

// What a gate of the examples has to say of an object, in words of the example's purpose.
func expectedOf(gate string, object map[string]any) (string, error) {
	seenAsItIs := number(object, "status", "observedGeneration") == number(object, "metadata", "generation")
	latest := text(object, "status", "latest", "version") != ""
	published, stalled := isTrue(object, "Published"), isTrue(object, "Stalled")
	kind := text(object, "kind")
	by := func(there bool) string {
		switch {
		case isDeleting(object):
			return "Terminating"
		case !seenAsItIs:
			return "InProgress"
		case there:
			return "Current"
		case stalled:
			return "Failed"
		default:
			return "InProgress"
		}
	}
	switch {
	case gate == "images-in-home-region.yaml" && kind == "ImageVersion":
		return by(published), nil
	case gate == "images-in-home-region.yaml" && kind == "ReplicationTarget":
		return by(true), nil
	case gate == "images-served.yaml" && kind == "ImageDefinition":
		return by(latest), nil
	case gate == "images-served.yaml":
		return by(true), nil
	case gate == "images.yaml", gate == "images-in-home-region.yaml":
		return kstatusOf(object)
	default:
		return "", fmt.Errorf("the judge doesn't know what %s is for", gate)
	}
}
