package test

import (
	"strings"
	"testing"

	"github.com/scrip-engine/scrip/client"
	"github.com/scrip-engine/scrip/wire"
)

// Without this a disk that fills up ends in a process that cannot write its own
// log, instead of in a refusal that says so.
func TestDiskBelowItsWatermark(t *testing.T) {
	dir := t.TempDir()
	s := start(t, dir)
	if _, err := s.client().CreateVoucher(t.Context(), "CARD", giftOf(100)); err != nil {
		t.Fatal(err)
	}
	s.stop()
	s.flags = []string{"--disk-low", "1000TiB"}
	s.begin()
	once := s.once()
	if _, err := once.RedeemCode(t.Context(), "CARD", "", &wire.Order{Amount: wire.Some[int64](1)}); keyOf(err) != wire.KeyDiskFull {
		t.Errorf("redeem: %v, want %s", err, wire.KeyDiskFull)
	}
	if v, err := once.Voucher(t.Context(), "CARD"); err != nil || v.Gift.Balance.Or(0) != 100 {
		t.Errorf("read: %+v, %v", v, err)
	}
	s.stop()
	s.flags = nil
	s.begin()
	if _, err := s.client().RedeemCode(t.Context(), "CARD", "", &wire.Order{Amount: wire.Some[int64](1)}); err != nil {
		t.Errorf("with room again: %v", err)
	}
}

// Without this a campaign that is too large for the machine takes it down, or
// says "done" with codes missing.
func TestMemoryBudget(t *testing.T) {
	s := start(t, t.TempDir(), "--memory-budget", "1MiB")
	c := s.client()
	made, err := c.CreateCampaign(t.Context(), &wire.CampaignCreate{Name: "large", VouchersCount: wire.Some[int64](100_000), Voucher: &wire.CampaignVoucher{
		Type: wire.VoucherDiscount, Discount: &wire.Discount{Type: wire.DiscountAmount, AmountOff: wire.Some[int64](1)},
	}})
	if err != nil {
		t.Fatal(err)
	}
	job, err := c.Wait(t.Context(), made.AsyncActionID, nil)
	if job == nil || job.Status != wire.AsyncFailed || job.Result.DoneCount+job.Result.FailedCount != 100_000 || job.Result.DoneCount == 0 {
		t.Fatalf("%+v, %v", job, err)
	}
	// What exists goes on.
	list, err := c.Vouchers(t.Context(), client.VoucherQuery{Campaign: "large"})
	if err != nil || len(list.Data) == 0 {
		t.Fatalf("%+v, %v", list, err)
	}
	if _, err := c.RedeemCode(t.Context(), list.Data[0].Code, "", &wire.Order{Amount: wire.Some[int64](1)}); err != nil {
		t.Errorf("redeem when full: %v", err)
	}
	once := s.once()
	for range 100_000 {
		if _, err = once.CreateVoucher(t.Context(), "", giftOf(1)); err != nil {
			break
		}
	}
	if keyOf(err) != wire.KeyCapacity {
		t.Errorf("create when full: %v, want %s", err, wire.KeyCapacity)
	}
}

// Without this two processes write one log.
func TestSecondProcess(t *testing.T) {
	s := start(t, t.TempDir())
	out, err := command(t, "serve", "--data", s.dir, "--http-addr", "127.0.0.1:0", "--ops-addr", "127.0.0.1:0").CombinedOutput()
	if err == nil || !strings.Contains(string(out), "another process is using the data directory") || strings.Count(string(out), "\n") != 1 {
		t.Fatalf("%v, and it says: %s", err, out)
	}
	if _, err := s.client().CreateVoucher(t.Context(), "FIRST", giftOf(1)); err != nil {
		t.Errorf("the first one: %v", err)
	}
}
