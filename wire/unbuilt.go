package wire

import "fmt"

// notBuilt lists, for each request type, Voucherify's fields that would
// restrict, lock or discount and that this version does not carry out (W4). A
// value that asks for nothing (null, false, 0, "", [], {}) is let through: SDKs
// send those for fields that nobody set. Building a feature ends with taking
// its row out.
var notBuilt = map[string]fieldNames{
	"RedeemRequest": {"session", "reward"},
	"Redeemable":    {"reward"},
	"Discount": {
		"amount_off_formula", "percent_off_formula", "fixed_amount_formula", "unit_off_formula",
		"aggregated_amount_limit", "is_dynamic", "units", "currency",
	},
	"VoucherCreate":  voucherNotBuilt,
	"VoucherUpdate":  voucherNotBuilt,
	"CampaignCreate": campaignNotBuilt,
	"CampaignUpdate": campaignNotBuilt,
	"CampaignVoucher": {
		"loyalty_card", "is_referral_code", "validity_timeframe", "validity_hours", "validity_day_of_week",
	},
	"GenerateRequest": {"validation_rules", "validity_timeframe", "validity_hours", "validity_day_of_week"},
}

var (
	voucherNotBuilt = fieldNames{
		"validity_timeframe", "validity_hours", "validity_day_of_week", "validation_rules",
		"loyalty_card", "referrer_id", "is_referral_code",
	}
	campaignNotBuilt = fieldNames{
		"validity_timeframe", "validity_hours", "validity_day_of_week",
		"activity_duration_after_publishing", "validation_rules", "access_settings",
		"access_settings_assignments", "join_once", "auto_join", "loyalty_tiers_expiration",
		"referral_program", "loyalty_card", "promotion",
	}
)

func notSupported(field, format string, args ...any) *FieldError {
	return fieldErr(KeyNotSupported, field, "%s", fmt.Sprintf(format, args...))
}

// unbuilt reads the value of a field of the table and refuses it unless it asks
// for nothing.
func (r *reader) unbuilt(typeName, field string) *FieldError {
	r.d.Next()
	v, err := r.d.Raw()
	if err != nil {
		return syntaxErr()
	}
	if asksNothing(v) {
		return nil
	}
	return notSupported("", "is not carried out by this version and cannot be ignored")
}

// asksNothing compares with the neutral values, white space inside apart.
func asksNothing(v []byte) bool {
	if len(v) > 0 && (v[0] == '[' || v[0] == '{') {
		for _, c := range v[1 : len(v)-1] {
			if c != ' ' && c != '\t' && c != '\r' && c != '\n' {
				return false
			}
		}
		return true
	}
	switch string(v) {
	case "null", "false", "0", `""`:
		return true
	}
	return false
}
