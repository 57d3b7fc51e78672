package promo

import (
	"encoding/binary"
	"fmt"

	"github.com/scrip-engine/scrip/coupon"
)

// A stored discount, format 1. All numbers are unsigned LEB128 in their
// shortest form, all strings a length and that many bytes:
//
//	version u8 = 1, kind u8, effect u8
//	Amount:  amount_off
//	Percent: percent_off, amount_limit (0 = none)
//	Fixed:   fixed_amount
//	Unit:    unit_off, unit_type, flags u8, [product], [sku]
//	         a reference is id, source_id, name, [price]
//
// One discount has one encoding, so that digests of two replicas agree (M6).
// The format is read for ever; a change of it is format 2.
const codecVersion = 1

// The flags of Unit say which references follow and which of them has a price.
const (
	flagProduct = 1 << iota
	flagProductPrice
	flagSKU
	flagSKUPrice
	flagsKnown = 1<<iota - 1
)

// AppendDiscount appends the stored form of d to dst, at most DiscountBytesMax
// bytes. The discount has passed Validate.
func AppendDiscount(dst []byte, d *Discount) []byte {
	dst = append(dst, codecVersion, byte(d.Kind), byte(d.Effect))
	switch d.Kind {
	case Amount:
		return appendNumber(dst, d.AmountOff)
	case Percent:
		return appendNumber(appendNumber(dst, int64(d.PercentOff)), d.AmountLimit)
	case Fixed:
		return appendNumber(dst, d.FixedAmount)
	case Unit:
		dst = appendText(appendNumber(dst, d.UnitOff), d.UnitType)
		dst = append(dst, refFlags(&d.Product)|refFlags(&d.SKU)<<2)
		return appendRef(appendRef(dst, &d.Product), &d.SKU)
	}
	panic(fmt.Sprintf("M6: discount of kind %d was not validated", d.Kind))
}

// refFlags gives the two flags of a reference, as if it were the product.
func refFlags(f *Ref) byte {
	switch {
	case f.Empty():
		return 0
	case f.HasPrice:
		return flagProduct | flagProductPrice
	}
	return flagProduct
}

func appendRef(dst []byte, f *Ref) []byte {
	if f.Empty() {
		return dst
	}
	dst = appendText(appendText(appendText(dst, f.ID), f.SourceID), f.Name)
	if f.HasPrice {
		dst = appendNumber(dst, f.Price)
	}
	return dst
}

func appendNumber(dst []byte, n int64) []byte { return binary.AppendUvarint(dst, uint64(n)) }

func appendText(dst []byte, text string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(text))), text...)
}

// DecodeDiscount reads the discount that src starts with and gives what follows
// it. It accepts only what AppendDiscount writes: the error wraps ErrCorrupt or
// ErrVersion. It keeps nothing of src.
func DecodeDiscount(src []byte) (d Discount, rest []byte, err error) {
	r := reader{left: src}
	if version := r.byte(); r.err == nil && version != codecVersion {
		return Discount{}, nil, fmt.Errorf("%w: %d", ErrVersion, version)
	}
	d.Kind, d.Effect = Kind(r.byte()), Effect(r.byte())
	switch d.Kind {
	case Amount:
		d.AmountOff = r.number()
	case Percent:
		d.PercentOff, d.AmountLimit = r.percent(), r.number()
	case Fixed:
		d.FixedAmount = r.number()
	case Unit:
		r.unit(&d)
	}
	if r.err != nil {
		return Discount{}, nil, r.err
	}
	if err := d.Validate(); err != nil {
		return Discount{}, nil, fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	return d, r.left, nil
}

// reader takes fields off the front of left. After the first error every read
// gives zero.
type reader struct {
	left []byte
	err  error
}

func (r *reader) unit(d *Discount) {
	d.UnitOff, d.UnitType = r.number(), r.text()
	flags := r.byte()
	if flags&^byte(flagsKnown) != 0 {
		r.fail("unknown flags")
	}
	r.ref(&d.Product, flags)
	r.ref(&d.SKU, flags>>2)
}

// ref reads a reference with the flags as if it were the product. A reference
// that is flagged and empty is refused, as is a price without a reference: each
// would be a second encoding of the same discount.
func (r *reader) ref(f *Ref, flags byte) {
	if flags&flagProduct != 0 {
		f.ID, f.SourceID, f.Name = r.text(), r.text(), r.text()
		if f.HasPrice = flags&flagProductPrice != 0; f.HasPrice {
			f.Price = r.number()
		}
	}
	if refFlags(f) != flags&(flagProduct|flagProductPrice) {
		r.fail("flags differ from the reference")
	}
}

func (r *reader) byte() byte {
	if r.err != nil || len(r.left) == 0 {
		r.fail("too short")
		return 0
	}
	b := r.left[0]
	r.left = r.left[1:]
	return b
}

func (r *reader) number() int64 {
	n, size := binary.Uvarint(r.left)
	switch {
	case r.err != nil:
		return 0
	case size <= 0 || n > coupon.AmountMax:
		r.fail("number cut off or too large")
		return 0
	case size > 1 && r.left[size-1] == 0:
		r.fail("number not in its shortest form")
		return 0
	}
	r.left = r.left[size:]
	return int64(n)
}

// percent checks the range before the number is narrowed to 32 bits.
func (r *reader) percent() coupon.Percent {
	n := r.number()
	if n > int64(coupon.PercentMax) {
		r.fail("more than one hundred percent")
		return 0
	}
	return coupon.Percent(n)
}

func (r *reader) text() string {
	n := r.number()
	if r.err != nil || n > refBytesMax || n > int64(len(r.left)) {
		r.fail("text cut off or too long")
		return ""
	}
	text := string(r.left[:n])
	r.left = r.left[n:]
	return text
}

func (r *reader) fail(why string) {
	if r.err == nil {
		r.err = fmt.Errorf("%w: %s", ErrCorrupt, why)
	}
}
