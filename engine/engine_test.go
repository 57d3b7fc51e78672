package engine

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"go.uber.org/goleak"

	"github.com/scrip-engine/scrip/wire"
)

func TestMain(m *testing.M) {
	// Pebble leaves this one behind when Close meets a WAL that has failed. Its
	// other goroutines would still tell of a DB that was not closed.
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("github.com/cockroachdb/pebble/v2.(*ConcurrencyLimitScheduler).periodicGranter"))
}

// open opens an engine on fs and closes it with the test.
func open(t *testing.T, fs vfs.FS, change ...func(*Config)) *Engine {
	t.Helper()
	cfg := Config{Dir: "data", FS: fs, HeartbeatTimeout: 20 * time.Millisecond,
		Logger: slog.New(slog.DiscardHandler),
		Exit:   func(code int, reason string) { t.Errorf("the engine wanted to exit %d: %s", code, reason) }}
	for _, f := range change {
		f(&cfg)
	}
	e, err := Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return e
}

func decode[T any](t *testing.T, body string) *T {
	t.Helper()
	v := new(T)
	if err := wire.Decode([]byte(body), v); err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	return v
}

func redeemBody(t *testing.T, body string) *wire.RedeemRequest {
	t.Helper()
	r := new(wire.RedeemRequest)
	if err := r.Decode([]byte(body)); err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	return r
}

func keyOf(err error) string {
	var e *wire.Error
	if errors.As(err, &e) {
		return e.Key
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

// The first story: a campaign, a code, one use, a refusal, a retry, a rollback,
// and all of it again after a restart.
func TestFirstStory(t *testing.T) {
	ctx := context.Background()
	fs := vfs.NewMem()
	e := open(t, fs)
	c := e.Default()
	campaign, err := e.CreateCampaign(ctx, c, decode[wire.CampaignCreate](t, `{"name":"Summer","voucher":{"type":"DISCOUNT_VOUCHER",
		"discount":{"type":"PERCENT","percent_off":10}}}`))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.AddVoucher(ctx, c, campaign.ID, "SUMMER-1", &wire.VoucherCreate{}); err != nil {
		t.Fatal(err)
	}
	body := `{"redeemables":[{"object":"voucher","id":"summer-1"}],"order":{"amount":10000,"source_id":"o-1"},"customer":{"source_id":"ann","name":"Ann"}}`
	c.Key = "k1"
	var out, again wire.RedeemResponse
	if err := e.Redeem(ctx, c, redeemBody(t, body), &out); err != nil {
		t.Fatal(err)
	}
	red := out.Redemptions[0]
	if red.Order.TotalDiscountAmount != 1000 || red.Order.TotalAmount != 9000 || red.Customer.Name != "Ann" {
		t.Fatalf("redemption: %s", red.AppendJSON(nil))
	}
	if err := e.Redeem(ctx, c, redeemBody(t, body), &again); err != nil || again.Redemptions[0].ID != red.ID || !again.Redemptions[0].Replayed {
		t.Fatalf("retry: %v %s", err, again.AppendJSON(nil))
	}
	c.Key = "k2"
	if err := e.Redeem(ctx, c, redeemBody(t, body), &again); keyOf(err) != wire.KeyQuantityExceeded {
		t.Fatalf("second use: %v", err)
	}
	c.Key = ""
	back, err := e.Rollback(ctx, c, red.ID, &wire.RollbackRequest{Reason: "returned"})
	if err != nil {
		t.Fatal(err)
	}
	if back.Redemption != red.ID {
		t.Fatalf("rollback: %s", back.AppendJSON(nil))
	}
	if _, err := e.Rollback(ctx, c, red.ID, &wire.RollbackRequest{}); keyOf(err) != wire.KeyAlreadyRolledBack {
		t.Fatalf("second rollback: %v", err)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	e = open(t, fs)
	c.Key = "k1"
	if err := e.Redeem(ctx, c, redeemBody(t, body), &again); err != nil || again.Redemptions[0].ID != red.ID {
		t.Fatalf("retry after restart: %v", err)
	}
	list, err := e.VoucherRedemptions(ctx, e.Default(), "summer-1", Page{Limit: 10, Number: 1})
	if err != nil || len(list.Data) != 2 || list.Total != 2 {
		t.Fatalf("list: %v %+v", err, list)
	}
}
