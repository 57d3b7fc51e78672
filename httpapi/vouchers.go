package httpapi

import (
	"cmp"
	"context"

	"github.com/scrip-engine/scrip/engine"
	"github.com/scrip-engine/scrip/wire"
)

// createVoucher is POST /v1/vouchers: the code is drawn unless the body has one.
func createVoucher(x *exchange) error { return createVoucherAs(x, "") }

// createVoucherWithCode is POST /v1/vouchers/{code}.
func createVoucherWithCode(x *exchange) error {
	code, err := x.codeParam()
	if err != nil {
		return err
	}
	return createVoucherAs(x, code)
}

func createVoucherAs(x *exchange, code string) error {
	req, err := decode[wire.VoucherCreate](x)
	if err != nil {
		return err
	}
	if code, err = oneCode(code, req.Code); err != nil {
		return err
	}
	v, err := x.server.engine.CreateVoucher(x.ctx, x.call, code, req)
	if err != nil {
		return err
	}
	return x.write(v)
}

// oneCode returns the code of the path or of the body. Two that differ are a
// mistake, and to take either would make the wrong code.
func oneCode(path, body string) (string, error) {
	if path != "" && body != "" && path != body {
		return "", refuseField(wire.KeyInvalidPayload, "code", "code differs from the code in the path")
	}
	if path == "" {
		return body, nil
	}
	return path, nil
}

// decode reads a colder body.
func decode[T any](x *exchange) (*T, error) {
	into := new(T)
	if err := wire.Decode(x.body, into); err != nil {
		return nil, err
	}
	return into, nil
}

// getVoucher is GET /v1/vouchers/{code}.
func getVoucher(x *exchange) error {
	code, err := x.codeParam()
	if err != nil {
		return err
	}
	v, err := x.server.engine.Voucher(x.ctx, x.call, code)
	if err != nil {
		return err
	}
	return x.write(v)
}

// updateVoucher is PUT /v1/vouchers/{code}.
func updateVoucher(x *exchange) error {
	code, err := x.codeParam()
	if err != nil {
		return err
	}
	req, err := decode[wire.VoucherUpdate](x)
	if err != nil {
		return err
	}
	v, err := x.server.engine.UpdateVoucher(x.ctx, x.call, code, req)
	if err != nil {
		return err
	}
	return x.write(v)
}

// deleteVoucher is DELETE /v1/vouchers/{code}.
func deleteVoucher(x *exchange) error {
	code, err := x.codeParam()
	if err != nil {
		return err
	}
	if err := x.server.engine.DeleteVoucher(x.ctx, x.call, code); err != nil {
		return err
	}
	return x.gone()
}

// listVouchers is GET /v1/vouchers.
func listVouchers(x *exchange) error {
	q := x.query()
	q.unsupported("code_query", "ids", "campaign_type", "is_referral_code", "type")
	find := engine.VoucherQuery{
		Page:     q.page("code", "updated_at", "type", "category"),
		Campaign: q.text("campaign"),
		Customer: q.text("customer"),
		Category: q.text("category"),
		Code:     q.text("code"),
	}
	find.Campaign = cmp.Or(find.Campaign, q.text("campaign_id"))
	find.Customer = cmp.Or(find.Customer, q.text("holder_id"))
	find.After, find.Before = q.created()
	if q.err != nil {
		return q.err
	}
	list, err := x.server.engine.Vouchers(x.ctx, x.call, find)
	if err != nil {
		return err
	}
	return x.json(list)
}

// enableVoucher is POST /v1/vouchers/{code}/enable.
func enableVoucher(x *exchange) error { return switchVoucher(x, true) }

// disableVoucher is POST /v1/vouchers/{code}/disable.
func disableVoucher(x *exchange) error { return switchVoucher(x, false) }

func switchVoucher(x *exchange, on bool) error {
	code, err := x.codeParam()
	if err != nil {
		return err
	}
	v, err := x.server.engine.SetVoucherEnabled(x.ctx, x.call, code, on)
	if err != nil {
		return err
	}
	return x.write(v)
}

// changeBalance is POST /v1/vouchers/{code}/balance.
func changeBalance(x *exchange) error {
	code, err := x.codeParam()
	if err != nil {
		return err
	}
	req, err := decode[wire.BalanceChange](x)
	if err != nil {
		return err
	}
	out, err := x.server.engine.ChangeBalance(x.ctx, x.call, code, req)
	if err != nil {
		return err
	}
	return x.json(out)
}

// listTransactions is GET /v1/vouchers/{code}/transactions. Their way on is
// starting_after_id, which is the cursor here.
func listTransactions(x *exchange) error {
	code, err := x.codeParam()
	if err != nil {
		return err
	}
	q := x.query()
	page := q.page("id")
	if after := q.text("starting_after_id"); after != "" {
		page.Cursor, page.Number = after, 0
	}
	if q.err != nil {
		return q.err
	}
	list, err := x.server.engine.Transactions(x.ctx, x.call, code, page)
	if err != nil {
		return err
	}
	return x.json(list)
}

// voucherTimeline is GET /v1/vouchers/{code}/timeline: its events.
func voucherTimeline(x *exchange) error {
	return listOfCode(x, x.server.engine.Timeline)
}

// listOfCode answers with a page of what the engine lists of the code in the path.
func listOfCode[T any](x *exchange, read func(context.Context, engine.Call, string, engine.Page) (*wire.List[T], error)) error {
	code, err := x.codeParam()
	if err != nil {
		return err
	}
	q := x.query()
	page := q.page()
	if q.err != nil {
		return q.err
	}
	list, err := read(x.ctx, x.call, code, page)
	if err != nil {
		return err
	}
	return x.json(list)
}
