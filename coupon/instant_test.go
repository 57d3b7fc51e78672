package coupon

import (
	"errors"
	"math"
	"testing"
	"time"
)

func TestParseInstant(t *testing.T) {
	f := func(text, want string) {
		t.Helper()
		got, err := ParseInstant(text)
		if err != nil || FormatInstant(got) != want {
			t.Errorf("ParseInstant(%q) = %s, %v, want %s", text, FormatInstant(got), err, want)
		}
	}
	f("2026-01-02T03:04:05.678Z", "2026-01-02T03:04:05.678Z")
	f("2026-01-02T03:04:05Z", "2026-01-02T03:04:05.000Z")
	f("2026-01-02t03:04:05.6z", "2026-01-02T03:04:05.600Z")
	f("2026-01-02T03:04:05.678999999999Z", "2026-01-02T03:04:05.678Z") // toward the past
	f("1969-12-31T23:59:59.9999Z", "1969-12-31T23:59:59.999Z")         // also before 1970
	f("2026-01-02T03:04:05+05:30", "2026-01-01T21:34:05.000Z")
	f("2026-01-01T00:30:00-14:00", "2026-01-01T14:30:00.000Z")
	f("2026-01-01T00:00:00-00:00", "2026-01-01T00:00:00.000Z")
	f("2024-02-29T12:00:00Z", "2024-02-29T12:00:00.000Z")
	f("2000-02-29T12:00:00Z", "2000-02-29T12:00:00.000Z")
	f("0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000Z")
	f("9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z")
}

func TestParseInstantRefuses(t *testing.T) {
	f := func(text string, want error) {
		t.Helper()
		if got, err := ParseInstant(text); !errors.Is(err, want) || got != 0 {
			t.Errorf("ParseInstant(%q) = %d, %v, want %v", text, got, err, want)
		}
	}
	f("2026-01-02", ErrInstantDateOnly)
	f("2026-01-02T03:04:05", ErrInstantNoOffset)
	f("2026-01-02T03:04:05.678", ErrInstantNoOffset)
	for _, text := range []string{
		"", "now", "1767323045678", "2026", "2026-01", "2026-1-2T03:04:05Z", "20260102T030405Z",
		"2026-01-02 03:04:05Z", "2026-01-02T03:04Z", "2026-01-02T03:04:05.Z", "2026-01-02T03:04:05,5Z",
		"2026-01-02T03:04:05+01", "2026-01-02T03:04:05+0100", "2026-01-02T03:04:05+24:00",
		"2026-01-02T03:04:05+01:60", "2026-01-02T03:04:05Zx", " 2026-01-02T03:04:05Z", "+2026-01-02T03:04:05Z",
		"２026-01-02T03:04:05Z", "2026-01-02T", "2026-01-02T03:04:05ZZ",
	} {
		f(text, ErrInstantSyntax)
	}
	for _, text := range []string{
		"2026-00-02T03:04:05Z", "2026-13-02T03:04:05Z", "2026-01-00T03:04:05Z", "2026-01-32T03:04:05Z",
		"2026-04-31T03:04:05Z", "2025-02-29T03:04:05Z", "1900-02-29T03:04:05Z", "2026-01-02T24:00:00Z",
		"2026-01-02T03:60:05Z", "2016-12-31T23:59:60Z", // a leap second has no unix time of its own
		"0000-12-31T23:59:59Z", "0001-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01",
	} {
		f(text, ErrInstantRange)
	}
}

// The oracle is package time, over all years and around each month's ends.
func TestInstantsAgainstOracle(t *testing.T) {
	random := seeded(t)
	f := func(instant int64) {
		t.Helper()
		want := time.UnixMilli(instant).UTC().Format("2006-01-02T15:04:05.000Z")
		if got := FormatInstant(instant); got != want {
			t.Fatalf("FormatInstant(%d) = %s, want %s", instant, got, want)
		}
		if back, err := ParseInstant(want); err != nil || back != instant {
			t.Fatalf("ParseInstant(%s) = %d, %v, want %d", want, back, err, instant)
		}
		zone := time.FixedZone("", 60*(random.IntN(2*24*60-1)-24*60+1))
		text := time.UnixMilli(instant).In(zone).Format("2006-01-02T15:04:05.000Z07:00")
		back, err := ParseInstant(text)
		if len(text) == len("2006-01-02T15:04:05.000+07:00") && text[0] != '-' && text[:4] != "0000" && (err != nil || back != instant) {
			t.Fatalf("ParseInstant(%s) = %d, %v, want %d", text, back, err, instant)
		}
	}
	for _, edge := range []int64{InstantMin, InstantMin + 1, -1, 0, 1, InstantMax - 1, InstantMax} {
		f(edge)
	}
	for month := time.UnixMilli(InstantMin).UTC(); month.UnixMilli() < InstantMax; month = month.AddDate(0, 1, 0) {
		f(month.UnixMilli())
		f(month.AddDate(0, 1, 0).UnixMilli() - 1)
	}
	for range 20_000 {
		f(InstantMin + random.Int64N(InstantMax-InstantMin))
	}
}

// A window without an end must not be written as a date in 1970 or overflow.
func TestInstantsOutOfRange(t *testing.T) {
	if got := FormatInstant(SinceEver); got != "0001-01-01T00:00:00.000Z" {
		t.Error("SinceEver is written", got)
	}
	if got := FormatInstant(ForEver); got != "9999-12-31T23:59:59.999Z" || ForEver != math.MaxInt64 {
		t.Error("ForEver is written", got)
	}
}

func FuzzParseInstant(f *testing.F) {
	for _, seed := range []string{"2026-01-02T03:04:05.678Z", "2026-01-02T03:04:05+05:30", "2026-01-02", "0001-01-01T00:00:00Z"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		instant, err := ParseInstant(text)
		if err != nil {
			return
		}
		if oracle, err := time.Parse(time.RFC3339Nano, text); err == nil && text[10] == 'T' && oracle.UnixMilli() != instant {
			t.Errorf("ParseInstant(%q) = %s, package time has %s", text, FormatInstant(instant), oracle)
		}
		if back, err := ParseInstant(FormatInstant(instant)); err != nil || back != instant {
			t.Errorf("ParseInstant(%q) = %d, and back %d, %v", text, instant, back, err)
		}
	})
}
