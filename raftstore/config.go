package raftstore

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/prometheus/client_golang/prometheus"
)

// Config of a Host. FS and Dir are required, the zero value of everything else
// means the default.
type Config struct {
	// FS carries every durable byte: logs, votes, floors, images.
	FS  vfs.FS
	Dir string
	// NodeID and ClusterID must match the directory's, where it has them and they
	// are given. A new directory draws what is empty.
	NodeID    string
	ClusterID string

	// Clock reads unix milliseconds. Default: the system's.
	Clock func() int64
	// Stamp gives the leader's stamp for a new entry of the named group; last is
	// the greatest stamp so far. A result below last is raised to last. An error
	// (ErrClockJump) refuses the commands as not proposed. Called with one entry
	// at a time a group. Default: Clock.
	Stamp func(group string, last int64) (int64, error)

	Logger     *slog.Logger
	Registerer prometheus.Registerer

	// Exit ends the process when storage or state cannot be trusted. Default:
	// os.Exit. Where it returns the host is dead: nothing is acknowledged any more.
	Exit func(code int, reason string)

	// HeartbeatTimeout is also the election timeout: a lone voter leads one to two
	// of them after its start.
	HeartbeatTimeout time.Duration
	// StallLimit is how long one write of a log or vote, or one operation on a file
	// of Host.FS or Host.PebbleFS, may take before the process ends. Half of it is
	// logged and counted.
	StallLimit time.Duration
	// FloorInterval is how often floor files follow the log.
	FloorInterval time.Duration

	// ImageLogBytes is how much log may gather before an image is made. Large
	// images are made less often: after half their size, at most
	// imageLogFactorMax × ImageLogBytes.
	ImageLogBytes int64
	// ImagesKept is at least 2: the log is truncated to the oldest that is kept.
	ImagesKept int

	// SupportedVersion is the newest active version this binary can follow.
	SupportedVersion uint32

	// now reads the watchdog's time: a test's, or time.Now.
	now func() time.Time
}

// Defaults and bounds.
const (
	// One voter has nobody to wait for; this is its restart-to-serve time.
	defaultHeartbeatTimeout = 150 * time.Millisecond
	// Above any healthy fsync by two orders, below what a client waits for.
	defaultStallLimit    = 10 * time.Second
	defaultFloorInterval = time.Second
	// 64 MiB of log are about a second of replay.
	defaultImageLogBytes = 64 << 20
	// 4 × 64 MiB = 256 MiB of log replay in 3 to 5 s, half of what a restart may
	// take in all.
	imageLogFactorMax = 4
	imagesKeptMin     = 2
	firstVersion      = 1
)

func (c Config) withDefaults() (Config, error) {
	var errs []error
	if c.FS == nil {
		errs = append(errs, errors.New("the field FS is missing"))
	}
	if c.Dir == "" {
		errs = append(errs, errors.New("the field Dir is missing"))
	}
	setDefault(&c.HeartbeatTimeout, defaultHeartbeatTimeout)
	setDefault(&c.StallLimit, defaultStallLimit)
	setDefault(&c.FloorInterval, defaultFloorInterval)
	setDefault(&c.ImageLogBytes, defaultImageLogBytes)
	setDefault(&c.ImagesKept, imagesKeptMin)
	setDefault(&c.SupportedVersion, firstVersion)
	if c.ImagesKept < imagesKeptMin {
		errs = append(errs, fmt.Errorf("ImagesKept is %d, at least %d", c.ImagesKept, imagesKeptMin))
	}
	if c.HeartbeatTimeout < 5*time.Millisecond || c.StallLimit < 0 || c.FloorInterval < 0 || c.ImageLogBytes < 0 {
		errs = append(errs, errors.New("a duration or size is out of range"))
	}
	if c.now == nil {
		c.now = time.Now
	}
	if c.Clock == nil {
		c.Clock = func() int64 { return time.Now().UnixMilli() }
	}
	if c.Stamp == nil {
		clock := c.Clock
		c.Stamp = func(string, int64) (int64, error) { return clock(), nil }
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if len(errs) > 0 {
		return c, fmt.Errorf("raftstore configuration: %w", errors.Join(errs...))
	}
	return c, nil
}

func setDefault[T comparable](v *T, def T) {
	var zero T
	if *v == zero {
		*v = def
	}
}

// GroupConfig of one group. ID and Name are required and never change.
type GroupConfig struct {
	ID   uint32
	Name string

	// MaxBatchCommands and MaxBatchBytes bound one log entry.
	MaxBatchCommands int
	MaxBatchBytes    int
	// MaxQueueCommands, MaxQueueBytes and MaxQueueAge bound what waits for the
	// entry in flight (P10). Past one of them a proposal is refused.
	MaxQueueCommands int
	MaxQueueBytes    int
	MaxQueueAge      time.Duration
}

// Defaults and bounds of a group.
const (
	// 512 commands of 250 bytes: an entry is written in about one fsync's time.
	defaultBatchCommands = 512
	defaultBatchBytes    = 128 << 10
	// raft sends up to 64 entries at once; 64 × 256 KiB is what a follower can be
	// asked to hold.
	batchBytesMax = 256 << 10
	// 16 full entries: about 10 ms of work at the usual rate.
	defaultQueueCommands = 16 * defaultBatchCommands
	defaultQueueBytes    = 8 << 20
	// A second of queueing is no longer a burst.
	defaultQueueAge = time.Second
	nameBytesMax    = 64
)

func (c GroupConfig) withDefaults() (GroupConfig, error) {
	if c.ID == 0 || c.Name == "" || len(c.Name) > nameBytesMax {
		return c, fmt.Errorf("group configuration: id %d and name %q must be given, the name at most %d bytes", c.ID, c.Name, nameBytesMax)
	}
	setDefault(&c.MaxBatchCommands, defaultBatchCommands)
	setDefault(&c.MaxBatchBytes, defaultBatchBytes)
	setDefault(&c.MaxQueueCommands, defaultQueueCommands)
	setDefault(&c.MaxQueueBytes, defaultQueueBytes)
	setDefault(&c.MaxQueueAge, defaultQueueAge)
	if c.MaxBatchCommands < 1 || c.MaxBatchBytes < 1 || c.MaxBatchBytes > batchBytesMax ||
		c.MaxQueueCommands < c.MaxBatchCommands || c.MaxQueueBytes < c.MaxBatchBytes || c.MaxQueueAge < 0 {
		return c, fmt.Errorf("group %s: bounds out of range: %+v", c.Name, c)
	}
	return c, nil
}
