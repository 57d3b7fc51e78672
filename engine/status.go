package engine

import (
	"github.com/scrip-engine/scrip/catalog"
	"github.com/scrip-engine/scrip/wire"
)

// Status is what an operator sees. It reads what is in memory and waits for
// nobody.
func (e *Engine) Status() Status {
	v := e.catalog.View()
	host := e.host.Status()
	ready, reasons := e.Ready()
	out := Status{
		Version: e.cfg.Version, NodeID: host.NodeID, ClusterID: host.ClusterID,
		Uptime: e.clock.Now().Sub(e.opened), Ready: ready, Reasons: reasons, Draining: e.draining.Load(),
		DiskFreeBytes: e.disk.free.Load(), DiskLowBytes: e.cfg.DiskLowBytes,
		CatalogIndex: v.Index(), ActiveJobs: len(v.ActiveJobs()),
		Campaigns: e.countCampaigns(v), Recovery: e.recovery,
	}
	for _, g := range host.Groups {
		s := GroupStatus{Name: g.Name, State: g.State, Term: g.Term, CommitIndex: g.CommitIndex, Applied: g.Applied,
			ActiveVersion: g.ActiveVersion, Time: wire.Time(g.LastStamp), Queue: g.QueueCommands, LogBytes: g.LogBytes}
		if n := len(g.Images); n > 0 {
			s.ImageIndex, s.ImageBytes = g.Images[0].Index, g.Images[0].Bytes
		}
		out.Groups = append(out.Groups, s)
	}
	for i, g := range e.shards {
		m := g.law.Memory()
		seq, _ := e.views.Watermark(i)
		out.Shards = append(out.Shards, ShardStatus{Name: g.name(), Codes: m.Codes, Records: m.Records,
			LogicalBytes: m.Logical, BudgetBytes: m.Budget, ViewSeq: seq, FilterFill: g.filter.f.Stats().Fill, TableBytes: tableBytes(&m)})
	}
	return out
}

func (e *Engine) countCampaigns(v catalog.View) (n int) {
	for _, p := range v.Projects() {
		n += v.ListCampaigns(catalog.Query[catalog.Campaign]{Project: p.Ordinal, Limit: 1}).Total
	}
	return n
}

// Ready reports whether requests can be served, and why not.
func (e *Engine) Ready() (bool, []string) {
	var why []string
	if e.draining.Load() {
		why = append(why, "draining")
	}
	if e.recovery != nil {
		why = append(why, "in recovery: restored to "+e.recovery.At.String())
	}
	for _, g := range e.host.Status().Groups {
		if !g.Ready {
			why = append(why, g.Name+": no leader has applied an entry of its term here")
		}
	}
	return len(why) == 0, why
}

// Live reports whether the process can still do its work: a storage failure ends
// it, so one that answers is alive.
func (e *Engine) Live() bool { return !e.host.Status().Failed }
