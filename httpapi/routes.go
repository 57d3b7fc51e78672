package httpapi

import (
	"slices"
	"strings"

	"github.com/fasthttp/router"
	"github.com/valyala/fasthttp"

	"github.com/scrip-engine/scrip/coupon"
	"github.com/scrip-engine/scrip/wire"
)

// route is one line of the table.
type route struct {
	method string
	path   string
	// name is the metric label and the name in the log.
	name   string
	access access
	body   bodyKind
	handle func(*exchange) error
	// limit of the body in bytes; 0 is the kind's own.
	limit int
	// minimal routes know Prefer: return=minimal.
	minimal bool

	// idName is the parameter of the path beside {code}; metrics are the route's
	// own. Both are filled in when the router is built.
	idName  string
	metrics *routeMetrics
}

// keyed routes take an Idempotency-Key: every POST that changes something.
func (r *route) keyed() bool {
	return r.method == fasthttp.MethodPost && (r.access == accessChange || r.access == accessAdmin)
}

// routes is the surface (H4): what is served is here, and nothing else is.
func routes() []route {
	const (
		get, post, put, del = fasthttp.MethodGet, fasthttp.MethodPost, fasthttp.MethodPut, fasthttp.MethodDelete
		token, read         = accessToken, accessRead
		change, admin       = accessChange, accessAdmin
		none, json          = bodyNone, bodyJSON
		csv, array          = bodyUploadCSV, bodyUploadArr
	)
	return []route{
		{method: post, path: "/v1/oauth/token", name: "oauth.token", access: token, body: bodyForm, handle: oauthToken},

		{method: post, path: "/v1/redemptions", name: "redemptions.create", access: change, body: json, handle: redeem, minimal: true},
		{method: post, path: "/v1/redemptions/batch", name: "redemptions.batch", access: change, body: json, handle: redeemBatch, limit: coupon.BatchBodyBytesMax, minimal: true},
		{method: get, path: "/v1/redemptions", name: "redemptions.list", access: read, body: none, handle: listRedemptions},
		{method: get, path: "/v1/redemptions/{redemptionId}", name: "redemptions.get", access: read, body: none, handle: getRedemption},
		{method: post, path: "/v1/redemptions/{redemptionId}/rollback", name: "redemptions.rollback", access: change, body: json, handle: rollBackOne},
		{method: post, path: "/v1/redemptions/{redemptionId}/rollbacks", name: "redemptions.rollbacks", access: change, body: json, handle: rollBackAll},
		{method: post, path: "/v1/validations", name: "validations.create", access: read, body: json, handle: validate, minimal: true},
		{method: post, path: "/v1/explain", name: "explain", access: read, body: json, handle: explain},

		{method: post, path: "/v1/vouchers", name: "vouchers.create", access: change, body: json, handle: createVoucher},
		{method: get, path: "/v1/vouchers", name: "vouchers.list", access: read, body: none, handle: listVouchers},
		{method: post, path: "/v1/vouchers/import", name: "vouchers.import", access: change, body: array, handle: importVouchers},
		{method: post, path: "/v1/vouchers/importCSV", name: "vouchers.import_csv", access: change, body: csv, handle: importVouchersCSV},
		{method: post, path: "/v1/vouchers/{code}", name: "vouchers.create_code", access: change, body: json, handle: createVoucherWithCode},
		{method: get, path: "/v1/vouchers/{code}", name: "vouchers.get", access: read, body: none, handle: getVoucher},
		{method: put, path: "/v1/vouchers/{code}", name: "vouchers.update", access: change, body: json, handle: updateVoucher},
		{method: del, path: "/v1/vouchers/{code}", name: "vouchers.delete", access: change, body: none, handle: deleteVoucher},
		{method: post, path: "/v1/vouchers/{code}/enable", name: "vouchers.enable", access: change, body: none, handle: enableVoucher},
		{method: post, path: "/v1/vouchers/{code}/disable", name: "vouchers.disable", access: change, body: none, handle: disableVoucher},
		{method: post, path: "/v1/vouchers/{code}/balance", name: "vouchers.balance", access: change, body: json, handle: changeBalance},
		{method: get, path: "/v1/vouchers/{code}/transactions", name: "vouchers.transactions", access: read, body: none, handle: listTransactions},
		{method: get, path: "/v1/vouchers/{code}/timeline", name: "vouchers.timeline", access: read, body: none, handle: voucherTimeline},
		{method: post, path: "/v1/vouchers/{code}/validate", name: "vouchers.validate", access: read, body: json, handle: validateVoucher},
		{method: post, path: "/v1/vouchers/{code}/redemption", name: "vouchers.redeem", access: change, body: json, handle: redeemVoucher, minimal: true},
		{method: get, path: "/v1/vouchers/{code}/redemption", name: "vouchers.redemptions", access: read, body: none, handle: listVoucherRedemptions},

		{method: post, path: "/v1/campaigns", name: "campaigns.create", access: change, body: json, handle: createCampaign},
		{method: get, path: "/v1/campaigns", name: "campaigns.list", access: read, body: none, handle: listCampaigns},
		{method: get, path: "/v1/campaigns/{campaignId}", name: "campaigns.get", access: read, body: none, handle: getCampaign},
		{method: put, path: "/v1/campaigns/{campaignId}", name: "campaigns.update", access: change, body: json, handle: updateCampaign},
		{method: del, path: "/v1/campaigns/{campaignId}", name: "campaigns.delete", access: change, body: none, handle: deleteCampaign},
		{method: post, path: "/v1/campaigns/{campaignId}/enable", name: "campaigns.enable", access: change, body: none, handle: enableCampaign},
		{method: post, path: "/v1/campaigns/{campaignId}/disable", name: "campaigns.disable", access: change, body: none, handle: disableCampaign},
		{method: get, path: "/v1/campaigns/{campaignId}/summary", name: "campaigns.summary", access: read, body: none, handle: campaignSummary},
		{method: post, path: "/v1/campaigns/{campaignId}/vouchers", name: "campaigns.add_vouchers", access: change, body: json, handle: addVouchers},
		{method: get, path: "/v1/campaigns/{campaignId}/codes.csv", name: "campaigns.export", access: read, body: none, handle: exportCampaignCSV},
		{method: post, path: "/v1/campaigns/{campaignId}/vouchers/{code}", name: "campaigns.add_voucher", access: change, body: json, handle: addVoucherWithCode},
		{method: post, path: "/v1/campaigns/{campaignId}/import", name: "campaigns.import", access: change, body: array, handle: importCampaign},
		{method: post, path: "/v1/campaigns/{campaignId}/importCSV", name: "campaigns.import_csv", access: change, body: csv, handle: importCampaignCSV},

		{method: post, path: "/v1/customers", name: "customers.put", access: change, body: json, handle: putCustomer},
		{method: get, path: "/v1/customers", name: "customers.list", access: read, body: none, handle: listCustomers},
		{method: get, path: "/v1/customers/{customerId}", name: "customers.get", access: read, body: none, handle: getCustomer},
		{method: put, path: "/v1/customers/{customerId}", name: "customers.update", access: change, body: json, handle: updateCustomer},
		{method: del, path: "/v1/customers/{customerId}", name: "customers.delete", access: change, body: none, handle: deleteCustomer},

		{method: get, path: "/v1/async-actions", name: "async_actions.list", access: read, body: none, handle: listAsyncActions},
		{method: get, path: "/v1/async-actions/{asyncActionId}", name: "async_actions.get", access: read, body: none, handle: getAsyncAction},
		{method: get, path: "/v1/async-actions/{asyncActionId}/rejects.csv", name: "async_actions.rejects", access: read, body: none, handle: exportRejectsCSV},
		{method: get, path: "/v1/events", name: "events.list", access: read, body: none, handle: listEvents},
		{method: get, path: "/v1/events/stream", name: "events.stream", access: read, body: none, handle: streamEvents},
		{method: get, path: "/v1/refusals", name: "refusals.list", access: read, body: none, handle: listRefusals},
		{method: get, path: "/v1/refusals/counts", name: "refusals.counts", access: read, body: none, handle: countRefusals},

		{method: get, path: "/v1/project", name: "project.get", access: read, body: none, handle: getProject},
		{method: put, path: "/v1/project", name: "project.update", access: admin, body: json, handle: updateProject},
		{method: post, path: "/v1/keys", name: "keys.create", access: admin, body: json, handle: createKey},
		{method: get, path: "/v1/keys", name: "keys.list", access: admin, body: none, handle: listKeys},
		{method: post, path: "/v1/keys/{keyId}/rotate", name: "keys.rotate", access: admin, body: none, handle: rotateKey},
		{method: del, path: "/v1/keys/{keyId}", name: "keys.revoke", access: admin, body: none, handle: revokeKey},
	}
}

// Endpoint describes a route to tests and documentation.
type Endpoint struct {
	Method, Path, Name, Access string
}

// Endpoints lists what is served, in the order of the table.
func Endpoints() []Endpoint {
	var out []Endpoint
	for _, r := range routes() {
		out = append(out, Endpoint{Method: r.method, Path: r.path, Name: r.name, Access: r.access.String()})
	}
	return out
}

// router builds the dispatch from the table. Paths are matched exactly as they
// were sent: no redirects, because a client that follows one may turn a POST
// into a GET, and no cleaning, because a code may look like anything.
func (s *Server) router() fasthttp.RequestHandler {
	r := router.New()
	r.RedirectTrailingSlash = false
	r.RedirectFixedPath = false
	table := routes()
	for i := range table {
		line := &table[i]
		if line.limit == 0 {
			line.limit = coupon.BodyBytesMax
			if line.body == bodyForm {
				line.limit = formBytesMax
			}
		}
		line.idName = idName(line.path)
		line.metrics = s.metrics.route(line.name)
		r.Handle(line.method, line.path, s.serve(line))
	}
	other := &route{name: "other", access: accessPublic, metrics: s.metrics.route("other")}
	r.NotFound = orDrawn(r.Lookup, s.elsewhere(other, nowhere))
	for _, path := range unbuiltPosts() {
		r.POST(path, s.elsewhere(other, nowhere))
	}
	r.MethodNotAllowed = s.elsewhere(other, func(x *exchange) error {
		return refuse(wire.KeyMethodNotAllowed, "Allowed are "+string(x.http.Response.Header.Peek(fasthttp.HeaderAllow)))
	})
	r.GlobalOPTIONS = s.elsewhere(other, (*exchange).gone)
	return r.Handler
}

// unbuiltPosts are paths of theirs that are not built and lie where a route would
// answer in their stead: by taking the last word for a code, or by not allowing
// the method.
func unbuiltPosts() []string {
	return []string{
		"/v1/vouchers/qualification", "/v1/campaigns/qualification", "/v1/customers/importCSV", "/v1/events",
	}
}

// orDrawn serves POST /v1/vouchers/ like the path without its slash: so the
// JavaScript SDK asks for a drawn code. The router cannot hold both paths.
func orDrawn(lookup func(method, path string, ctx *fasthttp.RequestCtx) (fasthttp.RequestHandler, bool), nowhere fasthttp.RequestHandler) fasthttp.RequestHandler {
	return func(ctx *fasthttp.RequestCtx) {
		if ctx.IsPost() && string(ctx.Request.URI().PathOriginal()) == "/v1/vouchers/" {
			create, _ := lookup(fasthttp.MethodPost, "/v1/vouchers", ctx)
			create(ctx)
			return
		}
		nowhere(ctx)
	}
}

// idName returns the name of a path's {…Id}, or "".
func idName(path string) string {
	for segment := range strings.SplitSeq(path, "/") {
		if name := strings.Trim(segment, "{}"); name != segment && name != "code" {
			return name
		}
	}
	return ""
}

// elsewhere serves what no line of the table does. It asks for no credentials:
// the list of paths is public, and a mistyped path is easier found so.
func (s *Server) elsewhere(r *route, handle func(*exchange) error) fasthttp.RequestHandler {
	line := *r
	line.handle = handle
	return s.serve(&line)
}

// nowhere answers a path that is not served. One of Voucherify's exists, and is
// only not built.
func nowhere(x *exchange) error {
	path := string(x.http.Request.URI().PathOriginal())
	theirs := []string{"/v1/", "/client/v1/", "/management/v1/"}
	if slices.ContainsFunc(theirs, func(prefix string) bool { return strings.HasPrefix(path, prefix) }) {
		return notServed(first(path, 3))
	}
	return refuse(wire.KeyNotFound, "There is no such path")
}

// first keeps the first segments of a path: what follows may be a code.
func first(path string, segments int) string {
	parts := strings.SplitN(path, "/", segments+1)
	if len(parts) > segments {
		parts[segments] = "…"
	}
	return strings.Join(parts, "/")
}
