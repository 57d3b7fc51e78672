package wire

// Kinds of redeemables. This version redeems vouchers.
const (
	ObjectVoucher        = "voucher"
	ObjectPromotionTier  = "promotion_tier"
	ObjectPromotionStack = "promotion_stack"
)

var redeemableObjects = []string{ObjectVoucher}

// Redeemable names what is to be redeemed: the code of a voucher.
type Redeemable struct {
	Object string  `json:"object"`
	ID     string  `json:"id"`
	Gift   GiftUse `json:"gift,omitzero"`
}

// GiftUse asks for a part of a gift card's balance. Without Credits the order's
// amount is the maximum, and the balance is what it can be paid with.
type GiftUse struct {
	Credits Opt[int64] `json:"credits,omitzero"`
}

var (
	redeemableFields = fieldNames{"object", "id", "gift", "reward"}
	giftUseFields    = fieldNames{"credits"}
)

func (v *Redeemable) decode(r *reader) *FieldError {
	f := r.object(redeemableFields)
	for f.next() {
		switch f.index {
		case 0:
			f.done(r.enum(&v.Object, redeemableObjects, ObjectPromotionTier, ObjectPromotionStack))
		case 1:
			f.done(r.text(&v.ID, CodeBytesMax))
		case 2:
			f.done(v.Gift.decode(r))
		case 3:
			f.done(r.unbuilt("Redeemable", "reward"))
		}
	}
	switch {
	case f.err != nil:
		return f.err
	case v.Object == "":
		return fieldErr(KeyInvalidPayload, "object", "is missing")
	case v.ID == "":
		return fieldErr(KeyInvalidPayload, "id", "is missing")
	}
	return nil
}

func (v *GiftUse) decode(r *reader) *FieldError {
	f := r.object(giftUseFields)
	for f.next() {
		f.done(r.amount(&v.Credits))
	}
	return f.err
}

func (v *Redeemable) append(w *writer) {
	w.comma()
	w.open()
	w.str("object", v.Object)
	w.str("id", v.ID)
	if v.Gift != (GiftUse{}) {
		w.openField("gift")
		w.optInt("credits", v.Gift.Credits)
		w.close()
	}
	w.close()
}

// redeemables reads the list. Several in one request must succeed or fail as a
// whole, which this version does not carry out.
func (r *reader) redeemables(dst *[]Redeemable) *FieldError {
	list := r.array(RedeemablesMax)
	for list.next() {
		*dst = append(*dst, Redeemable{})
		list.done((*dst)[list.index].decode(r))
	}
	if list.err == nil && len(*dst) > 1 {
		return notSupported("[1]", "is a second redeemable, and this version redeems one a request")
	}
	return list.err
}
