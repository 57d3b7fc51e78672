package shard

import "github.com/scrip-engine/scrip/coupon"

// Memory is what the shard holds, in bytes unless it says otherwise.
type Memory struct {
	Logical int64 // counted alike on every replica; what the budget bounds
	Live    int64 // blocks of the arena in use: the tables below, and little else
	Budget  int64
	Codes   uint32 // ever issued
	Records uint64 // in the journal
	Tables  Tables
}

// Tables is the memory of each table, unused ends of chunks included; for sides
// and customers the bytes that were asked for.
type Tables struct {
	Codes     int64 // rows, texts, births and the order of creation
	Sides     int64
	Customers int64 // rows and sealed profiles
	Uses      int64 // of codes by customers
	Journal   int64 // records and the ways to them
	Indexes   int64 // pages, also those of the receipts
}

// Crowded reports that the memory taken from the system is far above what the budget
// bounds: freed blocks that nothing fits. A node then refuses what would grow, before
// it is proposed.
func (s *Shard) Crowded() bool { return s.mapped.Load() > 2*s.budget.Load()+crowdedSlackBytes }

// Memory returns sizes: the sums as of the last applied entry, the tables as
// each slot is met. It walks all slots, in well under a millisecond: for a scrape
// of metrics, not for a request.
func (s *Shard) Memory() Memory {
	m := Memory{
		Logical: s.logicalSeen.Load(), Live: s.used.Load(), Budget: s.budget.Load(),
		Codes: s.Issued(), Records: s.LastSeq(),
	}
	t := &m.Tables
	t.Sides, t.Customers = s.sidesSeen.Load(), s.profilesSeen.Load()
	for slot := range coupon.Slots {
		p := s.rlock(uint16(slot))
		s.slots[slot].measure(t)
		p.mu.RUnlock()
	}
	s.meta.RLock()
	t.Codes += s.births.bytes(birthRowBytes) + s.order.bytes(orderRowBytes)
	s.meta.RUnlock()
	s.journal.mu.RLock()
	t.Journal += s.journal.rows.rows.bytes(journalRowBytes) + s.journal.bytes
	s.journal.mu.RUnlock()
	return m
}

func (t *slot) measure(m *Tables) {
	m.Codes += t.codes.bytes(codeRowBytes) + int64(len(t.text.chunks))*textChunkBytes
	m.Customers += t.customers.bytes(customerRowBytes)
	m.Uses += t.uses.bytes(useRowBytes)
	m.Journal += t.events.rows.bytes(eventRowBytes)
	for _, x := range [...]*index{&t.codeIndex, &t.useIndex, &t.customerIndex, &t.receipts, &t.rollbacks} {
		m.Indexes += int64(x.bytes)
	}
}

// bytes is the memory of the table's chunks.
func (t *rows) bytes(size int) int64 { return int64(len(t.chunks)) * rowsPerChunk * int64(size) }
