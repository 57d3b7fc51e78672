package httpapi

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/valyala/fasthttp"

	"github.com/scrip-engine/scrip/coupon"
	"github.com/scrip-engine/scrip/engine"
	"github.com/scrip-engine/scrip/wire"
)

// query reads the parameters of a list. The first mistake stays in err, and what
// is read after it is empty. fasthttp has decoded the keys, so that both
// created_at[after] and created_at%5Bafter%5D arrive as the former.
type query struct {
	args *fasthttp.Args
	err  error
}

// query checks what holds for every query string. A parameter nobody knows is
// ignored like an unknown field; one that would filter and is not built is
// refused, because a list that ignores a filter shows what was filtered out.
func (x *exchange) query() *query {
	q := &query{args: x.http.QueryArgs()}
	if q.args.Len() > queryParamsMax {
		q.fail(wire.KeyQueryTooLarge, "", fmt.Sprintf("A query has at most %d parameters", queryParamsMax))
		return q
	}
	for key, value := range q.args.All() {
		name := string(key)
		switch {
		case len(value) > queryValueBytesMax:
			q.fail(wire.KeyQueryTooLarge, "", fmt.Sprintf("A parameter has at most %d bytes", queryValueBytesMax))
		case !utf8.Valid(key) || !utf8.Valid(value):
			q.fail(wire.KeyInvalidQueryParams, "", "The query is not UTF-8")
		case strings.HasPrefix(name, "filters"):
			q.fail(wire.KeyNotSupported, "filters", "filters[...] is not built; use the parameters of the list")
		case strings.HasPrefix(name, "updated_at["):
			q.fail(wire.KeyNotSupported, "updated_at", "Lists cannot be filtered by updated_at")
		case len(q.args.PeekMulti(name)) > 1:
			q.fail(wire.KeyInvalidQueryParams, name, name+" is given twice")
		}
	}
	return q
}

// unsupported refuses parameters of Voucherify's that this list does not have.
func (q *query) unsupported(names ...string) {
	for _, name := range names {
		if q.args.Has(name) {
			q.fail(wire.KeyNotSupported, name, "The parameter "+name+" is not built")
		}
	}
}

func (q *query) fail(key, field, details string) {
	if q.err == nil {
		q.err = refuseField(key, field, details)
	}
}

func (q *query) text(name string) string {
	if q.err != nil {
		return ""
	}
	return string(q.args.Peek(name))
}

// number reads a whole number from low to high; without the parameter it is
// fallback.
func (q *query) number(name string, low, high, fallback int64) int64 {
	given := q.text(name)
	if given == "" {
		return fallback
	}
	n, err := strconv.ParseInt(given, 10, 64)
	if err != nil || n < low || n > high {
		q.fail(wire.KeyInvalidQueryParams, name, fmt.Sprintf("%s must be a whole number from %d to %d", name, low, high))
		return fallback
	}
	return n
}

// oneOf reads one of the values, and names the nearest when it is none.
func (q *query) oneOf(name string, values ...string) string {
	given := q.text(name)
	if given == "" || slices.Contains(values, given) {
		return given
	}
	hint := "known are " + strings.Join(values, ", ")
	if near := wire.Nearest(given, values); near != "" {
		hint = "did you mean " + strconv.Quote(near) + "?"
	}
	q.fail(wire.KeyInvalidQueryParams, name, fmt.Sprintf("%s has the unknown value %q; %s", name, given, hint))
	return ""
}

// order reads a field to sort by, with an optional minus in front. Lists are
// kept by the time of creation; their other orders are known and refused.
func (q *query) order(unbuilt []string) string {
	given := q.text("order")
	if field := strings.TrimPrefix(given, "-"); slices.Contains(unbuilt, field) {
		q.fail(wire.KeyNotSupported, "order", "Lists are ordered by created_at or -created_at")
		return ""
	}
	return q.oneOf("order", "created_at", "-created_at")
}

func (q *query) instant(name string) wire.Time {
	given := q.text(name)
	if given == "" {
		return 0
	}
	// In a query a bare '+' is a space; in an instant it can only have been the
	// sign of an offset.
	t, err := wire.ParseTime(strings.ReplaceAll(given, " ", "+"))
	if err != nil {
		q.fail(wire.KeyInvalidQueryParams, name, name+" must be an instant like 2026-01-31T12:00:00Z or a date")
		return 0
	}
	return t
}

// created reads the bounds of created_at.
func (q *query) created() (after, before wire.Time) {
	return q.instant("created_at[after]"), q.instant("created_at[before]")
}

// page reads which part of a list is wanted. unbuilt are the fields by which
// theirs can be ordered beside created_at.
func (q *query) page(unbuilt ...string) engine.Page {
	p := engine.Page{
		Limit:  int(q.number("limit", 1, coupon.ListLimitMax, coupon.ListLimitDefault)),
		Cursor: q.text("cursor"),
		Order:  q.order(unbuilt),
	}
	hasPage := q.args.Has("page")
	if p.Cursor != "" {
		if hasPage {
			q.fail(wire.KeyInvalidQueryParams, "page", "page and cursor exclude each other")
		}
		return p
	}
	p.Number = int(q.number("page", 1, pageNumberMax, 1))
	return p
}
