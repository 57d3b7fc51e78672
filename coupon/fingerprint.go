package coupon

import "encoding/binary"

// FingerprintVersion is the rule by which a request is reduced to its
// fingerprint. A receipt stores the version next to the 64 bits: a request is
// compared under the rule its receipt was written with (P3).
const FingerprintVersion = 1

// Fingerprinter reduces a parsed request to 64 bits, field by field. Every field
// is written with its length in front, so ("ab","c") and ("a","bc") differ. The
// order of the fields is the caller's and part of the version.
//
// It collects the fields and hashes once: a request is bounded by its body, and
// the buffer can be lent. The zero value is not usable; it is for one goroutine.
type Fingerprinter struct {
	key sipKey
	buf []byte
}

// NewFingerprinter starts a fingerprint in the capacity of buf, which belongs to
// the Fingerprinter until Sum was called. buf may be nil.
func (s *Secret) NewFingerprinter(buf []byte) Fingerprinter {
	return Fingerprinter{key: s.fingerprint, buf: append(buf[:0], FingerprintVersion)}
}

// Add appends one field.
func (f *Fingerprinter) Add(field []byte) {
	f.buf = binary.AppendUvarint(f.buf, uint64(len(field)))
	f.buf = append(f.buf, field...)
}

// AddString appends one field of text.
func (f *Fingerprinter) AddString(field string) {
	f.buf = binary.AppendUvarint(f.buf, uint64(len(field)))
	f.buf = append(f.buf, field...)
}

// AddInt appends one integer as a field of eight bytes.
func (f *Fingerprinter) AddInt(v int64) {
	f.buf = append(f.buf, 8)
	f.buf = binary.LittleEndian.AppendUint64(f.buf, uint64(v))
}

// AddAbsent appends the mark of an optional field that was not given. It is the
// only field whose length is written in more bytes than it needs, hence differs
// from every given field, also from an empty one.
func (f *Fingerprinter) AddAbsent() { f.buf = append(f.buf, 0x80, 0x00) }

// Sum is the fingerprint of the fields so far.
func (f *Fingerprinter) Sum() uint64 { return f.key.sum64(f.buf) }

// Buffer gives back the memory lent to NewFingerprinter, grown as needed.
func (f *Fingerprinter) Buffer() []byte { return f.buf }

// Fingerprint is the fingerprint of the given fields in one call.
func (s *Secret) Fingerprint(fields ...[]byte) uint64 {
	var stack [hashStackBytes]byte
	f := s.NewFingerprinter(stack[:0])
	for _, field := range fields {
		f.Add(field)
	}
	return f.Sum()
}
