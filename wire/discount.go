package wire

// Kinds of discounts.
const (
	DiscountAmount  = "AMOUNT"
	DiscountPercent = "PERCENT"
	DiscountFixed   = "FIXED"
	DiscountUnit    = "UNIT"
)

// Effects of discounts and gifts that this version carries out.
const (
	EffectApplyToOrder           = "APPLY_TO_ORDER"
	EffectApplyToItems           = "APPLY_TO_ITEMS"
	EffectItemsProportionally    = "APPLY_TO_ITEMS_PROPORTIONALLY"
	EffectItemsByQuantity        = "APPLY_TO_ITEMS_BY_QUANTITY"
	EffectItemsProportionallyQty = "APPLY_TO_ITEMS_PROPORTIONALLY_BY_QUANTITY"
	EffectAddMissingItems        = "ADD_MISSING_ITEMS"
	EffectAddNewItems            = "ADD_NEW_ITEMS"
)

var discountEffects = []string{
	EffectApplyToOrder, EffectApplyToItems, EffectItemsProportionally, EffectItemsByQuantity,
	EffectItemsProportionallyQty, EffectAddMissingItems, EffectAddNewItems,
}

// Discount is what a voucher takes off. Which fields belong to which type is
// checked where campaigns and vouchers are made; here they are only read.
type Discount struct {
	Type        string       `json:"type" enum:"AMOUNT,PERCENT,FIXED,UNIT"`
	Effect      string       `json:"effect,omitempty" enum:"APPLY_TO_ORDER,APPLY_TO_ITEMS,APPLY_TO_ITEMS_PROPORTIONALLY,APPLY_TO_ITEMS_BY_QUANTITY,APPLY_TO_ITEMS_PROPORTIONALLY_BY_QUANTITY,ADD_MISSING_ITEMS,ADD_NEW_ITEMS" later:"ADD_MANY_ITEMS,APPLY_TO_CHEAPEST,APPLY_TO_MOST_EXPENSIVE,APPLY_TO_EVERY"`
	AmountOff   Opt[int64]   `json:"amount_off,omitzero"`
	PercentOff  Opt[Percent] `json:"percent_off,omitzero"`
	AmountLimit Opt[int64]   `json:"amount_limit,omitzero"`
	FixedAmount Opt[int64]   `json:"fixed_amount,omitzero"`
	UnitOff     Opt[int64]   `json:"unit_off,omitzero"`
	UnitType    string       `json:"unit_type,omitempty"`
	Product     ItemProduct  `json:"product,omitzero"`
	SKU         ItemProduct  `json:"sku,omitzero"`
}

func (d *Discount) append(w *writer) {
	w.open()
	w.str("type", d.Type)
	w.optStr("effect", d.Effect)
	w.optInt("amount_off", d.AmountOff)
	w.optPercent("percent_off", d.PercentOff)
	w.optInt("amount_limit", d.AmountLimit)
	w.optInt("fixed_amount", d.FixedAmount)
	w.optInt("unit_off", d.UnitOff)
	w.optStr("unit_type", d.UnitType)
	d.Product.append(w, "product")
	d.SKU.append(w, "sku")
	w.close()
}

// Gift is a gift card's money. Balance is what is left of Amount and later
// changes; in a create only Amount counts.
type Gift struct {
	Amount Opt[int64] `json:"amount,omitzero"`
	// SubtractedAmount is the sum of what redemptions took and rollbacks did
	// not give back.
	SubtractedAmount Opt[int64] `json:"subtracted_amount,omitzero"`
	Balance          Opt[int64] `json:"balance,omitzero"`
	Effect           string     `json:"effect,omitempty" enum:"APPLY_TO_ORDER,APPLY_TO_ITEMS"`
	// Currency is ours: ISO 4217; absent in a create means the project's.
	Currency string `json:"currency,omitempty" check:"currency"`
}

func (g *Gift) append(w *writer) {
	w.open()
	w.optInt("amount", g.Amount)
	w.optInt("subtracted_amount", g.SubtractedAmount)
	w.optInt("balance", g.Balance)
	w.optStr("effect", g.Effect)
	w.optStr("currency", g.Currency)
	w.close()
}
