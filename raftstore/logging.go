package raftstore

import (
	"context"
	"fmt"
	"io"
	"log/slog"

	"github.com/hashicorp/go-hclog"
)

// raftLog forwards raft's log lines to slog, warnings and worse: at lower levels
// raft writes a line for every election step of every group.
type raftLog struct{ log *slog.Logger }

func newRaftLogger(log *slog.Logger) hclog.Logger {
	l := hclog.NewInterceptLogger(&hclog.LoggerOptions{Level: hclog.Warn, Output: io.Discard})
	l.RegisterSink(raftLog{log})
	return l
}

// electionMessage is what raft warns about whenever a node stands for election. A
// lone voter does so at every ordinary start.
const electionMessage = "heartbeat timeout reached, starting election"

// Accept implements hclog.SinkAdapter. Sinks get every level, so filter again.
func (r raftLog) Accept(_ string, level hclog.Level, msg string, args ...any) {
	if msg == electionMessage {
		r.log.Debug("raft: "+msg, args...)
		return
	}
	switch level {
	case hclog.Warn:
		r.log.Log(context.Background(), slog.LevelWarn, "raft: "+msg, args...)
	case hclog.Error:
		r.log.Log(context.Background(), slog.LevelError, "raft: "+msg, args...)
	}
}

// pebbleLog is Pebble's logger. After a failed WAL write Pebble calls Fatalf and
// goes on to return nil for the commit: a logger that only logs would make it
// acknowledge what is not on disk.
type pebbleLog struct{ life *lifeline }

func (p pebbleLog) Infof(string, ...any) {}

func (p pebbleLog) Errorf(format string, args ...any) {
	p.life.log.Error("pebble: " + fmt.Sprintf(format, args...))
}

func (p pebbleLog) Fatalf(format string, args ...any) {
	p.life.fail("pebble: "+format, args...)
}
