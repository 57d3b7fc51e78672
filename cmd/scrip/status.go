package main

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/scrip-engine/scrip/engine"
	"github.com/scrip-engine/scrip/wire"
)

type statusCmd struct{ opsConnection }

// Run prints what the ops address says. A server that is not ready is told with
// its reasons and exit code 7.
func (c *statusCmd) Run(a *app) error {
	ctx, cancel := context.WithTimeout(a.ctx, opsTimeout)
	defer cancel()
	var s engine.Status
	if err := c.ask(ctx, http.MethodGet, "/status", nil, &s); err != nil {
		return err
	}
	if err := a.show(s, func(t *table) { showStatus(t, &s) }); err != nil {
		return err
	}
	if !s.Ready {
		e := wire.NewError(wire.KeyUnavailable, "not ready: "+strings.Join(s.Reasons, ", "))
		return &e
	}
	return nil
}

func showStatus(t *table, s *engine.Status) {
	t.field("Version", s.Version)
	t.field("Node", s.NodeID)
	t.field("Cluster", s.ClusterID)
	t.field("Up", s.Uptime.Round(time.Second))
	t.field("Ready", yesNo(s.Ready))
	t.field("Draining", yesNo(s.Draining))
	if s.Recovery != nil {
		t.field("Recovery", "restored to "+s.Recovery.At.String()+"; see serve --end-recovery")
	}
	t.field("Disk free", rounded(s.DiskFreeBytes)+", changes stop below "+byteSize(s.DiskLowBytes).String())
	t.field("Campaigns", s.Campaigns)
	t.field("Jobs", s.ActiveJobs)
	t.blank()
	t.row("GROUP", "STATE", "TERM", "COMMITTED", "APPLIED", "QUEUE", "LOG", "IMAGE")
	for _, g := range s.Groups {
		t.row(g.Name, g.State, g.Term, g.CommitIndex, g.Applied, g.Queue, rounded(uint64(max(g.LogBytes, 0))), g.ImageIndex)
	}
	t.blank()
	t.row("SHARD", "CODES", "RECORDS", "MEMORY", "BUDGET")
	for _, shard := range s.Shards {
		t.row(shard.Name, shard.Codes, shard.Records, rounded(uint64(max(shard.LogicalBytes, 0))), rounded(uint64(max(shard.BudgetBytes, 0))))
	}
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// rounded prints bytes in the largest unit of which there is at least one.
func rounded(n uint64) string {
	for _, u := range sizeUnits {
		if n >= u.bytes {
			return strconv.FormatUint(n/u.bytes, 10) + u.name
		}
	}
	return "0"
}
