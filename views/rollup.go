package views

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/scrip-engine/scrip/shard"
)

const (
	minuteMillis = 60_000
	// rollupBucketsMax bounds an answer: a week by the minute, a year by the hour.
	rollupBucketsMax = 10_080
)

// ErrTooManyBuckets: the question asks for more than rollupBucketsMax sums. Not
// done; ask for a shorter time or longer steps.
var ErrTooManyBuckets = errors.New("views: too many steps in one question")

// RollupQuery asks for sums over equal steps of time.
type RollupQuery struct {
	Project  uint32
	Campaign uint32 // 0: the whole project
	// From and Until are unix milliseconds, [From, Until), widened to minutes.
	From, Until int64
	Minutes     int // of one step, from 1
}

// Bucket is one step in which something happened.
type Bucket struct {
	Start       int64 // unix milliseconds
	Redemptions int64
	RolledBack  int64 // redemptions, of any age, that were wholly given back in this step
	Order       int64 // minor units, of the redemptions
	Discount    int64
	Gift        int64
}

func (m *Bucket) list() [5]*int64 {
	return [...]*int64{&m.Redemptions, &m.RolledBack, &m.Order, &m.Discount, &m.Gift}
}

func (m *Bucket) appendTo(dst []byte) []byte {
	if *m == (Bucket{}) {
		return dst
	}
	for _, v := range m.list() {
		dst = binary.AppendVarint(dst, *v)
	}
	return dst
}

func (m *Bucket) decode(b []byte) error {
	f := fields{b: b}
	for _, v := range m.list() {
		*v = f.int()
	}
	return f.end()
}

func (m *Bucket) redeemed(rec *shard.Record) {
	m.Redemptions++
	m.Order += rec.Order
	m.Discount += rec.Applied
	m.Gift += rec.Gift
}

func minuteOf(stamp int64) uint32 { return uint32(stamp / minuteMillis) }

// Rollup returns the steps in which something happened, in order of time. asOf
// is as in ListPage.
func (v *Views) Rollup(q RollupQuery) (buckets []Bucket, asOf int64, err error) {
	if q.Minutes < 1 || q.From < 0 || q.Until <= q.From {
		return nil, 0, fmt.Errorf("%w: rollup from %d until %d by %d minutes", ErrQuery, q.From, q.Until, q.Minutes)
	}
	step := int64(q.Minutes) * minuteMillis
	first := q.From - q.From%minuteMillis
	steps := (q.Until - first + step - 1) / step
	if steps > rollupBucketsMax {
		return nil, 0, ErrTooManyBuckets
	}
	sums := make([]Bucket, steps)
	s := projectScope(q.Project)
	if q.Campaign != 0 {
		s = campaignScope(q.Project, q.Campaign)
	}
	err = v.read(func(sn *snap) error {
		for i := range v.followers {
			if err := sn.minutes(i, s, first, q.Until, func(stamp int64, m *Bucket) {
				sum := &sums[(stamp-first)/step]
				from := m.list()
				for k, p := range sum.list() {
					*p += *from[k]
				}
			}); err != nil {
				return err
			}
		}
		asOf = sn.asOf
		return nil
	})
	for i := range sums {
		if sums[i] != (Bucket{}) {
			sums[i].Start = first + int64(i)*step
			buckets = append(buckets, sums[i])
		}
	}
	return buckets, asOf, err
}

// minutes visits the minutes that begin in [first, until).
func (sn *snap) minutes(shard int, s scope, first, until int64, visit func(stamp int64, m *Bucket)) error {
	last := minuteOf(until-1) + 1
	it, err := sn.iter(appendMinute(nil, shard, s, minuteOf(first)), appendMinute(nil, shard, s, last))
	if err != nil {
		return err
	}
	for ok := it.First(); ok; ok = it.Next() {
		var m Bucket
		if err := m.decode(it.Value()); err != nil {
			return err
		}
		key := it.Key()
		visit(int64(binary.BigEndian.Uint32(key[len(key)-4:]))*minuteMillis, &m)
	}
	return it.Error()
}
