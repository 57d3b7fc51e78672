package promo

import (
	"encoding/json"
	"errors"
	"strconv"

	"github.com/scrip-engine/scrip/coupon"
)

// DiscountJSON is Voucherify's discount object, as requests bring it and
// answers show it. A field that is absent and one that is null are the same.
// Numbers stay tokens, so that none is rounded before it is looked at.
type DiscountJSON struct {
	Type   string `json:"type,omitempty"`
	Effect string `json:"effect,omitempty"`

	AmountOff   Token `json:"amount_off,omitempty"`
	PercentOff  Token `json:"percent_off,omitempty"`
	AmountLimit Token `json:"amount_limit,omitempty"`
	FixedAmount Token `json:"fixed_amount,omitempty"`

	UnitOff  Token    `json:"unit_off,omitempty"`
	UnitType string   `json:"unit_type,omitempty"`
	Product  *RefJSON `json:"product,omitempty"`
	SKU      *RefJSON `json:"sku,omitempty"`

	// IsDynamic says that a formula made the discount; none of ours has one.
	IsDynamic bool `json:"is_dynamic"`

	// What follows is known and not built: FromJSON refuses it by name.

	Units                 Token `json:"units,omitempty"`
	AggregatedAmountLimit Token `json:"aggregated_amount_limit,omitempty"`
	AmountOffFormula      Token `json:"amount_off_formula,omitempty"`
	PercentOffFormula     Token `json:"percent_off_formula,omitempty"`
	FixedAmountFormula    Token `json:"fixed_amount_formula,omitempty"`
	UnitOffFormula        Token `json:"unit_off_formula,omitempty"`
}

// RefJSON is a product or a SKU inside a discount. Products have a name, SKUs
// call it sku; the price of a unit is an addition of Scrip.
type RefJSON struct {
	ID       string `json:"id,omitempty"`
	SourceID string `json:"source_id,omitempty"`
	Name     string `json:"name,omitempty"`
	SKU      string `json:"sku,omitempty"`
	Price    Token  `json:"price,omitempty"`
}

// Token is one JSON value as it was written. Null and absent are both nil.
type Token []byte

// UnmarshalJSON implements json.Unmarshaler: it copies the value.
func (t *Token) UnmarshalJSON(data []byte) error {
	*t = nil
	if string(data) != "null" {
		*t = append(*t, data...)
	}
	return nil
}

// MarshalJSON implements json.Marshaler.
func (t Token) MarshalJSON() ([]byte, error) {
	if t == nil {
		return []byte("null"), nil
	}
	return t, nil
}

// ParseDiscount reads and validates a discount from the bytes of its JSON
// object. Every error is a *FieldError whose path starts with "discount".
func ParseDiscount(data []byte) (Discount, error) {
	var j DiscountJSON
	err := json.Unmarshal(data, &j)
	var wrongType *json.UnmarshalTypeError
	switch {
	case errors.As(err, &wrongType) && wrongType.Field != "":
		return Discount{}, invalid("discount."+wrongType.Field, "must be a "+typeName(wrongType))
	case errors.As(err, &wrongType):
		return Discount{}, invalid("discount", "must be an object")
	case err != nil:
		return Discount{}, invalid("discount", "is not valid JSON")
	}
	return FromJSON(&j)
}

// typeName says in JSON's words what a field takes.
func typeName(e *json.UnmarshalTypeError) string {
	switch e.Type.Kind().String() {
	case "bool":
		return "boolean"
	case "struct":
		return "JSON object"
	}
	return "string"
}

// FromJSON reads and validates a discount. It refuses a field of another type
// of discount, a number that is not exact, and whatever is not built. Every
// error is a *FieldError whose path starts with "discount".
func FromJSON(j *DiscountJSON) (Discount, error) {
	if err := j.refuseNotBuilt(); err != nil {
		return Discount{}, err
	}
	kind, err := ParseKind(j.Type)
	if err != nil {
		return Discount{}, err
	}
	effect, err := ParseEffect(j.Effect, kind)
	if err != nil {
		return Discount{}, err
	}
	d := Discount{Kind: kind, Effect: effect, UnitType: j.UnitType}
	if err := j.numbersInto(&d); err != nil {
		return Discount{}, err
	}
	if err := j.Product.into(&d.Product, "discount.product", false); err != nil {
		return Discount{}, err
	}
	if err := j.SKU.into(&d.SKU, "discount.sku", true); err != nil {
		return Discount{}, err
	}
	if err := d.Validate(); err != nil {
		return Discount{}, err
	}
	return d, nil
}

func (j *DiscountJSON) refuseNotBuilt() error {
	fields := [...]struct {
		name  string
		given bool
	}{
		{"is_dynamic", j.IsDynamic},
		{"units", j.Units != nil},
		{"aggregated_amount_limit", j.AggregatedAmountLimit != nil},
		{"amount_off_formula", j.AmountOffFormula != nil},
		{"percent_off_formula", j.PercentOffFormula != nil},
		{"fixed_amount_formula", j.FixedAmountFormula != nil},
		{"unit_off_formula", j.UnitOffFormula != nil},
	}
	for _, f := range fields {
		if f.given {
			return notSupported("discount."+f.name, "is not supported yet")
		}
	}
	return nil
}

// numbersInto reads the numbers. The one that makes the type is required, also
// where zero would be valid; a zero in a field of another type is refused too,
// though Validate could not see it.
func (j *DiscountJSON) numbersInto(d *Discount) error {
	fields := [...]struct {
		name     string
		owner    Kind
		token    Token
		required bool
		read     func(Token) error
	}{
		{"amount_off", Amount, j.AmountOff, true, integerInto(&d.AmountOff)},
		{"percent_off", Percent, j.PercentOff, true, percentInto(&d.PercentOff)},
		{"amount_limit", Percent, j.AmountLimit, false, integerInto(&d.AmountLimit)},
		{"fixed_amount", Fixed, j.FixedAmount, true, integerInto(&d.FixedAmount)},
		{"unit_off", Unit, j.UnitOff, true, integerInto(&d.UnitOff)},
	}
	for _, f := range fields {
		switch {
		case f.token == nil && f.owner == d.Kind && f.required:
			return invalid("discount."+f.name, "is required for type "+d.Kind.String())
		case f.token == nil:
			continue
		case f.owner != d.Kind:
			return foreignField(f.name, d.Kind)
		}
		if err := f.read(f.token); err != nil {
			return invalid("discount."+f.name, numberFault(err))
		}
	}
	if j.AmountLimit != nil && d.AmountLimit == 0 {
		return invalid("discount.amount_limit", "must be above 0; leave it out for no cap")
	}
	return nil
}

func integerInto(n *int64) func(Token) error {
	return func(t Token) (err error) { *n, err = coupon.ParseInt(t); return err }
}

func percentInto(p *coupon.Percent) func(Token) error {
	return func(t Token) (err error) { *p, err = coupon.ParsePercent(t); return err }
}

// numberFault says what is wrong with a number to whoever wrote it.
func numberFault(err error) string {
	switch {
	case errors.Is(err, coupon.ErrNumberInexact):
		return "has too many decimals"
	case errors.Is(err, coupon.ErrNumberRange):
		return "is out of range"
	}
	return "must be a number"
}

func (j *RefJSON) into(f *Ref, path string, isSKU bool) error {
	if j == nil {
		return nil
	}
	f.ID, f.SourceID, f.Name = j.ID, j.SourceID, j.Name
	if isSKU {
		f.Name = j.SKU
	}
	if j.Price == nil {
		return nil
	}
	price, err := coupon.ParseInt(j.Price)
	if err != nil {
		return invalid(path+".price", numberFault(err))
	}
	f.Price, f.HasPrice = price, true
	return nil
}

// ToJSON gives the object that answers show. FromJSON of it gives d again.
func (d *Discount) ToJSON() DiscountJSON {
	j := DiscountJSON{Type: d.Kind.String(), Effect: d.Effect.String()}
	switch d.Kind {
	case Amount:
		j.AmountOff = integerToken(d.AmountOff)
	case Percent:
		j.PercentOff = d.PercentOff.Append(nil)
		if d.AmountLimit > 0 {
			j.AmountLimit = integerToken(d.AmountLimit)
		}
	case Fixed:
		j.FixedAmount = integerToken(d.FixedAmount)
	case Unit:
		j.UnitOff, j.UnitType = integerToken(d.UnitOff), d.UnitType
		j.Product, j.SKU = d.Product.toJSON(), d.SKU.toJSON()
		if j.SKU != nil {
			j.SKU.SKU, j.SKU.Name = j.SKU.Name, ""
		}
	}
	return j
}

func (f *Ref) toJSON() *RefJSON {
	if f.Empty() {
		return nil
	}
	j := &RefJSON{ID: f.ID, SourceID: f.SourceID, Name: f.Name}
	if f.HasPrice {
		j.Price = integerToken(f.Price)
	}
	return j
}

func integerToken(n int64) Token { return strconv.AppendInt(nil, n, 10) }
