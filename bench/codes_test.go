package bench

import (
	"bufio"
	"io"
	"strings"
	"testing"

	"github.com/scrip-engine/scrip/coupon"
)

// Without this two indexes share a code, the import refuses one of them, or the
// audit takes a redemption for another's.
func TestCodesAreAPermutation(t *testing.T) {
	rng, seed := seeded(t)
	c := NewCodes(seed)
	seen := map[string]uint64{}
	try := func(index uint64) {
		code := c.Code(index)
		if other, ok := seen[code]; ok && other != index {
			t.Fatalf("%d and %d are both %s", other, index, code)
		}
		seen[code] = index
		if back, ok := c.Index(code); !ok || back != index {
			t.Fatalf("%d is %s, which is %d, %v", index, code, back, ok)
		}
	}
	for i := range uint64(20_000) {
		try(i)
		try(rng.Uint64N(1 << 60))
	}
	try(1<<60 - 1)
	for _, text := range []string{"", "short", "ABCDEFGHJKL0", "abcdefghjklm", "ABCDEFGHJKLMN"} {
		if _, ok := c.Index(text); ok {
			t.Errorf("%q is taken for a code", text)
		}
	}
	if a, b := NewCodes(seed), NewCodes(seed+1); a.Code(7) == b.Code(7) {
		t.Error("two seeds have one code")
	}
}

// Without this a code of ours is no code of the product's.
func TestCodesAreCodes(t *testing.T) {
	_, seed := seeded(t)
	c := NewCodes(seed)
	for i := range uint64(100) {
		if text := c.Code(i); len(text) > coupon.CodeBytesMax || strings.TrimSpace(strings.ToUpper(text)) != text {
			t.Errorf("%q", text)
		}
	}
}

// Without this a line is cut where a buffer ends, and the import has a code too
// many or too few.
func TestCSVOfCodes(t *testing.T) {
	_, seed := seeded(t)
	c := NewCodes(seed)
	const first, n = 1000, 70_001 // several buffers
	lines := bufio.NewScanner(c.csv(first, n))
	if !lines.Scan() || lines.Text() != "Code" {
		t.Fatalf("header %q", lines.Text())
	}
	for i := range uint64(n) {
		if !lines.Scan() || lines.Text() != c.Code(first+i) {
			t.Fatalf("line %d is %q, want %q", i, lines.Text(), c.Code(first+i))
		}
	}
	if lines.Scan() || lines.Err() != nil {
		t.Errorf("more: %q, %v", lines.Text(), lines.Err())
	}
	// One byte at a time.
	small, err := io.ReadAll(&oneByte{c.csv(0, 3)})
	if want := "Code\n" + c.Code(0) + "\n" + c.Code(1) + "\n" + c.Code(2) + "\n"; err != nil || string(small) != want {
		t.Errorf("%q, %v", small, err)
	}
}

type oneByte struct{ in io.Reader }

func (o *oneByte) Read(p []byte) (int, error) { return o.in.Read(p[:1]) }
