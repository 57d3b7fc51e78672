package views

import (
	"github.com/cockroachdb/pebble/v2"
)

// projector turns journal records into lists and counts. It belongs to one
// follower; all it does between begin and commit is one atomic write.
type projector struct {
	shard int
	src   Source
	db    *pebble.DB
	batch *pebble.Batch // indexed: a record sees what the one before it wrote
	cells cells
	mark  watermark
	key   []byte // scratch
	value []byte // scratch
}

func newProjector(shard int, src Source, db *pebble.DB, mark watermark) *projector {
	return &projector{shard: shard, src: src, db: db, mark: mark, cells: cells{rows: map[string]*cell{}}}
}

func (p *projector) begin() { p.batch = p.db.NewIndexedBatch() }

// end drops what was not committed.
func (p *projector) end() {
	_ = p.batch.Close() // of a committed or an abandoned batch: gives memory back, never fails on disk
	p.batch = nil
}

// commit writes everything and the watermark. Nothing is synced: what a crash
// takes is read again.
func (p *projector) commit() error {
	if err := p.cells.flush(p.batch); err != nil {
		return err
	}
	if p.mark.seq > 0 {
		if err := p.batch.Set(watermarkKey(p.shard), p.mark.appendTo(nil), nil); err != nil {
			return err
		}
	}
	return p.batch.Commit(pebble.NoSync)
}

// append adds a run at the end of a list and returns its first position.
func (p *projector) append(s scope, c class, r run) (int64, error) {
	p.key = appendList(p.key[:0], p.shard, s, c)
	list := len(p.key)
	p.key = append(p.key, partHead)
	h, err := edit[head](p, p.key)
	if err != nil {
		return 0, err
	}
	r.start = h.n
	h.n += r.count
	p.key = appendAt(p.key[:list], partEntry, r.start)
	p.value = r.appendTo(p.value[:0])
	return r.start, p.batch.Set(p.key, p.value, nil)
}

// markSeq marks offset within the run that a record left in a list. It reports
// whether there is such a run.
func (p *projector) markSeq(s scope, c class, seq uint64, offset int64) (bool, error) {
	r, ok, err := p.find(s, c, seq)
	if err != nil || !ok || offset >= r.count {
		return false, err
	}
	return true, p.markRange(s, c, r.start+offset, r.start+offset+1)
}

// find returns the run that a record left in a list.
func (p *projector) find(s scope, c class, seq uint64) (r run, ok bool, err error) {
	l, err := p.open(s, c)
	if err != nil || l.head.n == 0 {
		return run{}, false, err
	}
	defer l.close()
	pos, err := l.first(func(r *run) bool { return r.seq >= seq })
	if err != nil || pos == l.head.n {
		return run{}, false, err
	}
	err = l.at(pos, &r)
	return r, err == nil && r.seq == seq, err
}

// open is a list as the batch sees it. close it.
func (p *projector) open(s scope, c class) (*list, error) {
	l := &list{r: p.batch, prefix: appendList(nil, p.shard, s, c)}
	h, err := edit[head](p, append(l.prefix[:len(l.prefix):len(l.prefix)], partHead))
	if err != nil {
		return nil, err
	}
	l.head = *h
	return l, nil
}

// markRange marks the positions [from, until) of a list (V3). Those that are
// marked already stay so.
func (p *projector) markRange(s scope, c class, from, until int64) error {
	prefix := appendList(nil, p.shard, s, c)
	h, err := edit[head](p, append(prefix[:len(prefix):len(prefix)], partHead))
	if err != nil {
		return err
	}
	for n := from >> blockShift; n<<blockShift < until; n++ {
		p.key = appendAt(append(p.key[:0], prefix...), partBlock, n)
		b, err := edit[block](p, p.key)
		if err != nil {
			return err
		}
		base := n << blockShift
		added := b.set(max(from-base, 0), min(until-base, blockPositions))
		h.marked += added
		for _, l := range sums {
			p.key = appendAt(append(p.key[:0], prefix...), l.part, base>>l.shift)
			count, err := edit[sum](p, p.key)
			if err != nil {
				return err
			}
			count.marked += added
		}
	}
	return nil
}

// set sets the bits [from, until) and returns how many were not.
func (b *block) set(from, until int64) (added int64) {
	for bit := from; bit < until; bit++ {
		if !b.has(bit) {
			b.words[bit/64] |= 1 << (bit % 64)
			added++
		}
	}
	return added
}
