package engine

import (
	"encoding/binary"
	"math/rand/v2"

	"github.com/scrip-engine/scrip/catalog"
	"github.com/scrip-engine/scrip/coupon"
	"github.com/scrip-engine/scrip/shard"
	"github.com/scrip-engine/scrip/wire"
)

// identity is who a change is to the machines: the hash of its key and the
// fingerprint of its request (P3).
type identity struct {
	key         coupon.Hash
	flags       uint16
	fingerprint uint64
}

// Values of a project's idempotency_source.
const (
	sourceHeader      = "header"
	sourceTracking    = "tracking_id"
	sourceOrderSource = "order.source_id"
)

// operation is the first part of a key's scope. The bytes are hashed into every
// stored key: never renumber.
type operation byte

const (
	opRedeem   operation = 1
	opRollback operation = 2
	opCreate   operation = 3
	opBalance  operation = 4
	opEnable   operation = 5
	opUpdate   operation = 6
	opDelete   operation = 7
	opCampaign operation = 8
	opJob      operation = 9
	opCustomer operation = 10
	opPatch    operation = 11 // of a customer
	opForget   operation = 12
)

// keyHash hashes (project, operation, key). The anchor is not part of it: the
// machine finds the receipt at the anchor.
func (e *Engine) keyHash(project uint32, op operation, key string) coupon.Hash {
	var buf [300]byte
	b := binary.LittleEndian.AppendUint32(append(buf[:0], byte(op)), project)
	return e.secret.KeyHash(append(b, key...))
}

// mint makes a key for a caller who gave none, so that an ambiguous entry can be
// proposed again under the same identity. It need not be secret.
func mint() coupon.Hash { return coupon.Hash{Hi: rand.Uint64(), Lo: rand.Uint64() | 1} }

// identify gives a change its identity: the caller's key, or a minted one.
func (e *Engine) identify(c *Call, op operation, fingerprint uint64) identity {
	if c.Key != "" {
		return identity{key: e.keyHash(c.Caller.Project, op, c.Key), fingerprint: fingerprint}
	}
	return identity{key: mint(), flags: shard.FlagMinted, fingerprint: fingerprint}
}

// identifyRedemption is identify with the project's idempotency_source: a client
// that cannot set a header may have its tracking id or order as the key. The
// header always wins.
func (e *Engine) identifyRedemption(c *Call, p *catalog.Project, req *wire.RedeemRequest, fingerprint uint64) identity {
	derived := ""
	switch {
	case c.Key != "":
	case p.IdempotencySource == sourceTracking:
		derived = req.TrackingID
	case p.IdempotencySource == sourceOrderSource && req.Order != nil:
		derived = req.Order.SourceID
	}
	if derived == "" {
		return e.identify(c, opRedeem, fingerprint)
	}
	return identity{key: e.keyHash(c.Caller.Project, opRedeem, "\x00"+p.IdempotencySource+"\x00"+derived),
		flags: shard.FlagDerived, fingerprint: fingerprint}
}

// fingerprintOf is the fingerprint of any other change, over the parts that make
// the request what it is.
func (e *Engine) fingerprintOf(op operation, parts ...[]byte) uint64 {
	f := e.secret.NewFingerprinter(nil)
	f.AddInt(int64(op))
	for _, p := range parts {
		f.Add(p)
	}
	return f.Sum()
}

// command starts a shard command: the header, ready for its body.
func (e *Engine) command(c *Call, kind shard.Kind, slot uint16, id identity, catalogIndex uint64) []byte {
	h := e.header(c, kind, slot, id, catalogIndex)
	return startCommand(&h)
}

// header is that of a command which holds at any time and for any version of what
// it is about.
func (e *Engine) header(c *Call, kind shard.Kind, slot uint16, id identity, catalogIndex uint64) shard.Header {
	return shard.Header{
		Kind: kind, Flags: id.flags, Slot: slot, Epoch: slotMapEpoch,
		NotAfter:     e.notAfterOn(e.shardOf(slot).law.Now()),
		CatalogIndex: catalogIndex, ValidFrom: shard.AlwaysFrom, ValidUntil: shard.AlwaysUntil,
		Key: id.key, FingerprintVersion: coupon.FingerprintVersion, Fingerprint: id.fingerprint,
		Actor: c.Caller.Key,
	}
}

func startCommand(h *shard.Header) []byte {
	return shard.AppendHeader(make([]byte, 0, shard.HeaderBytes+256), h)
}
