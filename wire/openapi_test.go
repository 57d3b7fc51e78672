package wire

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
)

func description(t *testing.T) *openapi3.T {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromFile("../docs/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// Without this the description could be refused by the tools that it is for.
func TestTheDescriptionIsValid(t *testing.T) {
	if err := description(t).Validate(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// described are the types that have a schema, by the schema's name.
func described() map[string]reflect.Type {
	types := make(map[string]reflect.Type)
	for _, v := range []any{
		Error{}, Redeemable{}, GiftUse{}, Order{}, OrderItem{}, ItemProduct{}, Address{}, Options{},
		RedeemRequest{}, ExplainRequest{}, RollbackRequest{}, Redemption{}, GiftTaken{}, Channel{},
		SimpleCustomer{}, RedeemResponse{}, OrderCalculated{}, OrderItemCalculated{}, Rollback{},
		RollbacksResponse{}, ValidationResponse{}, RedeemableResult{}, ResultDetails{}, GiftOffer{},
		StackingRules{}, VoucherValidation{}, BatchResponse{}, BatchResult{}, Discount{}, Gift{}, Voucher{},
		RedemptionSummary{}, PublishSummary{}, Assignments{}, VoucherCreate{}, RedemptionLimit{},
		CodeConfig{}, VoucherUpdate{}, RedemptionLimitEdit{}, GiftAmount{}, BalanceChange{},
		BalanceResponse{}, ObjectRef{}, Campaign{}, CampaignVoucher{}, CampaignCreate{}, CampaignUpdate{},
		GenerateRequest{}, CampaignSummary{}, CampaignVoucherCounts{}, CampaignRedemptionCount{},
		CustomerSummary{}, CustomerRedemptions{}, CustomerGift{}, CustomerOrders{}, CustomerLoyalty{},
		CustomerUpdate{}, Transaction{}, TransactionDetails{}, TransactionBalance{}, OrderRef{}, IDRef{},
		Accepted{}, AsyncAction{}, AsyncResult{}, AsyncFailure{}, OAuthToken{}, OAuthError{}, APIKey{},
		APIKeyCreate{}, Project{}, ProjectUpdate{}, Event{}, EventData{}, ExplainResponse{}, ExplainCheck{},
		Refusal{}, RefusalCounts{}, RefusalCount{},
	} {
		types[reflect.TypeOf(v).Name()] = reflect.TypeOf(v)
	}
	types["CustomerRequest"] = reflect.TypeFor[Customer]()
	types["Customer"] = reflect.TypeFor[CustomerAnswer]()
	return types
}

// Without this a field could be served and not described, or the other way
// round.
func TestSchemasHaveTheFieldsOfTheTypes(t *testing.T) {
	schemas := description(t).Components.Schemas
	for name, typ := range described() {
		schema := schemas[name]
		if schema == nil {
			t.Errorf("no schema of %s", name)
			continue
		}
		var want, got []string
		for _, field := range reflect.VisibleFields(typ) {
			if name, _, _ := strings.Cut(field.Tag.Get("json"), ","); name != "" && field.IsExported() {
				want = append(want, name)
			}
		}
		for property := range schema.Value.Properties {
			got = append(got, property)
		}
		slices.Sort(want)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%s: described %v\nis %v", name, got, want)
		}
	}
}

// Without this an answer could break the rules that its description makes: a
// required field absent, or a null where none may be.
func TestAnswersFitTheirSchemas(t *testing.T) {
	doc := description(t)
	fits[Redemption](t, doc, func(v *Redemption) {
		v.Object, v.Result, v.Status, v.RelatedObjectType = "redemption", ResultSuccess, StatusSucceeded, "voucher"
		v.Channel.Type = "API"
		fixVoucher(v.Voucher)
		fixOrder(v.Order)
		if v.Customer != nil {
			v.Customer.Object = "customer"
		}
	})
	fits[Voucher](t, doc, fixVoucher)
	fits[OrderCalculated](t, doc, fixOrder)
	fits[Error](t, doc, func(v *Error) { v.Outcome, v.LimitScope = NotDone, ScopeVoucher })
	fits[StackingRules](t, doc, func(v *StackingRules) { *v = OneRedeemable() })
	fits[Accepted](t, doc, func(*Accepted) {})
	fits[Order](t, doc, func(*Order) {})
	fits[CampaignCreate](t, doc, func(*CampaignCreate) {})
	fits[VoucherUpdate](t, doc, func(*VoucherUpdate) {})
}

func fixVoucher(v *Voucher) {
	if v == nil {
		return
	}
	v.Object, v.Type = "voucher", VoucherDiscount
	if v.Publish != nil {
		v.Publish.Object = "list"
	}
	if v.Redemption != nil {
		v.Redemption.Object = "list"
	}
	if v.ValidationAssignment != nil {
		v.ValidationAssignment = NoAssignments()
	}
}

func fixOrder(o *OrderCalculated) {
	if o == nil {
		return
	}
	o.Object = "order"
	for i := range o.Items {
		o.Items[i].Object = "order_item"
	}
}

// fits holds random values against the schema of their type; fix sets the
// fields that have constant values.
func fits[T any](t *testing.T, doc *openapi3.T, fix func(*T)) {
	t.Helper()
	rng := newRandom(t)
	schema := doc.Components.Schemas[reflect.TypeFor[T]().Name()].Value
	for range 50 {
		v := randomValue[T](rng)
		fix(v)
		var data any
		if err := json.Unmarshal(plain(t, v), &data); err != nil {
			t.Fatal(err)
		}
		if err := schema.VisitJSON(data, openapi3.EnableJSONSchema2020()); err != nil {
			t.Fatalf("%s: %v", plain(t, v), err)
		}
	}
}

// Without this two operations could have one name, or an operation no answer
// for failures.
func TestOperationsAreComplete(t *testing.T) {
	seen := make(map[string]string)
	for path, item := range description(t).Paths.Map() {
		for method, op := range item.Operations() {
			at := method + " " + path
			if other, ok := seen[op.OperationID]; ok || op.OperationID == "" {
				t.Errorf("%s and %s have the name %q", at, other, op.OperationID)
			}
			seen[op.OperationID] = at
			if op.Responses.Default() == nil || op.Summary == "" || len(op.Tags) != 1 {
				t.Errorf("%s has no answer for failures, no summary or no tag", at)
			}
		}
	}
	if len(seen) < 40 {
		t.Errorf("only %d operations", len(seen))
	}
}
