package wire

import (
	"strconv"
	"strings"
)

// csvSetters returns what a column does with its cells, by its folded name; nil
// for a column that becomes metadata. Columns of the export that only report
// (counts, images, dates of creation) are read and dropped.
func csvSetters(folded string) func(*csvRow, string) *FieldError {
	switch folded {
	case "code", "vouchercode":
		return csvText(CodeBytesMax, func(r *csvRow) *string { return &r.out.Code })
	case "vouchertype", "type":
		return csvVoucherType
	case "value":
		return csvText(IDBytesMax, func(r *csvRow) *string { return &r.value })
	case "discounttype":
		return csvDiscountType
	case "discountamountlimit", "amountlimit":
		return csvAmount(func(r *csvRow) *Opt[int64] { return &r.amountLimit })
	case "discountunittype":
		return csvText(IDBytesMax, func(r *csvRow) *string { return &r.unitType })
	case "discountuniteffect", "discounteffect":
		return csvEffect
	case "giftamount":
		return csvAmount(func(r *csvRow) *Opt[int64] { return &r.giftAmount })
	case "currency":
		return csvCurrency
	case "category":
		return csvText(TextBytesMax, func(r *csvRow) *string { return &r.out.Category })
	case "additionalinfo":
		return csvText(TextBytesMax, func(r *csvRow) *string { return &r.out.AdditionalInfo })
	case "holderid", "customerid", "customersourceid":
		return csvText(IDBytesMax, func(r *csvRow) *string { return &r.out.HolderID })
	case "startdate":
		return csvTime(func(r *csvRow) *Time { return &r.out.StartDate })
	case "expirationdate":
		return csvTime(func(r *csvRow) *Time { return &r.out.ExpirationDate })
	case "active":
		return csvActive
	case "redemptionquantity":
		return csvQuantity
	case "redemptionpercustomer":
		return csvAmount(func(r *csvRow) *Opt[int64] { return &r.out.Redemption.PerCustomer })
	case "metadata":
		return csvMetadata
	}
	return csvReportedOrRefused(folded)
}

func csvReportedOrRefused(folded string) func(*csvRow, string) *FieldError {
	switch folded {
	case "id", "campaign", "campaignid", "giftbalance", "redemptioncount", "qrcode", "barcode",
		"createdat", "updatedat", "loyaltybalance":
		return func(*csvRow, string) *FieldError { return nil }
	case "isreferralcode", "validitytimeframeinterval", "validitytimeframeduration",
		"validitydayofweek", "validationrules", "loyaltypoints":
		return csvRefused
	}
	return nil
}

// csvRefused is for columns that would restrict a code and are not carried out
// yet (W4).
func csvRefused(_ *csvRow, cell string) *FieldError {
	switch strings.ToLower(cell) {
	case "false", "0", "null", "[]":
		return nil
	}
	return notSupported("", "is not carried out by this version and cannot be ignored")
}

func csvText(maxBytes int, at func(*csvRow) *string) func(*csvRow, string) *FieldError {
	return func(row *csvRow, cell string) *FieldError {
		if len(cell) > maxBytes {
			return fieldErr(KeyInvalidPayload, "", "must have at most %d bytes", maxBytes)
		}
		*at(row) = cell
		return nil
	}
}

func csvAmount(at func(*csvRow) *Opt[int64]) func(*csvRow, string) *FieldError {
	return func(row *csvRow, cell string) *FieldError {
		v, err := csvInt(cell, 0)
		if err == nil {
			*at(row) = Some(v)
		}
		return err
	}
}

// csvInt reads a number that must not be negative, by the grammar of JSON.
func csvInt(cell string, scale int) (int64, *FieldError) {
	var r reader
	r.d.ResetBytes([]byte(strings.TrimSpace(cell)))
	var v int64
	if err := r.finish(r.number(&v, scale)); err != nil {
		if err.syntax || err.Message == "" {
			return 0, fieldErr(KeyInvalidPayload, "", "must be a number")
		}
		return 0, err
	}
	if v < 0 {
		return 0, fieldErr(KeyInvalidAmount, "", "must not be negative")
	}
	return v, nil
}

func csvTime(at func(*csvRow) *Time) func(*csvRow, string) *FieldError {
	return func(row *csvRow, cell string) *FieldError {
		v, err := ParseTime(strings.TrimSpace(cell))
		if err != nil {
			return fieldErr(KeyInvalidPayload, "", "%v", err)
		}
		*at(row) = v
		return nil
	}
}

func csvActive(row *csvRow, cell string) *FieldError {
	v, err := strconv.ParseBool(strings.ToLower(strings.TrimSpace(cell)))
	if err != nil {
		return fieldErr(KeyInvalidPayload, "", "must be true or false")
	}
	row.out.Active = Some(v)
	return nil
}

// csvQuantity reads a limit; null or unlimited says that there is none, as the
// export does.
func csvQuantity(row *csvRow, cell string) *FieldError {
	switch strings.ToLower(strings.TrimSpace(cell)) {
	case "null", "unlimited":
		row.out.Redemption.Quantity = Cleared[int64]()
		return nil
	}
	v, err := csvInt(cell, 0)
	if err == nil {
		row.out.Redemption.Quantity = Some(v)
	}
	return err
}

func csvVoucherType(row *csvRow, cell string) *FieldError {
	values := []string{VoucherDiscount, VoucherGift}
	switch folded := columnName(cell); folded {
	case "discountvoucher", "discount":
		row.out.Type = VoucherDiscount
	case "giftvoucher", "gift":
		row.out.Type = VoucherGift
	case "loyaltycard":
		return notSupported("", "loyalty cards are not carried out by this version")
	default:
		return unknownValue(cell, values)
	}
	return nil
}

func csvDiscountType(row *csvRow, cell string) *FieldError {
	values := []string{DiscountAmount, DiscountPercent, DiscountFixed, DiscountUnit}
	for _, v := range values {
		if strings.EqualFold(strings.TrimSpace(cell), v) {
			row.discountType = v
			return nil
		}
	}
	return unknownValue(cell, values)
}

func csvCurrency(row *csvRow, cell string) *FieldError {
	row.currency = strings.ToUpper(strings.TrimSpace(cell))
	return checkCurrency(row.currency)
}

func csvMetadata(row *csvRow, cell string) *FieldError {
	if err := row.out.Metadata.UnmarshalJSON([]byte(cell)); err != nil {
		return fieldErr(KeyInvalidPayload, "", "must be a JSON object")
	}
	return nil
}

func csvEffect(row *csvRow, cell string) *FieldError {
	for _, v := range discountEffects {
		if strings.EqualFold(strings.TrimSpace(cell), v) {
			row.effect = v
			return nil
		}
	}
	return unknownValue(cell, discountEffects)
}
