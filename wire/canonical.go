package wire

import (
	"bytes"
	"slices"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// Raw is a JSON object in canonical form: keys sorted by their bytes, no white
// space, one spelling for every string and for every exact integer. The empty
// object is nil. As an answer's field it is written as it stands.
type Raw []byte

func (v Raw) append(dst []byte) []byte {
	if len(v) == 0 {
		return append(dst, "{}"...)
	}
	return append(dst, v...)
}

// MarshalJSON writes the object.
func (v Raw) MarshalJSON() ([]byte, error) { return v.append(nil), nil }

// UnmarshalJSON keeps a copy of an object in canonical form; null gives nil.
func (v *Raw) UnmarshalJSON(b []byte) error {
	*v = nil
	if bytes.Equal(b, []byte("null")) {
		return nil
	}
	var r reader
	if err := r.start(b); err != nil {
		return err
	}
	var space []byte
	if err := r.finish(r.raw(v, &space)); err != nil {
		return err
	}
	return nil
}

// Canonical appends the canonical form of one JSON value to dst (W7): object
// keys sorted by their bytes, no white space, strings with the fewest escapes,
// exact integers in plain digits. A number that is no exact integer keeps its
// spelling: it is never computed with, only kept and compared. One that no double
// can hold is refused, because clients could not read it back. The error is a
// *FieldError. dst and raw must not overlap; nothing of raw is kept.
func Canonical(dst, raw []byte) ([]byte, error) {
	var r reader
	if err := r.start(raw); err != nil {
		return dst, err
	}
	value, syntax := r.d.Raw()
	if syntax != nil {
		return dst, r.finish(syntaxErr())
	}
	if err := r.finish(nil); err != nil {
		return dst, err
	}
	out, err := canonical(dst, value)
	if err != nil {
		return dst, err
	}
	return out, nil
}

// canonical works on one value that is known to be well-formed and within the
// depth limit, white space around it allowed; so it only has to find where the
// parts end. Each level walks its part again: the cost is the size times the
// depth at most.
func canonical(dst, raw []byte) ([]byte, *FieldError) {
	raw = raw[spaceEnd(raw, 0):]
	switch raw[0] {
	case '{':
		return canonicalObject(dst, raw)
	case '[':
		return canonicalArray(dst, raw)
	case '"':
		return appendString(dst, alias(unquote(raw[:stringEnd(raw, 0)+1]))), nil
	case 't', 'f', 'n':
		return append(dst, raw[:valueEnd(raw, 0)]...), nil
	}
	lit := raw[:valueEnd(raw, 0)]
	if v, err := parseInt(lit, 0); err == nil {
		return strconv.AppendInt(dst, v, 10), nil
	}
	if _, err := strconv.ParseFloat(alias(lit), 64); err != nil {
		return dst, fieldErr(KeyInvalidPayload, "", "is a number beyond the range of a double")
	}
	return append(dst, lit...), nil
}

type member struct{ key, value []byte }

func canonicalObject(dst, raw []byte) ([]byte, *FieldError) {
	var few [16]member // most metadata has fewer keys, and then none is allocated
	members := few[:0]
	for i := spaceEnd(raw, 1); raw[i] != '}'; {
		end := stringEnd(raw, i) + 1
		key := unquote(raw[i:end])
		i = spaceEnd(raw, spaceEnd(raw, end)+1) // over the colon
		end = valueEnd(raw, i)
		members = append(members, member{key, raw[i:end]})
		if i = spaceEnd(raw, end); raw[i] == ',' {
			i = spaceEnd(raw, i+1)
		}
	}
	slices.SortFunc(members, func(a, b member) int { return bytes.Compare(a.key, b.key) })
	dst = append(dst, '{')
	for i, m := range members {
		if i > 0 {
			if bytes.Equal(members[i-1].key, m.key) {
				return dst, fieldErr(KeyInvalidPayload, string(m.key), "occurs twice")
			}
			dst = append(dst, ',')
		}
		dst = append(appendString(dst, alias(m.key)), ':')
		var bad *FieldError
		if dst, bad = canonical(dst, m.value); bad != nil {
			return dst, under(string(m.key), bad)
		}
	}
	return append(dst, '}'), nil
}

func canonicalArray(dst, raw []byte) ([]byte, *FieldError) {
	dst = append(dst, '[')
	i := spaceEnd(raw, 1)
	for n := 0; raw[i] != ']'; n++ {
		end := valueEnd(raw, i)
		if n > 0 {
			dst = append(dst, ',')
		}
		var bad *FieldError
		if dst, bad = canonical(dst, raw[i:end]); bad != nil {
			return dst, under(indexed(n), bad)
		}
		if i = spaceEnd(raw, end); raw[i] == ',' {
			i = spaceEnd(raw, i+1)
		}
	}
	return append(dst, ']'), nil
}

// spaceEnd returns the index of the first byte from i on that is no white space.
func spaceEnd(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\n' || b[i] == '\r' || b[i] == '\t') {
		i++
	}
	return i
}

// valueEnd returns the index after the well-formed value that begins at i.
func valueEnd(b []byte, i int) int {
	depth := 0
	for ; i < len(b); i++ {
		switch b[i] {
		case '"':
			i = stringEnd(b, i)
			if depth == 0 {
				return i + 1
			}
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 {
				return i // the end of what a number or a word stands in
			}
			if depth--; depth == 0 {
				return i + 1
			}
		case ',', ' ', '\n', '\r', '\t':
			if depth == 0 {
				return i
			}
		}
	}
	return i
}

// indexed is an element's part of a path.
func indexed(i int) string { return "[" + strconv.Itoa(i) + "]" }

// unquote returns what a well-formed quoted string says. Without escapes it is
// a part of quoted.
func unquote(quoted []byte) []byte {
	s := quoted[1 : len(quoted)-1]
	if bytes.IndexByte(s, '\\') < 0 {
		return s
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' {
			out = append(out, s[i])
			continue
		}
		if unit, ok := escapedUnit(s[i:]); ok {
			i += 5
			if utf16.IsSurrogate(unit) { // half of a pair, or reader.start had refused it
				low, _ := escapedUnit(s[i+1:])
				unit = utf16.DecodeRune(unit, low)
				i += 6
			}
			out = utf8.AppendRune(out, unit)
			continue
		}
		i++
		out = append(out, unescaped(s[i]))
	}
	return out
}

func unescaped(c byte) byte {
	switch c {
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	}
	return c // a quote, a slash or a backslash stands for itself
}
