package test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/scrip-engine/scrip/client"
	"github.com/scrip-engine/scrip/wire"
)

// auditors is how many questions an audit asks at once.
const auditors = 16

// keyOf returns the error key of a failed call.
func keyOf(err error) string {
	var e *wire.Error
	if errors.As(err, &e) {
		return e.Key
	}
	return ""
}

// account is what the shoppers know of one code.
type account struct {
	redeemed map[string]*operation // by id
	undone   map[string]*operation // by id of the rollback
	net      map[string]int64      // uses by customer, less what was given back
	taken    int64                 // from a gift card, less what was given back
}

func accounts(history []*operation) map[*item]*account {
	books := map[*item]*account{}
	for _, o := range history {
		if o.looks {
			continue
		}
		a := books[o.item]
		if a == nil {
			a = &account{redeemed: map[string]*operation{}, undone: map[string]*operation{}, net: map[string]int64{}}
			books[o.item] = a
		}
		switch {
		case o.refusal != "":
		case o.undoes != nil:
			a.undone[o.id] = o
			a.net[o.customer]--
			a.taken -= o.amount
		default:
			a.redeemed[o.id] = o
			a.net[o.customer]++
			a.taken += o.amount
		}
	}
	return books
}

// audit asks the server for everything that it acknowledged, and for everything
// that it has: neither side may know of more than the other.
func audit(t testing.TB, c *client.Client, items []*item, history []*operation) {
	t.Helper()
	ctx := t.Context()
	seen := map[string]*operation{}
	for _, o := range history {
		if o.refusal != "" || o.looks {
			continue
		}
		if other := seen[o.id]; other != nil {
			t.Errorf("the id %s was given to %s and to %s", o.id, other.key, o.key)
		}
		seen[o.id] = o
	}
	inParallel(t, history, func(o *operation) error { return auditOne(ctx, c, o) })
	books := accounts(history)
	inParallel(t, items, func(it *item) error {
		a := books[it]
		if a == nil {
			return nil
		}
		if err := auditCode(ctx, c, it, a); err != nil {
			return fmt.Errorf("%s: %w", it.code, err)
		}
		return nil
	})
}

// auditOne looks a success up by its id.
func auditOne(ctx context.Context, c *client.Client, o *operation) error {
	if o.refusal != "" || o.looks {
		return nil
	}
	e, err := c.Redemption(ctx, o.id)
	if err != nil {
		return fmt.Errorf("%s was acknowledged to %s and is lost: %w", o.id, o.key, err)
	}
	if o.undoes != nil {
		if e.Rollback == nil || e.Rollback.Redemption != o.undoes.id {
			return fmt.Errorf("%s is not the rollback of %s: %+v", o.id, o.undoes.id, e)
		}
		return nil
	}
	status := wire.StatusSucceeded
	if o.undone {
		status = wire.StatusRolledBack
	}
	r := e.Redemption
	if r == nil || string(r.TrackingID) != o.key || r.Status != status || r.Voucher.Code != o.item.code {
		return fmt.Errorf("%s of %s was acknowledged to %s, and is now %+v", o.id, o.item.code, o.key, r)
	}
	if r.Gift != nil && r.Gift.Amount != o.amount {
		return fmt.Errorf("%s took %d, and is now said to have taken %d", o.id, o.amount, r.Gift.Amount)
	}
	return nil
}

// auditCode compares a code's entries, counters and ledger with the books.
func auditCode(ctx context.Context, c *client.Client, it *item, a *account) error {
	read := func(p client.Page) (*wire.List[wire.RedemptionEntry], error) {
		return c.VoucherRedemptions(ctx, it.code, p)
	}
	redeemed, undone := 0, 0
	for e, err := range client.Each(client.Page{Limit: 100}, read) {
		switch {
		case err != nil:
			return err
		case e.Redemption != nil && a.redeemed[e.Redemption.ID] == nil:
			return fmt.Errorf("the server has the redemption %s (key %s), which nobody was told of", e.Redemption.ID, e.Redemption.TrackingID)
		case e.Rollback != nil && a.undone[e.Rollback.ID] == nil:
			return fmt.Errorf("the server has the rollback %s, which nobody was told of", e.Rollback.ID)
		case e.Redemption != nil:
			redeemed++
		default:
			undone++
		}
	}
	if redeemed != len(a.redeemed) || undone != len(a.undone) {
		return fmt.Errorf("listed are %d redemptions and %d rollbacks, acknowledged were %d and %d", redeemed, undone, len(a.redeemed), len(a.undone))
	}
	return auditLimits(ctx, c, it, a)
}

// auditLimits holds the counters against the books and the limits (P2).
func auditLimits(ctx context.Context, c *client.Client, it *item, a *account) error {
	v, err := c.Voucher(ctx, it.code)
	if err != nil {
		return err
	}
	net := int64(len(a.redeemed) - len(a.undone))
	if v.Redemption.RedeemedQuantity != net {
		return fmt.Errorf("the counter says %d, the books %d", v.Redemption.RedeemedQuantity, net)
	}
	if it.uses > 0 && net > it.uses {
		return fmt.Errorf("used %d times, allowed are %d", net, it.uses)
	}
	for customer, n := range a.net {
		if it.perCustomer > 0 && n > it.perCustomer {
			return fmt.Errorf("%s used it %d times, allowed are %d", customer, n, it.perCustomer)
		}
	}
	if it.balance > 0 {
		return auditLedger(ctx, c, it, a, v)
	}
	return nil
}

// auditLedger: the balance is the sum of the ledger, and that of the books.
func auditLedger(ctx context.Context, c *client.Client, it *item, a *account, v *wire.Voucher) error {
	balance := v.Gift.Balance.Or(-1)
	if balance < 0 || balance != it.balance-a.taken {
		return fmt.Errorf("the balance is %d, by the books %d", balance, it.balance-a.taken)
	}
	read := func(p client.Page) (*wire.List[wire.Transaction], error) { return c.Transactions(ctx, it.code, p) }
	sum := int64(0)
	for entry, err := range client.Each(client.Page{Limit: 100}, read) {
		if err != nil {
			return err
		}
		if entry.Details.Balance.Balance < 0 {
			return fmt.Errorf("the balance was %d after %s", entry.Details.Balance.Balance, entry.ID)
		}
		sum += entry.Details.Balance.Amount
	}
	if sum != balance {
		return fmt.Errorf("the ledger sums up to %d, the balance is %d", sum, balance)
	}
	return nil
}

// inParallel does something with each element, and reports what failed.
func inParallel[T any](t testing.TB, all []T, do func(T) error) {
	t.Helper()
	work := make(chan T)
	var over sync.WaitGroup
	for range auditors {
		over.Go(func() {
			for v := range work {
				if err := do(v); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for _, v := range all {
		work <- v
	}
	close(work)
	over.Wait()
}
