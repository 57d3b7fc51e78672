package client

import (
	"context"
	"errors"
	"io"
	"math"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/scrip-engine/scrip/wire"
)

// Without this a retry redeems a second time: the server can only recognise a
// request by its key.
func TestEveryAttemptCarriesOneKey(t *testing.T) {
	f := func(opts ...Option) *script {
		t.Helper()
		s := &script{steps: []step{broken, refusing(wire.KeyUnavailable, 0), refusing(wire.KeyOutcomeUnknown, 1), redeemed()}}
		synctest.Test(t, func(t *testing.T) {
			if err := redeem(t.Context(), s.client(t, Retry{}), opts...); err != nil {
				t.Fatalf("redeem: %v", err)
			}
		})
		if len(s.keys) != 4 || len(slices.Compact(slices.Clone(s.keys))) != 1 || len(slices.Compact(slices.Clone(s.bodies))) != 1 {
			t.Fatalf("attempts differ: keys %q, bodies %q", s.keys, s.bodies)
		}
		return s
	}
	drawn, another := f().keys[0], f().keys[0]
	if len(drawn) < 26 || drawn == another {
		t.Errorf("drawn keys %q and %q: want 128 random bits each", drawn, another)
	}
	if got := f(Key("order-7")).keys[0]; got != "order-7" {
		t.Errorf("key %q, want the caller's", got)
	}
}

// Without this the client lies about the effect (P5): a broken connection called
// "failed" makes a shop redeem again under a new key.
func TestOutcomeOfOneAttempt(t *testing.T) {
	f := func(s step, unknown, refusal, notFound, denied, unavailable bool) {
		t.Helper()
		sc := &script{steps: []step{s}}
		err := redeem(t.Context(), sc.client(t, Retry{Attempts: 1}), Key("k"))
		got := [5]bool{IsUnknown(err), IsRefusal(err), IsNotFound(err), IsDenied(err), IsUnavailable(err)}
		if want := [5]bool{unknown, refusal, notFound, denied, unavailable}; got != want {
			t.Errorf("%v: unknown, refusal, not found, denied, unavailable = %v, want %v", err, got, want)
		}
		if KeyOf(err) != "k" {
			t.Errorf("%v: key %q, want k", err, KeyOf(err))
		}
	}
	const yes, no = true, false
	f(broken, yes, no, no, no, no)
	f(answering(200, "{not json"), yes, no, no, no, no)
	f(answering(200, strings.Repeat(" ", answerBytesMax+1)), yes, no, no, no, no)
	f(refusing(wire.KeyOutcomeUnknown, 1), yes, no, no, no, no)
	f(refusing(wire.KeyInternalError, 0), yes, no, no, no, no)
	f(answering(502, "<html>bad gateway"), yes, no, no, no, no)
	f(answering(503, "<html>"), yes, no, no, no, no)
	f(unreachable, no, no, no, no, yes)
	f(refusing(wire.KeyCapacity, 1), no, no, no, no, yes)
	f(refusing(wire.KeyTooManyRequests, 1), no, no, no, no, yes)
	f(refusing(wire.KeyQuantityExceeded, 0), no, yes, no, no, no)
	f(refusing(wire.KeyNotFound, 0), no, yes, yes, no, no)
	f(refusing(wire.KeyUnauthorized, 0), no, no, no, yes, no)
	f(refusing(wire.KeyInvalidPayload, 0), no, no, no, no, no)
	f(answering(404, "<html>nginx"), no, no, yes, no, no)
	f(answering(307, "", "Location", "http://elsewhere/"), no, no, no, no, no)
	f(answering(400, `{"code":400,"key":"from_a_later_version","message":"m","outcome":"not_done"}`), no, no, no, no, no)
	f(answering(409, `{"code":409,"key":"from_a_later_version","message":"m","outcome":"not_done"}`), no, yes, no, no, no)
}

// Without this a read that found the server busy is reported as a change that
// may have happened.
func TestReadsLeaveNothingOpen(t *testing.T) {
	for _, s := range []step{broken, unreachable, refusing(wire.KeyOutcomeUnknown, 0), refusing(wire.KeyInternalError, 0), answering(502, "")} {
		sc := &script{steps: []step{s}}
		_, err := sc.client(t, Retry{Attempts: 1}).Voucher(t.Context(), "SUMMER")
		if IsUnknown(err) || !IsUnavailable(err) || KeyOf(err) != "" {
			t.Errorf("%v: want unavailable, without a key", err)
		}
	}
}

// Without this the last attempt's "not done" hides an earlier one that may yet
// be applied.
func TestUnknownStaysUnknownUntilThereIsASuccess(t *testing.T) {
	f := func(last step, want string) {
		t.Helper()
		s := &script{steps: []step{broken, last}}
		synctest.Test(t, func(t *testing.T) {
			err := redeem(t.Context(), s.client(t, Retry{Attempts: 2}))
			var e *Error
			if !errors.As(err, &e) || !e.Unsettled || !IsUnknown(err) || IsRefusal(err) || IsUnavailable(err) || e.Answer.Key != want {
				t.Errorf("%v: want unsettled with %s", err, want)
			}
		})
	}
	f(refusing(wire.KeyQuantityExceeded, 0), wire.KeyQuantityExceeded)
	f(refusing(wire.KeyDraining, 0), wire.KeyDraining)
	f(unreachable, wire.KeyUnavailable)
}

// Without this a refusal costs the server several requests, and a wrong token
// looks like an attack.
func TestAnswersAreNotRetried(t *testing.T) {
	for _, info := range wire.Keys() {
		if info.Family == wire.FamilyRetry || info.Family == wire.FamilyUnknown || info.Key == wire.KeyMultipleRequests {
			continue
		}
		s := &script{steps: []step{refusing(info.Key, 0)}}
		err := redeem(t.Context(), s.client(t, Retry{}))
		if !Is(err, info.Key) || len(s.keys) != 1 {
			t.Errorf("%s: %d attempts, %v; want one", info.Key, len(s.keys), err)
		}
	}
}

// Without this the client comes back before the server said, or keeps a caller
// waiting longer than it promised.
func TestRetryAfterAndBounds(t *testing.T) {
	f := func(s step, retry Retry, attempts int, gap, most time.Duration) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			sc := &script{steps: []step{s}}
			began := time.Now()
			err := redeem(t.Context(), sc.client(t, retry))
			took := time.Since(began)
			if err == nil || len(sc.keys) != attempts || took > most {
				t.Errorf("%d attempts in %v, %v; want %d in at most %v", len(sc.keys), took, err, attempts, most)
			}
			for i := 1; i < len(sc.at); i++ {
				if waited := sc.at[i].Sub(sc.at[i-1]); waited < gap {
					t.Errorf("attempt %d came after %v, want at least %v", i+1, waited, gap)
				}
			}
		})
	}
	f(refusing(wire.KeyUnavailable, 3), Retry{Attempts: 4}, 4, 3*time.Second, 15*time.Second)
	f(refusing(wire.KeyUnavailable, 3), Retry{Attempts: 100, Total: 7 * time.Second}, 3, 3*time.Second, 7*time.Second)
	f(refusing(wire.KeyUnavailable, 60), Retry{Total: 30 * time.Second}, 1, 0, 0)
	f(unreachable, Retry{Attempts: 5, WaitMax: time.Second}, 5, 0, 8*time.Second)
	f(silent, Retry{Attempts: 3, Each: time.Second}, 3, time.Second, 4*time.Second)
	f(silent, Retry{Attempts: 3, Total: 1500 * time.Millisecond, Each: time.Second}, 2, time.Second, 1500*time.Millisecond)
}

// Without this clients that failed together come back together, or a wait grows
// past its bound after enough attempts to overflow it.
func TestBackoff(t *testing.T) {
	highest, lowest := func(n int64) int64 { return n - 1 }, func(int64) int64 { return 0 }
	c := &Client{retry: DefaultRetry()}
	f := func(attempt int, want time.Duration) {
		t.Helper()
		c.chance = highest
		if got := c.backoff(attempt); got != want {
			t.Errorf("longest wait after attempt %d: %v, want %v", attempt, got, want)
		}
		c.chance = lowest
		if got := c.backoff(attempt); got != 0 {
			t.Errorf("shortest wait after attempt %d: %v, want none", attempt, got)
		}
	}
	f(1, 100*time.Millisecond)
	f(2, 200*time.Millisecond)
	f(6, 3200*time.Millisecond)
	f(7, 4*time.Second)
	f(40, 4*time.Second)
	f(math.MaxInt, 4*time.Second)
}

// Without this a caller who gave up waits on, and takes a request that was under
// way for one that was not sent.
func TestCancel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		s := &script{steps: []step{silent}}
		began := time.Now()
		err := redeem(ctx, s.client(t, Retry{}))
		if !errors.Is(err, context.Canceled) || !IsUnknown(err) || len(s.keys) != 1 || time.Since(began) != time.Second {
			t.Errorf("while an attempt is under way: %v after %v", err, time.Since(began))
		}

		s = &script{steps: []step{redeemed()}}
		err = redeem(ctx, s.client(t, Retry{}))
		if !errors.Is(err, context.Canceled) || IsUnknown(err) || len(s.keys) != 0 {
			t.Errorf("before the first attempt: %v", err)
		}

		ctx, cancel = context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		s = &script{steps: []step{refusing(wire.KeyCapacity, 10)}}
		began = time.Now()
		err = redeem(ctx, s.client(t, Retry{}))
		if !errors.Is(err, context.Canceled) || !Is(err, wire.KeyCapacity) || IsUnknown(err) || time.Since(began) != time.Second {
			t.Errorf("while waiting: %v after %v", err, time.Since(began))
		}
	})
}

// Without this a delete whose answer was lost is reported as "no such voucher".
func TestDeleteWhoseAnswerWasLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{steps: []step{broken, refusing(wire.KeyNotFound, 0)}}
		if err := s.client(t, Retry{}).DeleteVoucher(t.Context(), "SUMMER"); err != nil {
			t.Errorf("after an unknown attempt: %v", err)
		}
		s = &script{steps: []step{refusing(wire.KeyNotFound, 0)}}
		if err := s.client(t, Retry{}).DeleteVoucher(t.Context(), "SUMMER"); !IsNotFound(err) {
			t.Errorf("at once: %v, want not found", err)
		}
	})
}

// Without this errors.Is finds no cause, and a log line does not say which key
// to ask again with.
func TestErrorTellsItsStory(t *testing.T) {
	e := &Error{Answer: wire.NewError(wire.KeyQuantityExceeded, "2 of 2 used"), Attempts: 3, Unsettled: true, cause: io.ErrUnexpectedEOF}
	for _, part := range []string{"quantity_exceeded", "2 of 2 used", "unexpected EOF", "an earlier attempt got no answer", "[attempts: 3]"} {
		if !strings.Contains(e.Error(), part) {
			t.Errorf("%q does not say %q", e.Error(), part)
		}
	}
	var w *wire.Error
	if !errors.As(e, &w) || !errors.Is(e, io.ErrUnexpectedEOF) {
		t.Error("the answer or the cause cannot be found")
	}
}

// Without this an invalid key is sent, and the refusal arrives from far away.
func TestInvalidKeyIsNotSent(t *testing.T) {
	s := &script{steps: []step{redeemed()}}
	for _, key := range []string{"a\nb", strings.Repeat("k", wire.KeyCharsMax+1)} {
		if err := redeem(t.Context(), s.client(t, Retry{}), Key(key)); err == nil || len(s.keys) != 0 {
			t.Errorf("key %q: %v, %d requests", key, err, len(s.keys))
		}
	}
}
