package catalog

import (
	"slices"
	"testing"

	"github.com/scrip-engine/scrip/coupon"
)

// Which changes a redemption must not overtake. Were one missing, a disable could
// be acknowledged while some shard still accepts evaluations from before it (P7).
func TestWhichChangesRaiseAFence(t *testing.T) {
	m := newShop(t)
	raises := func(want Fence, b Body) {
		t.Helper()
		r := m.ok(b)
		if want.Scope != NoFence {
			want.Index = m.index
		}
		if r.Fence != want {
			t.Fatalf("%T raises %+v, want %+v", b, r.Fence, want)
		}
		if m.c.View().FencePending(r.Fence) != (want.Scope != NoFence) {
			t.Fatalf("%T: reply and state disagree", b)
		}
	}
	campaign, project, none := Fence{Scope: CampaignFence, Ordinal: 1}, Fence{Scope: ProjectFence, Ordinal: 1}, Fence{}
	raises(none, newCampaign("summer"))
	raises(none, newKey("app"))
	raises(none, &PutJob{Project: 1, NewJob: newJob("IMPORT")})
	raises(none, &JobFinish{Project: 1, Job: 1, Status: JobDone})
	raises(campaign, &SetCampaignEnabled{Project: 1, Campaign: 1})
	raises(campaign, &SetCampaignEnabled{Project: 1, Campaign: 1}) // again, and again owed
	raises(campaign, &SetCampaignEnabled{Project: 1, Campaign: 1, Enabled: true})
	raises(campaign, &UpdateCampaign{Project: 1, Campaign: 1, Description: Set("x")})
	raises(project, &UpdateProject{Project: 1, Active: Set(false)})
	raises(project, &RotateKey{Project: 1, Key: 1, Token: Digest256{2}})
	raises(project, &RevokeKey{Project: 1, Key: 1, PreviousOnly: true})
	raises(project, &RevokeKey{Project: 1, Key: 1})
	raises(project, &RevokeKey{Project: 1, Key: 1}) // again, and again owed
	raises(campaign, &DeleteCampaign{Project: 1, Campaign: 1})
}

// A switch that changes nothing writes no history, though it owes a fence.
func TestRepeatedSwitchLeavesNoTrace(t *testing.T) {
	m := newShop(t)
	m.ok(newCampaign("summer"))
	m.ok(&SetCampaignEnabled{Project: 1, Campaign: 1})
	last, version := m.c.View().JournalLast(), m.c.View().Campaign(1).Version
	m.ok(&SetCampaignEnabled{Project: 1, Campaign: 1})
	if v := m.c.View(); v.JournalLast() != last || v.Campaign(1).Version != version {
		t.Fatal("nothing changed, and yet something is told")
	}
}

func TestFenceDone(t *testing.T) {
	m := newShop(t)
	m.ok(newCampaign("a"))
	m.ok(newCampaign("b"))
	first := m.ok(&SetCampaignEnabled{Project: 1, Campaign: 2}).Fence
	second := m.ok(&SetCampaignEnabled{Project: 1, Campaign: 1}).Fence
	third := m.ok(&UpdateProject{Project: 1, Active: Set(false)}).Fence
	pending := func(want ...Fence) {
		t.Helper()
		if got := m.c.View().PendingFences(); !slices.Equal(got, want) {
			t.Fatalf("pending %+v, want %+v", got, want)
		}
	}
	pending(third, second, first)
	again := m.ok(&SetCampaignEnabled{Project: 1, Campaign: 2, Enabled: true}).Fence
	pending(third, second, again)
	if !m.c.View().FencePending(first) {
		t.Fatal("an older raise of the same target is done before the newer one")
	}
	m.ok(&FenceDone{first}) // not far enough for the newer raise
	pending(third, second, again)
	m.ok(&FenceDone{again})
	pending(third, second)
	m.ok(&FenceDone{again}) // said twice by two leaders
	pending(third, second)
	m.ok(&FenceDone{Fence{Scope: CampaignFence, Ordinal: 1, Index: second.Index + 50}})
	pending(third)
	m.c = restored(t, m.c)
	pending(third)
	m.wants(coupon.OK, header(), &FenceDone{third})
	pending()
}
