//go:build soak

package test

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/scrip-engine/scrip/wire"
)

const (
	soakCodes = 1_000_000
	soakLoad  = time.Minute
	// soakContenders per code: half of the attempts meet a code that is used.
	soakContenders = 2
)

// Without this the product is known to work with hundreds of codes, and a
// campaign has a million: an import that stalls redemptions, a restart that takes
// minutes, a count that drifts once in a hundred thousand.
func TestSoakMillionCodes(t *testing.T) {
	seed := seed(t)
	s := start(t, t.TempDir())
	stock := importSoak(t, s)

	once := s.once()
	r := shop(t.Context(), once, stock, seed)
	<-time.After(soakLoad) // a minute of load is the subject
	acked := r.acked.Load()
	s.kill()
	began := time.Now()
	s.begin()
	t.Logf("restart: ready after %.2f s", time.Since(began).Seconds())
	goal := r.acked.Load() + busyMax
	eventually(t, "the shoppers to get on", func() bool { return r.acked.Load() >= goal || r.stuck() })
	history := r.finish()
	for _, err := range r.problems {
		t.Error(err)
	}
	redeemed := 0
	for _, o := range history {
		if o.refusal == "" && o.undoes == nil && !o.looks {
			redeemed++
		}
	}
	t.Logf("load: %d operations/s by %d clients; %d redeemed in all, %d attempts without an answer",
		acked/int64(soakLoad/time.Second), shoppers, redeemed, r.unknown.Load())

	began = time.Now()
	audit(t, s.client(), stock.single, history)
	checkHistories(t, r)
	t.Logf("audit: %d operations in %.1f s", len(history), time.Since(began).Seconds())
	s.stop()
}

// importSoak writes the file, and imports it with the command that people use.
func importSoak(t *testing.T, s *server) *stock {
	t.Helper()
	stock := &stock{contenders: soakContenders}
	path := filepath.Join(t.TempDir(), "codes.csv")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w := bufio.NewWriter(f)
	_, _ = fmt.Fprintln(w, "code") // Flush returns the first error
	for i := range soakCodes {
		it := &item{code: fmt.Sprintf("SOAK-%07d", i), uses: 1}
		stock.single = append(stock.single, it)
		_, _ = fmt.Fprintln(w, it.code)
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	c := s.client()
	_, err = c.CreateCampaign(t.Context(), &wire.CampaignCreate{Name: "soak", Voucher: &wire.CampaignVoucher{
		Type: wire.VoucherDiscount, Discount: &wire.Discount{Type: wire.DiscountAmount, AmountOff: wire.Some[int64](500)},
	}})
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	out, err := command(t, "import", path, "--campaign", "soak", "--server", s.url, "--timeout", "10m").CombinedOutput()
	if err != nil {
		t.Fatalf("import: %v\n%s", err, out)
	}
	seconds := time.Since(began).Seconds()
	t.Logf("import: %d codes in %.1f s (%.0f/s)", soakCodes, seconds, soakCodes/seconds)
	campaign, err := c.Campaign(t.Context(), "soak")
	if err != nil || campaign.VouchersCount != soakCodes {
		t.Fatalf("%+v, %v", campaign, err)
	}
	return stock
}
