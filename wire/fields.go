package wire

import (
	"slices"

	"github.com/go-faster/jx"
)

// fieldNames are the fields of one kind of object, at most 64. Their indexes
// are what a decoder switches on.
type fieldNames []string

// index returns the position of a name, or -1 for a field nobody knows. The
// lists are short, and Go compares lengths before bytes.
func (f fieldNames) index(key []byte) int {
	for i := range f {
		if string(key) == f[i] {
			return i
		}
	}
	return -1
}

// fields walks the known fields of one object. Unknown fields are skipped (W4),
// nulls as well unless keepNull names the field (W3), and a field that occurs
// twice ends the walk (W5).
type fields struct {
	r        *reader
	it       jx.ObjIter
	names    fieldNames
	keepNull uint64 // bit i: names[i] is reported when null
	seen     uint64
	index    int // of the current field
	err      *FieldError
}

// object begins the walk. What is not an object is refused.
func (r *reader) object(names fieldNames) fields {
	f := fields{r: r, names: names}
	if got := r.d.Next(); got != jx.Object {
		f.err = r.wrongType("an object", got)
		return f
	}
	it, err := r.d.ObjIter()
	if err != nil {
		f.err = syntaxErr()
	}
	f.it = it
	return f
}

// next moves to the next known field; f.index says which. The caller must
// consume its value and give the outcome to done.
func (f *fields) next() bool {
	if f.err != nil {
		return false
	}
	for f.it.Next() {
		i := f.names.index(f.it.Key())
		if i < 0 {
			if f.r.d.Skip() != nil {
				f.err = syntaxErr()
				return false
			}
			continue
		}
		if f.seen&(1<<i) != 0 {
			f.err = fieldErr(KeyInvalidPayload, f.names[i], "occurs twice")
			return false
		}
		f.seen |= 1 << i
		if f.r.d.Next() == jx.Null && f.keepNull&(1<<i) == 0 {
			if f.r.d.Null() != nil {
				f.err = under(f.names[i], syntaxErr())
				return false
			}
			continue
		}
		f.index = i
		return true
	}
	if f.it.Err() != nil {
		f.err = syntaxErr()
	}
	return false
}

// done records the outcome of the current field's value.
func (f *fields) done(err *FieldError) {
	if err != nil {
		f.err = under(f.names[f.index], err)
	}
}

// wrongType reports a value of another JSON type than the field has. A byte
// that begins no value at all is a syntax error.
func (r *reader) wrongType(want string, got jx.Type) *FieldError {
	if got == jx.Invalid {
		return syntaxErr()
	}
	article := "a "
	if got == jx.Object || got == jx.Array {
		article = "an "
	}
	name := article + got.String()
	if got == jx.Null {
		name = "null"
	}
	return fieldErr(KeyInvalidPayload, "", "must be %s, not %s", want, name)
}

// text reads a string of at most maxBytes. It aliases the body unless the
// string has escapes.
func (r *reader) text(dst *string, maxBytes int) *FieldError {
	if got := r.d.Next(); got != jx.String {
		return r.wrongType("a string", got)
	}
	b, err := r.d.StrBytes()
	if err != nil {
		return syntaxErr()
	}
	if len(b) > maxBytes {
		return fieldErr(KeyInvalidPayload, "", "must have at most %d bytes", maxBytes)
	}
	*dst = alias(b)
	return nil
}

// enum reads one of a fixed set of strings; dst then holds the constant. The
// values in later are known and not carried out by this version (W4).
func (r *reader) enum(dst *string, values []string, later ...string) *FieldError {
	var got string
	if err := r.text(&got, TextBytesMax); err != nil {
		return err
	}
	for _, v := range values {
		if got == v {
			*dst = v
			return nil
		}
	}
	if slices.Contains(later, got) {
		return notSupported("", "asks for %s, which this version does not carry out", got)
	}
	return unknownValue(got, values)
}

// number reads an exact integer, times 10^scale.
func (r *reader) number(dst *int64, scale int) *FieldError {
	if got := r.d.Next(); got != jx.Number {
		return r.wrongType("a number", got)
	}
	lit, err := r.d.Raw()
	if err != nil {
		return syntaxErr()
	}
	v, err := parseInt(lit, scale)
	if err != nil {
		return fieldErr(KeyInvalidPayload, "", "%v", err)
	}
	*dst = v
	return nil
}

// amount reads a number that must not be negative: money or a count.
func (r *reader) amount(dst *Opt[int64]) *FieldError {
	if err := r.number(&dst.Value, 0); err != nil {
		return err
	}
	if dst.Value < 0 {
		return fieldErr(KeyInvalidAmount, "", "must not be negative")
	}
	dst.Set = true
	return nil
}

func (r *reader) optBool(dst *Opt[bool]) *FieldError {
	if got := r.d.Next(); got != jx.Bool {
		return r.wrongType("true or false", got)
	}
	v, err := r.d.Bool()
	if err != nil {
		return syntaxErr()
	}
	*dst = Some(v)
	return nil
}

// raw reads an object into its canonical form, appended to *space.
func (r *reader) raw(dst *Raw, space *[]byte) *FieldError {
	if got := r.d.Next(); got != jx.Object {
		return r.wrongType("an object", got)
	}
	src, err := r.d.Raw()
	if err != nil {
		return syntaxErr()
	}
	begin := len(*space)
	out, bad := canonical(*space, src)
	if bad != nil {
		return bad
	}
	*space = out
	if v := out[begin:len(out):len(out)]; len(v) > len("{}") {
		*dst = v
	}
	return nil
}

// time reads an instant as ParseTime does.
func (r *reader) time(dst *Time) *FieldError {
	var s string
	if err := r.text(&s, TextBytesMax); err != nil {
		return err
	}
	v, err := ParseTime(s)
	if err != nil {
		return fieldErr(KeyInvalidPayload, "", "%v", err)
	}
	*dst = v
	return nil
}
