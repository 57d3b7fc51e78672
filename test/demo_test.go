package test

import (
	"context"
	"encoding/json"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/scrip-engine/scrip/wire"
)

// Without this `make run` ends in a line that does not work, on the first day of
// somebody's acquaintance with Scrip.
func TestDemo(t *testing.T) {
	s := start(t, filepath.Join(t.TempDir(), "data"), "--demo")
	if s.try == "" {
		t.Fatal("the demo does not say what to try")
	}
	ctx, cancel := context.WithTimeout(t.Context(), waitMax)
	defer cancel()
	out, err := exec.CommandContext(ctx, "sh", "-c", s.try).CombinedOutput()
	var got wire.RedeemResponse
	if at := strings.Index(string(out), "{"); err != nil || at < 0 || json.Unmarshal(out[at:], &got) != nil || len(got.Redemptions) != 1 {
		t.Fatalf("%s\n%v: %s", s.try, err, out)
	}
	if r := got.Redemptions[0]; r.Result != wire.ResultSuccess || got.Order.TotalDiscountAmount <= 0 {
		t.Errorf("%s\n%s", s.try, out)
	}
	// The next start continues: nothing is loaded twice, nothing is forgotten.
	s.stop()
	s.begin()
	e, err := s.client().Redemption(t.Context(), got.Redemptions[0].ID)
	if err != nil || e.Redemption == nil {
		t.Errorf("after a restart: %+v, %v", e, err)
	}
}
