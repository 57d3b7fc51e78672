package main

import (
	"fmt"
	"strconv"

	"github.com/scrip-engine/scrip/client"
	"github.com/scrip-engine/scrip/wire"
)

type voucherCmd struct {
	connection
	Code   string `arg:"" help:"The code, or the voucher's id."`
	Events int    `help:"How many events of the timeline to show at most." default:"100" placeholder:"N"`
}

// voucherState is the voucher and what happened to it.
type voucherState struct {
	Voucher  *wire.Voucher `json:"voucher"`
	Timeline []wire.Event  `json:"timeline"`
	// More says that the timeline goes on.
	More bool `json:"more"`
}

func (c *voucherCmd) Run(a *app) error {
	cl, err := c.client(a)
	if err != nil {
		return err
	}
	defer cl.Close()
	out := voucherState{Timeline: []wire.Event{}}
	if out.Voucher, err = cl.Voucher(a.ctx, c.Code); err != nil {
		return err
	}
	read := func(p client.Page) (*wire.List[wire.Event], error) { return cl.Timeline(a.ctx, c.Code, p) }
	for e, err := range client.Each(client.Page{Limit: min(max(c.Events, 1), 100)}, read) {
		if err != nil {
			return err
		}
		if out.More = len(out.Timeline) == c.Events; out.More {
			break
		}
		out.Timeline = append(out.Timeline, e)
	}
	return a.show(out, func(t *table) {
		showVoucher(t, out.Voucher)
		t.blank()
		for i := range out.Timeline {
			showEvent(t, &out.Timeline[i], currencyOf(out.Voucher))
		}
		if out.More {
			t.row("…", "and more; see --events")
		}
	})
}

func showVoucher(t *table, v *wire.Voucher) {
	t.field("Code", v.Code)
	t.field("State", stateOf(v))
	t.field("Campaign", v.Campaign)
	t.field("Type", v.Type)
	if v.Discount != nil {
		t.field("Discount", discountText(v.Discount))
	}
	if g := v.Gift; g != nil {
		t.field("Balance", money(g.Balance.Or(0), g.Currency)+" of "+money(g.Amount.Or(0), g.Currency))
	}
	showUses(t, v)
	t.field("Holder", v.HolderID)
	t.field("Starts", v.StartDate)
	t.field("Expires", v.ExpirationDate)
	if len(v.Metadata) > 0 {
		t.field("Metadata", string(v.Metadata))
	}
	t.field("Id", v.ID)
	t.field("Created", v.CreatedAt)
}

func stateOf(v *wire.Voucher) string {
	switch {
	case v.Deleted:
		return "deleted"
	case v.Active:
		return "enabled"
	}
	return "disabled"
}

func showUses(t *table, v *wire.Voucher) {
	if v.Redemption == nil {
		return
	}
	limit := "any number of"
	if q, ok := v.Redemption.Quantity.Get(); ok {
		limit = strconv.FormatInt(q, 10)
	}
	text := fmt.Sprintf("%d of %s uses", v.Redemption.RedeemedQuantity, limit)
	if n, ok := v.Redemption.PerCustomer.Get(); ok {
		text += fmt.Sprintf(", at most %d a customer", n)
	}
	t.field("Used", text)
}

// discountText names a discount. Its amounts are minor units of the project's
// currency, which a voucher does not name.
func discountText(d *wire.Discount) string {
	switch d.Type {
	case wire.DiscountAmount:
		return money(d.AmountOff.Or(0), "") + " off"
	case wire.DiscountPercent:
		text := string(wire.AppendPercent(nil, d.PercentOff.Or(0))) + " % off"
		if limit, ok := d.AmountLimit.Get(); ok {
			text += ", at most " + money(limit, "")
		}
		return text
	case wire.DiscountFixed:
		return "fixed price " + money(d.FixedAmount.Or(0), "")
	}
	return fmt.Sprintf("%s %s %s", d.Type, d.Effect, d.UnitType)
}

func currencyOf(v *wire.Voucher) string {
	if v.Gift != nil {
		return v.Gift.Currency
	}
	return ""
}
