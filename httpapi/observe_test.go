package httpapi

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/scrip-engine/scrip/wire"
)

// series counts the series of a registry, and sums one counter's.
func series(t *testing.T, reg prometheus.Gatherer, sumOf string) (count int, sum float64) {
	t.Helper()
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		count += len(family.GetMetric())
		if family.GetName() == sumOf {
			for _, m := range family.GetMetric() {
				sum += m.GetCounter().GetValue()
			}
		}
	}
	return count, sum
}

// Without this a path that an attacker makes up becomes a label, and memory
// grows with it.
func TestMetricsHaveFiniteLabels(t *testing.T) {
	n := start(t, Limits{})
	before, none := series(t, n.metrics, "scrip_httpapi_requests_total")
	if none != 0 {
		t.Fatalf("%v requests before the first", none)
	}
	for i := range 20 {
		n.as("user", "GET", fmt.Sprint("/v1/vouchers/CODE-", i), "")
		n.as("user", "GET", fmt.Sprint("/nowhere/", i), "")
		n.as("user", "PATCH", fmt.Sprint("/v1/vouchers/CODE-", i), "")
	}
	after, sum := series(t, n.metrics, "scrip_httpapi_requests_total")
	if before != after || sum != 60 {
		t.Errorf("%d series, then %d; %v requests", before, after, sum)
	}
	if _, err := New(Config{Engine: newFake(), Registerer: n.metrics}); err == nil {
		t.Error("two servers share one registry's metrics")
	}
}

// Without this codes can be redeemed, and tokens used, by whoever reads the log.
func TestLogsKeepSecrets(t *testing.T) {
	n := start(t, Limits{})
	n.as("user", "GET", "/v1/vouchers/SUMMER-SECRET-1234", "")
	n.as("user", "GET", "/v1/vouchers/SHORT", "")
	n.as("user", "POST", "/v1/vouchers/SUMMER-SECRET-1234/redemption", `{"customer":{"email":"ann@example.org"}}`)
	n.engine.onRedeem = panicking
	n.as("user", "POST", "/v1/redemptions", `{"redeemables":[{"object":"voucher","id":"SUMMER-SECRET-1234"}]}`)
	n.send("GET /SUMMER-SECRET-1234 HTTP/1.1\r\nX-App-Token: " + goodToken + "\r\nbroken\r\n\r\n")
	n.alive()
	logged := n.log.String()
	for _, secret := range []string{"SUMMER-SECRET", "SHORT", goodToken, "ann@example.org"} {
		if strings.Contains(logged, secret) {
			t.Errorf("%s is in the log: %s", secret, logged)
		}
	}
	if !strings.Contains(logged, `"code":"…1234"`) || !strings.Contains(logged, `"route":"vouchers.redeem"`) {
		t.Errorf("the log says too little: %s", logged)
	}
}

// Without this a request waits for an engine that hangs as long as it hangs, or
// each of them pays for a timer.
func TestDeadlinesAreShared(t *testing.T) {
	base, cancel := context.WithCancel(context.Background())
	defer cancel()
	d := deadlines{base: base, timeout: time.Minute}
	now := time.Now()
	first := d.at(now)
	if d.at(now.Add(deadlineStep-1)) != first {
		t.Error("one step has two contexts")
	}
	second := d.at(now.Add(deadlineStep))
	if second == first {
		t.Error("two steps have one context")
	}
	for i, ctx := range []context.Context{first, second} {
		at := now.Add(time.Duration(i) * deadlineStep)
		end, ok := ctx.Deadline()
		if left := end.Sub(at); !ok || left < time.Minute || left > time.Minute+deadlineStep {
			t.Errorf("step %d: %v left", i, left)
		}
	}
	cancel()
	<-first.Done()
	<-second.Done()

	n := start(t, Limits{RequestTimeout: time.Millisecond})
	n.engine.onRedeem = func(ctx context.Context, _ *wire.RedeemRequest, _ *wire.RedeemResponse) error {
		<-ctx.Done()
		return refuse(wire.KeyOutcomeUnknown, "")
	}
	e := n.wantError(n.as("user", "POST", "/v1/redemptions", redeemBody), 504, wire.KeyOutcomeUnknown)
	if e.Outcome != wire.Unknown {
		t.Error(e.Outcome)
	}
}
