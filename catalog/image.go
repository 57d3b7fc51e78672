package catalog

import (
	"bufio"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/scrip-engine/scrip/coupon"
)

// An image is a magic, a version and a run of frames: kind u8, length u32 little
// endian, compact JSON. Frames come in a fixed order (header, cluster, then each
// table in key order) and end with an end frame, so equal states have equal
// bytes. Blocks and checksums are the business of whoever stores the image.
const (
	imageMagic   = "SCRIPCAT"
	imageVersion = 1
)

// The kinds of frames, in the order in which they come.
const (
	frameHeader   = 1
	frameCluster  = 2
	frameProject  = 3
	frameKey      = 4
	frameCampaign = 5
	frameJob      = 6
	frameFence    = 7
	frameReceipt  = 8
	frameRecord   = 9
	frameEnd      = 255
)

// imageHeader holds what is no object.
type imageHeader struct {
	Index   uint64 `json:"index"`
	Now     int64  `json:"now"`
	LastSeq uint64 `json:"last_seq"`
	LastJob uint32 `json:"last_job"`
}

// imageEnd holds the number of frames before it.
type imageEnd struct {
	Frames uint64 `json:"frames"`
}

// Frozen is the catalog as it was at the cut. It shares what has not changed and
// never holds up Apply.
type Frozen struct{ r *root }

// Freeze marks the cut: one pointer, no I/O. Its error is always nil; it is there
// for the shape of a replicated machine.
func (c *Catalog) Freeze() (*Frozen, error) { return &Frozen{c.state.Load()}, nil }

// Release lets go of the state.
func (f *Frozen) Release() { f.r = nil }

// WriteTo writes the image and returns its length.
func (f *Frozen) WriteTo(w io.Writer) (int64, error) {
	out := &frameWriter{w: bufio.NewWriter(w)}
	out.write([]byte(imageMagic))
	out.write(binary.LittleEndian.AppendUint32(nil, imageVersion))
	r := f.r
	out.frame(frameHeader, imageHeader{Index: r.index, Now: r.now, LastSeq: r.lastSeq, LastJob: r.lastJob})
	if r.cluster != nil {
		out.frame(frameCluster, r.cluster)
	}
	writeTable(out, frameProject, r.projects)
	writeTable(out, frameKey, r.keys)
	writeTable(out, frameCampaign, r.campaigns)
	writeTable(out, frameJob, r.jobs)
	writeTable(out, frameFence, r.fences)
	writeTable(out, frameReceipt, r.receipts)
	writeTable(out, frameRecord, r.journal)
	out.frame(frameEnd, imageEnd{Frames: out.frames})
	if out.err == nil {
		out.err = out.w.Flush()
	}
	return out.written, out.err
}

func writeTable[V any](out *frameWriter, kind byte, t tree[V]) {
	t.up(nil, func(_ []byte, value *V) bool {
		out.frame(kind, value)
		return out.err == nil
	})
}

// frameWriter keeps the first error and does nothing after it.
type frameWriter struct {
	w       *bufio.Writer
	frames  uint64
	written int64
	err     error
}

func (o *frameWriter) frame(kind byte, value any) {
	if o.err != nil {
		return
	}
	payload := mustMarshal(value)
	if len(payload) > frameBytesMax {
		panic(fmt.Sprintf("C4: frame %d of %d bytes", kind, len(payload)))
	}
	o.write(binary.LittleEndian.AppendUint32([]byte{kind}, uint32(len(payload))))
	o.write(payload)
	o.frames++
}

func (o *frameWriter) write(p []byte) {
	if o.err == nil {
		var n int
		n, o.err = o.w.Write(p)
		o.written += int64(n)
	}
}

// Digest is the first 128 bits of the SHA-256 of the image at this moment: two
// replicas at the same index have the same one. It costs an image in memory
// bandwidth; it is for audits and tests, not for requests.
func (v View) Digest() [2]uint64 {
	h := sha256.New()
	if _, err := (&Frozen{v.r}).WriteTo(h); err != nil {
		panic("a hash refused bytes: " + err.Error())
	}
	sum := h.Sum(nil)
	return [2]uint64{binary.BigEndian.Uint64(sum), binary.BigEndian.Uint64(sum[8:])}
}

// Restore replaces the state by an image. It reads r to its end. After an error,
// which wraps ErrUnreadable or comes from r, the state is what it was before.
func (c *Catalog) Restore(r io.Reader) error {
	in := bufio.NewReader(r)
	var head [len(imageMagic) + 4]byte
	if _, err := io.ReadFull(in, head[:]); err != nil {
		return fmt.Errorf("%w: image: %w", ErrUnreadable, err)
	}
	version := binary.LittleEndian.Uint32(head[len(imageMagic):])
	if string(head[:len(imageMagic)]) != imageMagic || version != imageVersion {
		return fmt.Errorf("%w: image version %d, or no image", ErrUnreadable, version)
	}
	next := newRoot()
	if err := next.inBulk(func() error { return next.readFrames(in) }); err != nil {
		return fmt.Errorf("%w: image: %w", ErrUnreadable, err)
	}
	c.state.Store(next)
	return nil
}

// readFrames reads all frames up to the end of the image.
func (r *root) readFrames(in *bufio.Reader) error {
	last := byte(0)
	for frames := uint64(0); ; frames++ {
		kind, payload, err := readFrame(in)
		if err != nil {
			return err
		}
		if kind < last || (kind == last && kind <= frameCluster) || (last == 0 && kind != frameHeader) {
			return fmt.Errorf("frame %d after %d", kind, last)
		}
		if kind == frameEnd {
			return checkEnd(in, payload, frames)
		}
		if err := r.readObject(kind, payload); err != nil {
			return fmt.Errorf("frame %d: %w", kind, err)
		}
		last = kind
	}
}

func checkEnd(in *bufio.Reader, payload []byte, frames uint64) error {
	var end imageEnd
	if err := unmarshal(payload, &end); err != nil {
		return fmt.Errorf("end: %w", err)
	}
	if end.Frames != frames {
		return fmt.Errorf("%d frames of %d", frames, end.Frames)
	}
	if _, err := in.ReadByte(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("bytes after the end (%v)", err)
	}
	return nil
}

func readFrame(in *bufio.Reader) (kind byte, payload []byte, err error) {
	var head [5]byte
	if _, err := io.ReadFull(in, head[:]); err != nil {
		return 0, nil, err
	}
	length := binary.LittleEndian.Uint32(head[1:])
	if length > frameBytesMax {
		return 0, nil, fmt.Errorf("frame of %d bytes", length)
	}
	payload = make([]byte, length)
	_, err = io.ReadFull(in, payload)
	return head[0], payload, err
}

// readObject puts one frame's object into every table and index it belongs to.
func (r *root) readObject(kind byte, payload []byte) error {
	switch kind {
	case frameHeader:
		var h imageHeader
		err := unmarshal(payload, &h)
		r.index, r.now, r.lastSeq, r.lastJob = h.Index, h.Now, h.LastSeq, h.LastJob
		if err == nil && h.Index > indexMax {
			err = fmt.Errorf("index %d, up to %d", h.Index, uint64(indexMax))
		}
		return err
	case frameCluster:
		r.cluster = new(Cluster)
		err := unmarshal(payload, r.cluster)
		r.cluster.derived = coupon.NewSecret(r.cluster.Secret)
		return err
	case frameProject:
		return readInto(payload, func(p *Project) { r.putProject(nil, p) })
	case frameKey:
		return readInto(payload, func(k *Key) { r.putKey(nil, k) })
	case frameCampaign:
		return readInto(payload, func(m *Campaign) { r.putCampaign(nil, m) })
	case frameJob:
		return readInto(payload, func(j *Job) { r.putJob(nil, j) })
	case frameFence:
		return readInto(payload, func(f *Fence) { r.fences = r.fences.put(f.target(), f) })
	case frameReceipt:
		return readInto(payload, r.keep)
	case frameRecord:
		return readInto(payload, func(rec *Record) { r.journal = r.journal.put(key64(rec.Seq), rec) })
	}
	return errors.New("unknown kind")
}

func readInto[T any](payload []byte, put func(*T)) error {
	object := new(T)
	if err := unmarshal(payload, object); err != nil {
		return err
	}
	put(object)
	return nil
}
