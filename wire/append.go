package wire

import (
	"strconv"
	"unicode/utf8"
	"unsafe"
)

// writer appends one JSON value. Field names are constants of this package and
// are written without escaping. A comma goes in front of a field unless the
// byte before it opens the object, so no state has to be kept.
type writer struct{ buf []byte }

func (w *writer) open()  { w.buf = append(w.buf, '{') }
func (w *writer) close() { w.buf = append(w.buf, '}') }

func (w *writer) comma() {
	if last := w.buf[len(w.buf)-1]; last != '{' && last != '[' {
		w.buf = append(w.buf, ',')
	}
}

func (w *writer) name(name string) {
	w.comma()
	w.buf = append(w.buf, '"')
	w.buf = append(w.buf, name...)
	w.buf = append(w.buf, '"', ':')
}

// openField begins an object-valued field, openList an array-valued one.
func (w *writer) openField(name string) { w.name(name); w.open() }
func (w *writer) openList(name string)  { w.name(name); w.buf = append(w.buf, '[') }
func (w *writer) closeList()            { w.buf = append(w.buf, ']') }

func (w *writer) str(name, v string) {
	w.name(name)
	w.buf = appendString(w.buf, v)
}

func (w *writer) optStr(name, v string) {
	if v != "" {
		w.str(name, v)
	}
}

// nullStr writes null for "": strict clients require the field (W6).
func (w *writer) nullStr(name string, v Nullable) {
	if v == "" {
		w.null(name)
		return
	}
	w.str(name, string(v))
}

func (w *writer) null(name string) {
	w.name(name)
	w.buf = append(w.buf, "null"...)
}

func (w *writer) int(name string, v int64) {
	w.name(name)
	w.buf = strconv.AppendInt(w.buf, v, 10)
}

func (w *writer) optInt(name string, v Opt[int64]) {
	switch {
	case v.Null:
		w.null(name)
	case v.Set:
		w.int(name, v.Value)
	}
}

func (w *writer) bool(name string, v bool) {
	w.name(name)
	w.buf = strconv.AppendBool(w.buf, v)
}

func (w *writer) optBool(name string, v Opt[bool]) {
	if v, ok := v.Get(); ok {
		w.bool(name, v)
	}
}

func (w *writer) time(name string, v Time) {
	w.name(name)
	w.buf = append(w.buf, '"')
	w.buf = AppendTime(w.buf, v)
	w.buf = append(w.buf, '"')
}

func (w *writer) optTime(name string, v Time) {
	if v != 0 {
		w.time(name, v)
	}
}

// raw writes an object; an empty one as {}.
func (w *writer) raw(name string, v Raw) {
	w.name(name)
	w.buf = v.append(w.buf)
}

func (w *writer) optRaw(name string, v Raw) {
	if len(v) > 0 {
		w.raw(name, v)
	}
}

func (w *writer) optPercent(name string, v Opt[Percent]) {
	if v, ok := v.Get(); ok {
		w.name(name)
		w.buf = AppendPercent(w.buf, v)
	}
}

const hexDigits = "0123456789abcdef"

// appendString appends s as encoding/json writes it without HTML escaping: so
// the plain encoder can be the tests' oracle. Bytes that are no UTF-8 become
// U+FFFD: an answer is always valid.
func appendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' && c < utf8.RuneSelf {
			i++
			continue
		}
		if c < utf8.RuneSelf {
			dst = append(dst, s[start:i]...)
			dst = appendEscape(dst, c)
			i++
			start = i
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			dst = append(append(dst, s[start:i]...), `\ufffd`...)
			start = i + size
		case r == '\u2028' || r == '\u2029':
			dst = append(append(dst, s[start:i]...), `\u202`...)
			dst = append(dst, hexDigits[r&0xf])
			start = i + size
		}
		i += size
	}
	return append(append(dst, s[start:]...), '"')
}

func appendEscape(dst []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\b':
		return append(dst, '\\', 'b')
	case '\f':
		return append(dst, '\\', 'f')
	case '\n':
		return append(dst, '\\', 'n')
	case '\r':
		return append(dst, '\\', 'r')
	case '\t':
		return append(dst, '\\', 't')
	}
	return append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&0xf])
}

// alias views b as a string without copying. The string lives as long as b is
// not written to; see Ownership in the package documentation.
func alias(b []byte) string {
	return unsafe.String(unsafe.SliceData(b), len(b))
}
