package catalog

import (
	"bytes"
	"fmt"
	"io"
	"testing"
)

// large is a catalog of many campaigns, made past the commands.
func large(b *testing.B, campaigns int) *machine {
	m := newShop(b)
	next := *m.c.state.Load()
	err := next.inBulk(func() error {
		for i := range uint32(campaigns) {
			next.putCampaign(nil, &Campaign{
				ID: fmt.Sprintf("camp_%016d", i+1), Ordinal: i + 1, Project: 1, Name: fmt.Sprint("campaign ", i),
				CampaignType: "DISCOUNT_COUPONS", Type: "STATIC", Voucher: VoucherSpec{Type: "DISCOUNT_VOUCHER", Quantity: 1},
			})
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	m.c.state.Store(&next)
	return m
}

// One switch in a catalog of 50,000 campaigns.
func BenchmarkApplySwitch(b *testing.B) {
	m := large(b, 50_000)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		m.ok(&SetCampaignEnabled{Project: 1, Campaign: uint32(i%50_000) + 1, Enabled: i/50_000%2 == 1})
	}
}

// What each evaluation reads: the key, the project and the campaign.
func BenchmarkView(b *testing.B) {
	m := large(b, 50_000)
	m.ok(newKey("application"))
	appID := []byte("application")
	b.ReportAllocs()
	for i := uint32(0); b.Loop(); i++ {
		v := m.c.View()
		k, ok := v.KeyByAppID(appID)
		if !ok || v.Project(k.Project) == nil || v.Campaign(i%50_000+1) == nil {
			b.Fatal("not found")
		}
	}
}

// What a start pays for a full catalog.
func BenchmarkRestore(b *testing.B) {
	img := image(b, large(b, CampaignsMax).c)
	b.SetBytes(int64(len(img)))
	for b.Loop() {
		if err := New().Restore(bytes.NewReader(img)); err != nil {
			b.Fatal(err)
		}
	}
}

// What writing the image of a full catalog costs.
func BenchmarkImage(b *testing.B) {
	m := large(b, CampaignsMax)
	for b.Loop() {
		f, err := m.c.Freeze()
		if err != nil {
			b.Fatal(err)
		}
		if _, err := f.WriteTo(io.Discard); err != nil {
			b.Fatal(err)
		}
		f.Release()
	}
}
