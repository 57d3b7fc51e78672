package engine

import (
	"strconv"
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/scrip-engine/scrip/raftstore"
	"github.com/scrip-engine/scrip/shard"
)

// collector reads what the rooms below know of themselves when it is scraped:
// sizes and queues cost nothing for being measured. It takes each slot's lock of
// a shard for the reading of a few lengths, one after the other, so Apply never
// waits longer than for that. Labels are the shard's number, the group's name and
// the table.
type collector struct {
	e *Engine

	mu     sync.RWMutex
	closed bool // guarded by mu

	codes, records, logical, live, budget, tables *prometheus.Desc
	filterKeys, filterFill, filterRate            *prometheus.Desc
	lag, queue                                    *prometheus.Desc
	diskFree, diskMark, fences, jobs, catalog     *prometheus.Desc
	clock                                         *prometheus.Desc
	history                                       historyDescs
}

func newCollector(e *Engine) *collector {
	desc := func(room, name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc(prometheus.BuildFQName("scrip", room, name), help, labels, nil)
	}
	return &collector{
		e:          e,
		codes:      desc("shard", "codes", "Codes ever issued, deleted ones included.", "shard"),
		records:    desc("shard", "journal_records", "Records in the journal.", "shard"),
		logical:    desc("shard", "logical_bytes", "Bytes that count against the budget, alike on every replica.", "shard"),
		live:       desc("shard", "arena_bytes", "Bytes of the arena in use.", "shard"),
		budget:     desc("shard", "budget_bytes", "Bytes above which growth is refused with capacity.", "shard"),
		tables:     desc("shard", "table_bytes", "Bytes of memory by table.", "shard", "table"),
		filterKeys: desc("filter", "keys", "Keys in the filter of codes, or a few fewer.", "shard"),
		filterFill: desc("filter", "fill_ratio", "Share of the filter's bits that are set, as a ratio from 0 to 1.", "shard"),
		filterRate: desc("filter", "false_positive_ratio",
			"Estimated ratio, from 0 to 1, of unknown codes that pass the filter; 1 while it is incomplete.", "shard"),
		lag: desc("engine", "replicated_time_lag_seconds",
			"Seconds from the newest applied stamp to this node's clock; grows while nothing is written.", "group"),
		queue:    desc("engine", "queue_commands", "Commands waiting to be proposed.", "group"),
		diskFree: desc("engine", "disk_free_bytes", "Bytes free on the disk of the data directory; 0 when not known."),
		diskMark: desc("engine", "disk_low_bytes", "Free bytes below which changes are refused with disk_full."),
		fences:   desc("engine", "pending_fences", "Fences that shards still owe: changes not acknowledged yet."),
		jobs:     desc("engine", "active_jobs", "Jobs that have not ended."),
		clock: desc("engine", "clock_ahead_seconds",
			"Seconds that the clock runs ahead of what the process has lived through; past 3600 changes are refused with clock_jump."),
		catalog: desc("catalog", "state_bytes", "Bytes of the catalog's state, about."),
		history: describeHistory(desc),
	}
}

// close ends the reading of what is about to be closed.
func (c *collector) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
}

// Describe implements prometheus.Collector.
func (c *collector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{c.codes, c.records, c.logical, c.live, c.budget, c.tables, c.filterKeys,
		c.filterFill, c.filterRate, c.lag, c.queue, c.diskFree, c.diskMark, c.fences, c.jobs, c.catalog, c.clock} {
		ch <- d
	}
	c.history.describe(ch)
}

// Collect implements prometheus.Collector.
func (c *collector) Collect(ch chan<- prometheus.Metric) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if c.closed {
		return
	}
	gauge := func(d *prometheus.Desc, value float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
	now := c.e.clock.UnixMilli()
	c.group(gauge, c.e.catLog.Status(), now)
	for _, g := range c.e.shards {
		c.group(gauge, g.log.Status(), now)
		c.shard(gauge, g)
	}
	gauge(c.diskFree, float64(c.e.disk.free.Load()))
	gauge(c.diskMark, float64(c.e.disk.mark))
	ahead, _ := c.e.stamper.look()
	gauge(c.clock, float64(ahead)/1000)
	v := c.e.catalog.View()
	gauge(c.fences, float64(len(v.PendingFences())))
	gauge(c.jobs, float64(len(v.ActiveJobs())))
	gauge(c.catalog, float64(v.Bytes()))
}

type gaugeFunc func(d *prometheus.Desc, value float64, labels ...string)

func (c *collector) group(gauge gaugeFunc, s raftstore.GroupStatus, now int64) {
	lag := 0.0
	if s.LastStamp > 0 {
		lag = max(0, float64(now-s.LastStamp)/1000)
	}
	gauge(c.lag, lag, s.Name)
	gauge(c.queue, float64(s.QueueCommands), s.Name)
}

func (c *collector) shard(gauge gaugeFunc, g *shardGroup) {
	label := strconv.Itoa(g.index)
	m := g.law.Memory()
	gauge(c.codes, float64(m.Codes), label)
	gauge(c.records, float64(m.Records), label)
	gauge(c.logical, float64(m.Logical), label)
	gauge(c.live, float64(m.Live), label)
	gauge(c.budget, float64(m.Budget), label)
	c.history.collect(gauge, g, label)
	for table, n := range tableBytes(&m) {
		gauge(c.tables, float64(n), label, table)
	}
	f := g.filter.f.Stats()
	gauge(c.filterKeys, float64(f.Keys), label)
	gauge(c.filterFill, f.Fill, label)
	gauge(c.filterRate, f.EstimatedFalsePositive, label)
}

// tableBytes is the memory of a shard by the name of the table.
func tableBytes(m *shard.Memory) map[string]int64 {
	t := &m.Tables
	return map[string]int64{"codes": t.Codes, "sides": t.Sides, "customers": t.Customers, "uses": t.Uses,
		"journal": t.Journal, "indexes": t.Indexes}
}
