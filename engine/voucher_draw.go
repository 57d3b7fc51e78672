package engine

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/json"

	"github.com/scrip-engine/scrip/catalog"
	"github.com/scrip-engine/scrip/coupon"
	"github.com/scrip-engine/scrip/shard"
	"github.com/scrip-engine/scrip/wire"
)

// drawAttempts bounds how often a drawn text may turn out to be taken: at the
// fullest that a pattern may be, one draw in a thousand is.
const drawAttempts = 16

// A drawn text does not follow from the key alone: it follows from the pattern too,
// and from what is taken. Three things make that one key leads to one code (P3),
// whatever crashes between them and however many identical requests run at once:
//
//   - The texts that a key draws by a pattern are a sequence which the key and the
//     cluster's secret determine. Where the code lands there lies its receipt.
//   - A claim binds the key to the request and its campaign, in a slot that follows
//     from the key alone, before the first text is tried. So two requests that ask
//     for different patterns, and hence draw different sequences, cannot both go on:
//     the law tells the second one of the conflict. A campaign's own pattern never
//     changes.
//   - A text that was ever a code is never drawn, though it were free again. To be
//     taken is then for ever, and all requests of a key agree on the first text of
//     the sequence that is not: they meet there, and the law lets one of them make
//     the code and answers the others from its receipt. If a text could become free,
//     a retry would find an earlier one than the first attempt did, and make a
//     second code.
//
// The look that finds a text untouched is proved, and the command that follows is
// void after CommandMillisMax; in so short a time no text is issued, deleted and
// forgotten. A claim whose request failed stays for its day: the request may come
// again, another one needs another key.

// drawn issues a text that is drawn.
func (n *creation) drawn(ctx context.Context) (*wire.Voucher, error) {
	if n.c.Key == "" {
		return n.draw(ctx)
	}
	if out, err := n.drawnBefore(ctx); out != nil || err != nil {
		return out, err
	}
	out, refusal := n.draw(ctx)
	if refusal == nil {
		return out, nil
	}
	// The same request may have come a second time and been answered meanwhile.
	for _, g := range n.e.shards {
		if _, err := g.log.Prove(ctx); err != nil {
			return nil, refusal
		}
	}
	if out, err := n.drawnBefore(ctx); out != nil || err != nil {
		return out, err
	}
	return nil, refusal
}

// claimSlot follows from the key alone, by bits that the slot's index does not use.
func (n *creation) claimSlot() uint16 { return coupon.Hash{Hi: n.id.key.Lo}.Slot() }

// claimPrint is the fingerprint of a claim: the request, and the campaign that its
// words meant then.
func (n *creation) claimPrint(campaign *catalog.Campaign) uint64 {
	said := binary.LittleEndian.AppendUint64(nil, n.id.fingerprint)
	if campaign == nil {
		return n.e.fingerprintOf(opCreate, said)
	}
	return n.e.fingerprintOf(opCreate, said, []byte(campaign.ID))
}

// drawnBefore returns the code that the key has made, nothing, or a conflict. What
// it reads was committed; whether it is all there is, the caller proves. The
// campaign is the one that was claimed, which may be gone and its name another's.
func (n *creation) drawnBefore(ctx context.Context) (*wire.Voucher, error) {
	slot := n.claimSlot()
	var rec shard.Record
	if !n.e.shardOf(slot).law.Claimed(slot, n.id.key, &rec) {
		return nil, nil
	}
	if err := n.e.catLog.WaitApplied(ctx, rec.CatalogIndex); err != nil {
		return nil, n.c.replication(err)
	}
	campaign := n.e.catalog.View().Campaign(rec.Campaign)
	if err := n.c.sameRequest(&rec, n.claimPrint(campaign)); err != nil {
		return nil, err
	}
	var made *wire.Voucher
	_, err := n.eachText(campaign, func(t *codeText) (bool, error) {
		var l shard.Look
		t.ref.look(&l)
		if !l.HasReceipt {
			return !l.View.Found, nil // at a text that never was a code nothing was made yet
		}
		var err error
		made, err = n.e.stored(n.c, t.ref.group, &l.Receipt, n.id.fingerprint)
		return true, err
	})
	return made, err
}

// draw makes a code of the first text that is not taken.
func (n *creation) draw(ctx context.Context) (out *wire.Voucher, err error) {
	if err := n.prepare(ctx); err != nil {
		return nil, err
	}
	if err := n.claim(ctx); err != nil {
		return nil, err
	}
	found, err := n.eachText(n.campaign, func(t *codeText) (bool, error) {
		var l shard.Look
		if err := n.e.lookProved(ctx, &t.ref, &l); err != nil {
			return true, n.c.replication(err)
		}
		if l.HasReceipt {
			out, err = n.e.stored(n.c, t.ref.group, &l.Receipt, n.id.fingerprint)
			return true, err
		}
		if l.View.Found {
			return false, nil
		}
		out, err = n.create(ctx, t)
		if isKey(err, wire.KeyDuplicateFound) || isKey(err, wire.KeyCodeBlocked) {
			return false, nil // somebody else was faster
		}
		return true, err
	})
	if err == nil && !found {
		err = n.c.field(wire.KeyInvalidCodeConfig, "code_config", "the pattern has hardly a free code left")
	}
	return out, err
}

// claim binds the caller's key to the request. A minted key has nobody who could
// come back with it.
func (n *creation) claim(ctx context.Context) error {
	if n.c.Key == "" {
		return nil
	}
	slot, q := n.claimSlot(), shard.Claim{Project: n.p.Ordinal}
	if n.campaign != nil {
		q.Campaign = n.campaign.Ordinal
	}
	id := identity{key: n.id.key, flags: n.id.flags, fingerprint: n.claimPrint(n.campaign)}
	reply, err := n.e.proposeChange(ctx, n.c, n.e.shardOf(slot), n.campaign, func(index uint64) []byte {
		return shard.AppendClaim(n.e.command(n.c, shard.KindClaim, slot, id, index), &q)
	})
	if err != nil {
		return err
	}
	if reply.Outcome != coupon.OK {
		return n.c.refused(reply.Outcome, "")
	}
	return nil
}

// eachText walks the texts that the request draws, up to drawAttempts, until use is
// done with one; found says that it was.
func (n *creation) eachText(campaign *catalog.Campaign, use func(*codeText) (done bool, err error)) (found bool, err error) {
	pattern, err := n.e.pattern(n.c, n.p, campaign, n.req.CodeConfig)
	if err != nil {
		return false, err
	}
	random := newDraw(n.e.secret, n.id.key, n.c.Key != "")
	for range drawAttempts {
		text, err := pattern.Draw(random, nil)
		if err != nil {
			return false, n.c.asWire(err)
		}
		parsed, err := rulesOf(n.p).ParseNew(string(text))
		if err != nil {
			continue // a reserved word
		}
		t := n.text(parsed)
		if done, err := use(&t); done || err != nil {
			return true, err
		}
	}
	return false, nil
}

// pattern compiles the code configuration of a request over its campaign's.
func (e *Engine) pattern(c *Call, p *catalog.Project, campaign *catalog.Campaign, w *wire.CodeConfig) (*coupon.CodePattern, error) {
	if w == nil && campaign != nil && len(campaign.Voucher.CodeConfig) > 0 {
		w = new(wire.CodeConfig)
		if err := json.Unmarshal(campaign.Voucher.CodeConfig, w); err != nil {
			return nil, c.asWire(err)
		}
	}
	pattern, err := codeConfig(w).Compile(rulesOf(p))
	if err != nil {
		return nil, c.patternError(err)
	}
	return pattern, nil
}

// draw is a source of random bytes for codes. With a key it is a stream that the
// key and the cluster's secret determine.
type draw struct {
	secret *coupon.Secret
	key    coupon.Hash
	n      uint64
	fixed  bool
	rest   []byte
}

func newDraw(s *coupon.Secret, key coupon.Hash, fixed bool) *draw {
	return &draw{secret: s, key: key, fixed: fixed}
}

// Read fills b. It never fails where crypto/rand does not.
func (d *draw) Read(b []byte) (int, error) {
	if !d.fixed {
		return rand.Read(b)
	}
	n := 0
	for n < len(b) {
		if len(d.rest) == 0 {
			block := binary.BigEndian.AppendUint64([]byte("scrip/1/draw"), d.key.Hi)
			block = binary.BigEndian.AppendUint64(block, d.key.Lo)
			h := d.secret.KeyHash(binary.BigEndian.AppendUint64(block, d.n))
			d.n++
			d.rest = binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, h.Hi), h.Lo)
		}
		k := copy(b[n:], d.rest)
		d.rest = d.rest[k:]
		n += k
	}
	return n, nil
}
