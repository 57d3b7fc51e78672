package bench

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/cespare/xxhash/v2"

	"github.com/scrip-engine/scrip/client"
	"github.com/scrip-engine/scrip/wire"
)

func hashText(id string) uint64 { return xxhash.Sum64String(id) }

// settle asks again, with the same key, for every change without an answer. What
// had not happened happens now, under a key that can only succeed once.
func (a *auditor) settle(ctx context.Context, pending []Pending) error {
	ctx, cancel := context.WithTimeout(ctx, settleTimeout)
	defer cancel()
	for i := range pending {
		p := &pending[i]
		if err := a.settleOne(ctx, p); err != nil {
			return fmt.Errorf("audit: ask again for key %s: %w", a.shape.Key(p.Op.Key), err)
		}
	}
	return nil
}

func (a *auditor) settleOne(ctx context.Context, p *Pending) error {
	key := a.shape.Key(p.Op.Key)
	if p.Op.Kind == Rollback {
		err := a.admin.Rollback(ctx, key, p.ID)
		if err == nil {
			a.undone = append(a.undone, use{id: hashText(p.ID), code: p.Op.Code, amount: p.Op.Credits})
		}
		return a.unlessRefused(err)
	}
	r, err := a.admin.Redeem(ctx, key, a.shape.request(&p.Op))
	if err != nil {
		return a.unlessRefused(err)
	}
	a.Settled++
	u := use{id: hashText(r.ID), code: p.Op.Code}
	if r.Gift != nil {
		u.amount = r.Gift.Amount
	}
	a.told = append(a.told, u)
	return nil
}

func (a *auditor) unlessRefused(err error) error {
	var answer *wire.Error
	if client.IsRefusal(err) || client.IsNotFound(err) || errors.As(err, &answer) && answer.Outcome == wire.NotDone {
		a.Refused++
		return nil
	}
	return err
}

// request is op as the API takes it: word for word what the loop sent, so that
// the key matches.
func (s *Shape) request(op *Op) *wire.RedeemRequest {
	r := &wire.RedeemRequest{
		Redeemables: []wire.Redeemable{{Object: wire.ObjectVoucher, ID: s.Codes.Code(op.Code)}},
		Order:       &wire.Order{Amount: wire.Some(s.Amount)},
	}
	if s.Credits {
		r.Redeemables[0].Gift.Credits = wire.Some(op.Credits)
	}
	if s.Customers {
		r.Customer = &wire.Customer{SourceID: string(s.AppendCustomer(nil, op.Customer))}
	}
	return r
}

// standing is what a code was used for, less what was given back.
type standing struct {
	code   uint64
	uses   int64
	amount int64
}

// standings sums the redemptions of each code, in the order of codes.
func (a *auditor) standings() []standing {
	slices.SortFunc(a.found, func(x, y found) int { return order(x.code, y.code) })
	var out []standing
	for _, f := range a.found {
		if len(out) == 0 || out[len(out)-1].code != f.code {
			out = append(out, standing{code: f.code})
		}
		if last := &out[len(out)-1]; !f.undone {
			last.uses++
			last.amount += f.amount
		}
	}
	return out
}

// limits finds codes that were used too often, and cards that gave too much.
func (a *auditor) limits() {
	for _, s := range a.standings() {
		set := a.setOf(s.code)
		if set.Limit > 0 && s.uses > set.Limit {
			a.wrong("P2: %s has %d uses, and a limit of %d", a.shape.Codes.Code(s.code), s.uses, set.Limit)
		}
		if set.Balance > 0 && s.amount > set.Balance {
			a.wrong("P2: %s gave %d, of a balance of %d", a.shape.Codes.Code(s.code), s.amount, set.Balance)
		}
	}
	if int64(len(a.undone)) != a.RolledBack {
		a.wrong("%d rollbacks were acknowledged or settled, and %d redemptions are listed as rolled back", len(a.undone), a.RolledBack)
	}
}

func (a *auditor) setOf(code uint64) *Set {
	for _, s := range a.sets {
		if code >= s.First && code < s.First+s.Count {
			return s
		}
	}
	panic(fmt.Sprintf("B4: code %d was taken in and belongs to no set", code))
}

// counters compares the own counters of codes with the lists: all codes of small
// sets, else those with most uses and some more, spread over the rest.
func (a *auditor) counters(ctx context.Context) error {
	all := a.standings()
	slices.SortStableFunc(all, func(x, y standing) int { return int(y.uses - x.uses) })
	step := max(1, len(all)/sampleMax)
	for i := 0; i < len(all); i++ {
		if i >= sampleMax/2 && i%step != 0 {
			continue
		}
		if err := a.counter(ctx, all[i]); err != nil {
			return err
		}
	}
	return nil
}

func (a *auditor) counter(ctx context.Context, s standing) error {
	code := a.shape.Codes.Code(s.code)
	v, err := a.admin.Voucher(ctx, code)
	if err != nil {
		return fmt.Errorf("audit: read %s: %w", code, err)
	}
	a.Checked++
	if v.Redemption == nil || v.Redemption.RedeemedQuantity != s.uses {
		a.wrong("P2: %s counts %+v, and %d uses are listed", code, v.Redemption, s.uses)
		return nil
	}
	set := a.setOf(s.code)
	if set.Balance > 0 && (v.Gift == nil || v.Gift.Balance.Value != set.Balance-s.amount || v.Gift.Balance.Value < 0) {
		a.wrong("P2: %s has %+v, and %d of %d were taken", code, v.Gift, s.amount, set.Balance)
	}
	return nil
}
