package views

import (
	"encoding/binary"
	"fmt"
	"testing"

	"github.com/scrip-engine/scrip/coupon"
	"github.com/scrip-engine/scrip/shard"
)

// chance is where a world's randomness comes from: rapid in the model tests, a
// seeded generator elsewhere.
type chance interface{ Intn(n int) int }

// world drives several shards the way the engine does, with random commands.
type world struct {
	t         testing.TB
	c         chance
	shards    []*shard.Shard
	secret    *coupon.Secret
	now       int64
	serial    int
	codes     []liveCode
	reds      []coupon.ID
	customers []coupon.ID
	campaigns []uint32
	projectOf map[coupon.ID]uint32
}

type liveCode struct {
	shard int
	place Place
	view  shard.CodeView
}

const (
	testProjects  = 2
	testCampaigns = 4
)

var testRules = coupon.CodeRules{Version: coupon.CodeRulesVersion, Fold: true}

func newWorld(t testing.TB, shards int, c chance) *world {
	w := &world{t: t, c: c, secret: coupon.NewSecret([32]byte{1, 2, 3}), now: 1_700_000_000_000,
		projectOf: map[coupon.ID]uint32{}}
	per := coupon.Slots / shards
	for i := range shards {
		w.shards = append(w.shards, shard.New(shard.Config{First: uint16(i * per), Last: uint16((i+1)*per - 1), Epoch: 1}))
	}
	for n := uint32(1); n <= testCampaigns; n++ {
		w.campaigns = append(w.campaigns, n)
		for i := range w.shards {
			w.apply(i, shard.AppendCampaign(w.header(shard.KindCampaign, w.slotIn(i)),
				&shard.Campaign{Ordinal: n, Project: w.projectOfCampaign(n), Birth: 5, Limit: 3, IsGift: n == 2, Gift: 500, Currency: 840}))
		}
	}
	return w
}

// close frees the shards; the views over them are closed before.
func (w *world) close() {
	for _, s := range w.shards {
		s.Close()
	}
}

func (w *world) sources() (list []Source) {
	for _, s := range w.shards {
		list = append(list, s)
	}
	return list
}

func (w *world) projectOfCampaign(n uint32) uint32 { return n%testProjects + 1 }

func (w *world) slotIn(i int) uint16 { return uint16(i * coupon.Slots / len(w.shards)) }

func (w *world) shardOf(slot uint16) int { return int(slot) * len(w.shards) / coupon.Slots }

func (w *world) header(kind shard.Kind, slot uint16) []byte {
	return shard.AppendHeader(nil, &shard.Header{Kind: kind, Slot: slot, Epoch: 1, NotAfter: w.now + 100_000, CatalogIndex: 100,
		ValidFrom: shard.AlwaysFrom, ValidUntil: shard.AlwaysUntil, FingerprintVersion: 1, Fingerprint: uint64(w.serial), Actor: 1})
}

func (w *world) apply(i int, cmd []byte) shard.Reply {
	replies := make([]shard.Reply, 1)
	if err := w.shards[i].Apply(w.now, [][]byte{cmd}, replies); err != nil {
		w.t.Fatal(err)
	}
	return replies[0]
}

func (w *world) newCode(sp shard.Spec) shard.NewCode {
	w.serial++
	text := fmt.Appendf(nil, "CODE-%d", w.serial)
	folded, err := testRules.AppendFolded(nil, text)
	if err != nil {
		w.t.Fatal(err)
	}
	return shard.NewCode{Hash: w.secret.Hash("p", coupon.DomainCode, folded), Issued: text, Spec: sp}
}

func (w *world) newCodeIn(i int) shard.NewCode {
	for {
		if n := w.newCode(shard.Spec{}); w.shardOf(n.Hash.Slot()) == i {
			return n
		}
	}
}

func pick[T any](w *world, list []T) (v T, ok bool) {
	if len(list) == 0 {
		return v, false
	}
	return list[w.c.Intn(len(list))], true
}

// act applies one random command. Many milliseconds hold several.
func (w *world) act() {
	w.now += []int64{0, 0, 0, 1, 1, 7, 70_000}[w.c.Intn(7)]
	switch w.c.Intn(20) {
	case 0, 1:
		w.create()
	case 2:
		w.imports(1 + w.c.Intn(12))
	case 3, 4, 5, 6, 7, 8:
		w.redeem()
	case 9, 10:
		w.rollback()
	case 11, 12:
		w.enable()
	case 13, 14:
		w.update()
	case 15:
		w.delete()
	case 16:
		w.balance()
	case 17:
		w.customer()
	case 18:
		w.forget()
	case 19:
		if w.c.Intn(12) == 0 {
			w.endCampaign(w.campaigns[w.c.Intn(len(w.campaigns))])
		}
	}
}

func (w *world) create() {
	q := &shard.Create{Rules: testRules, Project: uint32(1 + w.c.Intn(testProjects))}
	if w.c.Intn(2) == 0 {
		q.Campaign, _ = pick(w, w.campaigns)
		q.Project = w.projectOfCampaign(q.Campaign)
	}
	sp := shard.Spec{}
	if w.c.Intn(3) == 0 {
		sp = shard.Spec{Mask: shard.SpecGift | shard.SpecLimit, Gift: 1000, Currency: 840, Limit: shard.Unlimited}
	}
	w.mark(&sp)
	q.Code = w.newCode(sp)
	slot := q.Code.Hash.Slot()
	i := w.shardOf(slot)
	if r := w.apply(i, shard.AppendCreate(w.header(shard.KindCreate, slot), q)); r.Outcome == coupon.OK {
		w.learn(i, Place{r.Slot, r.Ordinal})
	}
}

// mark gives one code in three a holder, and switches one in three off.
func (w *world) mark(sp *shard.Spec) {
	if id, ok := pick(w, w.customers); ok && w.c.Intn(3) == 0 {
		sp.Mask |= shard.SpecHolder
		sp.Holder = id
	}
	if w.c.Intn(3) == 0 {
		sp.Mask |= shard.SpecDisabled
	}
}

func (w *world) learn(i int, p Place) { w.codes = append(w.codes, liveCode{shard: i, place: p}) }

func (w *world) imports(n int) {
	i := w.c.Intn(len(w.shards))
	campaign, _ := pick(w, w.campaigns)
	w.importInto(i, campaign, n)
}

func (w *world) importInto(i int, campaign uint32, n int) {
	q := &shard.Import{Rules: testRules, Project: w.projectOfCampaign(campaign), Campaign: campaign, Job: uint64(1000 + w.serial), Chunk: 1}
	for range n {
		code := w.newCodeIn(i)
		w.mark(&code.Spec)
		q.Codes = append(q.Codes, code)
	}
	if n > 2 {
		q.Codes = append(q.Codes, q.Codes[0]) // fails, and must not be counted
	}
	w.serial++
	r := w.apply(i, shard.AppendImport(w.header(shard.KindImport, w.slotIn(i)), q))
	for k := range r.Created {
		slot, ordinal, _ := w.shards[i].Place(r.Ordinal + k)
		w.learn(i, Place{slot, ordinal})
	}
}

// look returns a random code as it is now.
func (w *world) look() (liveCode, bool) {
	c, ok := pick(w, w.codes)
	if !ok {
		return c, false
	}
	var l shard.Look
	w.shards[c.shard].Look(&shard.Query{ByPlace: true, Slot: c.place.Slot, Ordinal: c.place.Ordinal}, &l)
	c.view = l.View
	return c, l.View.Found
}

func (w *world) customerOf(project uint32) coupon.ID {
	id, _ := pick(w, w.customers)
	if w.projectOf[id] != project {
		return coupon.ID{}
	}
	return id
}

func (w *world) redeem() {
	c, ok := w.look()
	if !ok {
		return
	}
	q := &shard.Redeem{Ordinal: c.place.Ordinal, Project: c.view.Project, Campaign: c.view.Campaign,
		Order: int64(w.c.Intn(500)), Applied: int64(w.c.Intn(50)), GiftMax: int64(w.c.Intn(90)), Currency: 840}
	q.Customer = w.customerOf(c.view.Project)
	if c.view.Holder != (coupon.ID{}) {
		q.Customer = c.view.Holder
	}
	if w.c.Intn(2) == 0 {
		q.Tail = shard.AppendTail(nil, shard.TagOrderSource, fmt.Appendf(nil, "order-%d", w.c.Intn(5)))
	}
	if r := w.apply(c.shard, shard.AppendRedeem(w.header(shard.KindRedeem, c.place.Slot), q)); r.Outcome == coupon.OK {
		w.reds = append(w.reds, r.ID)
	}
}

func (w *world) rollback() {
	id, ok := pick(w, w.reds)
	if !ok {
		return
	}
	var rec shard.Record
	i := w.shardOf(id.Slot)
	w.shards[i].Event(id, &rec)
	q := &shard.Rollback{Redemption: id, Project: rec.Project, Amount: shard.RollbackAll}
	if w.c.Intn(2) == 0 {
		q.Amount = 1 + int64(w.c.Intn(50))
	}
	w.apply(i, shard.AppendRollback(w.header(shard.KindRollback, id.Slot), q))
}

func (w *world) enable() {
	if c, ok := w.look(); ok {
		w.apply(c.shard, shard.AppendEnable(w.header(shard.KindEnable, c.place.Slot),
			&shard.Enable{Ordinal: c.place.Ordinal, Project: c.view.Project, On: w.c.Intn(2) == 0}))
	}
}

func (w *world) update() {
	c, ok := w.look()
	if !ok {
		return
	}
	q := &shard.Update{Ordinal: c.place.Ordinal, Project: c.view.Project}
	switch w.c.Intn(4) {
	case 0, 1:
		if q.Set.Holder = w.customerOf(c.view.Project); q.Set.Holder != (coupon.ID{}) {
			q.Set.Mask = shard.SpecHolder
		}
	case 2:
		q.Clear = shard.SpecHolder
	default:
		q.Set.Mask = shard.SpecDisabled
	}
	w.apply(c.shard, shard.AppendUpdate(w.header(shard.KindUpdate, c.place.Slot), q))
}

func (w *world) delete() {
	if c, ok := w.look(); ok {
		w.apply(c.shard, shard.AppendDelete(w.header(shard.KindDelete, c.place.Slot),
			&shard.Delete{Ordinal: c.place.Ordinal, Project: c.view.Project}))
	}
}

func (w *world) balance() {
	if c, ok := w.look(); ok {
		w.apply(c.shard, shard.AppendBalance(w.header(shard.KindBalance, c.place.Slot),
			&shard.Balance{Ordinal: c.place.Ordinal, Project: c.view.Project, Amount: int64(w.c.Intn(100)) - 40}))
	}
}

func (w *world) customer() {
	project := uint32(1 + w.c.Intn(testProjects))
	var b [4]byte
	binary.LittleEndian.PutUint32(b[:], uint32(w.c.Intn(12)))
	source := w.secret.Hash(fmt.Sprint(project), coupon.DomainCustomer, b[:])
	i := w.shardOf(source.Slot())
	r := w.apply(i, shard.AppendCustomer(w.header(shard.KindCustomer, source.Slot()), &shard.Customer{Project: project, Source: source}))
	if r.Outcome == coupon.OK {
		w.customers = append(w.customers, r.Customer)
		w.projectOf[r.Customer] = project
	}
}

func (w *world) forget() {
	if id, ok := pick(w, w.customers); ok && w.c.Intn(2) == 0 {
		w.apply(w.shardOf(id.Slot), shard.AppendForget(w.header(shard.KindForget, id.Slot), &shard.Forget{Project: w.projectOf[id], ID: id}))
	}
}

func (w *world) endCampaign(n uint32) {
	for i := range w.shards {
		w.apply(i, shard.AppendCampaign(w.header(shard.KindCampaign, w.slotIn(i)),
			&shard.Campaign{Ordinal: n, Project: w.projectOfCampaign(n), Birth: 5, Limit: 3, Ended: true}))
	}
}

// hold gives the i-th code to a customer of project 2 and switches every third
// off. It returns how many of campaign 1's it gave: 0 or 1.
func (w *world) hold(i int, holder coupon.ID) int {
	c := w.codes[i]
	q := &shard.Update{Ordinal: c.place.Ordinal, Project: 2, Set: shard.Spec{Mask: shard.SpecHolder, Holder: holder}}
	if i%3 == 0 {
		q.Set.Mask |= shard.SpecDisabled
	}
	r := w.apply(c.shard, shard.AppendUpdate(w.header(shard.KindUpdate, c.place.Slot), q))
	var rec shard.Record
	if r.Outcome == coupon.OK && w.shards[c.shard].Record(r.Seq, &rec) && rec.Campaign == 1 {
		return 1
	}
	return 0
}
