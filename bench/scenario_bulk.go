package bench

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
	"time"
)

// bulk makes many codes at once, by import or by generation, and takes the time
// until the last of them can be redeemed.
type bulk struct {
	label string
	codes uint64
	make  func(ctx context.Context, b *bench, set *Set) error
}

// The numbers of codes that the goals speak of.
const (
	importDefault   = 1_000_000
	generateDefault = 100_000
)

func newImport(*Config) scenario {
	return &bulk{label: "import", codes: importDefault, make: func(ctx context.Context, b *bench, set *Set) error {
		return set.fill(ctx, b.Target.Admin, b.codes, nil)
	}}
}

func newGenerate(*Config) scenario {
	return &bulk{label: "generate", codes: generateDefault, make: func(ctx context.Context, b *bench, set *Set) error {
		result, err := b.Target.Admin.Generate(ctx, set.Campaign, int64(set.Count))
		if err == nil && (result == nil || result.DoneCount != int64(set.Count)) {
			err = fmt.Errorf("of %d codes not all were made: %+v", set.Count, result)
		}
		return err
	}}
}

func (s *bulk) prepare(_ context.Context, b *bench) error {
	if b.Target.Admin == nil {
		return errNeedsAdmin
	}
	return nil
}

func (s *bulk) run(ctx context.Context, b *bench, run int) error {
	set := b.newSet(fmt.Sprintf("%s-%d", s.label, run+1), orElse(b.Codes, s.codes))
	set.Limit = 1
	if err := set.create(ctx, b.Target.Admin); err != nil {
		return err
	}
	b.Say("run %d of %d: %s of %d codes", run+1, b.Runs, s.label, set.Count)
	began := time.Now()
	if err := s.make(ctx, b, set); err != nil {
		return err
	}
	seconds := time.Since(began).Seconds()
	result := &Result{Run: run + 1, Seconds: seconds, CodesMade: int64(set.Count), CodeRate: float64(set.Count) / seconds}
	b.report.add(&phase{label: s.label}, result)
	return s.redeemOne(ctx, b, set, run)
}

// redeemOne proves that what was acknowledged is there (P8).
func (s *bulk) redeemOne(ctx context.Context, b *bench, set *Set, run int) error {
	code := b.codes.Code(set.First + set.Count - 1)
	if s.label == "generate" {
		var err error
		if code, err = b.Target.Admin.SomeCode(ctx, set.Campaign); err != nil {
			return err
		}
	}
	shape := b.shape()
	op := Op{Key: b.keys.take(1)}
	request := shape.request(&op)
	request.Redeemables[0].ID = code
	if _, err := b.Target.Admin.Redeem(ctx, shape.Key(op.Key), request); err != nil {
		b.fail("run %d: %s was acknowledged, and redeeming %s says: %v", run+1, s.label, code, err)
	}
	return nil
}

func (s *bulk) conclude(*bench) {}

// lists reads pages of a long list, on one connection.
type lists struct{ set *Set }

const (
	// listCodes have listDeepPage full pages.
	listCodes    = listDeepPage * listPage
	listDeepPage = 10_000
)

// codeList is the path of a page of a campaign's codes.
func codeList(campaign string, page uint64) string {
	query := url.Values{"campaign": {campaign}, "limit": {strconv.Itoa(listPage)}, "page": {strconv.FormatUint(page, 10)}}
	return "/v1/vouchers?" + query.Encode()
}

func (s *lists) prepare(ctx context.Context, b *bench) error {
	if b.Target.Admin == nil || b.Target.Address == "" {
		return errNeedsAdmin
	}
	s.set = b.newSet("lists", orElse(b.Codes, listCodes))
	if err := b.fill(ctx, s.set); err != nil {
		return err
	}
	b.Say("waiting until the lists know all codes")
	return awaitCount(ctx, int64(s.set.Count), func() (int64, error) { return b.Target.Admin.CountCodes(ctx, s.set.Campaign) })
}

func (s *lists) run(ctx context.Context, b *bench, run int) error {
	load := b.Load
	load.Connections, load.Threads = 1, 1
	shape := b.shape()
	shape.Lists = [2]string{codeList(s.set.Campaign, 1), codeList(s.set.Campaign, s.deep())}
	_, err := b.carry(ctx, &phase{label: "lists", load: load, shape: shape,
		script: func(int, *Ledger) Script { return new(pages) }}, run)
	return err
}

// deep is page 10,000, or the last one of a shorter list.
func (s *lists) deep() uint64 { return max(1, min(listDeepPage, s.set.Count/listPage)) }

func (s *lists) conclude(b *bench) {
	b.report.Figures = append(b.report.Figures, Figure{Name: "the deep page is page", Value: float64(s.deep())},
		Figure{Name: "of a list of", Value: float64(s.set.Count), Unit: "codes"})
}

// pages is a script that reads both pages in turn.
type pages struct{ turn bool }

// Next asks for the other page.
func (s *pages) Next(op *Op) bool {
	op.Kind = ListFirst
	if s.turn = !s.turn; !s.turn {
		op.Kind = ListDeep
	}
	return true
}

// Done has nothing to book: a page changes nothing.
func (s *pages) Done(*Op, *Verdict) bool { return false }

// awaitCount waits until a list knows at least so many elements; it follows the
// log at some distance.
func awaitCount(ctx context.Context, want int64, have func() (int64, error)) error {
	ctx, cancel := context.WithTimeoutCause(ctx, settleTimeout, fmt.Errorf("the lists do not reach %d elements", want))
	defer cancel()
	looks := time.NewTicker(settlePause)
	defer looks.Stop()
	for {
		n, err := have()
		if err != nil || n >= want {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-looks.C:
		}
	}
}
