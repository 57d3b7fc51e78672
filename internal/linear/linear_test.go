package linear

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

const enough = 10 * time.Second

// told adds operations one after the other, each begun after the one before had
// ended.
func told(pairs ...any) *History {
	h := new(History)
	for i := 0; i < len(pairs); i += 2 {
		op := h.Begin(0, pairs[i].(Input))
		if out, ok := pairs[i+1].(Output); ok {
			op.End(out)
		}
	}
	return h
}

// A checker that accepts everything looks exactly like an engine without bugs. So
// each bug that it is there for is shown to it.
func TestDoctoredHistoriesAreRefused(t *testing.T) {
	create := Input{Kind: Create, Code: "c", Limit: 1}
	redeem := func(key string) Input { return Input{Kind: Redeem, Code: "c", Key: key} }
	give := func(id string) Output { return Output{Redemption: id} }
	replay := func(id string) Output { return Output{Redemption: id, Replayed: true} }
	back := func(id string) Input { return Input{Kind: Rollback, Code: "c", Redemption: id} }
	off, on := Input{Kind: Switch, Code: "c"}, Input{Kind: Switch, Code: "c", On: true}
	get, validate := Input{Kind: Get, Code: "c"}, Input{Kind: Validate, Code: "c"}
	say := func(r Refusal) Output { return Output{Refusal: r} }
	ok, lost := Output{}, "no answer"
	for _, c := range []struct {
		name  string
		sound bool
		h     *History
	}{
		{"use and refusal", true, told(create, ok, redeem("a"), give("1"), redeem("b"), say(Exhausted))},
		{"sold past the limit", false, told(create, ok, redeem("a"), give("1"), redeem("b"), give("2"))},
		{"a key used twice", false, told(Input{Kind: Create, Code: "c", Limit: 9}, ok, redeem("a"), give("1"), redeem("a"), give("2"))},
		{"a replay", true, told(create, ok, redeem("a"), give("1"), redeem("a"), replay("1"))},
		{"a replay of another redemption", false, told(create, ok, redeem("a"), give("1"), redeem("a"), replay("2"))},
		{"a replay of nothing", false, told(create, ok, redeem("a"), replay("1"))},
		{"the retry of a success refused", false, told(create, ok, redeem("a"), give("1"), redeem("a"), say(Exhausted))},
		{"a success that was lost", false, told(create, ok, redeem("a"), give("1"), get, Output{Used: 0, On: true})},
		{"one id twice", false, told(Input{Kind: Create, Code: "c", Limit: 9}, ok, redeem("a"), give("1"), redeem("b"), give("1"))},
		{"redeemed after the switch", false, told(create, ok, off, ok, redeem("a"), give("1"))},
		{"disabled after the switch back", false, told(create, ok, off, ok, on, ok, redeem("a"), say(Disabled))},
		{"fresh and denied", false, told(create, ok, redeem("a"), say(NotFound))},
		{"exhausted with a use left", false, told(create, ok, validate, say(Exhausted))},
		{"given back and used again", true, told(create, ok, redeem("a"), give("1"), back("1"), ok, back("1"), say(RolledBack), redeem("b"), give("2"))},
		{"given back twice", false, told(create, ok, redeem("a"), give("1"), back("1"), ok, back("1"), ok)},
		{"created twice", false, told(create, ok, create, ok)},
		{"a create denied", false, told(create, say(Duplicate))},
		{"no answer, and it happened", true, told(create, ok, redeem("a"), lost, redeem("b"), say(Exhausted), redeem("a"), replay("1"))},
		{"no answer, and it did not", true, told(create, ok, redeem("a"), lost, redeem("b"), give("2"))},
		{"no answer, and it happened later", true, told(create, ok, redeem("a"), lost, get, Output{On: true}, get, Output{Used: 1, On: true})},
		{"no answer, and twice", false, told(Input{Kind: Create, Code: "c", Limit: 9}, ok, redeem("a"), lost, get, Output{Used: 2, On: true})},
		{"no answer, and undone by itself", false, told(create, ok, redeem("a"), lost, get, Output{Used: 1, On: true}, get, Output{On: true})},
		{"no answer to a switch, both ways", false, told(create, ok, off, lost, validate, say(Disabled), validate, say(OK))},
	} {
		err := c.h.Check(enough)
		if (err == nil) != c.sound {
			t.Errorf("%s: sound is %v, the checker says %v", c.name, c.sound, err)
		}
	}
}

// Operations that overlap may come in either order, those that do not may not.
func TestOverlapIsFreedom(t *testing.T) {
	build := func(overlap bool) *History {
		h := new(History)
		h.Begin(0, Input{Kind: Create, Code: "c", Limit: 1}).End(Output{})
		first := h.Begin(1, Input{Kind: Redeem, Code: "c", Key: "a"})
		if !overlap {
			first.End(Output{Refusal: Exhausted})
		}
		second := h.Begin(2, Input{Kind: Redeem, Code: "c", Key: "b"})
		second.End(Output{Redemption: "1"})
		if overlap {
			first.End(Output{Refusal: Exhausted})
		}
		return h
	}
	if err := build(true).Check(enough); err != nil {
		t.Error(err)
	}
	if err := build(false).Check(enough); err == nil {
		t.Error("exhausted before the only use was taken")
	}
}

// What cannot be decided is not taken for right.
func TestBoundsAreErrors(t *testing.T) {
	open, long := new(History), new(History)
	for i := range UnknownsMax + 1 {
		open.Begin(i, Input{Kind: Redeem, Code: "c", Key: fmt.Sprint(i)})
	}
	for range OpsMax + 1 {
		long.Begin(0, Input{Kind: Get, Code: "c"}).End(Output{Refusal: NotFound})
	}
	hard := new(History)
	hard.Begin(0, Input{Kind: Create, Code: "c", Limit: 400}).End(Output{})
	var ops []*Op
	for i := range 400 {
		ops = append(ops, hard.Begin(i, Input{Kind: Redeem, Code: "c", Key: fmt.Sprint(i)}))
	}
	for i, op := range ops {
		op.End(Output{Redemption: fmt.Sprint(i)})
	}
	hard.Begin(0, Input{Kind: Get, Code: "c"}).End(Output{Used: 399, On: true})
	for want, err := range map[string]error{
		"without an answer": open.Check(enough), "operations, at most": long.Check(enough), "not decided": hard.Check(time.Nanosecond),
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

// Answers of a node that is losing its power are nobody's.
func TestFrozenAndDropped(t *testing.T) {
	h := told(Input{Kind: Create, Code: "c", Limit: 1}, Output{})
	op := h.Begin(1, Input{Kind: Redeem, Code: "c", Key: "a"})
	h.Freeze()
	if op.End(Output{Redemption: "1"}) {
		t.Error("an answer counted in a frozen history")
	}
	h.Thaw()
	h.Begin(2, Input{Kind: Redeem, Code: "c", Key: "b"}).End(Output{Redemption: "2"})
	if err := h.Check(enough); err != nil {
		t.Error(err)
	}
	wrong := h.Begin(3, Input{Kind: Get, Code: "c"})
	wrong.End(Output{Used: 7, On: true})
	if h.Check(enough) == nil {
		t.Error("a wrong reading was accepted")
	}
	wrong.Drop()
	if err := h.Check(enough); err != nil {
		t.Error(err)
	}
}
