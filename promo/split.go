package promo

import (
	"cmp"
	"slices"

	"github.com/scrip-engine/scrip/coupon"
)

// remainder is what the floor of one line's share left over.
type remainder struct {
	part int64 // of the same denominator for all lines
	line int   // index into Result.Lines; len(Lines) for what no line names
}

// split shares whole over the lines in proportion to their amounts, by largest
// remainder, ties by line order. What the order's amount exceeds the lines by
// (shipping, tax, lines the caller did not send) takes part as one more line,
// the last; its share is Result.UnitemisedDiscount.
//
// The shares add up to whole (M2). Because whole ≤ amount ≤ the sum of the
// weights, a share is at most its weight, rounded up or not (M3).
func (r *Result) split(whole int64) {
	var named int64
	for i := range r.Lines {
		named += r.Lines[i].Amount
	}
	unnamed := max(0, r.Amount-named)
	weights := named + unnamed
	r.UnitemisedDiscount = 0
	if weights == 0 {
		return // then amount = 0, and so is whole
	}

	left := whole
	r.remainders = r.remainders[:0]
	share := func(weight int64, line int) int64 {
		q, rest := mustDiv(coupon.MulDiv(whole, weight, weights))
		if rest > 0 {
			r.remainders = append(r.remainders, remainder{rest, line})
		}
		left -= q
		return q
	}
	for i := range r.Lines {
		r.Lines[i].OrderShare = share(r.Lines[i].Amount, i)
	}
	r.UnitemisedDiscount = share(unnamed, len(r.Lines))

	// left is smaller than the number of remainders: their sum is left×weights,
	// and each is below weights.
	slices.SortFunc(r.remainders, func(a, b remainder) int {
		if c := cmp.Compare(b.part, a.part); c != 0 {
			return c
		}
		return cmp.Compare(a.line, b.line)
	})
	for _, rest := range r.remainders[:left] {
		if rest.line == len(r.Lines) {
			r.UnitemisedDiscount++
		} else {
			r.Lines[rest.line].OrderShare++
		}
	}
}

// mustDiv takes the result of a division that cannot fail: the weights are
// amounts, and a share of the whole is at most the whole.
func mustDiv(quotient, rest int64, ok bool) (int64, int64) {
	if !ok {
		panic("M5: a share exceeds the whole")
	}
	return quotient, rest
}
