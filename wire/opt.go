package wire

import (
	"bytes"
	"encoding/json"
)

// Opt is a field that may be absent. Set says that it was present with a value
// or, where a field tells null from absent (its struct tag says null:"clears"),
// that it was present as null; Null tells the two apart. Everywhere else null
// leaves the field unset (W3).
//
// The zero Opt is absent, and omitzero leaves it out of an answer.
type Opt[T any] struct {
	Value T
	Set   bool
	Null  bool
}

// Some returns a present value.
func Some[T any](v T) Opt[T] { return Opt[T]{Value: v, Set: true} }

// Cleared returns a present null.
func Cleared[T any]() Opt[T] { return Opt[T]{Set: true, Null: true} }

// Get returns the value and whether there is one; null counts as none.
func (o Opt[T]) Get() (T, bool) { return o.Value, o.Set && !o.Null }

// Or returns the value, or fallback when there is none.
func (o Opt[T]) Or(fallback T) T {
	if o.Set && !o.Null {
		return o.Value
	}
	return fallback
}

// IsZero reports absence; encoding/json asks it for omitzero.
func (o Opt[T]) IsZero() bool { return !o.Set }

// MarshalJSON writes the value, or null.
func (o Opt[T]) MarshalJSON() ([]byte, error) {
	if !o.Set || o.Null {
		return []byte("null"), nil
	}
	return marshalPlain(o.Value)
}

// UnmarshalJSON reads an answer of the server. Requests are read by Decode,
// which reports the path of what is wrong.
func (o *Opt[T]) UnmarshalJSON(b []byte) error {
	if bytes.Equal(b, []byte("null")) {
		*o = Cleared[T]()
		return nil
	}
	o.Set, o.Null = true, false
	return json.Unmarshal(b, &o.Value)
}

// marshalPlain is json.Marshal without the escaping of <, > and &: answers are
// never put into a page unescaped, and the written-out encoders leave them too.
func marshalPlain(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// slot lets Decode fill an Opt of any type without knowing it.
func (o *Opt[T]) slot(null bool) any {
	o.Set, o.Null = true, null
	return &o.Value
}
