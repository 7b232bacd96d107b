// Judges what azimage says of its objects by the code of other people's tools: kstatus, Flux's checks and expressions, and the
// Lua of Argo CD.
//
//	judge argocd FOLDER                  the scripts of FOLDER against the test data beside them
//	judge objects DUMP GITOPS TABLE      every object of a dump, as it stood at each transition
//	judge testdata DUMP FOLDER           writes the test data anew from a dump
package main

import (
	"fmt"
	"os"
)

// Problems that were found. A program that ends at the first one tells too little.
type problems struct{ count int }

func (p *problems) add(format string, arguments ...any) {
	p.count++
	if p.count <= 40 {
		fmt.Fprintf(os.Stderr, "   "+format+"\n", arguments...)
	}
}

func main() {
	var found problems
	var err error
	arguments := os.Args[1:]
	switch {
	case len(arguments) == 2 && arguments[0] == "argocd":
		err = judgeScripts(arguments[1], &found)
	case len(arguments) == 4 && arguments[0] == "objects":
		err = judgeObjects(arguments[1], arguments[2], arguments[3], &found)
	case len(arguments) == 3 && arguments[0] == "testdata":
		err = writeTestdata(arguments[1], arguments[2])
	default:
		err = fmt.Errorf("usage: judge argocd FOLDER | objects DUMP GITOPS TABLE | testdata DUMP FOLDER")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	if found.count > 0 {
		fmt.Fprintf(os.Stderr, "   %d problems\n", found.count)
		os.Exit(1)
	}
}
