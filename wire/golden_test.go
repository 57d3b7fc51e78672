package wire

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"
)

var rewrite = flag.Bool("rewrite", false, "write the golden files instead of comparing; review the difference")

// golden compares compact JSON with an indented file.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, got, "", "  "); err != nil {
		t.Fatalf("%s: %v in %s", name, err, got)
	}
	pretty.WriteByte('\n')
	path := filepath.Join("testdata", "golden", name+".json")
	if *rewrite {
		if err := os.WriteFile(path, pretty.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(want, pretty.Bytes()) {
		t.Errorf("%s is\n%s\nwant\n%s", name, pretty.Bytes(), want)
	}
}

// Without this the shapes that clients are written against could change without
// anybody deciding it.
func TestGoldenAnswers(t *testing.T) {
	answer := benchAnswer()
	golden(t, "redeem", answer.AppendJSON(nil))
	golden(t, "redeem_minimal", answer.AppendMinimal(nil))

	refused := NewError(KeyVoucherExpired, "expired at 2026-11-23T10:00:00.000Z")
	refused.RequestID, refused.ResourceID, refused.ResourceType = "req_1", "SUMMER-2026", "voucher"
	golden(t, "error", refused.AppendJSON(nil))

	valid := &ValidationResponse{Valid: true, Redeemables: []RedeemableResult{{
		Status: Applicable, ID: "SUMMER-2026-AB12", Object: ObjectVoucher, Order: answer.Order,
		Result: ResultDetails{Discount: &Discount{Type: DiscountPercent, PercentOff: Some[Percent](1250)}},
	}}, Order: answer.Order, TrackingID: "track_1", StackingRules: OneRedeemable()}
	golden(t, "validation", valid.AppendJSON(nil))
	invalid := &ValidationResponse{Redeemables: []RedeemableResult{{
		Status: Inapplicable, ID: "OLD", Object: ObjectVoucher, Result: ResultDetails{Error: &refused},
	}}, StackingRules: OneRedeemable()}
	golden(t, "validation_refused", invalid.AppendJSON(nil))
	golden(t, "validation_minimal", invalid.AppendMinimal(nil))

	batch := &BatchResponse{Results: []BatchResult{
		{Status: 200, Redemption: &answer.Redemptions[0]}, {Status: 400, Error: &refused},
	}}
	golden(t, "batch_minimal", batch.AppendMinimal(nil))

	rollback := &Rollback{ID: "rr_0123456789abcdef", Object: "redemption_rollback", Date: 1790000001000,
		Amount: Some[int64](500), Redemption: "r_0123456789abcdef", Reason: "returned", Result: ResultSuccess,
		Status: StatusSucceeded, Channel: Channel{"app", "API"}, RelatedObjectType: "voucher",
		RelatedObjectID: "v_0123456789abcdef", Gift: &GiftTaken{500}}
	golden(t, "rollback", rollback.AppendJSON(nil))

	golden(t, "campaign", plain(t, Campaign{ID: "camp_0123456789abcdef", Name: "Summer",
		CampaignType: CampaignDiscountCoupons, Type: CampaignStatic, Active: true, VouchersCount: 3,
		CreationStatus: GenerationDone, VouchersGenerationStatus: GenerationInProgress,
		ValidationAssignment: NoAssignments(), CreatedAt: 1780000000000, Object: "campaign"}))
	golden(t, "customer", plain(t, CustomerAnswer{ID: "cust_0123456789abcdef", SourceID: "c",
		CreatedAt: 1780000000000, Object: "customer"}))
	golden(t, "async_action", plain(t, AsyncAction{ID: "aa_1", Type: AsyncGenerate, Status: AsyncDone,
		OperationStatus: AsyncDone, Progress: 100, ProcessingTime: 12, CreatedAt: 1780000000000,
		Result: &AsyncResult{DoneCount: 2, FailedCount: 1,
			Failed: []AsyncFailure{{Code: "A", Row: 2, Reason: KeyDuplicateFound}}}, Object: "async_action"}))
}
