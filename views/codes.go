package views

import (
	"fmt"

	"github.com/scrip-engine/scrip/coupon"
)

// CodeQuery is a question for codes that are not deleted. The filters are joined
// by and; a zero filter filters nothing.
type CodeQuery struct {
	Project  uint32 // required
	Campaign uint32
	// Holder's codes come in order of allocation, and Created is its instant.
	Holder coupon.ID

	// From and Until bound Created, unix milliseconds: [From, Until). A zero Until
	// is no bound.
	From, Until int64

	Descending bool // newest first
	After      Position
	Offset     int64
	Limit      int // at most pageMax; 0: ListLimitDefault
}

// CodeRef names a code and when it was issued.
type CodeRef struct {
	Shard   int
	Slot    uint16
	Ordinal uint32
	Created int64 // unix milliseconds
}

// CodePage is an answer.
type CodePage struct {
	PageInfo
	Codes []CodeRef
}

// Codes lists codes in order of creation.
func (v *Views) Codes(q CodeQuery) (page CodePage, err error) {
	held := q.Holder != (coupon.ID{})
	s := projectScope(q.Project)
	var keep func(*item) (bool, error)
	switch {
	case held:
		s = customerScope(q.Project, q.Holder)
		if q.Campaign != 0 {
			keep = func(it *item) (bool, error) {
				campaign, _ := unpackHeld(it.first)
				return campaign == q.Campaign, nil
			}
		}
	case q.Campaign != 0:
		s = campaignScope(q.Project, q.Campaign)
	}
	err = v.read(func(sn *snap) error {
		var streams []*stream
		for i := range v.followers {
			l, err := sn.list(i, s, classCodes)
			if err != nil {
				return err
			}
			streams = append(streams, newStream(i, l, selectUnmarked, true))
		}
		w := window{after: q.After, offset: q.Offset, limit: q.Limit, from: q.From, until: q.Until, descending: q.Descending}
		items, info, err := w.read(streams, keep)
		if err != nil {
			return err
		}
		page.PageInfo = info
		page.AsOf = sn.asOf
		for i := range items {
			ref, err := sn.codeRef(&items[i], held)
			if err != nil {
				return err
			}
			page.Codes = append(page.Codes, ref)
		}
		return nil
	})
	if err != nil {
		return CodePage{}, fmt.Errorf("list codes: %w", err)
	}
	return page, nil
}

func (sn *snap) codeRef(it *item, held bool) (CodeRef, error) {
	if held {
		_, at := unpackHeld(it.first)
		return CodeRef{it.shard, at.Slot, at.Ordinal, it.stamp}, nil
	}
	slot, ordinal, ok := sn.v.followers[it.shard].src.Place(uint32(it.first))
	if !ok {
		return CodeRef{}, ErrNotReady // the shard is being replaced under us
	}
	return CodeRef{it.shard, slot, ordinal, it.stamp}, nil
}
