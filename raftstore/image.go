package raftstore

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"runtime"
)

// An image is one flat file that holds a Machine at one index, and everything
// else that a node needs to go on from there. Little endian:
//
//	header   magic "SCRIPIMG" | format u32 | group u32 | index u64 | term u64 |
//	         configuration index u64 | last stamp i64 ms | active version u32 |
//	         configuration length u32 | configuration | crc32c u32
//	blocks   length u32 (1..64 KiB) | number u32 | crc32c u32 | data
//	trailer  0xffffffff u32 | blocks u32 | data bytes u64 | header's crc32c u32 |
//	         crc32c u32
//
// A block's crc covers its length and number, so that blocks cannot change places
// unseen; the trailer repeats the header's crc, so that it cannot belong to
// another file. Nothing follows the trailer. Whatever does not verify is
// ErrCorrupt and never an empty state (R12).
const (
	imageMagic          = "SCRIPIMG"
	imageFormat         = 1
	imageFixedHeader    = 8 + 4 + 4 + 8 + 8 + 8 + 8 + 4 + 4
	imageBlockHeader    = 4 + 4 + 4
	imageTrailerMark    = 0xffffffff
	imageTrailerSize    = 4 + 4 + 8 + 4 + 4
	imageConfigBytesMax = 1 << 20

	// imageBlockBytesMax is what is written between two chances for others to run:
	// about 20 µs of copying and summing, far under the 100 µs that a background
	// loop may take.
	imageBlockBytesMax = 64 << 10
)

// imageHeader is what an image says about itself.
type imageHeader struct {
	Group       uint32
	Index       uint64
	Term        uint64
	ConfigIndex uint64
	Stamp       int64
	Version     uint32
	Config      []byte // raft.EncodeConfiguration
}

func (h *imageHeader) encode() []byte {
	b := make([]byte, 0, imageFixedHeader+len(h.Config)+4)
	b = append(b, imageMagic...)
	b = binary.LittleEndian.AppendUint32(b, imageFormat)
	b = binary.LittleEndian.AppendUint32(b, h.Group)
	b = binary.LittleEndian.AppendUint64(b, h.Index)
	b = binary.LittleEndian.AppendUint64(b, h.Term)
	b = binary.LittleEndian.AppendUint64(b, h.ConfigIndex)
	b = binary.LittleEndian.AppendUint64(b, uint64(h.Stamp))
	b = binary.LittleEndian.AppendUint32(b, h.Version)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(h.Config)))
	b = append(b, h.Config...)
	return binary.LittleEndian.AppendUint32(b, sum(b))
}

// readImageHeader returns the header and its crc. A format newer than this
// binary's is ErrBinaryTooOld, told apart from corruption.
func readImageHeader(r io.Reader) (h imageHeader, crc uint32, err error) {
	fixed := make([]byte, imageFixedHeader)
	if _, err := io.ReadFull(r, fixed); err != nil {
		return h, 0, corruptImage("header", err)
	}
	if string(fixed[:8]) != imageMagic {
		return h, 0, fmt.Errorf("%w: image has no magic", ErrCorrupt)
	}
	if f := binary.LittleEndian.Uint32(fixed[8:]); f > imageFormat {
		return h, 0, fmt.Errorf("%w: image format %d, this binary knows %d", ErrBinaryTooOld, f, imageFormat)
	}
	n := binary.LittleEndian.Uint32(fixed[52:])
	if n > imageConfigBytesMax {
		return h, 0, fmt.Errorf("%w: image configuration of %d bytes", ErrCorrupt, n)
	}
	rest := make([]byte, n+4)
	if _, err := io.ReadFull(r, rest); err != nil {
		return h, 0, corruptImage("header", err)
	}
	crc = binary.LittleEndian.Uint32(rest[n:])
	if sum(fixed, rest[:n]) != crc {
		return h, 0, fmt.Errorf("%w: checksum of the image header", ErrCorrupt)
	}
	h = imageHeader{
		Group:       binary.LittleEndian.Uint32(fixed[12:]),
		Index:       binary.LittleEndian.Uint64(fixed[16:]),
		Term:        binary.LittleEndian.Uint64(fixed[24:]),
		ConfigIndex: binary.LittleEndian.Uint64(fixed[32:]),
		Stamp:       int64(binary.LittleEndian.Uint64(fixed[40:])),
		Version:     binary.LittleEndian.Uint32(fixed[48:]),
		Config:      rest[:n:n],
	}
	return h, crc, nil
}

// corruptImage turns "the file is too short" into ErrCorrupt and keeps real read
// errors what they are.
func corruptImage(what string, err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%w: image %s is cut off", ErrCorrupt, what)
	}
	return fmt.Errorf("read image %s: %w", what, err)
}

// imageWriter frames what a Machine writes. After every block it yields.
type imageWriter struct {
	w      io.Writer
	block  []byte // block header and data, up to imageBlockBytesMax of it
	blocks uint32
	data   uint64
	header uint32 // the header's crc
}

func newImageWriter(w io.Writer, h *imageHeader) (*imageWriter, error) {
	head := h.encode()
	crc := binary.LittleEndian.Uint32(head[len(head)-4:]) // before Write: a vfs.File may scribble on what it is given
	if _, err := w.Write(head); err != nil {
		return nil, err
	}
	return &imageWriter{
		w:      w,
		block:  make([]byte, imageBlockHeader, imageBlockHeader+imageBlockBytesMax),
		header: crc,
	}, nil
}

func (w *imageWriter) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		room := cap(w.block) - len(w.block)
		take := min(room, len(p))
		w.block = append(w.block, p[:take]...)
		p = p[take:]
		if len(w.block) == cap(w.block) {
			if err := w.flush(); err != nil {
				return n - len(p), err
			}
		}
	}
	return n, nil
}

func (w *imageWriter) flush() error {
	n := len(w.block) - imageBlockHeader
	if n == 0 {
		return nil
	}
	binary.LittleEndian.PutUint32(w.block, uint32(n))
	binary.LittleEndian.PutUint32(w.block[4:], w.blocks)
	putSum(w.block[8:], w.block[:8], w.block[imageBlockHeader:])
	if _, err := w.w.Write(w.block); err != nil {
		return err
	}
	w.blocks++
	w.data += uint64(n)
	w.block = w.block[:imageBlockHeader]
	runtime.Gosched()
	return nil
}

// finish writes the last block and the trailer.
func (w *imageWriter) finish() error {
	if err := w.flush(); err != nil {
		return err
	}
	t := make([]byte, 0, imageTrailerSize)
	t = binary.LittleEndian.AppendUint32(t, imageTrailerMark)
	t = binary.LittleEndian.AppendUint32(t, w.blocks)
	t = binary.LittleEndian.AppendUint64(t, w.data)
	t = binary.LittleEndian.AppendUint32(t, w.header)
	t = binary.LittleEndian.AppendUint32(t, sum(t))
	_, err := w.w.Write(t)
	return err
}

// imageReader hands out the data of an image and verifies it block by block. It
// returns io.EOF only behind a trailer that verifies.
type imageReader struct {
	r      io.Reader
	header uint32
	buf    []byte
	left   []byte
	blocks uint32
	data   uint64
	done   bool
}

// openImage reads the header; the reader continues behind it.
func openImage(r io.Reader) (imageHeader, *imageReader, error) {
	h, crc, err := readImageHeader(r)
	if err != nil {
		return h, nil, err
	}
	return h, &imageReader{r: r, header: crc, buf: make([]byte, imageBlockHeader+imageBlockBytesMax)}, nil
}

func (r *imageReader) Read(p []byte) (int, error) {
	for len(r.left) == 0 {
		if r.done {
			return 0, io.EOF
		}
		if err := r.next(); err != nil {
			return 0, err
		}
	}
	n := copy(p, r.left)
	r.left = r.left[n:]
	return n, nil
}

func (r *imageReader) next() error {
	head := r.buf[:imageBlockHeader]
	if _, err := io.ReadFull(r.r, head); err != nil {
		return corruptImage("block header", err)
	}
	n := binary.LittleEndian.Uint32(head)
	if n == imageTrailerMark {
		return r.trailer(head)
	}
	if n == 0 || n > imageBlockBytesMax || binary.LittleEndian.Uint32(head[4:]) != r.blocks {
		return fmt.Errorf("%w: image block %d says %d bytes", ErrCorrupt, r.blocks, n)
	}
	data := r.buf[imageBlockHeader : imageBlockHeader+n]
	if _, err := io.ReadFull(r.r, data); err != nil {
		return corruptImage("block", err)
	}
	if sum(head[:8], data) != binary.LittleEndian.Uint32(head[8:]) {
		return fmt.Errorf("%w: checksum of image block %d", ErrCorrupt, r.blocks)
	}
	r.blocks++
	r.data += uint64(n)
	r.left = data
	return nil
}

func (r *imageReader) trailer(head []byte) error {
	t := make([]byte, imageTrailerSize+1)
	copy(t, head)
	n, err := io.ReadFull(r.r, t[imageBlockHeader:])
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return corruptImage("trailer", err)
	}
	if imageBlockHeader+n != imageTrailerSize {
		return fmt.Errorf("%w: image has %d bytes from its trailer on, want %d", ErrCorrupt, imageBlockHeader+n, imageTrailerSize)
	}
	t = t[:imageTrailerSize]
	u32 := binary.LittleEndian.Uint32
	if sum(t[:20]) != u32(t[20:]) || u32(t[4:]) != r.blocks || binary.LittleEndian.Uint64(t[8:]) != r.data || u32(t[16:]) != r.header {
		return fmt.Errorf("%w: image trailer does not fit the image", ErrCorrupt)
	}
	r.done = true
	return nil
}

// verifyImage reads everything.
func verifyImage(r io.Reader) (imageHeader, error) {
	h, body, err := openImage(r)
	if err != nil {
		return h, err
	}
	_, err = io.Copy(io.Discard, body)
	return h, err
}
