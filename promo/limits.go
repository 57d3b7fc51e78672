package promo

import "github.com/scrip-engine/scrip/coupon"

const (
	// refBytesMax bounds each id and name that a discount keeps: what any id of
	// the caller's systems may have. A discount is stored with every campaign
	// and may be stored with a code.
	refBytesMax = coupon.SourceIDBytesMax

	// DiscountBytesMax is an upper bound of what AppendDiscount adds: four
	// bytes of header, seven strings with their lengths, three numbers.
	DiscountBytesMax = 4 + 7*(refBytesMax+2) + 3*10
)
