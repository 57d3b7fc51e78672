package catalog

// Patch is what an update says about one field: nothing (the zero value, and the
// field stays whatever it is by then), a new value, or "clear", which is null in
// JSON. So two updates of different fields never undo each other.
type Patch[T any] struct {
	value T
	set   bool
	clear bool
}

// Set gives the field a value.
func Set[T any](value T) Patch[T] { return Patch[T]{value: value, set: true} }

// Clear empties the field.
func Clear[T any]() Patch[T] { return Patch[T]{clear: true} }

// IsZero reports that the field is left alone; encoding/json's omitzero uses it.
func (p Patch[T]) IsZero() bool { return !p.set && !p.clear }

// Get returns the new value; ok is false when the field is cleared or left alone.
func (p Patch[T]) Get() (value T, ok bool) { return p.value, p.set }

// IsClear reports that the field is emptied.
func (p Patch[T]) IsClear() bool { return p.clear }

// MarshalJSON writes null or the value.
func (p Patch[T]) MarshalJSON() ([]byte, error) {
	if !p.set {
		return []byte("null"), nil
	}
	return marshal(p.value)
}

// UnmarshalJSON reads null as Clear and anything else as Set.
func (p *Patch[T]) UnmarshalJSON(data []byte) error {
	*p = Patch[T]{}
	if string(data) == "null" {
		p.clear = true
		return nil
	}
	p.set = true
	return unmarshal(data, &p.value)
}

// onto writes the patch into a field and notes its name when it says anything.
func (p Patch[T]) onto(field *T, name string, changed *[]string) {
	if p.IsZero() {
		return
	}
	*field = p.value // the zero value when cleared
	*changed = append(*changed, name)
}
