package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/alecthomas/kong"
	"golang.org/x/term"

	"github.com/scrip-engine/scrip/client"
)

// app is what every verb gets: where to write, and until when to work.
type app struct {
	ctx      context.Context // ends with SIGINT or SIGTERM
	out, err io.Writer
	terminal bool // stderr is one: progress bars and readable logs
	json     bool

	parsed *kong.Context // for config show
	files  *fileResolver
}

func newApp(ctx context.Context, out, err *os.File) *app {
	return &app{ctx: ctx, out: out, err: err, terminal: term.IsTerminal(int(err.Fd()))}
}

// fail tells an error on stderr and returns its exit code; nil is done.
func (a *app) fail(err error) int {
	code := exitCode(err)
	switch {
	case err == nil || errors.Is(err, errPartly):
	case a.json:
		line, _ := json.Marshal(describe(err)) // of strings and integers: cannot fail
		_, _ = fmt.Fprintf(a.err, "%s\n", line)
	default:
		_, _ = fmt.Fprintf(a.err, "scrip: %s\n", oneLine(err.Error()))
		if code == codeUnknown && client.KeyOf(err) != "" {
			_, _ = fmt.Fprintf(a.err, "scrip: it may have happened; ask again with --key %s\n", client.KeyOf(err))
		}
	}
	return code
}

// oneLine keeps errors.Join from spreading an error over several lines.
func oneLine(s string) string { return strings.Join(strings.Split(strings.TrimSpace(s), "\n"), "; ") }

// say tells people something that is no result.
func (a *app) say(format string, args ...any) {
	_, _ = fmt.Fprintf(a.err, format+"\n", args...) // nobody left to tell
}

// show prints a result: v as JSON, or what text writes.
func (a *app) show(v any, text func(t *table)) error {
	if a.json {
		return a.line(v, "  ")
	}
	t := &table{w: tabwriter.NewWriter(a.out, 0, 4, 2, ' ', 0)}
	text(t)
	if err := t.w.Flush(); err != nil {
		return fmt.Errorf("write the result: %w", err)
	}
	return nil
}

// line prints v as JSON; without an indent in one line.
func (a *app) line(v any, indent string) error {
	enc := json.NewEncoder(a.out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", indent)
	if err := enc.Encode(v); err != nil {
		return fmt.Errorf("write the result: %w", err)
	}
	return nil
}

// table aligns columns. Its writer keeps everything until the end, so a write
// cannot fail before that.
type table struct{ w *tabwriter.Writer }

// row writes cells side by side.
func (t *table) row(cells ...any) {
	for i, c := range cells {
		if i > 0 {
			_, _ = io.WriteString(t.w, "\t")
		}
		_, _ = io.WriteString(t.w, printable(fmt.Sprint(c)))
	}
	_, _ = io.WriteString(t.w, "\n")
}

// field writes a name and its value, unless that is empty.
func (t *table) field(name string, value any) {
	if text := fmt.Sprint(value); text != "" {
		t.row(name, text)
	}
}

func (t *table) blank() { _, _ = io.WriteString(t.w, "\n") }

// printable replaces control characters: a name or a reason comes from somebody
// else, and a terminal would obey what is in it.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || (r >= 0x7f && r < 0xa0) {
			return '\uFFFD'
		}
		return r
	}, s)
}
