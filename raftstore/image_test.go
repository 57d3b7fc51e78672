package raftstore

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"testing"
)

func makeImage(t testing.TB, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := newImageWriter(&b, &imageHeader{Group: 7, Index: 9, Term: 2, ConfigIndex: 1, Stamp: 5, Version: 3, Config: []byte("cfg")})
	if err != nil {
		t.Fatal(err)
	}
	for len(data) > 0 { // in uneven pieces
		n := min(len(data), 1+len(data)/3)
		if _, err := w.Write(data[:n]); err != nil {
			t.Fatal(err)
		}
		data = data[n:]
	}
	if err := w.finish(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func random(n int) []byte {
	b := make([]byte, n)
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range b {
		b[i] = byte(rng.Uint32())
	}
	return b
}

// Without it: an image would not give back what was frozen, at a block's edge.
func TestImageRoundTrip(t *testing.T) {
	for _, n := range []int{0, 1, imageBlockBytesMax - 1, imageBlockBytesMax, imageBlockBytesMax + 1, 3*imageBlockBytesMax + 5} {
		data := random(n)
		h, r, err := openImage(bytes.NewReader(makeImage(t, data)))
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(r)
		if err != nil || !bytes.Equal(got, data) {
			t.Errorf("%d bytes: %d came back, %v", n, len(got), err)
		}
		if h.Group != 7 || h.Index != 9 || h.Term != 2 || h.ConfigIndex != 1 || h.Stamp != 5 || h.Version != 3 || string(h.Config) != "cfg" {
			t.Errorf("header %+v", h)
		}
	}
}

// Without it: rot or a torn write in an image could be loaded, or read as less than
// there was (R12).
func TestImageDetectsEveryFlipAndEveryCut(t *testing.T) {
	good := makeImage(t, random(200))
	if _, err := verifyImage(bytes.NewReader(good)); err != nil {
		t.Fatal(err)
	}
	for bit := range 8 * len(good) {
		bad := bytes.Clone(good)
		bad[bit/8] ^= 1 << (bit % 8)
		if _, err := verifyImage(bytes.NewReader(bad)); !errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrBinaryTooOld) {
			t.Errorf("bit %d: %v", bit, err)
		}
	}
	for n := range good {
		if _, err := verifyImage(bytes.NewReader(good[:n])); !errors.Is(err, ErrCorrupt) {
			t.Errorf("cut to %d: %v", n, err)
		}
	}
	if _, err := verifyImage(bytes.NewReader(append(bytes.Clone(good), 0))); !errors.Is(err, ErrCorrupt) {
		t.Errorf("a byte too many: %v", err)
	}
}

// Without it: two good blocks in the wrong order verify one by one.
func TestImageDetectsSwappedBlocks(t *testing.T) {
	data := random(2 * imageBlockBytesMax)
	img := makeImage(t, data)
	const size = imageBlockHeader + imageBlockBytesMax
	head := len(img) - imageTrailerSize - 2*size
	swapped := bytes.Join([][]byte{img[:head], img[head+size : head+2*size], img[head : head+size], img[head+2*size:]}, nil)
	if _, err := verifyImage(bytes.NewReader(swapped)); !errors.Is(err, ErrCorrupt) {
		t.Fatal(err)
	}
}

// Without it: bytes from a peer could make the reader panic or allocate without bound.
func FuzzImageReader(f *testing.F) {
	f.Add(makeImage(f, random(100)))
	f.Add([]byte(imageMagic))
	f.Fuzz(func(t *testing.T, b []byte) {
		h, r, err := openImage(bytes.NewReader(b))
		if err != nil {
			return
		}
		n, err := io.Copy(io.Discard, r)
		if err == nil && int64(len(h.encode()))+n+imageTrailerSize > int64(len(b)) {
			t.Fatalf("%d bytes of data from a file of %d", n, len(b))
		}
	})
}
