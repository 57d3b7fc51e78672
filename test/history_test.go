package test

import (
	"fmt"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/scrip-engine/scrip/internal/linear"
	"github.com/scrip-engine/scrip/wire"
)

// searchMax ends the search for an order; what is not found by then is a failure.
const searchMax = time.Minute

// An operation is in the history from before its first attempt to after its last:
// it was settled by its key, so it took effect once in between or was refused in
// between. Limits per customer are histories of their own, one for each customer.

// lineCode names the history that an operation belongs to.
func (o *operation) lineCode() string {
	if o.item.perCustomer > 0 {
		return o.item.code + "/" + o.customer
	}
	return o.item.code
}

// openLines tells the history of the codes that were made before it began.
func (r *run) openLines() {
	for _, it := range r.stock.all() {
		switch {
		case it.perCustomer > 0:
			for i := range customers {
				o := &operation{item: it, customer: customerName(i)}
				r.lines.Begin(shoppers, linear.Input{Kind: linear.Create, Code: o.lineCode(), Limit: it.perCustomer}).End(linear.Output{})
			}
		case it.balance == 0:
			r.lines.Begin(shoppers, linear.Input{Kind: linear.Create, Code: it.code, Limit: it.uses}).End(linear.Output{})
		}
	}
}

func customerName(i int) string { return fmt.Sprintf("customer-%d", i) }

// open enters an operation into the history, before it is asked.
func (s *shopper) open(o *operation) {
	if o.item.balance > 0 {
		return
	}
	in := linear.Input{Kind: linear.Redeem, Code: o.lineCode(), Key: o.key}
	switch {
	case o.looks:
		in = linear.Input{Kind: linear.Get, Code: o.lineCode()}
	case o.undoes != nil:
		in = linear.Input{Kind: linear.Rollback, Code: o.lineCode(), Redemption: o.undoes.id}
	}
	o.line = s.run.lines.Begin(o.shopper, in)
}

// output is the answer in the words of the history. A replay of what an earlier
// attempt or the twin did is the operation's own success.
func (o *operation) output() linear.Output {
	switch {
	case o.looks:
		return linear.Output{Used: o.amount, On: true}
	case o.refusal == wire.KeyQuantityExceeded:
		return linear.Output{Refusal: linear.Exhausted}
	case o.undoes != nil:
		return linear.Output{}
	}
	return linear.Output{Redemption: o.id, Replayed: o.replayed && o.again}
}

// checkHistories looks for an order of all operations on each code that agrees
// with every answer and with real time (P1).
func checkHistories(t testing.TB, r *run) {
	t.Helper()
	if err := r.lines.Check(searchMax); err != nil {
		t.Error(err)
	}
	cards := map[*item][]porcupine.Operation{}
	for _, o := range r.history {
		if o.item.balance > 0 {
			cards[o.item] = append(cards[o.item], porcupine.Operation{ClientId: o.shopper, Input: o, Call: int64(o.began), Return: int64(o.ended)})
		}
	}
	for card, history := range cards {
		if got := porcupine.CheckOperationsTimeout(cardModel(card.balance), history, searchMax); got != porcupine.Ok {
			t.Errorf("%s: %d operations: %s", card.code, len(history), got)
		}
	}
}

// cardModel is a gift card: what is asked for is taken whole, and refused only
// while it is more than there is (P2).
func cardModel(balance int64) porcupine.Model {
	return porcupine.Model{
		Init: func() any { return balance },
		Step: func(state, in, _ any) (bool, any) {
			balance, o := state.(int64), in.(*operation)
			switch {
			case o.looks:
				return o.amount == balance, balance
			case o.undoes != nil:
				return true, balance + o.amount
			case o.refusal != "":
				return balance < o.credits, balance
			}
			return o.amount == o.credits && balance >= o.credits, balance - o.amount
		},
	}
}

// Without this a model that allows everything looks like a server that is right.
func TestCardModelNotices(t *testing.T) {
	f := func(want porcupine.CheckResult, ops ...*operation) {
		t.Helper()
		var history []porcupine.Operation
		for i, o := range ops {
			history = append(history, porcupine.Operation{ClientId: i, Input: o, Call: int64(2 * i), Return: int64(2*i + 1)})
		}
		if got := porcupine.CheckOperationsTimeout(cardModel(100), history, searchMax); got != want {
			t.Errorf("%s, want %s: %+v", got, want, history)
		}
	}
	take := func(asked, got int64) *operation { return &operation{credits: asked, amount: got} }
	refuse := func(asked int64) *operation {
		return &operation{credits: asked, refusal: wire.KeyGiftAmountExceeded}
	}
	look := func(balance int64) *operation { return &operation{looks: true, amount: balance} }
	back := func(amount int64) *operation { return &operation{undoes: &operation{}, amount: amount} }
	f(porcupine.Ok, take(60, 60), refuse(41), look(40), take(40, 40), back(60), look(60))
	f(porcupine.Illegal, take(60, 60), take(60, 60))
	f(porcupine.Illegal, take(60, 50))
	f(porcupine.Illegal, refuse(100))
	f(porcupine.Illegal, take(60, 60), look(100))
}
