package linear

import (
	"fmt"
	"slices"
	"strings"

	"github.com/anishathalye/porcupine"
)

// Kind is what was asked.
type Kind uint8

// Kinds of operations on a code.
const (
	Create   Kind = iota // with Limit
	Redeem               // with Key
	Rollback             // of Redemption
	Switch               // to On
	Get                  // reads everything
	Validate             // asks what a redemption would get
)

// Unlimited is the limit of a code that never runs out.
const Unlimited = -1

// Input is a request about one code.
type Input struct {
	Kind       Kind
	Code       string
	Key        string // of a Redeem
	Redemption string // of a Rollback: the id that the redemption got
	On         bool   // of a Switch
	Limit      int64  // of a Create
}

// Refusal is an answer other than success.
type Refusal uint8

// Answers.
const (
	OK Refusal = iota
	NotFound
	Disabled
	Exhausted
	Duplicate
	RolledBack // already
)

// Output is the answer.
type Output struct {
	Refusal    Refusal
	Redemption string // of a Redeem that succeeded
	Replayed   bool   // it was answered from memory
	Used       int64  // of a Get that succeeded
	On         bool   // of a Get that succeeded
}

// unknown is the output of an operation that was never ended.
type unknown struct{}

// state is a code at one moment. It is compared with ==, so the redemptions are
// in one canonical text.
type state struct {
	exists, on  bool
	limit, used int64
	uses        string // lines "key\tredemption\tr" in order; r when given back
}

type use struct {
	key, redemption string // redemption is empty while nobody was told it
	back            bool
}

func (s *state) each() []use {
	var out []use
	for line := range strings.Lines(s.uses) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		out = append(out, use{f[0], f[1], f[2] == "r"})
	}
	return out
}

func (s *state) set(uses []use) {
	slices.SortFunc(uses, func(a, b use) int { return strings.Compare(a.key, b.key) })
	var b strings.Builder
	for _, u := range uses {
		back := ""
		if u.back {
			back = "r"
		}
		fmt.Fprintf(&b, "%s\t%s\t%s\n", u.key, u.redemption, back)
	}
	s.uses = b.String()
}

// refuses is what a new redemption would be told, in order of precedence.
func (s *state) refuses() Refusal {
	switch {
	case !s.exists:
		return NotFound
	case !s.on:
		return Disabled
	case s.limit != Unlimited && s.used >= s.limit:
		return Exhausted
	}
	return OK
}

// model is one code.
func model() porcupine.Model {
	return (&porcupine.NondeterministicModel{
		Init: func() []any { return []any{state{}} },
		Step: func(st, in, out any) []any {
			s, i := st.(state), in.(Input)
			if _, open := out.(unknown); open {
				return append(maybe(s, &i), s) // it happened now, or it did not (L6)
			}
			o := out.(Output)
			if next, ok := step(s, &i, &o); ok {
				return []any{next}
			}
			return nil
		},
		DescribeOperation: func(in, out any) string { return fmt.Sprintf("%+v -> %+v", in, out) },
		DescribeState:     func(st any) string { return fmt.Sprintf("%+v", st) },
	}).ToModel()
}

// step is what the answer says has happened, if it can have.
func step(s state, i *Input, o *Output) (state, bool) {
	switch i.Kind {
	case Create:
		if o.Refusal != OK {
			return s, o.Refusal == Duplicate && s.exists
		}
		return created(i), !s.exists
	case Redeem:
		return stepRedeem(s, i, o)
	case Rollback:
		return stepRollback(s, i, o)
	case Switch:
		if o.Refusal != OK {
			return s, o.Refusal == NotFound && !s.exists
		}
		exists := s.exists
		s.on = i.On
		return s, exists
	case Get:
		if o.Refusal != OK {
			return s, o.Refusal == NotFound && !s.exists
		}
		return s, s.exists && o.Used == s.used && o.On == s.on
	case Validate:
		return s, o.Refusal == s.refuses()
	}
	return s, false
}

func created(i *Input) state { return state{exists: true, on: true, limit: i.Limit} }

func stepRedeem(s state, i *Input, o *Output) (state, bool) {
	uses := s.each()
	at := slices.IndexFunc(uses, func(u use) bool { return u.key == i.Key })
	if at >= 0 { // the key was answered (L3)
		known := uses[at].redemption
		if o.Refusal != OK || !o.Replayed || known != "" && known != o.Redemption {
			return s, false
		}
		uses[at].redemption = o.Redemption
		s.set(uses)
		return s, true
	}
	if o.Refusal != OK {
		return s, o.Refusal == s.refuses()
	}
	taken := slices.ContainsFunc(uses, func(u use) bool { return u.redemption == o.Redemption })
	if o.Replayed || taken || s.refuses() != OK {
		return s, false
	}
	s.used++
	s.set(append(uses, use{key: i.Key, redemption: o.Redemption}))
	return s, true
}

func stepRollback(s state, i *Input, o *Output) (state, bool) {
	uses := s.each()
	at := slices.IndexFunc(uses, func(u use) bool { return u.redemption == i.Redemption })
	switch {
	case o.Refusal == OK && at >= 0 && !uses[at].back:
		uses[at].back = true
		s.used--
		s.set(uses)
		return s, true
	case o.Refusal == RolledBack:
		return s, at >= 0 && uses[at].back
	case o.Refusal == NotFound:
		return s, at < 0
	}
	return s, false
}

// maybe is what the operation does if it happens now, without an answer.
func maybe(s state, i *Input) []any {
	o := Output{}
	switch i.Kind {
	case Redeem:
		uses := s.each()
		if s.refuses() != OK || slices.ContainsFunc(uses, func(u use) bool { return u.key == i.Key }) {
			return nil
		}
		s.used++
		s.set(append(uses, use{key: i.Key}))
		return []any{s}
	case Get, Validate:
		return nil
	}
	if next, ok := step(s, i, &o); ok {
		return []any{next}
	}
	return nil
}
