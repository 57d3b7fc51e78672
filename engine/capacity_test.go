package engine

import "testing"

// The formula must grow with each thing that costs something, and keep a day of
// redemptions whatever it is asked.
func TestCapacityGrowsWithTheLoad(t *testing.T) {
	base := CapacityQuestion{Rate: 100, Codes: 1e6, Hours: 24, Days: 30}
	a := Capacity(base)
	more := func(what string, change func(q *CapacityQuestion)) {
		t.Helper()
		q := base
		change(&q)
		if b := Capacity(q); b.Budget <= a.Budget || b.Resident <= a.Resident || b.Disk <= a.Disk {
			t.Errorf("%s: %+v, without %+v", what, b, a)
		}
	}
	more("rate", func(q *CapacityQuestion) { q.Rate *= 2 })
	more("codes", func(q *CapacityQuestion) { q.Codes *= 2 })
	more("cards", func(q *CapacityQuestion) { q.Cards = 1e6 })
	more("customers", func(q *CapacityQuestion) { q.Customers = 1e6 })
	more("hours", func(q *CapacityQuestion) { q.Hours = 48 })
	short := base
	short.Hours = 1
	if b := Capacity(short); b != a {
		t.Errorf("P3: for an hour %+v, for a day %+v", b, a)
	}
	// 100 a second are 8.64 million a day, of 124 bytes each.
	if got, want := a.Records, int64(8_640_000*124); got != want {
		t.Errorf("a day of redemptions takes %d bytes, want %d", got, want)
	}
}

// What the disk is bought for must hold a day of history.
func TestTheFormulaHoldsAgainstAHistory(t *testing.T) {
	w := newWorld(t, 1)
	w.create("MANY", `{"type":"DISCOUNT_VOUCHER","discount":{"type":"AMOUNT","amount_off":100},"redemption":{"quantity":null}}`)
	const n = 4000
	for range n {
		w.redeem("MANY", `,"order":{"amount":5000,"source_id":"order-000000001"}`)
	}
	w.advance(day)
	w.sealAll()
	st := w.shards[0].history.Stats()
	const fixed = 5 * 4096 // groups, and the ends of tables
	got := st.Bytes - fixed
	if want := Capacity(CapacityQuestion{Rate: n / 86400.0}).HistoryDay; got > want*11/10 || got < want*9/10 {
		t.Errorf("%d records take %d bytes on disk, the formula says %d", st.Records, got, want)
	}
}
