package views

import (
	"fmt"

	"github.com/scrip-engine/scrip/coupon"
	"github.com/scrip-engine/scrip/shard"
)

// listPlan says how a question is answered: by which classes, and of which of the
// scopes that the filters name.
type listPlan struct {
	q       *ListQuery
	classes []class
	sel     selection
	scopes  []scope // each holds every entry that the filters let through
}

// classesOf are the lists whose union is a kind.
var classesOf = [...][]class{
	Redemptions:             {classSpend, classGiftSpend},
	Rollbacks:               {classBack, classGiftBack},
	RedemptionsAndRollbacks: {classSpend, classGiftSpend, classBack, classGiftBack},
	Transactions:            {classGiftSpend, classGiftBack, classLedger},
	Timeline:                {classSpend, classGiftSpend, classBack, classGiftBack, classLedger, classOther},
	Customers:               {classCustomers},
}

func planList(q *ListQuery) (*listPlan, error) {
	if int(q.Kind) >= len(classesOf) || q.Status > RolledBack {
		return nil, fmt.Errorf("%w: kind %d, status %d", ErrQuery, q.Kind, q.Status)
	}
	p := &listPlan{q: q, classes: classesOf[q.Kind]}
	switch {
	case q.Kind == Customers:
		p.sel = selectUnmarked
	case q.Status == AnyStatus:
	case q.Kind != Redemptions:
		return nil, fmt.Errorf("%w: only redemptions have a status", ErrQuery)
	case q.Status == Succeeded:
		p.sel = selectUnmarked
	default:
		p.sel = selectMarked
	}
	p.addScopes()
	if err := p.check(); err != nil {
		return nil, err
	}
	return p, nil
}

func (p *listPlan) addScopes() {
	q := p.q
	if q.Code != nil {
		p.scopes = append(p.scopes, codeScope(q.Project, *q.Code))
	}
	if q.Order != "" {
		p.scopes = append(p.scopes, orderScope(q.Project, []byte(q.Order)))
	}
	if q.Customer != (coupon.ID{}) {
		p.scopes = append(p.scopes, customerScope(q.Project, q.Customer))
	}
	if q.Campaign != 0 {
		p.scopes = append(p.scopes, campaignScope(q.Project, q.Campaign))
	}
	if len(p.scopes) == 0 {
		p.scopes = append(p.scopes, projectScope(q.Project))
	}
}

// check refuses filters that a kind has no lists for.
func (p *listPlan) check() error {
	q := p.q
	switch q.Kind {
	case Customers:
		if q.Code != nil || q.Order != "" || q.Customer != (coupon.ID{}) || q.Campaign != 0 {
			return fmt.Errorf("%w: customers are filtered by time alone", ErrQuery)
		}
	case Timeline:
		if q.Code == nil && q.Customer == (coupon.ID{}) || q.Order != "" || len(p.scopes) != 1 {
			return fmt.Errorf("%w: a timeline is of one code or one customer", ErrQuery)
		}
	case Transactions:
		if q.Order != "" || q.Customer != (coupon.ID{}) {
			return fmt.Errorf("%w: transactions are of a code, a campaign or a project", ErrQuery)
		}
	}
	return nil
}

// streams opens the lists of the scope that has the fewest entries. keep looks at
// the other filters, and is nil when there are none.
func (p *listPlan) streams(sn *snap) (streams []*stream, keep func(*item) (bool, error), err error) {
	fewest := int64(-1)
	for _, s := range p.scopes {
		of, n, err := p.ofScope(sn, s)
		if err != nil {
			return nil, nil, err
		}
		if fewest < 0 || n < fewest {
			fewest, streams = n, of
		}
	}
	if p.q.Kind == Timeline && p.q.Code != nil {
		birth, err := p.importOf(sn)
		if err != nil {
			return nil, nil, err
		}
		streams = append(streams, birth...)
	}
	if len(p.scopes) > 1 {
		keep = p.keep(sn)
	}
	return streams, keep, nil
}

func (p *listPlan) ofScope(sn *snap, s scope) (streams []*stream, n int64, err error) {
	for i := range sn.v.followers {
		for _, c := range p.classes {
			l, err := sn.list(i, s, c)
			if err != nil {
				return nil, 0, err
			}
			if l.head.n > 0 {
				one := newStream(i, l, p.sel, false)
				streams, n = append(streams, one), n+one.length()
			}
		}
	}
	return streams, n, nil
}

// importOf is the record that issued the code together with others, and that is
// in no list of its own codes.
func (p *listPlan) importOf(sn *snap) (streams []*stream, err error) {
	for i, f := range sn.v.followers {
		var look shard.Look
		var rec shard.Record
		f.src.Look(&shard.Query{Project: p.q.Project, ByPlace: true, Slot: p.q.Code.Slot, Ordinal: p.q.Code.Ordinal}, &look)
		if !look.View.Found || look.View.BirthSeq > sn.marks[i].seq {
			continue
		}
		if err := sn.record(i, look.View.BirthSeq, &rec); err != nil {
			return nil, err
		}
		if rec.Kind == shard.KindImport && rec.Project == p.q.Project {
			streams = append(streams, loneStream(item{stamp: rec.Stamp, shard: i, tie: rec.Seq, seq: rec.Seq}))
		}
	}
	return streams, nil
}

// keep asks the record itself, or for a rollback its redemption.
func (p *listPlan) keep(sn *snap) func(*item) (bool, error) {
	q := p.q
	var rec, red shard.Record
	return func(it *item) (bool, error) {
		if err := sn.record(it.shard, it.seq, &rec); err != nil {
			return false, err
		}
		of := &rec
		if rec.Kind == shard.KindRollback {
			if !sn.v.followers[it.shard].src.Event(rec.Ref, &red) {
				return false, ErrNotReady
			}
			of = &red
		}
		order := shard.TailField(of.Tail, shard.TagOrderSource)
		return (q.Campaign == 0 || of.Campaign == q.Campaign) &&
			(q.Code == nil || placeOf(of) == *q.Code) &&
			(q.Customer == (coupon.ID{}) || of.Customer == q.Customer) &&
			(q.Order == "" || string(order) == q.Order), nil
	}
}
