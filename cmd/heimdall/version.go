package main

import (
	"encoding/json"
	"fmt"
	"runtime"

	"github.com/heimdall-sdr/heimdall"
)

// versionCmd prints the version.
type versionCmd struct {
	JSON bool `help:"Print JSON."`
}

func (c *versionCmd) Run(a *app) error {
	if c.JSON {
		return printJSON(a.stdout, map[string]string{"version": heimdall.Version, "go": runtime.Version(), "platform": runtime.GOOS + "/" + runtime.GOARCH})
	}
	fmt.Fprintf(a.stdout, "heimdall %s (%s, %s/%s)\n", heimdall.Version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return nil
}

// printJSON prints v as people and jq like it.
func printJSON(w interface{ Write([]byte) (int, error) }, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(v)
}
