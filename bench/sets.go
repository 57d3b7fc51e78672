package bench

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/scrip-engine/scrip/wire"
)

// Set is a campaign with codes in a row, made for one run so that its audit sees
// that run alone.
type Set struct {
	Campaign string
	First    uint64
	Count    uint64
	// Limit of uses of each code; 0 is without limit.
	Limit int64
	// Balance makes the codes gift cards.
	Balance int64
}

// importCodes is how many codes one upload has: some hundred megabytes, under
// the bound of a server and within its patience.
const importCodes = 10_000_000

// create makes the campaign of a set.
func (s *Set) create(ctx context.Context, a Admin) error {
	voucher := &wire.CampaignVoucher{Type: wire.VoucherDiscount,
		Discount: &wire.Discount{Type: wire.DiscountPercent, PercentOff: wire.Some[wire.Percent](1000)}}
	req := &wire.CampaignCreate{Name: s.Campaign, CampaignType: wire.CampaignDiscountCoupons, Voucher: voucher}
	if s.Balance > 0 {
		voucher.Type, voucher.Discount = wire.VoucherGift, nil
		voucher.Gift = &wire.Gift{Amount: wire.Some(s.Balance)}
		req.CampaignType = wire.CampaignGiftVouchers
	}
	voucher.Redemption.Quantity = wire.Cleared[int64]()
	if s.Limit > 0 {
		voucher.Redemption.Quantity = wire.Some(s.Limit)
	}
	if err := a.CreateCampaign(ctx, req); err != nil {
		return fmt.Errorf("create campaign %s: %w", s.Campaign, err)
	}
	return nil
}

// fill imports the codes of a set. seen, which may be nil, learns how many are
// there.
func (s *Set) fill(ctx context.Context, a Admin, codes Codes, seen func(done uint64)) error {
	for done := uint64(0); done < s.Count; {
		n := min(importCodes, s.Count-done)
		result, err := a.Import(ctx, s.Campaign, codes.csv(s.First+done, n))
		if err != nil {
			return fmt.Errorf("import into %s: %w", s.Campaign, err)
		}
		if result == nil || result.FailedCount > 0 || result.DoneCount != int64(n) {
			return fmt.Errorf("import into %s: of %d codes not all were made: %+v", s.Campaign, n, result)
		}
		done += n
		if seen != nil {
			seen(done)
		}
	}
	return nil
}

// csv returns a file with the codes of n indexes from first on.
func (c Codes) csv(first, n uint64) io.Reader {
	return bufio.NewReaderSize(&csvFile{codes: c, next: first, end: first + n, rest: []byte("Code\n")}, csvBufferBytes)
}

// csvBufferBytes is what is computed at once.
const csvBufferBytes = 256 << 10

type csvFile struct {
	codes     Codes
	next, end uint64
	buf, rest []byte
}

func (f *csvFile) Read(p []byte) (int, error) {
	if len(f.rest) == 0 {
		if f.next == f.end {
			return 0, io.EOF
		}
		for f.buf = f.buf[:0]; f.next < f.end && len(f.buf) < len(p); f.next++ {
			f.buf = append(f.codes.Append(f.buf, f.next), '\n')
		}
		f.rest = f.buf
	}
	n := copy(p, f.rest)
	f.rest = f.rest[n:]
	return n, nil
}

// check finds what no set can be.
func (s *Set) check() error {
	if s.Count == 0 || s.Count > CodesMax {
		return errors.New("a set has 1 to 100,000,000 codes")
	}
	return nil
}
