package engine

import (
	"fmt"

	"github.com/scrip-engine/scrip/coupon"
	"github.com/scrip-engine/scrip/shard"
	"github.com/scrip-engine/scrip/wire"
)

// What a shard cannot read ends the process on every replica, because skipping a
// committed command would fork the ledger. So whatever a caller says is held
// against the bounds of the commands here, before anything is proposed (P10).

const (
	// discountBytesMax is what a code's own discount may take, encoded.
	discountBytesMax = 2 << 10
	// sealedBytesMax is what a customer's source id and profile may take, sealed.
	sealedBytesMax = 8 << 10
)

func (c *Call) checkBytes(key, field string, n, most int) error {
	if n <= most {
		return nil
	}
	return c.field(key, field, fmt.Sprintf("takes %d bytes, at most %d are kept", n, most))
}

// checkSpec bounds what a code says of itself.
func (c *Call) checkSpec(sp *shard.Spec) error {
	for _, f := range [...]struct {
		name  string
		value []byte
		most  int
	}{
		{"metadata", sp.Metadata, coupon.MetadataBytesMax},
		{"additional_info", sp.Info, coupon.MetadataBytesMax},
		{"category", sp.Category, coupon.NameBytesMax},
		{"discount", sp.Discount, discountBytesMax},
	} {
		if err := c.checkBytes(wire.KeyInvalidVoucher, f.name, len(f.value), f.most); err != nil {
			return err
		}
	}
	return nil
}

// checkLimits bounds how often a code may be used. A limit is at least 1, or
// shard.Unlimited; per customer 0 means that there is none.
func (c *Call) checkLimits(key, path string, limit, perCustomer int64) error {
	if limit != shard.Unlimited && (limit < 1 || limit > coupon.IntMax) {
		return c.field(key, path+"redemption.quantity", "must be at least 1, or null for no limit")
	}
	if perCustomer < 0 || perCustomer > coupon.IntMax {
		return c.field(key, path+"redemption.per_customer", "must be at least 1")
	}
	return nil
}
