package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/scrip-engine/scrip/wire"
)

func eventText(cursor string) string {
	return fmt.Sprintf("id: %s\nevent: redemption.succeeded\ndata: {\"id\":\"ev_%s\",\"type\":\"redemption.succeeded\",\"cursor\":\"%s\"}\n\n", cursor, cursor, cursor)
}

// Without this what happens during a reconnect is lost, or everything is
// delivered again from the beginning.
func TestFollowResumesAfterTheLastEvent(t *testing.T) {
	var connections atomic.Int32
	var resumedFrom []string
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		resumedFrom = append(resumedFrom, r.Header.Get("Last-Event-ID")+"|"+r.URL.Query().Get("cursor"))
		switch connections.Add(1) {
		case 1: // one event, then one that the broken connection cuts off
			_, _ = io.WriteString(w, ": hello\n\n"+eventText("c1")+strings.TrimSuffix(eventText("c2"), "\n"))
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		case 2:
			refuse(w, wire.KeyDraining)
		case 3: // the server ends the stream in order
			_, _ = io.WriteString(w, eventText("c2"))
		default:
			_, _ = io.WriteString(w, strings.ReplaceAll(eventText("c3"), "\n", "\r\n"))
		}
	})
	var got []string
	enough := errors.New("enough")
	err := c.Follow(t.Context(), EventQuery{Cursor: "c0"}, func(e wire.Event) error {
		if got = append(got, e.ID); len(got) == 3 {
			return enough
		}
		return nil
	})
	if !errors.Is(err, enough) || !slices.Equal(got, []string{"ev_c1", "ev_c2", "ev_c3"}) {
		t.Errorf("got %v, %v", got, err)
	}
	if want := []string{"c0|c0", "c1|c1", "c1|c1", "c2|c2"}; !slices.Equal(resumedFrom, want) {
		t.Errorf("resumed from %v, want %v", resumedFrom, want)
	}
}

// Without this a reconnect before the first event begins at another "now", and
// what happened in between is lost.
func TestFollowTakesItsPlaceBeforeTheFirstEvent(t *testing.T) {
	s := &script{steps: []step{answering(200, "id: c7\n\n"), answering(200, eventText("c8"))}}
	synctest.Test(t, func(t *testing.T) {
		enough := errors.New("enough")
		err := s.client(t, Retry{}).Follow(t.Context(), EventQuery{}, func(wire.Event) error { return enough })
		if !errors.Is(err, enough) || !slices.Equal(s.paths, []string{"GET /v1/events/stream", "GET /v1/events/stream?cursor=c7"}) {
			t.Errorf("%v, requests %v", err, s.paths)
		}
	})
}

// Without this a consumer that wants the whole journal gets what happens from now
// on, or after a reconnect the whole journal again.
func TestFollowFromTheBeginning(t *testing.T) {
	s := &script{steps: []step{answering(503, ""), answering(200, eventText("c1")), answering(200, eventText("c2"))}}
	synctest.Test(t, func(t *testing.T) {
		enough := errors.New("enough")
		err := s.client(t, Retry{}).Follow(t.Context(), EventQuery{Beginning: true}, func(e wire.Event) error {
			if e.Cursor == "c2" {
				return enough
			}
			return nil
		})
		want := []string{"GET /v1/events/stream?from=beginning", "GET /v1/events/stream?from=beginning", "GET /v1/events/stream?cursor=c1"}
		if !errors.Is(err, enough) || !slices.Equal(s.paths, want) {
			t.Errorf("%v, requests %v", err, s.paths)
		}
		both := EventQuery{Beginning: true, Cursor: "c1"}
		if err := s.client(t, Retry{}).Follow(t.Context(), both, func(wire.Event) error { return nil }); err == nil || len(s.paths) != len(want) {
			t.Errorf("a cursor and the beginning: %v", err)
		}
	})
}

// Without this a wrong token is tried for ever, and an endless line fills the
// memory.
func TestFollowGivesUp(t *testing.T) {
	f := func(s step, want func(error) bool) {
		t.Helper()
		sc := &script{steps: []step{s}}
		synctest.Test(t, func(t *testing.T) {
			err := sc.client(t, Retry{}).Follow(t.Context(), EventQuery{}, func(wire.Event) error { return nil })
			if !want(err) || len(sc.keys) != 1 {
				t.Errorf("%v after %d requests", err, len(sc.keys))
			}
		})
	}
	says := func(text string) func(error) bool {
		return func(err error) bool { return err != nil && strings.Contains(err.Error(), text) }
	}
	f(refusing(wire.KeyUnauthorized, 0), IsDenied)
	f(refusing(wire.KeyInvalidQueryParams, 0), says(wire.KeyInvalidQueryParams))
	f(answering(200, "data: "+strings.Repeat("x", eventLineBytesMax)+"\n\n"), says("more than"))
	f(answering(200, strings.Repeat("data: "+strings.Repeat("x", eventLineBytesMax/2)+"\n", 3)+"\n"), says("more than"))
	f(answering(200, "data: {not json\n\n"), says("cannot be read"))
}

// Without this a connection that died without a word is waited on for ever.
func TestFollowLeavesASilentConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 3*stallAfter)
		defer cancel()
		s := &script{steps: []step{silent}}
		err := s.client(t, Retry{}).Follow(ctx, EventQuery{}, func(wire.Event) error { return nil })
		if !errors.Is(err, context.DeadlineExceeded) || len(s.keys) < 2 {
			t.Errorf("%v after %d connections: want another after %v of silence", err, len(s.keys), stallAfter)
		}
		if gap := s.at[1].Sub(s.at[0]); gap < stallAfter || gap > stallAfter+time.Second {
			t.Errorf("left after %v", gap)
		}
	})
}
