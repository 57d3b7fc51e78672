package bench

import (
	"context"
	"fmt"
	"net"

	"github.com/valyala/fasthttp"
)

// bareAnswer is a minimal answer to a redemption, byte for byte as long.
const bareAnswer = `{"redemptions":[{"id":"r_2r8tes82spj14434","object":"redemption","amount":10000,"result":"SUCCESS","status":"SUCCEEDED",` +
	`"order":{"amount":10000,"initial_amount":10000,"discount_amount":1000,"total_discount_amount":1000,"total_amount":9000,` +
	`"applied_discount_amount":1000,"total_applied_discount_amount":1000,"object":"order"},"related_object_type":"voucher",` +
	`"related_object_id":"v_2r8ve9n5rxwzvgev","voucher":{"id":"v_2r8ve9n5rxwzvgev","code":"ABCDEFGHJKLM","object":"voucher"},` +
	`"idempotency_key":"b00000000-000000000000"}]}`

// ServeBare answers every request with the same bytes, until ctx ends: what HTTP
// alone costs on a machine, and so the ceiling of everything behind it.
func ServeBare(ctx context.Context, ln net.Listener) error {
	body := []byte(bareAnswer)
	s := &fasthttp.Server{
		NoDefaultServerHeader: true,
		CloseOnShutdown:       true,
		Handler: func(c *fasthttp.RequestCtx) {
			c.Response.Header.SetContentType("application/json")
			c.Response.SetBodyRaw(body)
		},
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve(ln) }()
	select {
	case err := <-served:
		return fmt.Errorf("bare handler: %w", err)
	case <-ctx.Done():
	}
	if err := s.Shutdown(); err != nil {
		return fmt.Errorf("bare handler: %w", err)
	}
	return <-served
}
