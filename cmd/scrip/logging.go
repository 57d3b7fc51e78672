package main

import (
	"io"
	"log/slog"
)

// newLogger writes JSON for machines and text for a terminal.
func newLogger(out io.Writer, s *serverSettings, terminal bool) *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(s.LogLevel)); err != nil {
		level = slog.LevelInfo // kong's enum lets only levels through
	}
	options := &slog.HandlerOptions{Level: level}
	if s.LogFormat == "text" || s.LogFormat == "auto" && terminal {
		return slog.New(slog.NewTextHandler(out, options))
	}
	return slog.New(slog.NewJSONHandler(out, options))
}
