package engine

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/scrip-engine/scrip/coupon"
	"github.com/scrip-engine/scrip/internal/clock"
	"github.com/scrip-engine/scrip/shard"
)

// Config of an engine. Dir is required; the zero value of the rest means the
// default.
type Config struct {
	// Dir is the data directory. One process at a time.
	Dir string
	// FS carries every durable byte; nil is the machine's file system.
	FS vfs.FS

	// Shards, Currency, CaseSensitive, AppID and AppToken are fixed when the
	// directory is made. Afterwards a non-zero Shards must agree.
	Shards        int
	Currency      string // ISO 4217 of the project default; USD
	CaseSensitive bool
	AppID         string // of the first server key; drawn when empty
	AppToken      string

	// MemoryBudgetBytes bounds the records of all shards together.
	MemoryBudgetBytes int64
	// DiskLowBytes is the free space below which changes are refused.
	DiskLowBytes uint64

	// EndRecovery lets a directory that was restored from a backup serve again.
	EndRecovery bool

	Logger     *slog.Logger
	Registerer prometheus.Registerer
	Clock      clock.Clock
	Version    string
	// Exit ends the process when storage or state cannot be trusted; nil is
	// os.Exit.
	Exit func(code int, reason string)
	// HeartbeatTimeout of the groups; a lone voter leads one to two of them after
	// its start.
	HeartbeatTimeout time.Duration
	// StallLimit is how long a file operation in the data directory may take before
	// the process ends; 0 means 10 seconds. Half of it is logged and counted.
	StallLimit time.Duration
	// ImageLogBytes is how much log may gather before an image is made.
	ImageLogBytes int64
}

const (
	shardsMax = 64
	// diskLowDefault leaves room for an image of a full shard's tail, the log up to
	// its next truncation, and a day of logs.
	diskLowDefault = 512 << 20
)

func (c *Config) withDefaults() error {
	var errs []error
	if c.Dir == "" {
		errs = append(errs, errors.New("a data directory is required"))
	}
	if c.FS == nil {
		c.FS = vfs.Default
	}
	if c.Shards < 0 || c.Shards > shardsMax {
		errs = append(errs, fmt.Errorf("shards: %d is not between 1 and %d", c.Shards, shardsMax))
	}
	if c.Currency == "" {
		c.Currency = "USD"
	}
	if _, err := coupon.ParseCurrency(c.Currency); err != nil {
		errs = append(errs, fmt.Errorf("currency: %w", err))
	}
	if (c.AppID == "") != (c.AppToken == "") {
		errs = append(errs, errors.New("an app id and an app token come together"))
	}
	if c.MemoryBudgetBytes == 0 {
		c.MemoryBudgetBytes = shard.DefaultBudgetBytes
	}
	if c.DiskLowBytes == 0 {
		c.DiskLowBytes = diskLowDefault
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	if c.Clock == nil {
		c.Clock = clock.System{}
	}
	return errors.Join(errs...)
}
