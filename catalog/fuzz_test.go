package catalog

import (
	"bytes"
	"errors"
	"testing"
)

// Whatever bytes come, Decode answers or refuses; what it accepts can be written
// and read again without a change.
func FuzzDecode(f *testing.F) {
	for i, b := range everyCommand() {
		cmd, err := Encode(goldenHeader(i), b)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(cmd)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		h, b, err := Decode(data)
		if err != nil {
			if !errors.Is(err, ErrUnreadable) {
				t.Fatalf("not in the family of unreadable: %v", err)
			}
			return
		}
		again, err := Encode(h, b)
		if err != nil {
			t.Fatalf("decoded, and cannot be encoded: %v", err)
		}
		h2, b2, err := Decode(again)
		if err != nil {
			t.Fatal(err)
		}
		twice, err := Encode(h2, b2)
		if err != nil || h2 != h || !bytes.Equal(again, twice) {
			t.Fatalf("not stable (%v):\n%s\n%s", err, again, twice)
		}
	})
}

// A command that decodes never stops Apply, whatever it asks for, and leaves a
// state whose image can be restored.
func FuzzApply(f *testing.F) {
	for i, b := range everyCommand() {
		cmd, err := Encode(goldenHeader(i), b)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(cmd)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if _, _, err := Decode(data); err != nil {
			return
		}
		m := newShop(t)
		m.ok(newKey("app"))
		m.ok(newCampaign("summer"))
		m.ok(&PutJob{Project: 1, Campaign: 1, NewJob: newJob("GENERATE")})
		if err := m.c.Apply(1000, m.now, 1, [][]byte{data}, nil); err != nil {
			t.Fatal(err)
		}
		restored(t, m.c)
	})
}

// Images are verified before they get here, yet none may make Restore panic, and
// one that is accepted is written again as it can be read again.
func FuzzRestore(f *testing.F) {
	f.Add(image(f, New()))
	m := newShop(f)
	f.Add(image(f, m.c))
	m.as(keyed(1, 7), newCampaign("summer"))
	m.ok(&SetCampaignEnabled{Project: 1, Campaign: 1})
	m.ok(&PutJob{Project: 1, Campaign: 1, NewJob: newJob("GENERATE")})
	m.ok(newKey("app"))
	f.Add(image(f, m.c))
	f.Fuzz(func(t *testing.T, data []byte) {
		c := New()
		if err := c.Restore(bytes.NewReader(data)); err != nil {
			if !errors.Is(err, ErrUnreadable) {
				t.Fatal(err)
			}
			return
		}
		again, img := New(), image(t, c)
		if err := again.Restore(bytes.NewReader(img)); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(image(t, again), img) {
			t.Fatal("C1: not the same image again")
		}
	})
}
