package promo

import (
	"unicode/utf8"

	"github.com/scrip-engine/scrip/coupon"
)

// Kind is the sort of a discount. The numbers are stored in records: never
// renumber, only append.
type Kind uint8

const (
	Amount  Kind = 1 // takes AmountOff off the order
	Percent Kind = 2 // takes PercentOff of the order, at most AmountLimit
	Fixed   Kind = 3 // sets what is left to pay to FixedAmount
	Unit    Kind = 4 // makes UnitOff units of one product free
)

// Effect says what a discount touches. The numbers are stored in records:
// never renumber, only append.
type Effect uint8

const (
	ApplyToOrder    Effect = 1 // the order as a whole; shares are split over its lines
	AddNewItems     Effect = 2 // adds UnitOff free units, whatever the order has
	AddMissingItems Effect = 3 // makes units of the order free first, adds those that are missing
)

// ShippingUnit is the unit type that Voucherify reserves for free shipping:
// UNIT, one unit, ADD_MISSING_ITEMS. It needs no rule of its own here: a
// shipping line of the order becomes free, or one is added and is free.
const ShippingUnit = "prod_5h1pp1ng"

// Ref names a product or SKU of the shop. The zero Ref names nothing.
type Ref struct {
	ID       string // the id in Scrip
	SourceID string // the id in the shop
	Name     string // the product's name, or the SKU's
	Price    int64  // of one unit, minor units; read only with HasPrice
	HasPrice bool
}

// Empty says whether the reference names nothing.
func (f *Ref) Empty() bool { return *f == Ref{} }

// Discount is what a discount code gives. Only the fields of its kind are set;
// Validate refuses others. It is a value: copy it freely, share it between
// goroutines as long as nobody writes.
type Discount struct {
	Kind   Kind
	Effect Effect

	AmountOff   int64          // Amount: minor units, 1 to coupon.AmountMax
	PercentOff  coupon.Percent // Percent: above 0, at most coupon.PercentMax
	AmountLimit int64          // Percent: the cap in minor units, 0 = none
	FixedAmount int64          // Fixed: minor units, 0 = the order becomes free

	UnitOff  int64  // Unit: units, 1 to coupon.AmountMax
	UnitType string // Unit: the id of the product or SKU that is free
	Product  Ref    // Unit: what is known of the product
	SKU      Ref    // Unit: what is known of the SKU; if set, it decides which lines match
}

// Validate says whether Evaluate may be asked. Its error is a *FieldError with
// a path that starts with "discount".
func (d *Discount) Validate() error {
	if err := d.validateNumbers(); err != nil {
		return err
	}
	if d.Kind == Unit {
		return d.validateUnit()
	}
	if d.Effect != ApplyToOrder {
		return invalid("discount.effect", "type "+d.Kind.String()+" takes the effect APPLY_TO_ORDER")
	}
	return nil
}

// validateNumbers holds one table of all numeric fields: which kind owns each,
// and the range in which it means something. A foreign field must be zero.
func (d *Discount) validateNumbers() error {
	if d.Kind < Amount || d.Kind > Unit {
		return invalid("discount.type", "is not a type of discount")
	}
	fields := [...]struct {
		name     string
		owner    Kind
		value    int64
		min, max int64
		rangeIs  string
	}{
		{"amount_off", Amount, d.AmountOff, 1, coupon.AmountMax, "must be from 1 to 9007199254740991"},
		{"percent_off", Percent, int64(d.PercentOff), 1, int64(coupon.PercentMax), "must be above 0 and at most 100"},
		{"amount_limit", Percent, d.AmountLimit, 0, coupon.AmountMax, "must be from 1 to 9007199254740991, or absent"},
		{"fixed_amount", Fixed, d.FixedAmount, 0, coupon.AmountMax, "must be from 0 to 9007199254740991"},
		{"unit_off", Unit, d.UnitOff, 1, coupon.AmountMax, "must be from 1 to 9007199254740991"},
	}
	for _, f := range fields {
		if f.owner != d.Kind {
			if f.value != 0 {
				return foreignField(f.name, d.Kind)
			}
			continue
		}
		if f.value < f.min || f.value > f.max {
			return invalid("discount."+f.name, f.rangeIs)
		}
	}
	if d.Kind != Unit && (d.UnitType != "" || !d.Product.Empty() || !d.SKU.Empty()) {
		return foreignField("unit_type", d.Kind)
	}
	return nil
}

func (d *Discount) validateUnit() error {
	if d.Effect != AddNewItems && d.Effect != AddMissingItems {
		return invalid("discount.effect", "type UNIT takes the effect ADD_NEW_ITEMS or ADD_MISSING_ITEMS")
	}
	if d.UnitType == "" {
		return invalid("discount.unit_type", "is required: the id of the product or SKU that is free")
	}
	if err := validateText("discount.unit_type", d.UnitType); err != nil {
		return err
	}
	if err := d.Product.validate("discount.product", "name"); err != nil {
		return err
	}
	return d.SKU.validate("discount.sku", "sku")
}

func (f *Ref) validate(path, nameField string) error {
	if err := validateText(path+".id", f.ID); err != nil {
		return err
	}
	if err := validateText(path+".source_id", f.SourceID); err != nil {
		return err
	}
	if err := validateText(path+"."+nameField, f.Name); err != nil {
		return err
	}
	if f.Price < 0 || f.Price > coupon.AmountMax || (!f.HasPrice && f.Price != 0) {
		return invalid(path+".price", "must be from 0 to 9007199254740991")
	}
	return nil
}

func validateText(field, text string) error {
	if len(text) > refBytesMax {
		return invalid(field, "is longer than 255 bytes")
	}
	if !utf8.ValidString(text) {
		return invalid(field, "is not valid UTF-8")
	}
	return nil
}

func foreignField(name string, kind Kind) *FieldError {
	return invalid("discount."+name, "does not belong to type "+kind.String())
}
