package engine

import "github.com/prometheus/client_golang/prometheus"

// historyDescs are the sizes of a shard's journal on both sides of the seal.
type historyDescs struct{ sealed, journal, segments, records, disk, memory *prometheus.Desc }

func describeHistory(desc func(room, name, help string, labels ...string) *prometheus.Desc) historyDescs {
	return historyDescs{
		sealed:   desc("shard", "sealed_seq", "Sequence of the newest journal record that is in the history only.", "shard"),
		journal:  desc("shard", "journal_bytes", "Bytes of the journal records in memory.", "shard"),
		segments: desc("history", "segments", "Segments of the history.", "shard"),
		records:  desc("history", "records", "Records in the history.", "shard"),
		disk:     desc("history", "bytes", "Bytes of the history on disk.", "shard"),
		memory:   desc("history", "memory_bytes", "Bytes of memory for the filters and indexes of the history.", "shard"),
	}
}

func (d *historyDescs) describe(ch chan<- *prometheus.Desc) {
	for _, one := range []*prometheus.Desc{d.sealed, d.journal, d.segments, d.records, d.disk, d.memory} {
		ch <- one
	}
}

func (d *historyDescs) collect(gauge gaugeFunc, g *shardGroup, shard string) {
	sealed, _ := g.law.Sealed()
	_, bytes := g.law.Sealable(0)
	s := g.history.Stats()
	gauge(d.sealed, float64(sealed), shard)
	gauge(d.journal, float64(bytes), shard)
	gauge(d.segments, float64(s.Segments), shard)
	gauge(d.records, float64(s.Records), shard)
	gauge(d.disk, float64(s.Bytes), shard)
	gauge(d.memory, float64(s.Memory), shard)
}
