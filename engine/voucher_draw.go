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

// issueDrawn draws texts until one is free. With a key the draw is determined by
// it and the cluster's secret, so that a retry draws the same texts and finds
// the code that the first attempt made (P3).
func (e *Engine) issueDrawn(ctx context.Context, c *Call, p *catalog.Project, campaign *catalog.Campaign, req *wire.VoucherCreate, sp *shard.Spec, id identity) (*wire.Voucher, error) {
	pattern, err := e.pattern(c, p, campaign, req.CodeConfig)
	if err != nil {
		return nil, err
	}
	random := newDraw(e.secret, id.key, c.Key != "")
	for range drawAttempts {
		text, err := pattern.Draw(random, nil)
		if err != nil {
			return nil, c.asWire(err)
		}
		parsed, err := rulesOf(p).ParseNew(string(text))
		if err != nil {
			continue // a reserved word
		}
		out, err := e.createCode(ctx, c, p, campaign, parsed, sp, id)
		if e, ok := err.(*wire.Error); ok && (e.Key == wire.KeyDuplicateFound || e.Key == wire.KeyCodeBlocked) {
			continue
		}
		return out, err
	}
	return nil, c.field(wire.KeyInvalidCodeConfig, "code_config", "the pattern has hardly a free code left")
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
