package catalog

import (
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"testing"
)

// Readers run beside Apply. Whatever one View shows belongs together: the index,
// the names, the lists and the fences of one and the same state (C5).
func TestReadersSeeOneState(t *testing.T) {
	m := newShop(t)
	m.ok(newKey("app"))
	m.ok(newCampaign("0"))
	var done atomic.Bool
	var readers sync.WaitGroup
	appID := []byte("app")
	for range 3 {
		readers.Go(func() {
			for last := uint64(0); !done.Load(); {
				v := m.c.View()
				if v.Index() < last {
					t.Errorf("the index went back from %d to %d", last, v.Index())
					return
				}
				last = v.Index()
				if err := consistent(v, appID); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	readers.Go(func() {
		for !done.Load() {
			f, err := m.c.Freeze()
			if err == nil {
				_, err = f.WriteTo(io.Discard)
				f.Release()
			}
			if err != nil {
				t.Error(err)
				return
			}
		}
	})
	for i := 1; i <= 150; i++ {
		m.ok(&UpdateCampaign{Project: 1, Campaign: uint32(i), Name: Set(fmt.Sprint("was ", i))})
		m.ok(&FenceDone{Fence{Scope: CampaignFence, Ordinal: uint32(i), Index: m.index}})
		m.ok(&DeleteCampaign{Project: 1, Campaign: uint32(i)})
		m.ok(newCampaign(fmt.Sprint(i)))
	}
	done.Store(true)
	readers.Wait()
}

// consistent checks what must hold in every state that the writer above makes:
// there is one living campaign at most, and all ways to it agree.
func consistent(v View, appID []byte) error {
	if k, ok := v.KeyByAppID(appID); !ok || k.Ordinal != 1 {
		return fmt.Errorf("index %d: the key is gone", v.Index())
	}
	page := v.ListCampaigns(Query[Campaign]{Project: 1, Limit: 10})
	if len(page.Items) != page.Total || page.Total > 1 {
		return fmt.Errorf("index %d: %d campaigns, total %d", v.Index(), len(page.Items), page.Total)
	}
	for _, listed := range page.Items {
		named, ok := v.CampaignByRef(1, listed.Name)
		if !ok || named != listed || v.Campaign(listed.Ordinal) != listed || listed.Version > v.Index() {
			return fmt.Errorf("index %d: campaign %d differs by the way to it", v.Index(), listed.Ordinal)
		}
	}
	for _, f := range v.PendingFences() {
		if f.Index > v.Index() || v.Campaign(f.Ordinal) == nil {
			return fmt.Errorf("index %d: fence %+v", v.Index(), f)
		}
	}
	return nil
}
