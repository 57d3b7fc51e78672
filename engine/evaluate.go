package engine

import (
	"math"
	"sync"

	"github.com/scrip-engine/scrip/catalog"
	"github.com/scrip-engine/scrip/coupon"
	"github.com/scrip-engine/scrip/promo"
	"github.com/scrip-engine/scrip/shard"
	"github.com/scrip-engine/scrip/wire"
)

// evaluation is what could be found out about a request outside the shard: the
// campaign's part of the facts, and the arithmetic. It is reused from request to
// request; nothing in it outlives one.
type evaluation struct {
	view     catalog.View
	project  *catalog.Project
	campaign *catalog.Campaign // nil: standalone, or unknown
	look     shard.Look
	facts    shard.Facts
	from     int64 // the interval in which the campaign's part holds
	until    int64

	order    promo.Order
	result   promo.Result
	currency coupon.Currency // of the order
	own      promo.Discount  // the code's, where it has one of its own
	tail     []byte
	lines    []int64

	read string          // the text of home
	home coupon.Currency // of the project of an earlier request, likely of this one too
}

// evaluate fills facts and result for the code in ev.look. It decides nothing:
// the law does, here for refusals from memory and in Apply for the rest.
func (ev *evaluation) evaluate(plans *planCache, req *wire.RedeemRequest, customer coupon.ID, now int64) {
	v := &ev.look.View
	ev.facts = shard.AllowAll()
	ev.from, ev.until = shard.AlwaysFrom, shard.AlwaysUntil
	ev.facts.Now, ev.facts.Project, ev.facts.Customer = now, ev.project.Ordinal, customer
	ev.campaign = nil
	if !v.Found {
		return
	}
	if v.Campaign != 0 {
		ev.campaign = ev.view.Campaign(v.Campaign)
		if ev.campaign == nil || ev.campaign.Deleted != 0 {
			v.Deleted = true // its codes do not exist any more
			return
		}
		ev.campaignFacts()
	}
	ev.toOrder(req.Order)
	if v.IsGift {
		ev.evaluateGift(req)
		return
	}
	ev.order.Expected = ev.projectCurrency()
	d, ok := plans.discount(ev.campaign, v, &ev.own)
	if !ok { // it gives nothing that we could name: refuse rather than use it up
		ev.facts.Evaluated = coupon.ResourceNotFound
		ev.result = promo.Result{}
		return
	}
	ev.facts.Evaluated = d.Evaluate(ev.orderOrNil(req), &ev.result)
}

func (ev *evaluation) campaignFacts() {
	c := ev.campaign
	ev.facts.CampaignOff = !c.Active
	if c.Start != 0 {
		ev.facts.CampaignFrom, ev.from = c.Start, c.Start
	}
	if c.End != 0 {
		ev.facts.CampaignUntil, ev.until = c.End, c.End
	}
	if c.Voucher.HolderOnly && ev.look.View.Holder == (coupon.ID{}) {
		ev.look.View.Holder = nobody
	}
}

// basisHolder names what an evaluation read of a code that may change: its holder.
const basisHolder = 1

// nobody holds a holder-only code that was not given to anyone yet: no customer
// equals it.
var nobody = coupon.ID{Slot: coupon.Slots, Seq: 1}

func (ev *evaluation) orderOrNil(req *wire.RedeemRequest) *promo.Order {
	if req.Order == nil {
		return nil
	}
	return &ev.order
}

// evaluateGift finds the most that the card may pay. Whether the balance has it
// is the law's to say.
func (ev *evaluation) evaluateGift(req *wire.RedeemRequest) {
	g := promo.Gift{Balance: coupon.AmountMax}
	if len(req.Redeemables) > 0 {
		g.Credits, g.HasCredits = req.Redeemables[0].Gift.Credits.Get()
	}
	ev.order.Expected = coupon.NoCurrency
	ev.facts.Evaluated = promo.EvaluateGift(g, ev.orderOrNil(req), &ev.result)
	ev.facts.GiftMax, ev.facts.GiftAsked = ev.result.GiftMaximum, g.Credits
	if req.Order != nil {
		ev.facts.Currency = ev.currency.Numeric()
	}
}

// toOrder reads the request's order into the form that promo evaluates.
func (ev *evaluation) toOrder(o *wire.Order) {
	ev.order = promo.Order{Items: ev.order.Items[:0]}
	ev.currency = ev.projectCurrency()
	if o == nil {
		return
	}
	if o.Currency != "" {
		var err error
		if ev.currency, err = coupon.ParseCurrency(o.Currency); err != nil {
			ev.currency = unknownCurrency
		}
	}
	ev.order.Currency = ev.currency
	ev.order.Amount, ev.order.HasAmount = o.Amount.Get()
	for i := range o.Items {
		ev.order.Items = append(ev.order.Items, toItem(&o.Items[i]))
	}
}

// projectCurrency is the project's, looked up once for many requests.
func (ev *evaluation) projectCurrency() coupon.Currency {
	if ev.read != ev.project.Currency {
		ev.home, _ = coupon.ParseCurrency(ev.project.Currency) // the catalog has only known ones
		ev.read = ev.project.Currency
	}
	return ev.home
}

// unknownCurrency stands for one that ISO 4217 does not have: not none, and no
// card's nor project's equal.
const unknownCurrency = coupon.Currency(math.MaxUint16)

func toItem(w *wire.OrderItem) promo.Item {
	it := promo.Item{ProductID: w.ProductID, SKUID: w.SKUID, SourceID: w.SourceID, Quantity: w.Quantity.Or(1)}
	if it.ProductID == "" {
		it.ProductID = w.Product.ID
	}
	if it.SKUID == "" {
		it.SKUID = w.SKU.ID
	}
	for _, p := range [...]wire.Opt[int64]{w.Price, w.SKU.Price, w.Product.Price} {
		if v, ok := p.Get(); ok {
			it.Price, it.HasPrice = v, true
			break
		}
	}
	it.Amount, it.HasAmount = w.Amount.Get()
	return it
}

// planCache keeps decoded discounts of campaigns. A campaign that changes is
// another object, so a plan never goes stale; plans of old objects go when there
// are too many.
type planCache struct {
	mu    sync.RWMutex
	plans map[*catalog.Campaign]*promo.Discount
}

// plansMax bounds the cache: some hundred bytes each.
const plansMax = 10_000

// discount returns what the code gives: its own discount, decoded into own, or
// its campaign's.
func (p *planCache) discount(c *catalog.Campaign, v *shard.CodeView, own *promo.Discount) (*promo.Discount, bool) {
	if len(v.Discount) > 0 {
		var err error
		*own, _, err = promo.DecodeDiscount(v.Discount)
		return own, err == nil
	}
	if c == nil || len(c.Voucher.Discount) == 0 {
		return nil, false
	}
	p.mu.RLock()
	d := p.plans[c]
	p.mu.RUnlock()
	if d != nil {
		return d, true
	}
	fresh, _, err := promo.DecodeDiscount(c.Voucher.Discount)
	if err != nil {
		return nil, false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.plans == nil || len(p.plans) >= plansMax {
		p.plans = map[*catalog.Campaign]*promo.Discount{}
	}
	p.plans[c] = &fresh
	return &fresh, true
}
