package httpapi

import (
	"cmp"

	"github.com/scrip-engine/scrip/engine"
	"github.com/scrip-engine/scrip/wire"
)

// explain is POST /v1/explain.
func explain(x *exchange) error {
	var req wire.ExplainRequest
	if err := req.Decode(x.body); err != nil {
		return err
	}
	out, err := x.server.engine.Explain(x.ctx, x.call, &req)
	if err != nil {
		return err
	}
	return x.json(out)
}

// redeemVoucher is the older POST /v1/vouchers/{code}/redemption: the code in
// the path, and the redemption itself as the answer.
func redeemVoucher(x *exchange) error {
	code, err := x.codeParam()
	if err != nil {
		return err
	}
	pair := new(redeemPair)
	if err := pair.req.DecodeFor(code, x.body); err != nil {
		return err
	}
	if err := queryTracking(x, &pair.req.TrackingID, wire.KeyInvalidPayload); err != nil {
		return err
	}
	if err := x.server.engine.Redeem(x.ctx, x.call, &pair.req, &pair.out); err != nil {
		return err
	}
	if len(pair.out.Redemptions) != 1 {
		return refuse(wire.KeyInternalError, "")
	}
	pair.showKey(x.call.Key)
	return x.writePreferred(&pair.out.Redemptions[0])
}

// queryTracking takes tracking_id from the query when the body has none: that is
// where the older calls of the SDKs put it.
func queryTracking(x *exchange, trackingID *string, key string) error {
	q := x.query()
	given := q.text("tracking_id")
	if q.err != nil {
		return q.err
	}
	if len(given) > wire.IDBytesMax {
		return refuseField(key, "tracking_id", "tracking_id is too long")
	}
	*trackingID = cmp.Or(*trackingID, given)
	return nil
}

// validateVoucher is the older POST /v1/vouchers/{code}/validate.
func validateVoucher(x *exchange) error {
	code, err := x.codeParam()
	if err != nil {
		return err
	}
	var req wire.RedeemRequest
	if err := req.DecodeFor(code, x.body); err != nil {
		return err
	}
	if err := queryTracking(x, &req.TrackingID, wire.KeyInvalidPayload); err != nil {
		return err
	}
	out, err := x.server.engine.ValidateVoucher(x.ctx, x.call, code, &req)
	if err != nil {
		return err
	}
	return x.write(out)
}

// rollBack reads a rollback, of which the SDK sends a part in the query.
func rollBack(x *exchange) (*wire.Rollback, error) {
	id, err := x.idParam()
	if err != nil {
		return nil, err
	}
	var req wire.RollbackRequest
	if err := req.Decode(x.body); err != nil {
		return nil, err
	}
	if err := queryTracking(x, &req.TrackingID, wire.KeyInvalidRollbackParams); err != nil {
		return nil, err
	}
	req.Reason = cmp.Or(req.Reason, string(x.http.QueryArgs().Peek("reason")))
	done, err := x.server.engine.Rollback(x.ctx, x.call, id, &req)
	if err != nil {
		return nil, err
	}
	done.IdempotencyKey = x.call.Key
	return done, nil
}

// rollBackOne is POST /v1/redemptions/{redemptionId}/rollback.
func rollBackOne(x *exchange) error {
	done, err := rollBack(x)
	if err != nil {
		return err
	}
	return x.write(done)
}

// rollBackAll is POST /v1/redemptions/{redemptionId}/rollbacks, which also takes a single
// redemption; then there is no parent.
func rollBackAll(x *exchange) error {
	done, err := rollBack(x)
	if err != nil {
		return err
	}
	return x.write(&wire.RollbacksResponse{Rollbacks: []wire.Rollback{*done}, Order: done.Order})
}

// getRedemption is GET /v1/redemptions/{redemptionId}.
func getRedemption(x *exchange) error {
	id, err := x.idParam()
	if err != nil {
		return err
	}
	entry, err := x.server.engine.Redemption(x.ctx, x.call, id)
	if err != nil {
		return err
	}
	return x.json(entry)
}

// listRedemptions is GET /v1/redemptions. Their order parameter sorts; the order
// of a shop is order_id here, its id or source id.
func listRedemptions(x *exchange) error {
	q := x.query()
	q.unsupported("related_object_type", "related_object_id", "campaign_type", "ids")
	find := engine.RedemptionQuery{
		Page:     q.page("id", "voucher_code", "tracking_id", "customer_id"),
		Result:   q.oneOf("result", wire.ResultSuccess, wire.ResultFailure),
		Status:   q.oneOf("status", wire.StatusSucceeded, wire.StatusFailed, wire.StatusRolledBack),
		Campaign: q.text("campaign"),
		Customer: q.text("customer"),
		Voucher:  q.text("voucher"),
		Order:    q.text("order_id"),
	}
	find.After, find.Before = q.created()
	if q.err != nil {
		return q.err
	}
	list, err := x.server.engine.Redemptions(x.ctx, x.call, find)
	if err != nil {
		return err
	}
	return x.json(list)
}

// listVoucherRedemptions is GET /v1/vouchers/{code}/redemption.
func listVoucherRedemptions(x *exchange) error {
	return listOfCode(x, x.server.engine.VoucherRedemptions)
}
