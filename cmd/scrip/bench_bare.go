package main

import (
	"fmt"
	"net"

	"github.com/scrip-engine/scrip/bench"
)

// benchBareCmd serves the bare handler of bench, for whoever spawned it.
type benchBareCmd struct {
	Addr string `help:"Address." default:"127.0.0.1:0" placeholder:"HOST:PORT"`
}

// Run prints the address in a line, then serves until a signal.
func (c *benchBareCmd) Run(a *app) error {
	ln, err := net.Listen("tcp", c.Addr)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintln(a.out, ln.Addr()); err != nil {
		return err
	}
	return bench.ServeBare(a.ctx, ln)
}
