package engine

import (
	"context"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/scrip-engine/scrip/wire"
)

// A backup that misses an acknowledged use lets a code be used twice after a
// restore that everybody believes complete; one that serves at once hides that
// something is missing (P2).
func TestBackupAndRestore(t *testing.T) {
	ctx := context.Background()
	fs := vfs.NewMem()
	e := open(t, fs, func(c *Config) { c.Shards = 4 })
	c := e.Default()
	for _, code := range []string{"A", "B", "C", "D", "E"} {
		if _, err := e.CreateVoucher(ctx, c, code, decode[wire.VoucherCreate](t, `{"discount":{"type":"AMOUNT","amount_off":100}}`)); err != nil {
			t.Fatal(err)
		}
	}
	redeem := func(e *Engine, code, key string) (string, string) {
		c := e.Default()
		c.Key = key
		var out wire.RedeemResponse
		err := e.Redeem(ctx, c, redeemBody(t, `{"redeemables":[{"object":"voucher","id":"`+code+`"}],"order":{"amount":500}}`), &out)
		if err != nil {
			return "", keyOf(err)
		}
		return out.Redemptions[0].ID, ""
	}
	before, key := redeem(e, "A", "before")
	if key != "" {
		t.Fatal(key)
	}
	info, err := e.Backup(ctx, "backup")
	if err != nil {
		t.Fatal(err)
	}
	if len(info.Groups) != 5 || info.At == 0 || info.Bytes == 0 {
		t.Fatalf("backup: %+v", info)
	}
	if _, err := e.Backup(ctx, "backup"); err == nil {
		t.Fatal("a backup wrote over another")
	}
	if _, key := redeem(e, "B", "after"); key != "" {
		t.Fatal(key)
	}
	restored, err := Restore(fs, "backup", "restored")
	if err != nil || restored.At != info.At {
		t.Fatalf("restore: %v %+v", err, restored)
	}
	r := open(t, fs, func(c *Config) { c.Dir = "restored" })
	if ok, why := r.Ready(); ok || len(why) != 1 {
		t.Fatalf("a restored directory is ready at once: %v", why)
	}
	if _, key := redeem(r, "B", "x"); key != wire.KeyUnavailable {
		t.Fatalf("a restored directory serves at once: %q", key)
	}
	if _, key := redeem(r, "A", "y"); key != wire.KeyQuantityExceeded {
		t.Fatalf("in recovery a refusal is %q", key)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	r = open(t, fs, func(c *Config) { c.Dir, c.EndRecovery = "restored", true })
	if again, key := redeem(r, "A", "before"); key != "" || again != before {
		t.Fatalf("the key of a redemption in the backup: %q %q, want %q", again, key, before)
	}
	if _, key := redeem(r, "B", "x"); key != "" {
		t.Fatalf("what came after the backup is in it: %q", key)
	}
}
