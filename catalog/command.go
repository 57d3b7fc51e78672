package catalog

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/scrip-engine/scrip/coupon"
)

// Kind names a command. The numbers are part of the log format: never renumber,
// only append.
type Kind uint16

// One kind for each type of body.
const (
	KindInit               Kind = 1
	KindCreateProject      Kind = 2
	KindUpdateProject      Kind = 3
	KindCreateKey          Kind = 4
	KindRotateKey          Kind = 5
	KindRevokeKey          Kind = 6
	KindCreateCampaign     Kind = 7
	KindUpdateCampaign     Kind = 8
	KindSetCampaignEnabled Kind = 9
	KindDeleteCampaign     Kind = 10
	KindPutJob             Kind = 11
	KindJobProgress        Kind = 12
	KindJobFinish          Kind = 13
	KindFenceDone          Kind = 14
	KindSetGeneration      Kind = 15
)

// newBody returns an empty body of a kind, or nil for a kind that this version
// does not know.
func newBody(kind Kind) Body {
	switch kind {
	case KindInit:
		return new(Init)
	case KindCreateProject:
		return new(CreateProject)
	case KindUpdateProject:
		return new(UpdateProject)
	case KindCreateKey:
		return new(CreateKey)
	case KindRotateKey:
		return new(RotateKey)
	case KindRevokeKey:
		return new(RevokeKey)
	case KindCreateCampaign:
		return new(CreateCampaign)
	case KindUpdateCampaign:
		return new(UpdateCampaign)
	case KindSetCampaignEnabled:
		return new(SetCampaignEnabled)
	case KindDeleteCampaign:
		return new(DeleteCampaign)
	case KindPutJob:
		return new(PutJob)
	case KindJobProgress:
		return new(JobProgress)
	case KindJobFinish:
		return new(JobFinish)
	case KindFenceDone:
		return new(FenceDone)
	case KindSetGeneration:
		return new(SetGeneration)
	}
	return nil
}

// Body is what one command wants. It is one of this package's command types, as
// a pointer: Init, CreateProject, UpdateProject, CreateKey, RotateKey, RevokeKey,
// CreateCampaign, UpdateCampaign, SetCampaignEnabled, DeleteCampaign, PutJob,
// JobProgress, JobFinish, FenceDone, SetGeneration.
type Body interface {
	kind() Kind
	// scope is the project and the anchor within which an idempotency key means
	// one request (P3).
	scope() (project uint32, anchor string)
	// check refuses what the catalog could not hold; it looks at the body alone.
	check() error
	// apply decides and changes x. A reply other than OK throws the changes away.
	apply(x *txn) Reply
}

// Flags of a command.
const (
	// FlagMinted marks a key that the engine made because the caller gave none: it
	// is remembered for minutes only and occupies nobody's budget.
	FlagMinted uint16 = 1

	flagsKnown = FlagMinted
)

// Header is what every command carries besides its body.
type Header struct {
	Flags uint16
	// NotAfter in unix milliseconds of replicated time: past it the command is
	// TooLate and never takes effect (P5).
	NotAfter int64
	// Key is the hash of the idempotency key; zero for a command without one.
	Key coupon.Hash
	// Fingerprint of the request, and the version of the way to compute it.
	FingerprintVersion uint8
	Fingerprint        uint64
	// Actor is the ordinal of the key that asked; 0 is the node itself.
	Actor uint32
}

// Wire form, little endian: format u8, version u8, kind u16, flags u16,
// fingerprint version u8, zero u8, not_after i64, key hash u64 high, u64 low, fingerprint u64,
// actor u32; then the body as compact JSON to the end. The entry around it has
// the checksum. JSON because the catalog moves slowly and its log is read by
// people in bad hours; strict, because a field that is skipped is a forked state.
const (
	commandFormat  = 1
	commandVersion = 1
	headerBytes    = 44
)

// ErrUnreadable is wrapped by every error about bytes that no version of this
// package up to the running one has written. Such a command must stop the group.
var ErrUnreadable = errors.New("catalog: unreadable")

// Encode builds a command of the newest version. The result decodes, always: what
// cannot be held comes back as an *InvalidError, before anything is proposed.
func Encode(h Header, b Body) ([]byte, error) {
	if h.Flags&^flagsKnown != 0 {
		return nil, &InvalidError{Field: "flags", Reason: "unknown flag"}
	}
	if err := b.check(); err != nil {
		return nil, err
	}
	body, err := marshal(b)
	if err != nil {
		return nil, &InvalidError{Field: "body", Reason: err.Error()}
	}
	if headerBytes+len(body) > CommandBytesMax {
		return nil, &InvalidError{Field: "body", Reason: fmt.Sprintf("%d bytes, at most %d", len(body), CommandBytesMax-headerBytes)}
	}
	cmd := append(appendHeader(make([]byte, 0, headerBytes+len(body)), h, b.kind()), body...)
	// Reading it back here is what keeps a mistake above in the proposer, where it
	// is an error, and out of Apply, where it stops every node.
	if _, _, err := Decode(cmd); err != nil {
		return nil, &InvalidError{Field: "body", Reason: err.Error()}
	}
	return cmd, nil
}

func appendHeader(cmd []byte, h Header, kind Kind) []byte {
	le := binary.LittleEndian
	cmd = append(cmd, commandFormat, commandVersion)
	cmd = le.AppendUint16(cmd, uint16(kind))
	cmd = le.AppendUint16(cmd, h.Flags)
	cmd = append(cmd, h.FingerprintVersion, 0)
	cmd = le.AppendUint64(cmd, uint64(h.NotAfter))
	cmd = le.AppendUint64(cmd, h.Key.Hi)
	cmd = le.AppendUint64(cmd, h.Key.Lo)
	cmd = le.AppendUint64(cmd, h.Fingerprint)
	return le.AppendUint32(cmd, h.Actor)
}

// Decode reads a command. The result shares no memory with cmd. Its errors wrap
// ErrUnreadable.
func Decode(cmd []byte) (Header, Body, error) {
	if len(cmd) < headerBytes || len(cmd) > CommandBytesMax {
		return Header{}, nil, fmt.Errorf("%w: command of %d bytes", ErrUnreadable, len(cmd))
	}
	if cmd[0] != commandFormat || cmd[1] != commandVersion || cmd[7] != 0 {
		return Header{}, nil, fmt.Errorf("%w: command format %d version %d", ErrUnreadable, cmd[0], cmd[1])
	}
	le := binary.LittleEndian
	h := Header{
		Flags:              le.Uint16(cmd[4:]),
		FingerprintVersion: cmd[6],
		NotAfter:           int64(le.Uint64(cmd[8:])),
		Key:                coupon.Hash{Hi: le.Uint64(cmd[16:]), Lo: le.Uint64(cmd[24:])},
		Fingerprint:        le.Uint64(cmd[32:]),
		Actor:              le.Uint32(cmd[40:]),
	}
	if h.Flags&^flagsKnown != 0 {
		return Header{}, nil, fmt.Errorf("%w: flags %#x", ErrUnreadable, h.Flags)
	}
	kind := Kind(le.Uint16(cmd[2:]))
	body := newBody(kind)
	if body == nil {
		return Header{}, nil, fmt.Errorf("%w: command kind %d", ErrUnreadable, kind)
	}
	if err := unmarshal(cmd[headerBytes:], body); err != nil {
		return Header{}, nil, fmt.Errorf("%w: command kind %d: %w", ErrUnreadable, kind, err)
	}
	if err := body.check(); err != nil {
		return Header{}, nil, fmt.Errorf("%w: command kind %d: %w", ErrUnreadable, kind, err)
	}
	return h, body, nil
}

// marshal writes compact JSON: fields in the order of the type, opaque JSON
// without its white space, no HTML escapes. Equal values give equal bytes.
func marshal(v any) ([]byte, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n")), nil
}

// unmarshal reads exactly one value and refuses fields that v does not have.
func unmarshal(data []byte, v any) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		return err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return errors.New("bytes after the value")
	}
	return nil
}
