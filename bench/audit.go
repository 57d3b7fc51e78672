package bench

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// Audit is what was found when a run was over (B4).
type Audit struct {
	// Acknowledged redemptions, as the generator was told.
	Acknowledged int64 `json:"acknowledged"`
	// Settled says how many unknowns turned out to be redemptions, Refused how many
	// were none.
	Settled int64 `json:"unknowns_redeemed"`
	Refused int64 `json:"unknowns_refused"`
	// Listed redemptions, and those of them that were rolled back.
	Listed     int64 `json:"listed"`
	RolledBack int64 `json:"rolled_back"`
	// Checked counts codes whose own counter was compared.
	Checked int64 `json:"codes_checked"`
	// Seconds that the audit took.
	Seconds float64 `json:"seconds"`
	// Violations are what is wrong, at most violationsMax of them. Empty is a clean
	// audit.
	Violations []string `json:"violations,omitempty"`
	// More counts violations beyond those.
	More int `json:"more_violations,omitempty"`
}

const (
	// violationsMax are enough to understand a mistake.
	violationsMax = 20
	// sampleMax is how many codes' own counters are compared.
	sampleMax = 200
	// settleTimeout bounds the wait for lists to be current, and for unknowns to
	// be settled: three times as long as a command may still be applied.
	settleTimeout = 30 * time.Second
	// settlePause is between two looks at a list that is not current yet.
	settlePause = 20 * time.Millisecond
)

// Clean reports that nothing was wrong.
func (a *Audit) Clean() bool { return len(a.Violations) == 0 }

func (a *Audit) wrong(format string, args ...any) {
	if len(a.Violations) >= violationsMax {
		a.More++
		return
	}
	a.Violations = append(a.Violations, fmt.Sprintf(format, args...))
}

// auditor compares what a run was told with what is there.
type auditor struct {
	Audit
	admin  Admin
	shape  *Shape
	sets   []*Set
	told   []use // acknowledged and settled
	undone []use
	found  []found // redemptions that are listed
}

// found is a redemption of a list.
type found struct {
	id     uint64
	code   uint64
	amount int64
	undone bool
}

// audit is the whole of it. The error says that the target could not be asked;
// what is wrong with its answers is in the Audit.
func audit(ctx context.Context, admin Admin, shape *Shape, sets []*Set, ledgers []*Ledger) (*Audit, error) {
	began := time.Now()
	a := &auditor{admin: admin, shape: shape, sets: sets}
	for _, l := range ledgers {
		l.uses.each(func(u use) { a.told = append(a.told, u) })
		l.undone.each(func(u use) { a.undone = append(a.undone, u) })
		if l.Overflow > 0 {
			a.wrong("%d unknowns beyond the %d that are kept cannot be settled", l.Overflow, unknownsMax)
		}
	}
	a.Acknowledged = int64(len(a.told))
	for _, l := range ledgers {
		if err := a.settle(ctx, l.Unknowns); err != nil {
			return nil, err
		}
	}
	if err := a.list(ctx); err != nil {
		return nil, err
	}
	a.compare()
	a.limits()
	if err := a.counters(ctx); err != nil {
		return nil, err
	}
	a.Seconds = time.Since(began).Seconds()
	return &a.Audit, nil
}

// list reads every redemption of the sets, once the lists know as many as were
// acknowledged. They follow the log at some distance; when they do not arrive,
// the comparison says what is missing.
func (a *auditor) list(ctx context.Context) error {
	if err := a.awaitLists(ctx); err != nil {
		return err
	}
	for _, set := range a.sets {
		cursor := ""
		for {
			next, err := a.admin.Uses(ctx, set.Campaign, cursor, func(l Listed) { a.see(set, &l) })
			if err != nil {
				return fmt.Errorf("audit: %w", err)
			}
			if next == "" {
				break
			}
			if next == cursor {
				return fmt.Errorf("audit: the list of %s does not move on", set.Campaign)
			}
			cursor = next
		}
	}
	return nil
}

func (a *auditor) awaitLists(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, settleTimeout)
	defer cancel()
	looks := time.NewTicker(settlePause)
	defer looks.Stop()
	for {
		have := int64(0)
		for _, set := range a.sets {
			n, err := a.admin.Count(ctx, set.Campaign)
			if err != nil {
				return fmt.Errorf("audit: %w", err)
			}
			have += n
		}
		if have >= int64(len(a.told)) {
			return nil
		}
		select {
		case <-ctx.Done():
			return nil // the comparison tells what is missing
		case <-looks.C:
		}
	}
}

// see takes one element of a list.
func (a *auditor) see(set *Set, l *Listed) {
	if l.Rollback {
		return // its redemption says so too
	}
	code, ok := a.shape.Codes.Index(l.Code)
	if !ok || code < set.First || code >= set.First+set.Count {
		a.wrong("redemption %s in %s is of %q, which is no code of it", l.ID, set.Campaign, l.Code)
		return
	}
	f := found{id: hashText(l.ID), code: code, amount: l.Amount, undone: l.Status == "ROLLED_BACK"}
	if f.undone {
		a.RolledBack++
	}
	a.found = append(a.found, f)
	a.Listed++
}

// compare finds what was acknowledged and is not there, what is there twice, and
// what is there without anybody having been told.
func (a *auditor) compare() {
	slices.SortFunc(a.told, func(x, y use) int { return order(x.id, y.id) })
	slices.SortFunc(a.found, func(x, y found) int { return order(x.id, y.id) })
	for i := 1; i < len(a.told); i++ {
		if a.told[i].id == a.told[i-1].id {
			a.wrong("one redemption was acknowledged to two requests, of code %s", a.shape.Codes.Code(a.told[i].code))
		}
	}
	i, j := 0, 0
	for i < len(a.told) || j < len(a.found) {
		switch {
		case j == len(a.found), i < len(a.told) && a.told[i].id < a.found[j].id:
			a.wrong("a redemption of %s was acknowledged and is not listed", a.shape.Codes.Code(a.told[i].code))
			i++
		case i == len(a.told), a.found[j].id < a.told[i].id:
			if j > 0 && a.found[j].id == a.found[j-1].id {
				a.wrong("a redemption of %s is listed twice", a.shape.Codes.Code(a.found[j].code))
			} else {
				a.wrong("a redemption of %s is listed that nobody was told of", a.shape.Codes.Code(a.found[j].code))
			}
			j++
		default:
			if a.told[i].code != a.found[j].code {
				a.wrong("a redemption of %s is listed as one of %s", a.shape.Codes.Code(a.told[i].code), a.shape.Codes.Code(a.found[j].code))
			}
			i++
			j++
		}
	}
}

func order(x, y uint64) int {
	switch {
	case x < y:
		return -1
	case x > y:
		return 1
	}
	return 0
}
