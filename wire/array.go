package wire

import "github.com/go-faster/jx"

// array walks the elements of one list. The caller must consume each element
// and give the outcome to done.
type array struct {
	r     *reader
	it    jx.ArrIter
	max   int
	index int // of the current element
	err   *FieldError
}

// array begins the walk over at most max elements.
func (r *reader) array(max int) array {
	a := array{r: r, max: max, index: -1}
	if got := r.d.Next(); got != jx.Array {
		a.err = r.wrongType("a list", got)
		return a
	}
	it, err := r.d.ArrIter()
	if err != nil {
		a.err = syntaxErr()
	}
	a.it = it
	return a
}

func (a *array) next() bool {
	if a.err != nil {
		return false
	}
	if !a.it.Next() {
		if a.it.Err() != nil {
			a.err = syntaxErr()
		}
		return false
	}
	a.index++
	if a.index >= a.max {
		a.err = fieldErr(KeyInvalidPayload, "", "has more than %d elements", a.max)
		return false
	}
	return true
}

func (a *array) done(err *FieldError) {
	if err != nil {
		a.err = under(indexed(a.index), err)
	}
}
