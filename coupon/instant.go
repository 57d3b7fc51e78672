package coupon

import (
	"errors"
	"math"
	"strconv"
)

// Times are unix milliseconds in an int64, everywhere between the API's text and
// the disk. A window's missing end is one of the two values below.
const (
	SinceEver  int64 = math.MinInt64 // no start
	ForEver    int64 = math.MaxInt64 // no end
	InstantMin int64 = -62135596800000
	InstantMax int64 = 253402300799999 // InstantMin to InstantMax is what RFC 3339 can write: years 0001 to 9999
)

// Errors of ParseInstant, each with what to write instead.
var (
	ErrInstantSyntax   = errors.New("not a time: write RFC 3339 as in 2026-01-02T03:04:05.678Z")
	ErrInstantDateOnly = errors.New("a date is not an instant: write also the time and the offset, as in 2026-01-02T23:59:59.999+01:00")
	ErrInstantNoOffset = errors.New("a time without its offset is not an instant: end it with Z or with an offset such as +01:00")
	ErrInstantRange    = errors.New("not a time that exists between the years 0001 and 9999")
)

const (
	millisPerSecond = 1000
	millisPerMinute = 60 * millisPerSecond
	millisPerHour   = 60 * millisPerMinute
	millisPerDay    = 24 * millisPerHour
)

// ParseInstant reads RFC 3339 with any offset. What is finer than a millisecond
// is cut off toward the past, so "until 23:59:59.9999" ends no later than it
// says. A date alone and a time without offset are refused: whoever reads them
// has to guess a zone, and ends a campaign hours early.
func ParseInstant(text string) (int64, error) {
	p := instantParser{text: text}
	year := p.number(4)
	p.literal('-')
	month := p.number(2)
	p.literal('-')
	day := p.number(2)
	if !p.failed && p.pos == len(text) {
		return 0, ErrInstantDateOnly
	}
	p.timeMark()
	hour := p.number(2)
	p.literal(':')
	minute := p.number(2)
	p.literal(':')
	second := p.number(2)
	millis := p.fraction()
	if !p.failed && p.pos == len(text) {
		return 0, ErrInstantNoOffset
	}
	offset := p.offset()
	if p.failed || p.pos != len(text) {
		return 0, ErrInstantSyntax
	}
	if month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month) || hour > 23 || minute > 59 || second > 59 {
		return 0, ErrInstantRange
	}
	instant := daysFromCivil(year, month, day)*millisPerDay +
		hour*millisPerHour + minute*millisPerMinute + second*millisPerSecond + millis - offset
	if instant < InstantMin || instant > InstantMax {
		return 0, ErrInstantRange
	}
	return instant, nil
}

// AppendInstant appends the time in UTC with exactly three decimals. A value
// outside InstantMin to InstantMax is written as the nearer of the two.
func AppendInstant(dst []byte, instant int64) []byte {
	instant = max(InstantMin, min(InstantMax, instant))
	days := floorDiv(instant, millisPerDay)
	rest := instant - days*millisPerDay
	year, month, day := civilFromDays(days)
	dst = appendPadded(dst, year, 4)
	dst = appendPadded(append(dst, '-'), month, 2)
	dst = appendPadded(append(dst, '-'), day, 2)
	dst = appendPadded(append(dst, 'T'), rest/millisPerHour, 2)
	dst = appendPadded(append(dst, ':'), rest/millisPerMinute%60, 2)
	dst = appendPadded(append(dst, ':'), rest/millisPerSecond%60, 2)
	dst = appendPadded(append(dst, '.'), rest%millisPerSecond, 3)
	return append(dst, 'Z')
}

// FormatInstant is AppendInstant as a string.
func FormatInstant(instant int64) string {
	var stack [24]byte
	return string(AppendInstant(stack[:0], instant))
}

// instantParser walks over the text; after the first surprise it stays failed.
type instantParser struct {
	text   string
	pos    int
	failed bool
}

func (p *instantParser) peek() byte {
	if p.pos < len(p.text) {
		return p.text[p.pos]
	}
	return 0
}

// number reads exactly so many digits.
func (p *instantParser) number(digits int) (value int64) {
	for range digits {
		c := p.peek()
		if c < '0' || c > '9' {
			p.failed = true
			return 0
		}
		value = value*10 + int64(c-'0')
		p.pos++
	}
	return value
}

func (p *instantParser) literal(want byte) {
	if p.peek() != want {
		p.failed = true
		return
	}
	p.pos++
}

func (p *instantParser) timeMark() {
	if p.peek() == 't' {
		p.pos++
		return
	}
	p.literal('T')
}

// fraction reads the part after the second, if there is one, as milliseconds.
func (p *instantParser) fraction() (millis int64) {
	if p.peek() != '.' {
		return 0
	}
	p.pos++
	start, unit := p.pos, int64(100)
	for c := p.peek(); c >= '0' && c <= '9'; c = p.peek() {
		millis += int64(c-'0') * unit
		unit /= 10
		p.pos++
	}
	if p.pos == start {
		p.failed = true
	}
	return millis
}

// offset reads Z or ±hh:mm as milliseconds east of UTC.
func (p *instantParser) offset() int64 {
	sign := int64(1)
	switch p.peek() {
	case 'Z', 'z':
		p.pos++
		return 0
	case '-':
		sign = -1
	case '+':
	default:
		p.failed = true
		return 0
	}
	p.pos++
	hour := p.number(2)
	p.literal(':')
	minute := p.number(2)
	if hour > 23 || minute > 59 {
		p.failed = true
	}
	return sign * (hour*millisPerHour + minute*millisPerMinute)
}

func daysInMonth(year, month int64) int64 {
	switch month {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}

// daysFromCivil counts the days from 1970-01-01 in the proleptic Gregorian
// calendar, by eras of 400 years that begin in March (Howard Hinnant,
// "chrono-compatible low-level date algorithms").
func daysFromCivil(year, month, day int64) int64 {
	if month <= 2 {
		year--
	}
	era := floorDiv(year, 400)
	yearOfEra := year - era*400
	dayOfYear := (153*((month+9)%12)+2)/5 + day - 1
	dayOfEra := yearOfEra*365 + yearOfEra/4 - yearOfEra/100 + dayOfYear
	return era*146097 + dayOfEra - 719468
}

// civilFromDays is the inverse of daysFromCivil, from the same source.
func civilFromDays(days int64) (year, month, day int64) {
	days += 719468
	era := floorDiv(days, 146097)
	dayOfEra := days - era*146097
	yearOfEra := (dayOfEra - dayOfEra/1460 + dayOfEra/36524 - dayOfEra/146096) / 365
	dayOfYear := dayOfEra - (365*yearOfEra + yearOfEra/4 - yearOfEra/100)
	shifted := (5*dayOfYear + 2) / 153
	day = dayOfYear - (153*shifted+2)/5 + 1
	month = (shifted+2)%12 + 1
	year = yearOfEra + era*400
	if month <= 2 {
		year++
	}
	return year, month, day
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

func appendPadded(dst []byte, value int64, width int) []byte {
	for unit := pow10(width - 1); unit > 0; unit /= 10 {
		dst = append(dst, byte('0'+value/unit%10))
	}
	return dst
}

func pow10(n int) int64 {
	value := int64(1)
	for range n {
		value *= 10
	}
	return value
}

func appendInt(dst []byte, v int64) []byte { return strconv.AppendInt(dst, v, 10) }
