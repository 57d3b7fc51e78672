package raftstore

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"

	"github.com/cockroachdb/errors/oserror"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/scrip-engine/scrip/internal/durable"
)

// A floor file says below what a group's disk can no longer be: a file system
// restored from a snapshot, or a Pebble manifest that lost its tail to bit rot
// (pebble #4560), opens without complaint and has forgotten votes and
// acknowledged entries (R11).
//
// It holds two slots, written in turn, each in its own 4 KiB so that no torn
// write reaches both:
//
//	magic u32 | version u32 | sequence u64 | group u32 | zero u32 |
//	term u64 | vote term u64 | newest image u64 | last synced index u64 | crc32c u32
//
// It is written only after the sync that it describes, so a crash leaves it below
// the disk, never above. It costs no fsync on the path of a command: synced and
// term only note, and the host writes about once a second, at a vote, at an
// image, at a clean close. Before a suffix of the log is removed it is lowered
// first, synced.
const (
	floorMagic    = 0x464c4f52 // "FLOR"
	floorVersion  = 1
	floorSumAt    = 56
	floorSlotLen  = floorSumAt + 4
	floorSlotStep = 4096
)

// floorState is one floor.
type floorState struct {
	Term     uint64
	VoteTerm uint64
	Image    uint64
	Synced   uint64
}

type floorFile struct {
	fs    vfs.FS
	path  string
	group uint32

	// What was synced since the last write; noted without a lock.
	notedTerm   atomic.Uint64
	notedSynced atomic.Uint64

	mu       sync.Mutex // guards the fields below
	file     vfs.File
	sequence uint64
	state    floorState
}

// openFloor reads the file. exists is false when there is none.
func openFloor(fs vfs.FS, path string, group uint32) (f *floorFile, exists bool, err error) {
	f = &floorFile{fs: fs, path: path, group: group}
	r, err := fs.Open(path)
	if oserror.IsNotExist(err) {
		return f, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("open floor file: %w", err)
	}
	defer func() { _ = r.Close() }() // only read from
	for slot := range int64(2) {
		buf := make([]byte, floorSlotLen)
		if _, err := r.ReadAt(buf, slot*floorSlotStep); err != nil {
			if errors.Is(err, io.EOF) {
				continue
			}
			return nil, false, fmt.Errorf("read floor file: %w", err)
		}
		if st, seq, ok := decodeFloor(buf, group); ok && seq >= f.sequence {
			f.state, f.sequence, exists = st, seq, true
		}
	}
	if !exists {
		return nil, false, fmt.Errorf("%w: no slot of floor file %s verifies", ErrCorrupt, path)
	}
	f.notedTerm.Store(f.state.Term)
	f.notedSynced.Store(f.state.Synced)
	return f, true, nil
}

// create makes the file with its first slot; all durable on return. It appears
// under its name only when it is whole, because a file without a valid slot is
// refused.
func (f *floorFile) create(st floorState) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.notedTerm.Store(st.Term)
	f.notedSynced.Store(st.Synced)
	f.state = st
	name := f.path
	f.path += ".tmp"
	err := f.writeLocked()
	f.path = name
	if err != nil {
		return err
	}
	// Opened again under its name at the next write.
	err = f.file.Close()
	f.file = nil
	if err != nil {
		return fmt.Errorf("create floor file: %w", err)
	}
	if err := f.fs.Rename(name+".tmp", name); err != nil {
		return fmt.Errorf("create floor file: %w", err)
	}
	return durable.SyncDir(f.fs, f.fs.PathDir(name))
}

// term and synced note what is durable; the next write will say so.
func (f *floorFile) term(v uint64)   { f.notedTerm.Store(v) }
func (f *floorFile) synced(v uint64) { f.notedSynced.Store(v) }

// vote writes at once: a forgotten vote is the worst that a disk can forget.
func (f *floorFile) vote(term uint64) error {
	return f.update(func(st *floorState) { st.VoteTerm = term })
}

func (f *floorFile) image(index uint64) error {
	return f.update(func(st *floorState) { st.Image = max(st.Image, index) })
}

// imageLost takes the newest image back, after a newer one did not verify and the
// log was found to cover it.
func (f *floorFile) imageLost(index uint64) error {
	return f.update(func(st *floorState) { st.Image = index })
}

// lower takes the last synced index back, durable on return, before entries above
// it are removed.
func (f *floorFile) lower(index uint64) error {
	f.notedSynced.Store(min(index, f.notedSynced.Load()))
	return f.update(func(*floorState) {})
}

// flush writes what was noted, if anything was.
func (f *floorFile) flush() error {
	f.mu.Lock()
	clean := f.state.Term == f.notedTerm.Load() && f.state.Synced == f.notedSynced.Load()
	f.mu.Unlock()
	if clean {
		return nil
	}
	return f.update(func(*floorState) {})
}

func (f *floorFile) update(change func(*floorState)) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.state.Term, f.state.Synced = f.notedTerm.Load(), f.notedSynced.Load()
	change(&f.state)
	return f.writeLocked()
}

func (f *floorFile) writeLocked() error {
	if f.file == nil {
		file, err := f.fs.OpenReadWrite(f.path, vfs.WriteCategoryUnspecified)
		if err != nil {
			return fmt.Errorf("write floor file: %w", err)
		}
		f.file = file
	}
	f.sequence++
	if _, err := f.file.WriteAt(encodeFloor(f.state, f.sequence, f.group), int64(f.sequence%2)*floorSlotStep); err != nil {
		return fmt.Errorf("write floor file: %w", err)
	}
	if err := f.file.Sync(); err != nil {
		return fmt.Errorf("sync floor file: %w", err)
	}
	return nil
}

func (f *floorFile) close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.file == nil {
		return nil
	}
	err := f.file.Close()
	f.file = nil
	return err
}

func encodeFloor(st floorState, sequence uint64, group uint32) []byte {
	b := make([]byte, 0, floorSlotLen)
	b = binary.LittleEndian.AppendUint32(b, floorMagic)
	b = binary.LittleEndian.AppendUint32(b, floorVersion)
	b = binary.LittleEndian.AppendUint64(b, sequence)
	b = binary.LittleEndian.AppendUint32(b, group)
	b = binary.LittleEndian.AppendUint32(b, 0)
	for _, v := range []uint64{st.Term, st.VoteTerm, st.Image, st.Synced} {
		b = binary.LittleEndian.AppendUint64(b, v)
	}
	return binary.LittleEndian.AppendUint32(b, sum(b))
}

func decodeFloor(b []byte, group uint32) (st floorState, sequence uint64, ok bool) {
	u32, u64 := binary.LittleEndian.Uint32, binary.LittleEndian.Uint64
	if u32(b) != floorMagic || u32(b[4:]) != floorVersion || u32(b[16:]) != group || sum(b[:floorSumAt]) != u32(b[floorSumAt:]) {
		return floorState{}, 0, false
	}
	return floorState{Term: u64(b[24:]), VoteTerm: u64(b[32:]), Image: u64(b[40:]), Synced: u64(b[48:])}, u64(b[8:]), true
}
