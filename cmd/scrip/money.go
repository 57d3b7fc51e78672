package main

import (
	"fmt"

	"github.com/scrip-engine/scrip/coupon"
)

// money prints minor units as people write them: 1999 and USD as "19.99 USD". A
// currency that is not known leaves the number as it is.
func money(minor int64, currency string) string {
	c, err := coupon.ParseCurrency(currency)
	if err != nil {
		return fmt.Sprint(minor)
	}
	scale, digits := int64(1), c.Exponent()
	for range digits {
		scale *= 10
	}
	sign, amount := "", uint64(minor)
	if minor < 0 {
		sign, amount = "-", -uint64(minor)
	}
	if digits == 0 {
		return fmt.Sprintf("%s%d %s", sign, amount, c)
	}
	return fmt.Sprintf("%s%d.%0*d %s", sign, amount/uint64(scale), digits, amount%uint64(scale), c)
}
