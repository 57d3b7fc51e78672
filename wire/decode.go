package wire

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/go-faster/jx"
)

// Decode reads the body of a colder request into a struct of this package, by
// the rules of the written-out decoders: exact integers, paths in errors, null
// as absent, nothing twice. Struct tags add to them:
//
//	max:"255"          the longest string in bytes (default TextBytesMax)
//	enum:"A,B"         the values of a string
//	later:"C"          values of Voucherify's that are refused with not_supported
//	check:"currency"   three capital letters
//	signed:"true"      a number that may be negative
//	null:"keep"        an Opt that tells null from absent
//
// It works by reflection and forgets the plans of types when it returns; the
// hot requests have decoders of their own. The error is a *FieldError. Strings
// may alias the body.
func Decode[T any](body []byte, into *T) error {
	var g generic
	if err := g.r.start(body); err != nil {
		return err
	}
	if err := g.r.finish(g.value(reflect.ValueOf(into).Elem(), rules{})); err != nil {
		return err
	}
	return nil
}

// DecodeEach reads a body that is a list, and hands out its elements one by
// one, each either decoded or with what is wrong with it. The error is a
// *FieldError and concerns the list as a whole; it comes before the first
// element is handed out. item is valid until yield returns; yield returns false
// to stop.
func DecodeEach[T any](body []byte, yield func(index int, item *T, invalid *FieldError) bool) error {
	var check reader
	if err := check.start(body); err != nil {
		return err
	}
	if got := check.d.Next(); got != jx.Array {
		return check.finish(check.wrongType("a list", got))
	}
	if check.d.Skip() != nil {
		return check.finish(syntaxErr())
	}
	if err := check.finish(nil); err != nil {
		return err
	}
	var walk reader
	walk.d.ResetBytes(body)
	var g generic
	list := walk.array(len(body))
	for list.next() {
		walk.d.Next()
		span, err := walk.d.Raw()
		if err != nil {
			return walk.finish(syntaxErr())
		}
		var item T
		g.r.body = span
		g.r.d.ResetBytes(span)
		bad := g.value(reflect.ValueOf(&item).Elem(), rules{})
		if bad != nil {
			bad = under(indexed(list.index), bad)
		}
		if !yield(list.index, &item, bad) {
			return nil
		}
	}
	return nil
}

// generic decodes by reflection. plans lasts for one body, which may have many
// elements of one type.
type generic struct {
	r     reader
	space []byte
	plans map[reflect.Type]*plan
}

// optional is *Opt[T] for any T.
type optional interface{ slot(null bool) any }

// value reads what stands next into v. Null has been handled before, except for
// an Opt that keeps it.
func (g *generic) value(v reflect.Value, how rules) *FieldError {
	switch into := v.Addr().Interface().(type) {
	case *Raw:
		return g.r.raw(into, &g.space)
	case *Time:
		return g.r.time(into)
	case *Percent:
		return g.number((*int64)(into), 2, how)
	case optional:
		null := g.r.d.Next() == jx.Null
		inner := reflect.ValueOf(into.slot(null)).Elem()
		if null {
			if g.r.d.Null() != nil {
				return syntaxErr()
			}
			return nil
		}
		return g.value(inner, how)
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		return g.value(v.Elem(), how)
	case reflect.Struct:
		return g.object(v)
	case reflect.Slice:
		return g.list(v, how)
	case reflect.String:
		return g.text(v.Addr().Interface().(*string), how)
	case reflect.Int64:
		return g.number(v.Addr().Interface().(*int64), 0, how)
	case reflect.Bool:
		var b Opt[bool]
		err := g.r.optBool(&b)
		v.SetBool(b.Value)
		return err
	}
	panic(fmt.Sprintf("W1: Decode does not know the type %s", v.Type()))
}

func (g *generic) text(dst *string, how rules) *FieldError {
	if len(how.enum) > 0 {
		return g.r.enum(dst, how.enum, how.later...)
	}
	if err := g.r.text(dst, how.max); err != nil {
		return err
	}
	if how.currency {
		return checkCurrency(*dst)
	}
	return nil
}

func (g *generic) number(dst *int64, scale int, how rules) *FieldError {
	if err := g.r.number(dst, scale); err != nil {
		return err
	}
	if *dst < 0 && !how.signed {
		return fieldErr(KeyInvalidAmount, "", "must not be negative")
	}
	return nil
}

func (g *generic) list(v reflect.Value, how rules) *FieldError {
	list := g.r.array(OrderItemsMax)
	for list.next() {
		element := reflect.New(v.Type().Elem()).Elem()
		list.done(g.value(element, how))
		v.Set(reflect.Append(v, element))
	}
	return list.err
}

func (g *generic) object(v reflect.Value) *FieldError {
	p := g.plan(v.Type())
	f := g.r.object(p.names)
	f.keepNull = p.keepNull
	for f.next() {
		if f.index >= len(p.fields) {
			f.done(g.r.unbuilt(v.Type().Name(), p.names[f.index]))
			continue
		}
		field := &p.fields[f.index]
		f.done(g.value(v.FieldByIndex(field.index), field.rules))
	}
	return f.err
}

// plan is what Decode knows of one struct type: its own fields first, then the
// names that the table of unbuilt fields has for it.
type plan struct {
	names    fieldNames
	keepNull uint64
	fields   []planField
}

type planField struct {
	index []int
	rules rules
}

// rules are the struct tags of one field.
type rules struct {
	max      int
	enum     []string
	later    []string
	currency bool
	signed   bool
}

func (g *generic) plan(t reflect.Type) *plan {
	if p := g.plans[t]; p != nil {
		return p
	}
	p := newPlan(t)
	if g.plans == nil {
		g.plans = make(map[reflect.Type]*plan)
	}
	g.plans[t] = p
	return p
}

func newPlan(t reflect.Type) *plan {
	p := new(plan)
	for _, field := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if !field.IsExported() || name == "" || name == "-" {
			continue
		}
		if field.Tag.Get("null") == "keep" {
			p.keepNull |= 1 << len(p.names)
		}
		p.names = append(p.names, name)
		p.fields = append(p.fields, planField{index: field.Index, rules: rulesOf(field.Tag)})
	}
	p.names = append(p.names, notBuilt[t.Name()]...)
	if len(p.names) > 64 {
		panic(fmt.Sprintf("W5: %s has more fields than the set of seen ones holds", t))
	}
	return p
}

func rulesOf(tag reflect.StructTag) rules {
	how := rules{
		max:      TextBytesMax,
		currency: tag.Get("check") == "currency",
		signed:   tag.Get("signed") == "true",
	}
	if n, err := strconv.Atoi(tag.Get("max")); err == nil {
		how.max = n
	}
	if values := tag.Get("enum"); values != "" {
		how.enum = strings.Split(values, ",")
	}
	if values := tag.Get("later"); values != "" {
		how.later = strings.Split(values, ",")
	}
	return how
}
