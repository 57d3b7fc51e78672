package wire

import (
	"math/rand/v2"
	"os"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"
)

// newRandom returns a generator whose seed the test prints; SCRIP_SEED repeats
// a run.
func newRandom(t *testing.T) *rand.Rand {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	if s := os.Getenv("SCRIP_SEED"); s != "" {
		v, err := strconv.ParseUint(s, 10, 64)
		if err != nil {
			t.Fatalf("SCRIP_SEED: %v", err)
		}
		seed = v
	}
	t.Logf("SCRIP_SEED=%d", seed)
	return rand.New(rand.NewPCG(seed, seed))
}

// fill gives v a random value that its own decoder must accept.
func fill(rng *rand.Rand, v reflect.Value, tag reflect.StructTag) {
	optional := strings.Contains(tag.Get("json"), ",omit")
	if optional && rng.IntN(3) == 0 {
		return
	}
	switch into := v.Addr().Interface().(type) {
	case *Raw:
		*into = randomRaw(rng)
		return
	case *Time:
		*into = Time(rng.Int64N(4e12))
		return
	case *Percent:
		*into = Percent(rng.Int64N(10_001))
		return
	case *Nullable:
		if rng.IntN(2) == 0 {
			*into = Nullable(randomString(rng))
		}
		return
	case optionalFill:
		if mayBeNull := tag.Get("null") == "keep" || !optional; mayBeNull && rng.IntN(3) == 0 {
			into.slot(true)
			return
		}
		fill(rng, reflect.ValueOf(into.slot(false)).Elem(), withoutOmit(tag))
		return
	}
	fillKind(rng, v, tag)
}

type optionalFill interface{ slot(bool) any }

// withoutOmit keeps the rules of a tag for the value inside an Opt.
func withoutOmit(tag reflect.StructTag) reflect.StructTag {
	s := strings.ReplaceAll(strings.ReplaceAll(string(tag), ",omitzero", ""), ",omitempty", "")
	return reflect.StructTag(s)
}

func fillKind(rng *rand.Rand, v reflect.Value, tag reflect.StructTag) {
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(rng, v.Elem(), "")
	case reflect.Struct:
		for i := range v.NumField() {
			if field := v.Type().Field(i); field.IsExported() {
				fill(rng, v.Field(i), field.Tag)
			}
		}
	case reflect.Slice:
		n := 1 + rng.IntN(3)
		v.Set(reflect.MakeSlice(v.Type(), n, n))
		for i := range n {
			fill(rng, v.Index(i), withoutOmit(tag))
		}
	case reflect.String:
		v.SetString(randomText(rng, tag))
	case reflect.Int64, reflect.Int:
		v.SetInt(rng.Int64N(IntMax))
	case reflect.Bool:
		v.SetBool(rng.IntN(2) == 0)
	default:
		panic("fill does not know " + v.Type().String())
	}
}

func randomText(rng *rand.Rand, tag reflect.StructTag) string {
	if values := tag.Get("enum"); values != "" {
		list := strings.Split(values, ",")
		return list[rng.IntN(len(list))]
	}
	if tag.Get("check") == "currency" {
		return []string{"EUR", "USD", "JPY"}[rng.IntN(3)]
	}
	return randomString(rng)
}

// randomString is never empty: "" is how an absent string looks.
func randomString(rng *rand.Rand) string {
	alphabet := []rune("abcXYZ 0189-_/\"\\\n\t\x01\x7f<>&äß😀\u2028\u2029\ufffd日")
	var b strings.Builder
	for range 1 + rng.IntN(8) {
		b.WriteRune(alphabet[rng.IntN(len(alphabet))])
	}
	return b.String()
}

func randomRaw(rng *rand.Rand) Raw {
	n := rng.IntN(4)
	if n == 0 {
		return nil
	}
	out, err := Canonical(nil, randomObject(rng, n, 3))
	if err != nil {
		panic(err)
	}
	return out
}

func randomObject(rng *rand.Rand, members, depth int) []byte {
	w := writer{}
	w.open()
	for i := range members {
		w.comma()
		w.buf = append(appendString(w.buf, strconv.Itoa(i)+randomString(rng)), ':')
		switch kind := rng.IntN(5); {
		case kind == 0 && depth > 0:
			w.buf = append(w.buf, randomObject(rng, rng.IntN(3), depth-1)...)
		case kind == 1:
			w.buf = appendString(w.buf, randomString(rng))
		case kind == 2:
			w.buf = append(w.buf, []string{"null", "true", "false", "[]", `[1, "a" ,{}]`}[rng.IntN(5)]...)
		case kind == 3:
			w.buf = append(w.buf, []string{"1.5", "1e2", "-0", "1e300", "10.0"}[rng.IntN(5)]...)
		default:
			w.buf = strconv.AppendInt(w.buf, rng.Int64(), 10)
		}
	}
	w.close()
	return w.buf
}

// randomValue returns a filled T.
func randomValue[T any](rng *rand.Rand) *T {
	v := new(T)
	fill(rng, reflect.ValueOf(v).Elem(), "")
	return v
}
