package views

import (
	"github.com/cockroachdb/pebble/v2"
)

// What a follower remembers, in values of each kind. Customers come back, and each
// is a head and a count; a code and an order have few redemptions, which come soon
// after each other or not at all. A head with its place in the map is 230 bytes and
// its tail, a count 220: 48 MB in all.
const (
	headsMax   = 104 << 10
	onceMax    = 8 << 10 // heads of codes and orders
	countsMax  = 104 << 10
	minutesMax = 4 << 10
	blocksMax  = 8 << 10
	sumsMax    = 8 << 10
	statesMax  = 16 << 10
)

// projector turns journal records into lists and counts. It belongs to one
// follower; all it does between begin and commit is one atomic write.
type projector struct {
	shard int
	src   Source
	db    *pebble.DB
	batch *pebble.Batch
	mark  watermark

	heads, once cells[head, *head]
	counts      cells[Counts, *Counts]
	minutes     cells[Bucket, *Bucket]
	blocks      cells[block, *block]
	sums        cells[sum, *sum]
	states      cells[codeState, *codeState]
	seen        *seen

	key    []byte // scratch
	scopes []scope
}

// newProjector remembers its share of what the followers together may.
func newProjector(shard int, src Source, db *pebble.DB, mark watermark, followers int) *projector {
	p := &projector{shard: shard, src: src, db: db, mark: mark,
		heads:   newCells[head](headsMax / followers),
		once:    newCells[head](onceMax / followers),
		counts:  newCells[Counts](countsMax / followers),
		minutes: newCells[Bucket](minutesMax / followers),
		blocks:  newCells[block](blocksMax / followers),
		sums:    newCells[sum](sumsMax / followers),
		states:  newCells[codeState](statesMax / followers),
		seen:    newSeen(shard, followers),
	}
	p.once.seen, p.heads.seen, p.counts.seen = p.seen, p.seen, p.seen
	return p
}

func (p *projector) begin() { p.batch = p.db.NewBatch() }

// end drops what was not committed.
func (p *projector) end() {
	_ = p.batch.Close() // of a committed or an abandoned batch: gives memory back, never fails on disk
	p.batch = nil
}

// touched is how many keys the next commit will write, but for chunks, of which
// there are fewer than records.
func (p *projector) touched() int {
	return len(p.heads.dirty) + len(p.once.dirty) + len(p.counts.dirty) + len(p.minutes.dirty) +
		len(p.blocks.dirty) + len(p.sums.dirty) + len(p.states.dirty)
}

// commit writes everything and the watermark. Nothing is synced: what a crash
// takes is read again.
func (p *projector) commit() error {
	for _, flush := range [...]func(*pebble.Batch) error{p.heads.flush, p.once.flush, p.counts.flush, p.minutes.flush,
		p.blocks.flush, p.sums.flush, p.states.flush} {
		if err := flush(p.batch); err != nil {
			return err
		}
	}
	if p.mark.seq > 0 {
		if err := p.batch.Set(watermarkKey(p.shard), p.mark.appendTo(nil), nil); err != nil {
			return err
		}
	}
	return p.batch.Commit(pebble.NoSync)
}

// headOf is the head of a list, for change.
func (p *projector) headOf(s scope, c class) (*head, error) {
	p.key = append(appendList(p.key[:0], p.shard, s, c), partHead)
	if s.b[0] == scopeOfCode || s.b[0] == scopeOfOrder {
		return p.once.edit(p.db, p.key)
	}
	return p.heads.edit(p.db, p.key)
}

// append adds a run at the end of a list and returns its first position.
func (p *projector) append(s scope, c class, r run) (int64, error) {
	h, err := p.headOf(s, c)
	if err != nil {
		return 0, err
	}
	h.add(&r)
	return r.start, nil
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

// open is a list as the record finds it: what is not committed yet is in the tail
// of its head. It is good until something is appended; close it.
func (p *projector) open(s scope, c class) (*list, error) {
	h, err := p.headOf(s, c)
	if err != nil {
		return nil, err
	}
	return &list{r: p.db, prefix: appendList(nil, p.shard, s, c), head: *h}, nil
}

// markRange marks the positions [from, until) of a list (V3). Those that are
// marked already stay so.
func (p *projector) markRange(s scope, c class, from, until int64) error {
	prefix := appendList(nil, p.shard, s, c)
	h, err := p.headOf(s, c)
	if err != nil {
		return err
	}
	for n := from >> blockShift; n<<blockShift < until; n++ {
		p.key = appendAt(append(p.key[:0], prefix...), partBlock, n)
		b, err := p.blocks.edit(p.db, p.key)
		if err != nil {
			return err
		}
		base := n << blockShift
		added := b.set(max(from-base, 0), min(until-base, blockPositions))
		h.marked += added
		for _, l := range sums {
			p.key = appendAt(append(p.key[:0], prefix...), l.part, base>>l.shift)
			count, err := p.sums.edit(p.db, p.key)
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
