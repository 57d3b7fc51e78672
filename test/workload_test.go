package test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/scrip-engine/scrip/client"
	"github.com/scrip-engine/scrip/internal/linear"
	"github.com/scrip-engine/scrip/wire"
)

const (
	shoppers = 64
	// customers is how many people the shoppers act for: few enough for limits
	// per customer to be met.
	customers = 40
	// pauseBetween is how long a shopper waits before it asks again.
	pauseBetween = 20 * time.Millisecond
	// settleMax ends a request that never gets an answer.
	settleMax = 2 * time.Minute
)

// seed returns the seed of a random test and prints it; SCRIP_SEED repeats one.
func seed(t testing.TB) uint64 {
	t.Helper()
	s := rand.Uint64()
	if text := os.Getenv("SCRIP_SEED"); text != "" {
		var err error
		if s, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatalf("SCRIP_SEED: %v", err)
		}
	}
	t.Logf("seed: SCRIP_SEED=%d", s)
	return s
}

// item is a code on sale, with the limits that it was made with. A zero limit is
// none.
type item struct {
	code        string
	uses        int64
	perCustomer int64
	balance     int64 // of a gift card
}

// stock is what the shoppers fight over.
type stock struct {
	single []*item
	hot    []*item // multi-use codes, gift cards, codes with a limit per customer
	// contenders is how many shoppers on average try to be the one who uses a
	// single-use code.
	contenders int64
	next       atomic.Int64
}

func (s *stock) all() []*item { return append(append([]*item(nil), s.single...), s.hot...) }

// pick returns a single-use code that others are after too, or a hot one.
func (s *stock) pick(r *rand.Rand) *item {
	if len(s.hot) == 0 || r.IntN(10) < 4 {
		return s.single[int(s.next.Add(1)/s.contenders)%len(s.single)]
	}
	return s.hot[r.IntN(len(s.hot))]
}

// fill makes the codes: single-use ones by an import, the others one by one.
func fill(ctx context.Context, c *client.Client, singles int) (*stock, error) {
	s := &stock{contenders: 8}
	_, err := c.CreateCampaign(ctx, &wire.CampaignCreate{Name: "audit", Type: "STATIC", Voucher: &wire.CampaignVoucher{
		Type: wire.VoucherDiscount, Discount: &wire.Discount{Type: wire.DiscountAmount, AmountOff: wire.Some[int64](500)},
	}})
	if err != nil {
		return nil, err
	}
	var rows []wire.VoucherImport
	for i := range singles {
		s.single = append(s.single, &item{code: fmt.Sprintf("SINGLE-%04d", i), uses: 1})
		rows = append(rows, wire.VoucherImport{Code: s.single[i].code})
	}
	job, err := c.ImportVouchers(ctx, "audit", rows)
	if err != nil {
		return nil, err
	}
	for i := range 10 {
		s.hot = append(s.hot, &item{code: fmt.Sprintf("MULTI-%d", i), uses: 60 + int64(i)*20})
		s.hot = append(s.hot, &item{code: fmt.Sprintf("GIFT-%d", i), balance: 150_000 + int64(i)*50_000})
		s.hot = append(s.hot, &item{code: fmt.Sprintf("EACH-%d", i), perCustomer: 1 + int64(i)%3})
	}
	for _, it := range s.hot {
		if _, err := c.CreateVoucher(ctx, it.code, it.create()); err != nil {
			return nil, fmt.Errorf("create %s: %w", it.code, err)
		}
	}
	_, err = c.Wait(ctx, job.AsyncActionID, nil)
	return s, err
}

func (it *item) create() *wire.VoucherCreate {
	if it.balance > 0 {
		return &wire.VoucherCreate{Type: wire.VoucherGift, Gift: &wire.Gift{Amount: wire.Some(it.balance)}}
	}
	v := &wire.VoucherCreate{Type: wire.VoucherDiscount,
		Discount: &wire.Discount{Type: wire.DiscountPercent, PercentOff: wire.Some[wire.Percent](1000)}}
	v.Redemption.Quantity = wire.Cleared[int64]()
	if it.uses > 0 {
		v.Redemption.Quantity = wire.Some(it.uses)
	}
	if it.perCustomer > 0 {
		v.Redemption.PerCustomer = wire.Some(it.perCustomer)
	}
	return v
}

// operation is one request of a shopper with all its attempts, and how it ended:
// a success has an id, everything else the key of its refusal.
type operation struct {
	item     *item
	key      string
	customer string
	credits  int64
	undoes   *operation // what a rollback gives back
	again    bool       // repeats one whose success is known
	looks    bool       // only reads the code's counter or balance
	undone   bool       // by a later operation of the same shopper

	shopper      int
	began, ended time.Duration // since the run began
	unknown      int           // attempts that got no answer

	id       string
	amount   int64 // what a gift card gave; what a look saw
	replayed bool
	refusal  string

	line *linear.Op // in the history; nil for a gift card
}

// run is a number of shoppers at work.
type run struct {
	stock   *stock
	client  *client.Client // tries each request once: the shoppers ask again
	began   time.Time
	stop    chan struct{}
	over    sync.WaitGroup
	acked   atomic.Int64
	unknown atomic.Int64

	lines    linear.History
	mu       sync.Mutex
	history  []*operation // guarded by mu
	problems []error      // guarded by mu
}

// shop lets the shoppers begin. Each has its own chance, drawn from one seed.
func shop(ctx context.Context, c *client.Client, s *stock, seed uint64) *run {
	r := &run{stock: s, client: c, began: time.Now(), stop: make(chan struct{})}
	r.openLines()
	for i := range shoppers {
		sh := &shopper{run: r, number: i, rand: rand.New(rand.NewPCG(seed, uint64(i)))}
		r.over.Go(func() { sh.work(ctx) })
	}
	return r
}

// finish lets each shopper settle what it began, and returns all operations.
func (r *run) finish() []*operation {
	close(r.stop)
	r.over.Wait()
	return r.history
}

func (r *run) problem(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.problems) < 20 {
		r.problems = append(r.problems, fmt.Errorf(format, args...))
	}
}

// shopper does one thing after another, and never goes on before it knows how
// the last one ended.
type shopper struct {
	run    *run
	number int
	rand   *rand.Rand
	done   []*operation // its successful redemptions that can be given back
	count  int
}

func (s *shopper) work(ctx context.Context) {
	for {
		select {
		case <-s.run.stop:
			return
		default:
		}
		var err error
		switch n := s.rand.IntN(100); {
		case n < 8 && len(s.done) > 0:
			err = s.giveBack(ctx)
		case n < 14 && len(s.done) > 0:
			err = s.askAgain(ctx)
		case n < 20:
			err = s.look(ctx)
		default:
			err = s.redeem(ctx)
		}
		if err != nil {
			s.run.problem("shopper %d: %w", s.number, err)
			return
		}
	}
}

// begin opens an operation.
func (s *shopper) begin(it *item) *operation {
	s.count++
	return &operation{
		item: it, key: fmt.Sprintf("s%d-%d", s.number, s.count), shopper: s.number,
		customer: customerName(s.rand.IntN(customers)), began: time.Since(s.run.began),
	}
}

// end files an operation whose end is known.
func (s *shopper) end(o *operation) {
	o.ended = time.Since(s.run.began)
	if o.line != nil {
		o.line.End(o.output())
	}
	s.run.acked.Add(1)
	s.run.unknown.Add(int64(o.unknown))
	s.run.mu.Lock()
	defer s.run.mu.Unlock()
	s.run.history = append(s.run.history, o)
}

func (s *shopper) redeem(ctx context.Context) error {
	o := s.begin(s.run.stock.pick(s.rand))
	if o.item.balance > 0 {
		o.credits = 1 + s.rand.Int64N(5000)
	}
	s.open(o)
	if err := s.settleRedeem(ctx, o); err != nil {
		return err
	}
	s.end(o)
	switch o.refusal {
	case "":
		s.done = append(s.done, o)
	case wire.KeyQuantityExceeded, wire.KeyGiftAmountExceeded:
	default:
		return fmt.Errorf("redeem %s: refused with %s", o.item.code, o.refusal)
	}
	return nil
}

// settleRedeem redeems; sometimes twice at once with one key, as a double click
// does: that is one redemption (P3).
func (s *shopper) settleRedeem(ctx context.Context, o *operation) error {
	if o.again || s.rand.IntN(10) > 0 {
		return s.settleOne(ctx, o)
	}
	twin := *o
	failed := make(chan error, 1)
	go func() { failed <- s.settleOne(ctx, &twin) }()
	err := errors.Join(s.settleOne(ctx, o), <-failed)
	o.unknown += twin.unknown
	switch {
	case err != nil || twin.refusal != "":
		return err
	case o.refusal != "": // something was given back between the two
		twin.unknown = o.unknown
		*o = twin
	case twin.id != o.id || twin.amount != o.amount:
		return fmt.Errorf("the key %s gave %s with %d, and at the same time %s with %d", o.key, o.id, o.amount, twin.id, twin.amount)
	}
	return nil
}

func (s *shopper) settleOne(ctx context.Context, o *operation) error {
	return s.settle(ctx, o, func() error {
		got, err := s.run.client.Redeem(ctx, o.request(), client.Key(o.key))
		if err == nil {
			r := &got.Redemptions[0]
			o.id, o.replayed = r.ID, r.Replayed
			if r.Gift != nil {
				o.amount = r.Gift.Amount
			}
		}
		return err
	})
}

func (o *operation) request() *wire.RedeemRequest {
	req := client.ForCode(o.item.code, o.customer, &wire.Order{Amount: wire.Some[int64](10_000)})
	req.TrackingID = o.key // comes back in every answer; the key itself is kept as a hash
	if o.credits > 0 {
		req.Redeemables[0].Gift.Credits = wire.Some(o.credits)
	}
	return req
}

func (s *shopper) giveBack(ctx context.Context) error {
	i := s.rand.IntN(len(s.done))
	redeemed := s.done[i]
	s.done = append(s.done[:i], s.done[i+1:]...)
	o := s.begin(redeemed.item)
	o.undoes, o.customer = redeemed, redeemed.customer
	s.open(o)
	err := s.settle(ctx, o, func() error {
		got, err := s.run.client.Rollback(ctx, redeemed.id, nil, client.Key(o.key))
		if err == nil {
			o.id = got.ID
			if got.Gift != nil {
				o.amount = got.Gift.Amount
			}
		}
		return err
	})
	if err == nil && (o.refusal != "" || o.amount != redeemed.amount) {
		err = fmt.Errorf("give back %s of %s: refused with %q, %d of %d", redeemed.id, o.item.code, o.refusal, o.amount, redeemed.amount)
	}
	if err != nil {
		return err
	}
	redeemed.undone = true
	s.end(o)
	return nil
}

// askAgain repeats a request whose success is known: the answer must be the same
// one, and nothing may be used again (P3).
func (s *shopper) askAgain(ctx context.Context) error {
	o := s.done[s.rand.IntN(len(s.done))]
	again := &operation{again: true, item: o.item, key: o.key, customer: o.customer, credits: o.credits, shopper: s.number}
	s.open(again)
	if err := s.settleRedeem(ctx, again); err != nil {
		return err
	}
	if again.line != nil {
		again.line.End(again.output())
	}
	if again.refusal != "" || !again.replayed || again.id != o.id || again.amount != o.amount {
		return fmt.Errorf("the key %s gave %s with %d, and later %+v", o.key, o.id, o.amount, again)
	}
	return nil
}

// look reads a code: what is acknowledged to anybody must show (P1).
func (s *shopper) look(ctx context.Context) error {
	o := s.begin(s.run.stock.pick(s.rand))
	if o.item.perCustomer > 0 {
		return nil // its counter is that of all customers
	}
	o.looks = true
	s.open(o)
	err := s.settle(ctx, o, func() error {
		v, err := s.run.client.Voucher(ctx, o.item.code)
		if err == nil && o.item.balance > 0 {
			o.amount = v.Gift.Balance.Or(-1)
		} else if err == nil {
			o.amount = v.Redemption.RedeemedQuantity
		}
		return err
	})
	if err == nil {
		s.end(o)
	}
	return err
}

// settle asks until there is an answer, always with the same key.
func (s *shopper) settle(ctx context.Context, o *operation, ask func() error) error {
	giveUp := time.Now().Add(settleMax)
	for {
		err := ask()
		switch {
		case err == nil:
			return nil
		case client.IsUnknown(err):
			o.unknown++
		case client.IsRefusal(err):
			o.refusal = keyOf(err)
			return nil
		case !client.IsUnavailable(err):
			return fmt.Errorf("%s: neither an answer nor a failure that a client can act on: %w", o.item.code, err)
		}
		if time.Now().After(giveUp) {
			return fmt.Errorf("%s: no answer for %v: %w", o.item.code, settleMax, err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pauseBetween):
		}
	}
}
