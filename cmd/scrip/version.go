package main

import "runtime"

type versionCmd struct{}

func (c *versionCmd) Run(a *app) error {
	out := struct {
		Version string `json:"version"`
		Go      string `json:"go"`
		System  string `json:"system"`
	}{version, runtime.Version(), runtime.GOOS + "/" + runtime.GOARCH}
	return a.show(out, func(t *table) { t.row("scrip "+out.Version, out.Go, out.System) })
}
