package engine

import (
	"context"
	"crypto/sha256"
	"math"

	"github.com/scrip-engine/scrip/catalog"
	"github.com/scrip-engine/scrip/wire"
)

// CreateKey makes a server key. Its secret is in the answer and nowhere else.
func (e *Engine) CreateKey(ctx context.Context, c Call, req *wire.APIKeyCreate) (*wire.APIKey, error) {
	if err := e.mayAdminister(&c); err != nil {
		return nil, err
	}
	token := randomText(tokenBytes)
	role := req.Role
	if role == "" {
		role = RoleUser
	}
	// The token is new each time, so it cannot be part of what a retry repeats:
	// with a key a second create is answered without a secret.
	body := &catalog.CreateKey{Project: c.Caller.Project, Name: req.Name, Class: catalog.ServerKey, Role: role,
		Token: sha256.Sum256([]byte(token))}
	reply, err := e.changeCatalog(ctx, &c, opCreate, req, body)
	if err != nil {
		return nil, err
	}
	out := renderKey(e.catalog.View().Key(reply.Ordinal))
	if !reply.Replayed {
		out.Secret = token
	}
	return out, nil
}

// Keys lists the project's keys, revoked ones too.
func (e *Engine) Keys(_ context.Context, c Call) (*wire.List[wire.APIKey], error) {
	if err := e.mayAdminister(&c); err != nil {
		return nil, err
	}
	out := &wire.List[wire.APIKey]{DataRef: wire.ListData, Data: []wire.APIKey{}}
	for _, k := range e.catalog.View().Keys(c.Caller.Project) {
		out.Data = append(out.Data, *renderKey(k))
	}
	out.Total = int64(len(out.Data))
	return out, nil
}

// RotateKey gives a key a new secret. The one before stays valid until the next
// rotation, so that a fleet can move over without a pause; there are never three.
func (e *Engine) RotateKey(ctx context.Context, c Call, id string) (*wire.APIKey, error) {
	k, err := e.findKey(&c, id)
	if err != nil {
		return nil, err
	}
	token := randomText(tokenBytes)
	reply, err := e.changeCatalog(ctx, &c, opUpdate, struct{ Rotate string }{id}, &catalog.RotateKey{
		Project: k.Project, Key: k.Ordinal, Token: sha256.Sum256([]byte(token)), PreviousUntil: math.MaxInt64})
	if err != nil {
		return nil, err
	}
	if err := e.raise(ctx, &c, reply.Fence); err != nil {
		return nil, err
	}
	out := renderKey(e.catalog.View().Key(k.Ordinal))
	if !reply.Replayed {
		out.Secret = token
	}
	return out, nil
}

// RevokeKey ends a key for ever. When it returns, nothing that it asks for later
// succeeds (P7).
func (e *Engine) RevokeKey(ctx context.Context, c Call, id string) error {
	k, err := e.findKey(&c, id)
	if err != nil {
		return err
	}
	reply, err := e.changeCatalog(ctx, &c, opDelete, struct{ Revoke string }{id},
		&catalog.RevokeKey{Project: k.Project, Key: k.Ordinal})
	if err != nil {
		return err
	}
	return e.raise(ctx, &c, reply.Fence)
}

func (e *Engine) mayAdminister(c *Call) error {
	if err := e.admit(c, RoleAdmin); err != nil {
		return err
	}
	return c.stillAllowed(e.catalog.View())
}

func (e *Engine) findKey(c *Call, id string) (*catalog.Key, error) {
	if err := e.mayAdminister(c); err != nil {
		return nil, err
	}
	v := e.catalog.View()
	k, ok := v.KeyByID(id)
	if !ok {
		k, ok = v.KeyByAppID([]byte(id))
	}
	if !ok || k.Project != c.Caller.Project {
		return nil, c.missing("key", id)
	}
	return k, nil
}

func renderKey(k *catalog.Key) *wire.APIKey {
	return &wire.APIKey{ID: k.ID, AppID: k.AppID, Name: k.Name, Role: k.Role, CreatedAt: wire.Time(k.Created),
		RevokedAt: wire.Time(k.Revoked), ExpiresAt: wire.Time(k.Expires), Object: "api_key"}
}
