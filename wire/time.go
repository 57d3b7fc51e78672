package wire

import (
	"errors"
	"time"
)

// Time is an instant in unix milliseconds, UTC. Zero means absent: no campaign
// begins in 1970. On the wire it is RFC 3339 with exactly three decimals and Z.
type Time int64

const timeLayout = "2006-01-02T15:04:05.000Z"

var errTime = errors.New("must be a time like 2026-11-23T10:00:00.000Z")

// AppendTime appends t as it stands in a JSON string, without quotes.
func AppendTime(dst []byte, t Time) []byte {
	return time.UnixMilli(int64(t)).UTC().AppendFormat(dst, timeLayout)
}

// ParseTime reads RFC 3339 with any offset and fraction, or a bare date, which
// means its midnight in UTC. What is finer than a millisecond is cut off.
func ParseTime(s string) (Time, error) {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		t, err = time.Parse(time.DateOnly, s)
	}
	if err != nil {
		return 0, errTime
	}
	return Time(t.UnixMilli()), nil
}

// String returns the form on the wire, or "" for the zero Time.
func (t Time) String() string {
	if t == 0 {
		return ""
	}
	return string(AppendTime(nil, t))
}

// MarshalText writes the form on the wire.
func (t Time) MarshalText() ([]byte, error) { return AppendTime(nil, t), nil }

// UnmarshalText reads what ParseTime reads.
func (t *Time) UnmarshalText(b []byte) error {
	v, err := ParseTime(string(b))
	if err == nil {
		*t = v
	}
	return err
}
