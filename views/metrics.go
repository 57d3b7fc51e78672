package views

import (
	"strconv"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/scrip-engine/scrip/shard"
)

// collector reads what the followers know when it is asked: following costs
// nothing for being measured. The only label is the shard's number.
type collector struct {
	v                                     *Views
	lagRecords, lagSeconds, seq, bytes, n *prometheus.Desc
}

func newCollector(v *Views) *collector {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc(prometheus.BuildFQName("scrip", "views", name), help, labels, nil)
	}
	return &collector{
		v:          v,
		lagRecords: desc("lag_records", "Journal records that the views do not cover yet.", "shard"),
		lagSeconds: desc("lag_seconds", "Seconds of replicated time between the newest journal record and the newest that is covered.", "shard"),
		seq:        desc("watermark_seq", "Sequence of the newest journal record covered.", "shard"),
		bytes:      desc("disk_bytes", "Bytes of the views on disk."),
		n:          desc("rebuilds_total", "Rebuilds: times the views were deleted and built again."),
	}
}

// Describe implements prometheus.Collector.
func (c *collector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{c.lagRecords, c.lagSeconds, c.seq, c.bytes, c.n} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (c *collector) Collect(ch chan<- prometheus.Metric) {
	c.v.mu.RLock()
	defer c.v.mu.RUnlock()
	if c.v.closed || c.v.db == nil {
		return
	}
	gauge := func(d *prometheus.Desc, value float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
	for i, f := range c.v.followers {
		label := strconv.Itoa(i)
		seq, stamp := c.v.Watermark(i)
		records, millis := f.lag(seq, stamp)
		gauge(c.lagRecords, float64(records), label)
		gauge(c.lagSeconds, float64(millis)/1000, label)
		gauge(c.seq, float64(seq), label)
	}
	gauge(c.bytes, float64(c.v.db.Metrics().DiskSpaceUsage()))
	ch <- prometheus.MustNewConstMetric(c.n, prometheus.CounterValue, float64(c.v.rebuilds.Load()))
}

// lag is how far the view is behind the journal, in records and milliseconds.
func (f *follower) lag(seq uint64, stamp int64) (records uint64, millis int64) {
	last := f.src.LastSeq()
	var rec shard.Record
	if last <= seq || !f.src.Record(last, &rec) {
		return 0, 0
	}
	if seq == 0 {
		var oldest shard.Record
		if f.src.Record(1, &oldest) {
			stamp = oldest.Stamp
		}
	}
	return last - seq, rec.Stamp - stamp
}
