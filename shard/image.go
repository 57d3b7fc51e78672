package shard

import (
	"encoding/binary"
	"io"

	"github.com/scrip-engine/scrip/coupon"
)

// An image is the shard's state in an order that depends on nothing but the
// state: two machines at one index write the same bytes, whatever their arenas
// look like. Little-endian:
//
//	"SHRD" u16 version | meta | births | order | forgotten | 4,096 slots in order | journal
//
// A slot is {slot u16, rows of each table u32 ×4, sealed events u32, rows}, where a
// code carries its text, 28 bits of its hash (or none, for a dead code that made way)
// and its side. Of events and of the journal it has what is not sealed. Indexes,
// receipts and rollbacks are rebuilt on load.
const (
	imageMagic   = "SHRD"
	imageVersion = 1
	// sliceRows is how many rows are copied under a stripe at a time: some tens
	// of microseconds, well under the 5 ms that an image may hold Apply up.
	sliceRows = 512
	noHash    = 1<<32 - 1
	// flushBytes is how much is gathered before it is written.
	flushBytes = 256 << 10
)

type imageWriter struct {
	w     io.Writer
	b     []byte
	n     int64
	err   error
	slice uint32 // rows under one hold of a lock
	// between, when set, runs where no lock is held: tests change the shard there.
	between func()
}

func (w *imageWriter) u8(v byte)      { w.b = append(w.b, v) }
func (w *imageWriter) u16(v uint16)   { w.b = binary.LittleEndian.AppendUint16(w.b, v) }
func (w *imageWriter) u32(v uint32)   { w.b = binary.LittleEndian.AppendUint32(w.b, v) }
func (w *imageWriter) u64(v uint64)   { w.b = binary.LittleEndian.AppendUint64(w.b, v) }
func (w *imageWriter) i64(v int64)    { w.u64(uint64(v)) }
func (w *imageWriter) raw(b []byte)   { w.b = append(w.b, b...) }
func (w *imageWriter) bytes(b []byte) { w.b = appendBytes(w.b, b) }

// flush writes what was gathered, when there is enough of it or all is asked
// for. No lock is held here.
func (w *imageWriter) flush(all bool) {
	if w.between != nil {
		w.between()
	}
	if w.err != nil || len(w.b) == 0 || !all && len(w.b) < flushBytes {
		return
	}
	n, err := w.w.Write(w.b)
	w.n += int64(n)
	w.err = err
	w.b = w.b[:0]
}

// WriteTo writes the image, once, on any goroutine. It takes the shard's locks in
// slices and writes while it holds none. An error is the writer's.
func (f *Frozen) WriteTo(out io.Writer) (int64, error) {
	w := &imageWriter{w: out, slice: sliceRows}
	f.write(w)
	return w.n, w.err
}

func (f *Frozen) write(w *imageWriter) {
	w.raw([]byte(imageMagic))
	w.u16(imageVersion)
	f.writeMeta(w)
	f.writeShared(w, &f.s.births, f.births, birthRowBytes)
	f.writeShared(w, &f.s.order, f.order, orderRowBytes)
	f.writeShared(w, &f.s.forgotten, f.forgotten, forgottenRowBytes)
	for slot := range coupon.Slots {
		f.writeSlot(w, uint16(slot))
	}
	f.writeJournal(w)
	w.flush(true)
}

func (f *Frozen) writeMeta(w *imageWriter) {
	s := f.s
	w.u16(s.cfg.First)
	w.u16(s.cfg.Last)
	w.u32(s.cfg.Epoch)
	w.i64(f.now)
	w.u64(f.sweepAt[0])
	w.u64(f.sweepAt[1])
	w.u64(f.sealed)
	w.u64(f.sealedChain)
	w.u64(f.chain)
	w.i64(f.budget)
	w.u16(f.generation)
	w.u32(uint32(len(f.fences)))
	for _, v := range f.fences {
		w.u64(v)
	}
	w.u32(uint32(len(f.jobs)))
	for _, j := range f.jobs {
		w.u64(j.id)
		w.u32(j.chunk)
		w.u64(j.created)
		w.u64(j.failed)
		w.u64(j.last)
	}
	w.u32(uint32(len(f.campaigns)))
	for i := 0; i < len(f.campaigns); i += int(w.slice) {
		s.meta.RLock()
		for _, c := range f.campaigns[i:min(i+int(w.slice), len(f.campaigns))] {
			f.writeCampaign(w, c)
		}
		s.meta.RUnlock()
		w.flush(false)
	}
}

func (f *Frozen) writeCampaign(w *imageWriter, c *campaignState) {
	w.u8(boolByte(c != nil))
	if c == nil {
		return
	}
	at := *c
	if old, ok := f.campaignUndo[c.Ordinal]; ok {
		at = old
	}
	w.b = AppendCampaign(w.b, &at.Campaign)
	w.u64(at.fence)
	w.i64(at.endedAt)
	for _, v := range at.Counters.list() {
		w.i64(*v)
	}
}

// list names the counters in the order of the image; append only.
func (c *Counters) list() [10]*int64 {
	return [10]*int64{&c.codes, &c.redeemed, &c.rolledBack, &c.applied, &c.appliedBack,
		&c.credits, &c.creditsBack, &c.creditsIn, &c.creditsOut, new(int64)}
}

// writeShared writes a shard-wide table whose rows never change.
func (f *Frozen) writeShared(w *imageWriter, t *rows, n uint32, size int) {
	w.u32(n)
	for i := uint32(0); i < n; {
		f.s.meta.RLock()
		for end := min(i+w.slice, n); i < end; i++ {
			w.raw(t.at(f.s.a, i, size))
		}
		f.s.meta.RUnlock()
		w.flush(false)
	}
}

func (f *Frozen) writeSlot(w *imageWriter, slot uint16) {
	l := &f.lens[slot]
	w.u16(slot)
	w.u32(l.codes)
	w.u32(l.uses)
	w.u32(l.customers)
	w.u32(l.events)
	w.u32(l.sealed)
	if l.codes|l.uses|l.customers|l.events == 0 {
		f.slotDone(slot)
		return
	}
	hashes := f.codeHashes(slot)
	f.slices(w, slot, l.codes, func(i uint32) { f.writeCode(w, slot, i, hashes[i]) })
	t := &f.s.slots[slot]
	f.slices(w, slot, l.uses, func(i uint32) {
		w.raw(f.row(tableUses, slot, i, t.uses.at(f.s.a, i, useRowBytes)))
	})
	f.slices(w, slot, l.customers, func(i uint32) { f.writeCustomer(w, slot, i) })
	f.slices(w, slot, l.events-l.sealed, func(i uint32) {
		w.raw(t.events.at(f.s.a, uint64(l.sealed+i), eventRowBytes))
	})
	f.slotDone(slot)
}

// slices calls row for each i < n under the slot's stripe, a slice at a time.
func (f *Frozen) slices(w *imageWriter, slot uint16, n uint32, row func(i uint32)) {
	for i := uint32(0); i < n; {
		p := f.s.rlock(slot)
		for end := min(i+w.slice, n); i < end; i++ {
			row(i)
		}
		p.mu.RUnlock()
		w.flush(false)
	}
}

// slotDone lets the slot change freely from here on.
func (f *Frozen) slotDone(slot uint16) {
	p := f.s.lock(slot)
	defer p.mu.Unlock()
	f.lens[slot].done = true
	for k := range p.undo { // order: deletions only
		if k.slot == slot {
			delete(p.undo, k)
		}
	}
}

// row returns a row as it was at the cut.
func (f *Frozen) row(t table, slot uint16, i uint32, now []byte) []byte {
	if old, ok := f.s.stripes[slot%stripesCount].undo[undoKey{t, slot, i}]; ok {
		return old
	}
	return now
}

// codeHashes reads, from the index, the 28 bits under which each code is found.
func (f *Frozen) codeHashes(slot uint16) []uint32 {
	hashes := make([]uint32, f.lens[slot].codes)
	for i := range hashes {
		hashes[i] = noHash
	}
	p := f.s.rlock(slot)
	defer p.mu.RUnlock()
	x := &f.s.slots[slot].codeIndex
	put := func(ordinal uint64, h uint32) {
		if ordinal < uint64(len(hashes)) {
			hashes[ordinal] = h
		}
	}
	for i := range x.dir {
		x.each(f.s.a, &x.dir[i], func(e uint64) {
			put(e&narrowMask-1, uint32(e>>x.valueBits()))
		})
	}
	for k, b := range p.undo { // order: each entry has its own place
		if k.slot == slot && k.table == tableHashes {
			put(uint64(k.row), uint32(short(hashAt(b).Lo)))
		}
	}
	return hashes
}

const narrowMask = 1<<20 - 1

func (f *Frozen) writeCode(w *imageWriter, slot uint16, i uint32, hash uint32) {
	s := f.s
	t := &s.slots[slot]
	row := codeRow(f.row(tableCodes, slot, i, t.codes.at(s.a, i, codeRowBytes)))
	w.u32(row.birth())
	w.u32(row.version())
	w.u32(hash)
	w.bytes(t.text.at(s.a, row.text()))
	if !row.has(flagSide) {
		w.u64(row.use())
		return
	}
	w.u64(row.use() &^ useMask)
	live := s.sideOf(row)
	side := sideBlock(f.row(tableSides, slot, uint32(row.side()), live))
	w.raw(side)
}

func (f *Frozen) writeCustomer(w *imageWriter, slot uint16, i uint32) {
	s := f.s
	row := customerRow(f.row(tableCustomers, slot, i, s.slots[slot].customers.at(s.a, i, customerRowBytes)))
	ref, n := row.data()
	at := len(w.b)
	w.raw(row)
	customerRow(w.b[at:]).put32(40, 0) // where the data lies is nobody else's business
	if n > 0 {
		w.raw(s.a.At(ref, n))
	}
}

func (f *Frozen) writeJournal(w *imageWriter) {
	w.u64(f.journalLast)
	for seq := f.sealed + 1; seq <= f.journalLast; seq++ {
		w.raw(f.s.journal.held(seq))
		w.flush(false)
	}
}
