package engine

import (
	"context"
	"errors"

	"github.com/scrip-engine/scrip/catalog"
	"github.com/scrip-engine/scrip/coupon"
	"github.com/scrip-engine/scrip/promo"
	"github.com/scrip-engine/scrip/shard"
	"github.com/scrip-engine/scrip/wire"
)

// promoError turns promo's field error into an answer.
func promoError(c *Call, err error, field, key string) *wire.Error {
	var f *promo.FieldError
	if !errors.As(err, &f) {
		return c.asWire(err)
	}
	if f.Key != promo.KeyInvalidVoucher {
		key = f.Key
	}
	text := f.Message
	if f.Suggestion != "" {
		text += "; did you mean " + f.Suggestion + "?"
	}
	return c.field(key, field+f.Field, text)
}

// compileSpec turns what a request says of a new code into what the shard keeps
// beyond its campaign. p's currency stands in where none is given.
func (e *Engine) compileSpec(c *Call, p *catalog.Project, campaign *catalog.Campaign, w *wire.VoucherCreate) (shard.Spec, error) {
	var sp shard.Spec
	if w.StartDate != 0 {
		sp.Mask |= shard.SpecFrom
		sp.From = int64(w.StartDate)
	}
	if w.ExpirationDate != 0 {
		sp.Mask |= shard.SpecUntil
		sp.Until = int64(w.ExpirationDate)
	}
	if sp.Mask&(shard.SpecFrom|shard.SpecUntil) == shard.SpecFrom|shard.SpecUntil && sp.Until <= sp.From {
		return sp, c.field(wire.KeyInvalidVoucher, "expiration_date", "must be after start_date")
	}
	if on, ok := w.Active.Get(); ok && !on {
		sp.Mask |= shard.SpecDisabled
	}
	setBytes(&sp, w)
	if err := e.compileValue(c, p, campaign, w, &sp); err != nil {
		return sp, err
	}
	if err := e.compileLimits(c, campaign, w, &sp); err != nil {
		return sp, err
	}
	return sp, c.checkSpec(&sp)
}

// setBytes copies the fields that are kept as they came.
func setBytes(sp *shard.Spec, w *wire.VoucherCreate) {
	for _, f := range [...]struct {
		bit  shard.SpecMask
		to   *[]byte
		from []byte
	}{
		{shard.SpecMetadata, &sp.Metadata, w.Metadata},
		{shard.SpecInfo, &sp.Info, []byte(w.AdditionalInfo)},
		{shard.SpecCategory, &sp.Category, []byte(w.Category)},
	} {
		if len(f.from) > 0 {
			sp.Mask |= f.bit
			*f.to = f.from
		}
	}
}

// compileValue reads what the code is worth: its discount or its balance.
func (e *Engine) compileValue(c *Call, p *catalog.Project, campaign *catalog.Campaign, w *wire.VoucherCreate, sp *shard.Spec) error {
	kind := voucherKind(campaign, w)
	if campaign != nil && kind != campaign.Voucher.Type {
		return c.field(wire.KeyInvalidVoucher, "type", "the campaign issues "+campaign.Voucher.Type)
	}
	switch {
	case kind == wire.VoucherGift:
		return e.compileGift(c, p, campaign, w.Gift, sp)
	case w.Gift != nil:
		return c.field(wire.KeyInvalidVoucher, "gift", "does not belong to a discount voucher")
	case w.Discount != nil:
		b, err := compileDiscount(c, w.Discount, "", wire.KeyInvalidVoucher)
		if err != nil {
			return err
		}
		sp.Mask |= shard.SpecDiscount
		sp.Discount = b
	case campaign == nil:
		return c.field(wire.KeyInvalidVoucher, "discount", "is required for a discount voucher without a campaign")
	}
	return nil
}

func voucherKind(campaign *catalog.Campaign, w *wire.VoucherCreate) string {
	switch {
	case w.Type != "":
		return w.Type
	case campaign != nil:
		return campaign.Voucher.Type
	case w.Gift != nil:
		return wire.VoucherGift
	}
	return wire.VoucherDiscount
}

func (e *Engine) compileGift(c *Call, p *catalog.Project, campaign *catalog.Campaign, g *wire.Gift, sp *shard.Spec) error {
	if g == nil || !g.Amount.Set {
		if campaign == nil {
			return c.field(wire.KeyInvalidGift, "gift.amount", "is required")
		}
		return nil // the campaign's amount
	}
	currency := g.Currency
	switch {
	case currency == "" && campaign != nil && campaign.Voucher.Currency != "":
		currency = campaign.Voucher.Currency
	case currency == "":
		currency = p.Currency
	}
	cur, err := coupon.ParseCurrency(currency)
	if err != nil {
		return c.field(wire.KeyInvalidGift, "gift.currency", err.Error())
	}
	amount := g.Amount.Value
	if err := coupon.CheckAmount(amount); err != nil {
		return c.field(wire.KeyInvalidGift, "gift.amount", err.Error())
	}
	sp.Mask |= shard.SpecGift
	sp.Gift, sp.Currency = amount, cur.Numeric()
	return nil
}

// compileLimits reads how often the code may be used. Absent means once for a
// discount and without end for a card; null means without end.
func (e *Engine) compileLimits(c *Call, campaign *catalog.Campaign, w *wire.VoucherCreate, sp *shard.Spec) error {
	limit, set := limitOf(&w.Redemption)
	switch {
	case set:
	case campaign != nil:
		set = false
	case sp.Mask&shard.SpecGift != 0:
		limit, set = shard.Unlimited, true
	}
	if set {
		if err := c.checkLimits(wire.KeyInvalidVoucher, "", limit, 0); err != nil {
			return err
		}
		sp.Mask |= shard.SpecLimit
		sp.Limit = limit
	}
	if per, ok := w.Redemption.PerCustomer.Get(); ok {
		if per < 1 || per > coupon.IntMax {
			return c.field(wire.KeyInvalidVoucher, "redemption.per_customer", "must be at least 1")
		}
		sp.Mask |= shard.SpecPerCustomer
		sp.PerCustomer = per
	}
	return nil
}

func limitOf(r *wire.RedemptionLimit) (limit int64, set bool) {
	switch {
	case r.Quantity.Null:
		return shard.Unlimited, true
	case r.Quantity.Set:
		return r.Quantity.Value, true
	}
	return 0, false
}

// resolveHolder finds the customer that a code is for, and makes one for a
// source id that was not seen yet.
func (e *Engine) resolveHolder(ctx context.Context, c *Call, p *catalog.Project, ref string) (coupon.ID, error) {
	said := &wire.Customer{SourceID: ref}
	if _, ok := e.secret.ParseID(coupon.PrefixCustomer, ref); ok {
		said = &wire.Customer{ID: ref}
	}
	who, err := e.identifyCustomer(c, p, said)
	if err != nil {
		return coupon.ID{}, err
	}
	if who.missing != nil {
		return coupon.ID{}, who.missing
	}
	if err := e.settleCustomer(ctx, c, &who, nil); err != nil {
		return coupon.ID{}, err
	}
	return who.id, nil
}
