package catalog

import (
	"bytes"
	"encoding/json"
	"fmt"
	"unicode/utf8"
)

// InvalidError says which field of a command is outside what the catalog can
// hold. Encode returns it before anything was proposed; inside Apply it means
// that a committed command cannot be understood.
type InvalidError struct {
	Field  string // the JSON name
	Reason string
}

// Error names the field and what is wrong with it.
func (e *InvalidError) Error() string { return fmt.Sprintf("catalog: %s: %s", e.Field, e.Reason) }

// checker keeps the first thing that is wrong. Each check is about shape only,
// never about state: the same command passes or fails everywhere.
type checker struct{ err error }

func (c *checker) that(ok bool, field, reason string) {
	if !ok && c.err == nil {
		c.err = &InvalidError{Field: field, Reason: reason}
	}
}

func (c *checker) ordinal(field string, n uint32) { c.that(n != 0, field, "missing") }

func (c *checker) atLeast(field string, n, least int64) {
	if n < least {
		c.that(false, field, fmt.Sprintf("%d is less than %d", n, least))
	}
}

func (c *checker) text(field, s string, least, most int) {
	c.that(len(s) >= least, field, "missing")
	if len(s) > most {
		c.that(false, field, fmt.Sprintf("%d bytes, at most %d", len(s), most))
	}
	// A string that is no UTF-8 would come back from JSON longer than it went in.
	c.that(utf8.ValidString(s), field, "not valid UTF-8")
}

func (c *checker) word(field, s string) { c.text(field, s, 1, WordBytesMax) }

func (c *checker) wordOrNone(field, s string) { c.text(field, s, 0, WordBytesMax) }

// raw accepts absent, or a JSON object that is neither too long nor too deep.
func (c *checker) raw(field string, raw json.RawMessage, most int) {
	if len(raw) == 0 || c.err != nil {
		return
	}
	if len(raw) > most {
		c.that(false, field, fmt.Sprintf("%d bytes, at most %d", len(raw), most))
		return
	}
	c.that(utf8.Valid(raw), field, "not valid UTF-8")
	c.that(depth(raw) <= RawDepthMax, field, "nested too deep")
	c.that(json.Valid(raw), field, "not valid JSON")
	c.that(bytes.HasPrefix(bytes.TrimLeft(raw, " \t\r\n"), []byte("{")), field, "not a JSON object")
}

// depth is how deep brackets nest outside strings. It needs no valid JSON.
func depth(raw []byte) int {
	deepest, level, inString := 0, 0, false
	for i := 0; i < len(raw); i++ {
		switch b := raw[i]; {
		case inString && b == '\\':
			i++
		case b == '"':
			inString = !inString
		case inString:
		case b == '{' || b == '[':
			level++
			deepest = max(deepest, level)
		case b == '}' || b == ']':
			level--
		}
	}
	return deepest
}
