package raftstore

import (
	"bytes"
	"encoding/hex"
	"errors"
	"testing"
)

// Without it: a change of the format would make old logs unreadable, unnoticed.
func TestEntryFormatIsGolden(t *testing.T) {
	golden := func(got []byte, want string) {
		t.Helper()
		if h := hex.EncodeToString(got); h != want {
			t.Errorf("got  %s\nwant %s", h, want)
		}
	}
	golden(appendCommands(nil, 0x0102030405060708, 2, [][]byte{[]byte("ab"), nil, {}}),
		"0101020000000807060504030201"+"945cb193"+"02000000616200000000")
	golden(appendControl(nil, entryTermStart, 5, 3), "0102000000000500000000000000"+"787a11ef"+"03000000")
	golden(appendControl(nil, entryRaiseVersion, -1, 9), "010300000000ffffffffffffffff"+"676528aa"+"09000000")
}

// Without it: a command could change its place or its bytes on the way.
func TestEntryRoundTrip(t *testing.T) {
	commands := [][]byte{[]byte("one"), {}, bytes.Repeat([]byte{7}, 1000)}
	var e entry
	if err := e.decode(appendCommands([]byte("kept")[:4], 42, 3, commands)[4:]); err != nil {
		t.Fatal(err)
	}
	if e.kind != entryCommands || e.stamp != 42 || len(e.commands) != 3 {
		t.Fatalf("%+v", e)
	}
	for i := range commands {
		if !bytes.Equal(e.commands[i], commands[i]) {
			t.Errorf("command %d differs", i)
		}
	}
}

// Without it: one flipped bit could be applied as another command (R6).
func TestEntryWithAFlippedBitIsRefused(t *testing.T) {
	good := appendCommands(nil, 42, 2, [][]byte{[]byte("redeem"), []byte("restore")})
	for bit := range 8 * len(good) {
		bad := bytes.Clone(good)
		bad[bit/8] ^= 1 << (bit % 8)
		if err := new(entry).decode(bad); err == nil {
			t.Errorf("bit %d: decoded", bit)
		}
	}
	for n := range good {
		if err := new(entry).decode(good[:n]); !errors.Is(err, ErrCorrupt) {
			t.Errorf("cut to %d bytes: %v", n, err)
		}
	}
}

// Without it: an entry of a newer binary would be taken for corruption, or half
// understood.
func TestNewerEntryIsToldApart(t *testing.T) {
	newer := func(at int, v byte) {
		t.Helper()
		b := appendControl(nil, entryTermStart, 1, 1)
		b[at] = v
		sealEntry(b)
		if err := new(entry).decode(b); !errors.Is(err, ErrBinaryTooOld) {
			t.Errorf("byte %d = %d: %v", at, v, err)
		}
	}
	newer(0, entryFormat+1)
	newer(1, 99)
}

// Without it: bytes from a disk or a peer could make the decoder panic or allocate
// without bound.
func FuzzEntryDecode(f *testing.F) {
	f.Add(appendCommands(nil, 42, 2, [][]byte{[]byte("redeem"), []byte("restore")}))
	f.Add(appendControl(nil, entryTermStart, 1, 1))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		var e entry
		if len(b) >= entryHeaderSize { // reach behind the sum
			b = bytes.Clone(b)
			sealEntry(b)
		}
		if e.decode(b) != nil {
			return
		}
		var again []byte
		if e.kind == entryCommands {
			again = appendCommands(nil, e.stamp, len(e.commands), e.commands)
		} else {
			again = appendControl(nil, e.kind, e.stamp, e.version)
		}
		if !bytes.Equal(again, b) {
			t.Fatalf("decoded and encoded again: %x, was %x", again, b)
		}
	})
}
