package shard

import "github.com/cespare/xxhash/v2"

// Digest is a hash of the whole state. Replicas at one index have one digest
// (S9), and so has one that was restored on the way. It reads everything: for
// tests, audits and backups. On the goroutine of Apply.
func (s *Shard) Digest() (uint64, error) {
	f, err := s.Freeze()
	if err != nil {
		return 0, err
	}
	defer func() {
		f.Release()
		s.thaw()
	}()
	h := xxhash.New()
	if _, err := f.WriteTo(h); err != nil {
		return 0, err
	}
	return h.Sum64(), nil
}
