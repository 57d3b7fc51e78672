package bench

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/cespare/xxhash/v2"

	"github.com/scrip-engine/scrip/wire"
)

// books are the redemptions of a target in memory. lie, if set, changes what its
// lists say; the rest of it is honest.
type books struct {
	mu     sync.Mutex
	uses   []Listed // guarded by mu
	byKey  map[string]int
	limit  int64
	lie    func([]Listed) []Listed
	counts func(int64) int64
}

func newBooks() *books { return &books{byKey: map[string]int{}, limit: 1} }

func (b *books) CreateCampaign(context.Context, *wire.CampaignCreate) error { return nil }
func (b *books) Import(context.Context, string, io.Reader) (*wire.AsyncResult, error) {
	return nil, io.ErrUnexpectedEOF
}
func (b *books) Generate(context.Context, string, int64) (*wire.AsyncResult, error) {
	return nil, io.ErrUnexpectedEOF
}
func (b *books) CountCodes(context.Context, string) (int64, error) { return 0, nil }
func (b *books) SomeCode(context.Context, string) (string, error)  { return "", nil }

func (b *books) listed() []Listed {
	b.mu.Lock()
	defer b.mu.Unlock()
	out := slices.Clone(b.uses)
	if b.lie != nil {
		out = b.lie(out)
	}
	return out
}

// Count is never too small, so that no test waits for lists to arrive.
func (b *books) Count(context.Context, string) (int64, error) { return 1 << 40, nil }

// Uses gives three elements a page.
func (b *books) Uses(_ context.Context, _, cursor string, each func(Listed)) (string, error) {
	all, at := b.listed(), len(cursor)
	for _, l := range all[at:min(at+3, len(all))] {
		each(l)
	}
	if at+3 >= len(all) {
		return "", nil
	}
	return strings.Repeat(".", at+3), nil
}

func (b *books) Voucher(_ context.Context, code string) (*wire.Voucher, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	used := int64(0)
	for _, l := range b.uses {
		if l.Code == code && l.Status == wire.StatusSucceeded {
			used++
		}
	}
	if b.counts != nil {
		used = b.counts(used)
	}
	return &wire.Voucher{Redemption: &wire.RedemptionSummary{RedeemedQuantity: used}}, nil
}

func (b *books) Redeem(_ context.Context, key string, req *wire.RedeemRequest) (*wire.Redemption, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if at, ok := b.byKey[key]; ok {
		return &wire.Redemption{ID: b.uses[at].ID}, nil
	}
	code, used := req.Redeemables[0].ID, int64(0)
	for _, l := range b.uses {
		if l.Code == code && l.Status == wire.StatusSucceeded {
			used++
		}
	}
	if used >= b.limit {
		e := wire.NewError(wire.KeyQuantityExceeded, "")
		return nil, &e
	}
	b.byKey[key] = len(b.uses)
	b.uses = append(b.uses, Listed{ID: fmt.Sprintf("r_%d", len(b.uses)), Code: code, Status: wire.StatusSucceeded})
	return &wire.Redemption{ID: b.uses[len(b.uses)-1].ID}, nil
}

func (b *books) Rollback(_ context.Context, _, id string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i := range b.uses {
		if b.uses[i].ID == id {
			b.uses[i].Status = wire.StatusRolledBack
			return nil
		}
	}
	e := wire.NewError(wire.KeyNotFound, "")
	return &e
}

// shop is a run that went over books: 20 codes, the first 10 redeemed, of which
// one was given back.
type shop struct {
	*books
	shape  *Shape
	set    Set
	ledger Ledger
}

func newShop(t *testing.T) *shop {
	t.Helper()
	s := &shop{books: newBooks(), shape: testShape(1), set: Set{Campaign: "c", First: 100, Count: 20, Limit: 1}}
	for i := range uint64(10) {
		op := Op{Kind: Redeem, Code: 100 + i, Key: i}
		s.note(&op, s.redeem(t, &op))
		if i == 4 {
			op.Kind, op.ID = Rollback, []byte(s.uses[4].ID)
			if err := s.Rollback(t.Context(), "", s.uses[4].ID); err != nil {
				t.Fatal(err)
			}
			s.note(&op, "")
		}
	}
	return s
}

func (s *shop) redeem(t *testing.T, op *Op) string {
	t.Helper()
	r, err := s.Redeem(t.Context(), s.shape.Key(op.Key), s.shape.request(op))
	if err != nil {
		t.Fatal(err)
	}
	return r.ID
}

// note books an acknowledgement.
func (s *shop) note(op *Op, id string) {
	v := Verdict{}
	if id != "" {
		v.IDs, v.Items = []uint64{xxhash.Sum64String(id)}, []int{0}
	}
	s.ledger.note(op, &v)
}

func (s *shop) audit(t *testing.T) *Audit {
	t.Helper()
	a, err := audit(t.Context(), s.books, s.shape, []*Set{&s.set}, []*Ledger{&s.ledger})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// finds fails unless the audit has a violation with the text.
func (s *shop) finds(t *testing.T, text string) {
	t.Helper()
	a := s.audit(t)
	if !slices.ContainsFunc(a.Violations, func(v string) bool { return strings.Contains(v, text) }) {
		t.Errorf("the audit did not find %q: %+v", text, a)
	}
}

// Without this an honest target is accused.
func TestAuditOfAnHonestTarget(t *testing.T) {
	s := newShop(t)
	if a := s.audit(t); !a.Clean() || a.Acknowledged != 10 || a.Listed != 10 || a.RolledBack != 1 || a.Checked != 10 {
		t.Errorf("%+v", a)
	}
}

// Without this a target that lies is believed (B4). Each lie is one that a
// mistake in a server would tell.
func TestAuditCatchesLies(t *testing.T) {
	f := func(name, finding string, lie func(s *shop)) {
		t.Run(name, func(t *testing.T) {
			s := newShop(t)
			lie(s)
			s.finds(t, finding)
		})
	}
	f("loses one", "was acknowledged and is not listed", func(s *shop) {
		s.lie = func(l []Listed) []Listed { return append(l[:2:2], l[3:]...) }
	})
	f("loses the last", "was acknowledged and is not listed", func(s *shop) {
		s.lie = func(l []Listed) []Listed { return l[:len(l)-1] }
	})
	f("redeems twice for one key", "that nobody was told of", func(s *shop) {
		s.uses = append(s.uses, Listed{ID: "r_again", Code: s.shape.Codes.Code(115), Status: wire.StatusSucceeded})
	})
	f("lists twice", "is listed twice", func(s *shop) {
		s.lie = func(l []Listed) []Listed { return append(l, l[0]) }
	})
	f("answers two requests with one redemption", "one redemption was acknowledged to two requests", func(s *shop) {
		s.note(&Op{Kind: Redeem, Code: 100, Key: 99}, s.uses[0].ID)
	})
	f("names another code", "is listed as one of", func(s *shop) {
		s.set.Limit = 5
		s.uses[2].Code = s.uses[3].Code
	})
	f("has a code of nobody", "is no code of it", func(s *shop) {
		s.lie = func(l []Listed) []Listed { return append(l, Listed{ID: "r_x", Code: "SPRING"}) }
	})
	f("forgets to count", "uses are listed", func(s *shop) { s.counts = func(n int64) int64 { return n - 1 } })
	f("gives back in secret", "are listed as rolled back", func(s *shop) { s.uses[7].Status = wire.StatusRolledBack })
	f("never settles", "cannot be settled", func(s *shop) { s.ledger.Overflow = 1 })
}

// Without this a target that sells one code twice passes, as long as it admits
// both (P2).
func TestAuditFindsOverselling(t *testing.T) {
	s := newShop(t)
	s.limit = 2
	op := Op{Kind: Redeem, Code: 100, Key: 50}
	s.note(&op, s.redeem(t, &op))
	s.finds(t, "has 2 uses, and a limit of 1")
}

// Without this a card that gave more than it had passes (P2).
func TestAuditFindsOverspending(t *testing.T) {
	s := newShop(t)
	s.set.Limit, s.set.Balance = 0, 1000
	for i := range s.uses {
		s.uses[i].Amount = 400
	}
	s.uses[3].Amount = 1001
	s.finds(t, "gave 1001, of a balance of 1000")
}

// Without this an unknown that happened is taken for a theft, or one that did not
// is counted (P5). Asking again must not use the code twice.
func TestAuditSettlesUnknowns(t *testing.T) {
	s := newShop(t)
	happened, didNot, tooLate := Op{Kind: Redeem, Code: 110, Key: 60}, Op{Kind: Redeem, Code: 111, Key: 61}, Op{Kind: Redeem, Code: 100, Key: 62}
	s.redeem(t, &happened)
	back := Op{Kind: Rollback, Code: 101, Key: 63, ID: []byte(s.uses[1].ID)}
	for _, op := range []*Op{&happened, &didNot, &tooLate, &back} {
		v := Verdict{}
		v.lost(op.Kind, "closed")
		s.ledger.note(op, &v)
	}
	a := s.audit(t)
	if !a.Clean() || a.Settled != 2 || a.Refused != 1 || a.Listed != 12 || a.RolledBack != 2 {
		t.Errorf("%+v", a)
	}
}
