package httpapi

import "github.com/scrip-engine/scrip/wire"

// createKey is POST /v1/keys. This answer and that of a rotation are
// the only ones that show a secret.
func createKey(x *exchange) error {
	req, err := decode[wire.APIKeyCreate](x)
	if err != nil {
		return err
	}
	k, err := x.server.engine.CreateKey(x.ctx, x.call, req)
	if err != nil {
		return err
	}
	return x.json(k)
}

// listKeys is GET /v1/keys.
func listKeys(x *exchange) error {
	list, err := x.server.engine.Keys(x.ctx, x.call)
	if err != nil {
		return err
	}
	return x.json(list)
}

// rotateKey is POST /v1/keys/{keyId}/rotate: a second key beside the first, which
// is revoked once every client has the new one.
func rotateKey(x *exchange) error {
	id, err := x.idParam()
	if err != nil {
		return err
	}
	k, err := x.server.engine.RotateKey(x.ctx, x.call, id)
	if err != nil {
		return err
	}
	return x.json(k)
}

// revokeKey is DELETE /v1/keys/{keyId}.
func revokeKey(x *exchange) error {
	id, err := x.idParam()
	if err != nil {
		return err
	}
	if err := x.server.engine.RevokeKey(x.ctx, x.call, id); err != nil {
		return err
	}
	return x.gone()
}
