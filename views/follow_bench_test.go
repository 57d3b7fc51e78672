package views

import (
	"context"
	"encoding/binary"
	"math/rand/v2"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/scrip-engine/scrip/coupon"
	"github.com/scrip-engine/scrip/shard"
)

// benchRecords is enough for the store to flush and compact many times.
const benchRecords = 300_000

// BenchmarkFollowOnDisk is what the views take from a node: CPU of the whole
// process for each record, on a real file system, until the last compaction has
// ended. hot is one code without a customer; unique are codes that are used once,
// each with an order, by 100,000 customers. A backlog is followed in large
// batches; live records come 256 at a time, as groups of them are committed.
//
//	go test ./views -run '^$' -bench FollowOnDisk -benchtime 1x
func BenchmarkFollowOnDisk(b *testing.B) {
	for _, load := range []struct {
		name string
		make func(seq uint64, rec *shard.Record)
	}{{"hot", hotRecord}, {"unique", uniqueRecord}} {
		for _, arrival := range []struct {
			name  string
			group uint64
		}{{"backlog", benchRecords}, {"live", 256}} {
			b.Run(load.name+"/"+arrival.name, func(b *testing.B) {
				for b.Loop() {
					followOnDisk(b, load.make, arrival.group)
				}
			})
		}
	}
}

func followOnDisk(b *testing.B, record func(uint64, *shard.Record), group uint64) {
	src := &madeJournal{record: record}
	v, err := Open(Config{FS: vfs.Default, Dir: b.TempDir(), Sources: []Source{src}})
	if err != nil {
		b.Fatal(err)
	}
	defer closeViews(b, v)
	before := processCPU(b)
	for src.last.Load() < benchRecords {
		last := src.last.Add(group)
		v.Notify(0)
		if err := v.WaitFor(context.Background(), 0, last); err != nil {
			b.Fatal(err)
		}
	}
	following := processCPU(b) - before
	if err := v.db.Flush(); err != nil {
		b.Fatal(err)
	}
	for m := v.db.Metrics(); m.Compact.NumInProgress > 0; m = v.db.Metrics() {
		<-time.After(10 * time.Millisecond)
	}
	all := processCPU(b) - before
	m := v.db.Metrics()
	b.ReportMetric(float64(following.Nanoseconds())/float64(src.last.Load()), "follow-ns/record")
	b.ReportMetric(float64(all.Nanoseconds())/float64(src.last.Load()), "cpu-ns/record")
	b.ReportMetric(float64(m.DiskSpaceUsage())/float64(src.last.Load()), "disk-B/record")
	total := m.Total()
	b.ReportMetric(float64(total.TableBytesFlushed+total.TableBytesCompacted)/float64(src.last.Load()), "written-B/record")
}

// processCPU is the time that all threads have had, in user and kernel mode.
func processCPU(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// madeJournal makes its records when they are read, so that a shard's own work is
// not measured.
type madeJournal struct {
	record func(seq uint64, rec *shard.Record)
	last   atomic.Uint64
}

func (j *madeJournal) LastSeq() uint64 { return j.last.Load() }

func (j *madeJournal) Record(seq uint64, rec *shard.Record) bool {
	if seq == 0 || seq > j.last.Load() {
		return false
	}
	tail := rec.Tail[:0]
	*rec = shard.Record{Kind: shard.KindRedeem, Seq: seq, Stamp: 1_700_000_000_000 + int64(seq/20), Project: 1, Campaign: 1,
		Order: 10_000, Applied: 500, Uses: 1, Tail: tail}
	j.record(seq, rec)
	return true
}

func (j *madeJournal) Event(coupon.ID, *shard.Record) bool                { return false }
func (j *madeJournal) Place(uint32) (slot uint16, inSlot uint32, ok bool) { return 0, 0, false }
func (j *madeJournal) Look(_ *shard.Query, l *shard.Look)                 { l.View = shard.CodeView{} }

func hotRecord(seq uint64, rec *shard.Record) {
	rec.ID = coupon.ID{Slot: 7, Seq: seq}
}

func uniqueRecord(seq uint64, rec *shard.Record) {
	mixed := rand.NewPCG(seq, 1).Uint64()
	slot := uint16(mixed % coupon.Slots)
	rec.ID, rec.Ordinal = coupon.ID{Slot: slot, Seq: seq}, uint32(seq)
	customer := mixed >> 32 % 100_000
	rec.Customer = coupon.ID{Slot: uint16(customer % coupon.Slots), Seq: 1 + customer}
	var order [8]byte
	binary.BigEndian.PutUint64(order[:], seq)
	rec.Tail = shard.AppendTail(rec.Tail, shard.TagOrderSource, order[:])
}
