package engine

import (
	"errors"

	"github.com/scrip-engine/scrip/coupon"
	"github.com/scrip-engine/scrip/wire"
)

// codeConfig reads a request's code configuration; nil is the default.
func codeConfig(w *wire.CodeConfig) coupon.CodeConfig {
	if w == nil {
		return coupon.CodeConfig{}
	}
	out := coupon.CodeConfig{Length: int(w.Length.Or(0)), Charset: w.Charset, Prefix: w.Prefix, Postfix: w.Postfix, Pattern: w.Pattern}
	if out.Postfix == "" {
		out.Postfix = w.Suffix
	}
	return out
}

// patternError turns a pattern that cannot be used into the answer.
func (c *Call) patternError(err error) *wire.Error {
	var p *coupon.PatternError
	if errors.As(err, &p) {
		return c.field(wire.KeyInvalidCodeConfig, "code_config."+p.Field, p.Reason)
	}
	return c.asWire(err)
}
