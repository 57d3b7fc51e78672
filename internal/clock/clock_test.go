package clock

import (
	"sync"
	"testing"
	"time"
)

var (
	_ Clock = System{}
	_ Clock = (*Fake)(nil)
)

// Without this a fake that drifts by itself would make every test of expiry a
// matter of luck.
func TestFakeMovesOnlyWhenTold(t *testing.T) {
	f := NewFakeMilli(1_700_000_000_123)
	want := func(ms int64) {
		t.Helper()
		if got := f.UnixMilli(); got != ms {
			t.Errorf("UnixMilli() = %d, want %d", got, ms)
		}
		if got := f.Now().UnixMilli(); got != ms {
			t.Errorf("Now() = %d ms, want %d", got, ms)
		}
	}
	want(1_700_000_000_123)
	want(1_700_000_000_123)
	if got := f.Advance(2 * time.Second).UnixMilli(); got != 1_700_000_002_123 {
		t.Errorf("Advance returned %d", got)
	}
	want(1_700_000_002_123)
	f.Advance(-time.Hour)
	want(1_699_996_402_123)
	f.Set(time.UnixMilli(5))
	want(5)
}

// A local zone in a reading would show up in logs and in answers of machines
// that are not set to UTC.
func TestReadingsAreUTC(t *testing.T) {
	zone := time.FixedZone("elsewhere", 5*3600)
	f := NewFake(time.Date(2026, 3, 1, 12, 0, 0, 0, zone))
	for name, got := range map[string]*time.Location{
		"System":        System{}.Now().Location(),
		"Fake at birth": f.Now().Location(),
		"Fake advanced": f.Advance(time.Second).Location(),
	} {
		if got != time.UTC {
			t.Errorf("%s: zone %v, want UTC", name, got)
		}
	}
	f.Set(time.Date(2026, 3, 1, 12, 0, 0, 0, zone))
	if got := f.Now().Location(); got != time.UTC {
		t.Errorf("Fake after Set: zone %v, want UTC", got)
	}
}

// The two readings of System must be in one unit: an answer that takes seconds
// for milliseconds never expires. An hour of slack, because the clock may be
// corrected between the readings.
func TestSystemReadsOneUnit(t *testing.T) {
	apart := System{}.Now().Sub(time.UnixMilli(System{}.UnixMilli())).Abs()
	if apart > time.Hour {
		t.Errorf("Now() and UnixMilli() are %v apart", apart)
	}
}

// A lost Advance would leave two goroutines of one test at different times; the
// race detector watches this test too.
func TestFakeIsSharedByGoroutines(t *testing.T) {
	f := NewFakeMilli(0)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 100 {
				f.Advance(time.Millisecond)
				f.Now()
			}
		})
	}
	wg.Wait()
	if got := f.UnixMilli(); got != 800 {
		t.Errorf("800 steps of a millisecond led to %d", got)
	}
}
