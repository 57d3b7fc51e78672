package main

import (
	"github.com/scrip-engine/scrip/client"
	"github.com/scrip-engine/scrip/wire"
)

// cart is what redeem and explain say about the purchase.
type cart struct {
	Customer string `help:"Who redeems: a source id of yours." placeholder:"ID"`
	Amount   *int64 `help:"The order's amount in minor units: 1999 is 19.99 USD." placeholder:"N"`
	Currency string `help:"The order's currency, ISO 4217; without it, the project's." placeholder:"CODE"`
	OrderID  string `help:"The order's id in your system." placeholder:"ID"`
	Credits  *int64 `help:"Take only this much of a gift card, in minor units." placeholder:"N"`
}

// request is the body for one code.
func (c *cart) request(code string) *wire.RedeemRequest {
	var order *wire.Order
	if c.Amount != nil || c.Currency != "" || c.OrderID != "" {
		order = &wire.Order{SourceID: c.OrderID, Currency: c.Currency}
		if c.Amount != nil {
			order.Amount = wire.Some(*c.Amount)
		}
	}
	req := client.ForCode(code, c.Customer, order)
	if c.Credits != nil {
		req.Redeemables[0].Gift.Credits = wire.Some(*c.Credits)
	}
	return req
}

type redeemCmd struct {
	connection
	cart
	Code string `arg:"" help:"The code."`
	Key  string `help:"Idempotency key: the same key never redeems twice. Drawn if empty; after exit code 6, ask again with it." placeholder:"KEY"`
}

func (c *redeemCmd) Run(a *app) error {
	cl, err := c.client(a)
	if err != nil {
		return err
	}
	defer cl.Close()
	answer, err := cl.Redeem(a.ctx, c.request(c.Code), keyOption(c.Key)...)
	if err != nil {
		return err
	}
	return a.show(answer, func(t *table) {
		for i := range answer.Redemptions {
			showRedemption(t, &answer.Redemptions[i])
		}
	})
}

// keyOption passes a key on if there is one.
func keyOption(key string) []client.Option {
	if key == "" {
		return nil
	}
	return []client.Option{client.Key(key)}
}

func showRedemption(t *table, r *wire.Redemption) {
	code, currency := r.RelatedObjectID, ""
	if r.Voucher != nil {
		code = r.Voucher.Code
	}
	if r.Order != nil {
		currency = r.Order.Currency
	}
	word := "redeemed"
	if r.Replayed {
		word = "redeemed before, with the same key"
	}
	t.field("Code", code)
	t.field("Result", word)
	t.field("Redemption", r.ID)
	t.field("Date", r.Date)
	if r.Gift != nil {
		t.field("Taken", money(r.Gift.Amount, currency))
	}
	showOrder(t, r.Order)
	if r.Voucher != nil {
		showUses(t, r.Voucher)
	}
	t.field("Key", r.IdempotencyKey)
}

func showOrder(t *table, o *wire.OrderCalculated) {
	if o == nil {
		return
	}
	t.field("Order", money(o.Amount, o.Currency))
	t.field("Discount", money(o.TotalAppliedDiscountAmount, o.Currency))
	t.field("To pay", money(o.TotalAmount, o.Currency))
}
