package catalog

import (
	"encoding/binary"

	"github.com/scrip-engine/scrip/coupon"
)

// receipt remembers a success under its idempotency key (P3). Refusals leave
// none: they are decided afresh.
type receipt struct {
	Project            uint32 `json:"project,omitempty"`
	Kind               Kind   `json:"kind"`
	Anchor             []byte `json:"anchor,omitempty"`
	KeyHi              uint64 `json:"key_hi"`
	KeyLo              uint64 `json:"key_lo"`
	FingerprintVersion uint8  `json:"fingerprint_version"`
	Fingerprint        uint64 `json:"fingerprint"`
	Minted             bool   `json:"minted,omitempty"`
	Expires            int64  `json:"expires"`
	Reply              Reply  `json:"reply"`
}

// receiptKey spells the scope of a key out: two requests share a receipt only if
// project, operation, anchor and key are the same, not merely some hash of them.
func receiptKey(project uint32, kind Kind, anchor []byte, key coupon.Hash) []byte {
	be := binary.BigEndian
	out := make([]byte, 0, 4+2+16+len(anchor))
	out = be.AppendUint32(out, project)
	out = be.AppendUint16(out, uint16(kind))
	out = be.AppendUint64(out, key.Hi)
	out = be.AppendUint64(out, key.Lo)
	return append(out, anchor...)
}

func (r *receipt) key() []byte {
	return receiptKey(r.Project, r.Kind, r.Anchor, coupon.Hash{Hi: r.KeyHi, Lo: r.KeyLo})
}

// age orders receipts by when they may go. The index makes it unique: an entry
// writes one receipt at most.
func (r *receipt) age() []byte {
	return binary.BigEndian.AppendUint64(key64(uint64(r.Expires)), r.Reply.Index)
}

// replay looks a command's key up. found is false when there is nothing to say:
// no key, or one that is not remembered. A fingerprint of another version cannot
// be compared: then the key alone decides, because an honest retry across an
// upgrade must not be told that nothing was done.
func (r *root) replay(h *Header, b Body) (reply Reply, found bool) {
	if h.Key.IsZero() {
		return Reply{}, false
	}
	project, anchor := b.scope()
	kept, ok := r.receipts.at(receiptKey(project, b.kind(), []byte(anchor), h.Key))
	if !ok || r.now >= kept.Expires {
		return Reply{}, false
	}
	if kept.FingerprintVersion == h.FingerprintVersion && kept.Fingerprint != h.Fingerprint {
		return refuse(coupon.KeyConflict), true
	}
	reply = kept.Reply
	reply.Replayed = true
	return reply, true
}

// Replay says what Apply would answer to the command from its memory of keys:
// the first success, or KeyConflict. Whoever is about to refuse a command for what
// the state says now asks here first, since a retry must get its first answer
// whatever has changed (P3). Of b only the kind and what makes up the scope of the
// key are looked at.
func (v View) Replay(h *Header, b Body) (reply Reply, found bool) { return v.r.replay(h, b) }

// CampaignOfKey finds a campaign in which the key put a job of the kind, by the
// name or id that it has or had: a deleted one still answers for its jobs. Of
// several it is the youngest.
func (v View) CampaignOfKey(project uint32, jobKind string, key coupon.Hash, ref string) (*Campaign, bool) {
	if key.IsZero() {
		return nil, false
	}
	var found *Campaign
	v.r.receipts.under(receiptKey(project, KindPutJob, []byte(jobKind), key), func(kept *receipt) {
		ordinal := kept.Anchor[len(jobKind):]
		if len(ordinal) != 4 || v.r.now >= kept.Expires {
			return // a kind with a longer name, or over
		}
		m := v.Campaign(binary.BigEndian.Uint32(ordinal))
		if m != nil && (m.ID == ref || m.Name == ref) && (found == nil || m.Ordinal > found.Ordinal) {
			found = m
		}
	})
	return found, found != nil
}

// remember writes the receipt of a success. It reports false when the memory of
// callers' keys is full; then the command is refused, for forgetting a younger
// key would break P3.
func (x *txn) remember(b Body) bool {
	if x.header.Key.IsZero() {
		return true
	}
	minted := x.header.Flags&FlagMinted != 0
	project, anchor := b.scope()
	r := &receipt{
		Project: project, Kind: b.kind(), Anchor: []byte(anchor), KeyHi: x.header.Key.Hi, KeyLo: x.header.Key.Lo,
		FingerprintVersion: x.header.FingerprintVersion, Fingerprint: x.header.Fingerprint,
		Minted: minted, Expires: x.next.now + ReceiptMillis, Reply: x.reply,
	}
	if minted {
		r.Expires = x.next.now + MintedReceiptMillis
	}
	if old, ok := x.next.receipts.at(r.key()); ok {
		x.next.forget(old) // expired and not swept yet
	}
	switch {
	case minted && x.next.mintedAges.size() >= MintedReceiptsMax:
		oldest, _ := x.next.mintedAges.first()
		x.next.forget(oldest)
	case !minted && x.next.ages.size() >= ReceiptsMax:
		return false
	}
	x.next.keep(r)
	return true
}

func (r *root) keep(kept *receipt) {
	r.receipts = r.receipts.put(kept.key(), kept)
	if kept.Minted {
		r.mintedAges = r.mintedAges.put(kept.age(), kept)
	} else {
		r.ages = r.ages.put(kept.age(), kept)
	}
}

func (r *root) forget(gone *receipt) {
	r.receipts = r.receipts.drop(gone.key())
	if gone.Minted {
		r.mintedAges = r.mintedAges.drop(gone.age())
	} else {
		r.ages = r.ages.drop(gone.age())
	}
}

// sweepReceipts drops a bounded number of receipts whose time is over, the
// callers' first: theirs is the budget that can refuse.
func (r *root) sweepReceipts() {
	for range receiptsSweptPerCommand {
		oldest, ok := r.ages.first()
		if !ok || r.now < oldest.Expires {
			oldest, ok = r.mintedAges.first()
		}
		if !ok || r.now < oldest.Expires {
			return
		}
		r.forget(oldest)
	}
}
