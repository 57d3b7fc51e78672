package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/scrip-engine/scrip/wire"
)

func idsOf(events []wire.Event) (ids []string) {
	for _, e := range events {
		ids = append(ids, e.ID)
	}
	return ids
}

// Without this a consumer that saw an event on a code's timeline cannot follow on
// from there: the cursor is empty, skips events, or begins anew.
func TestTimelineCursorsResumeTheStream(t *testing.T) {
	eachShards(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		const codes = 6
		for round := range 3 {
			// Many events share an instant, in all journals.
			w.tenPercent(fmt.Sprint("Round ", round), "", "")
			for i := range codes {
				code := fmt.Sprint("T-", i)
				if round == 0 {
					w.create(code, `{"discount":{"type":"AMOUNT","amount_off":1},"redemption":{"quantity":10}}`)
				}
				w.redeem(code, `,"order":{"amount":100},"customer":{"source_id":"c"}`)
			}
			w.advance(1000)
		}
		all, err := w.Events(ctx, w.c, "", 100)
		w.ok(err)
		ids := idsOf(all.Data)
		if len(ids) < 4*codes+3 || all.HasMore {
			t.Fatalf("%d events", len(ids))
		}
		for i := range codes {
			line, err := w.Timeline(ctx, w.c, fmt.Sprint("T-", i), Page{Limit: 100})
			w.ok(err)
			if len(line.Data) != 4 {
				t.Fatalf("%+v", line.Data)
			}
			for _, e := range line.Data {
				rest, err := w.Events(ctx, w.c, e.Cursor, 100)
				w.ok(err)
				if want := ids[slices.Index(ids, e.ID)+1:]; e.Cursor == "" || !slices.Equal(idsOf(rest.Data), want) {
					t.Errorf("%s %s: %d events follow, want %d", e.Type, e.ID, len(rest.Data), len(want))
				}
			}
		}
	})
}

// Without this a consumer that wants what happens from now on reads years of
// events first, or misses the first ones after it asked.
func TestEventsNowIsBehindWhatWasAcknowledged(t *testing.T) {
	eachShards(t, func(t *testing.T, w *world) {
		w.create("BEFORE", `{"discount":{"type":"AMOUNT","amount_off":1}}`)
		now, err := w.EventsNow(context.Background(), w.c)
		w.ok(err)
		w.create("AFTER", `{"discount":{"type":"AMOUNT","amount_off":1}}`)
		found := errors.New("found")
		err = w.FollowEvents(context.Background(), w.c, now, func(e wire.Event) error {
			if e.Data.Code != "AFTER" {
				t.Errorf("%s %s", e.Type, e.Data.Code)
			}
			return found
		})
		if !errors.Is(err, found) {
			t.Error(err)
		}
		c := w.c
		c.Caller.Role = ""
		if _, err := w.EventsNow(context.Background(), c); err == nil {
			t.Error("told to a caller without a role")
		}
	})
}
