package shard

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/scrip-engine/scrip/coupon"
	"github.com/scrip-engine/scrip/internal/invariant"
)

// imageReader reads an image. After an error it returns zeros; a caller that
// loops checks err.
type imageReader struct {
	r   *bufio.Reader
	buf []byte
	err error

	chain   uint64 // of the journal, as the image says
	codes   uint64 // read so far
	lastUse uint64 // the newest that a code's row points to
	// lastCustomer is the newest customer of the slot that is being read.
	lastCustomer uint32
}

func (r *imageReader) fail(what string) {
	if r.err == nil {
		r.err = fmt.Errorf("image: %s: %w", what, ErrFormat)
	}
}

// raw returns the next n bytes, good until the next read.
func (r *imageReader) raw(n int) []byte {
	if cap(r.buf) < n {
		r.buf = make([]byte, n)
	}
	b := r.buf[:n]
	if r.err != nil {
		clear(b)
		return b
	}
	if _, err := io.ReadFull(r.r, b); err != nil {
		r.err = fmt.Errorf("image: %w: %w", err, ErrFormat)
		clear(b)
	}
	return b
}

func (r *imageReader) u8() byte    { return r.raw(1)[0] }
func (r *imageReader) u16() uint16 { return binary.LittleEndian.Uint16(r.raw(2)) }
func (r *imageReader) u32() uint32 { return binary.LittleEndian.Uint32(r.raw(4)) }
func (r *imageReader) u64() uint64 { return binary.LittleEndian.Uint64(r.raw(8)) }
func (r *imageReader) i64() int64  { return int64(r.u64()) }

func (r *imageReader) bytes(limit int) []byte {
	n, err := binary.ReadUvarint(r.r)
	switch {
	case r.err != nil:
		return nil
	case err != nil:
		r.err = fmt.Errorf("image: length: %w: %w", err, ErrFormat)
		return nil
	case n > uint64(limit):
		r.fail("length")
		return nil
	}
	return r.raw(int(n))
}

// Restore replaces the state by an image's. The caller has verified its
// checksums; what is checked here is that it makes sense, so that no later
// command can fail by it. After an error the shard must not be used.
//
// It runs on the goroutine of Apply and gives the old memory back: nobody may
// read beside it, hold a Record that was read before, or write an image.
func (s *Shard) Restore(in io.Reader) error {
	s.thaw()
	invariant.Check(s.frozen == nil, "S10: restored while an image is written")
	s.a.Close()
	s.reset()
	r := &imageReader{r: bufio.NewReaderSize(in, flushBytes)}
	if string(r.raw(len(imageMagic))) != imageMagic || r.u16() != imageVersion {
		r.fail("magic or version")
		return r.err
	}
	s.readMeta(r)
	s.readShared(r, &s.births, birthRowBytes)
	s.readShared(r, &s.order, orderRowBytes)
	s.readShared(r, &s.forgotten, forgottenRowBytes)
	for slot := 0; slot < coupon.Slots && r.err == nil; slot++ {
		s.readSlot(r, uint16(slot))
	}
	s.readJournal(r)
	if r.err == nil {
		if _, err := r.r.ReadByte(); err != io.EOF {
			r.fail("trailing bytes")
		}
	}
	s.publish()
	return r.err
}

func (s *Shard) readMeta(r *imageReader) {
	first, last, epoch := r.u16(), r.u16(), r.u32()
	if first != s.cfg.First || last != s.cfg.Last || epoch != s.cfg.Epoch {
		r.fail("slots of another shard")
		return
	}
	s.now = r.i64()
	if s.now < 0 || s.now > stampMax {
		r.fail("time")
		s.now = 0
	}
	s.time.Store(s.now)
	s.sweepAt[0], s.sweepAt[1] = r.u64(), r.u64()
	sealed, sealedChain := r.u64(), r.u64()
	if sealed > wideValueMax {
		r.fail("seal")
		return
	}
	s.journal.begin(sealed, sealedChain)
	r.chain = r.u64() // compared when the journal was read
	budget := r.i64()
	if budget <= 0 || budget > budgetBytesMax {
		r.fail("budget")
		return
	}
	s.budget.Store(budget)
	s.generation.Store(uint32(r.u16()))
	n := r.u32()
	if n == 0 || n > projectsMax {
		r.fail("projects")
		return
	}
	s.fences = make([]uint64, n)
	for i := range s.fences {
		s.fences[i] = r.u64()
	}
	s.readJobs(r)
	n = r.u32()
	if n == 0 || n > campaignsMax {
		r.fail("campaigns")
		return
	}
	s.campaigns = make([]*campaignState, n)
	for i := range s.campaigns {
		switch r.u8() {
		case 0:
		case 1:
			s.campaigns[i] = s.readCampaign(r, uint32(i))
		default:
			r.fail("campaign")
		}
		if r.err != nil {
			return
		}
	}
}

func (s *Shard) readJobs(r *imageReader) {
	n := r.u32()
	if n > jobsMax {
		r.fail("jobs")
		return
	}
	for range n {
		id := r.u64()
		if last := len(s.jobOrder) - 1; last >= 0 && s.jobOrder[last] >= id {
			r.fail("order of jobs")
			return
		}
		s.jobOrder = append(s.jobOrder, id)
		s.jobs[id] = &jobState{chunk: r.u32(), created: r.u64(), failed: r.u64(), last: r.u64()}
	}
}

func (s *Shard) readCampaign(r *imageReader, ordinal uint32) *campaignState {
	c := &campaignState{}
	c.Ordinal, c.Project, c.Birth = r.u32(), r.u32(), r.u64()
	for _, p := range [...]*int64{&c.Limit, &c.PerCustomer, &c.Gift} {
		v, err := binary.ReadVarint(r.r)
		if err != nil {
			r.fail("varint")
		}
		*p = v
	}
	c.IsGift, c.Currency, c.Ended = r.u8() != 0, r.u16(), r.u8() != 0
	c.fence, c.endedAt = r.u64(), r.i64()
	for _, p := range c.Counters.list() {
		*p = r.i64()
	}
	if c.Ordinal != ordinal || ordinal == 0 || !boundedLimits(c.Limit, c.PerCustomer, c.Gift) {
		r.fail("campaign")
	}
	return c
}

func (s *Shard) readShared(r *imageReader, t *rows, size int) {
	for n := r.u32(); n > 0 && r.err == nil; n-- {
		_, row := t.add(s.a, size)
		copy(row, r.raw(size))
		switch t {
		case &s.births:
			s.grow(birthRowBytes)
		case &s.forgotten:
			s.grow(forgottenRowBytes)
		}
	}
}
