package wire

import (
	"bytes"
	"slices"
	"strconv"

	"github.com/go-faster/jx"
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

// canonical works on one well-formed value within the depth limit. Each level
// scans its part again, so the cost is the size times the depth at most.
func canonical(dst, raw []byte) ([]byte, *FieldError) {
	var r reader
	r.d.ResetBytes(raw)
	switch r.d.Next() {
	case jx.Object:
		return canonicalObject(dst, &r)
	case jx.Array:
		return canonicalArray(dst, &r)
	case jx.String:
		b, err := r.d.StrBytes()
		if err != nil {
			return dst, syntaxErr()
		}
		return appendString(dst, alias(b)), nil
	case jx.Number:
		lit, err := r.d.Raw()
		if err != nil {
			return dst, syntaxErr()
		}
		if v, err := parseInt(lit, 0); err == nil {
			return strconv.AppendInt(dst, v, 10), nil
		}
		if _, err := strconv.ParseFloat(alias(lit), 64); err != nil {
			return dst, fieldErr(KeyInvalidPayload, "", "is a number beyond the range of a double")
		}
		return append(dst, lit...), nil
	default:
		lit, err := r.d.Raw()
		if err != nil {
			return dst, syntaxErr()
		}
		return append(dst, lit...), nil
	}
}

type member struct{ key, value []byte }

func canonicalObject(dst []byte, r *reader) ([]byte, *FieldError) {
	var few [16]member // most metadata has fewer keys, and then none is allocated
	members := few[:0]
	it, err := r.d.ObjIter()
	if err != nil {
		return dst, syntaxErr()
	}
	for it.Next() {
		key := it.Key()
		value, err := r.d.Raw()
		if err != nil {
			return dst, under(string(key), syntaxErr())
		}
		members = append(members, member{key, value})
	}
	if it.Err() != nil {
		return dst, syntaxErr()
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

func canonicalArray(dst []byte, r *reader) ([]byte, *FieldError) {
	it, err := r.d.ArrIter()
	if err != nil {
		return dst, syntaxErr()
	}
	dst = append(dst, '[')
	for i := 0; it.Next(); i++ {
		value, err := r.d.Raw()
		if err != nil {
			return dst, under(indexed(i), syntaxErr())
		}
		if i > 0 {
			dst = append(dst, ',')
		}
		var bad *FieldError
		if dst, bad = canonical(dst, value); bad != nil {
			return dst, under(indexed(i), bad)
		}
	}
	if it.Err() != nil {
		return dst, syntaxErr()
	}
	return append(dst, ']'), nil
}

// indexed is an element's part of a path.
func indexed(i int) string { return "[" + strconv.Itoa(i) + "]" }
