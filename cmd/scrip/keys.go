package main

import (
	"github.com/scrip-engine/scrip/client"
	"github.com/scrip-engine/scrip/wire"
)

type keysCmd struct {
	Create keysCreateCmd `cmd:"" help:"Make a server key. Its token is printed once."`
	Ls     keysListCmd   `cmd:"" help:"List the server keys."`
	Rotate keysRotateCmd `cmd:"" help:"Give a key a second token beside the first, to change over without a gap."`
	Revoke keysRevokeCmd `cmd:"" help:"End a key at once."`
}

type keysCreateCmd struct {
	connection
	Name string `help:"What the key is for."`
	Role string `help:"What it may do (${enum})." enum:"ADMIN,USER,VIEWER" default:"USER"`
	Key  string `help:"Idempotency key." placeholder:"KEY"`
}

func (c *keysCreateCmd) Run(a *app) error {
	cl, err := c.client(a)
	if err != nil {
		return err
	}
	defer cl.Close()
	key, err := cl.CreateKey(a.ctx, &wire.APIKeyCreate{Name: c.Name, Role: c.Role}, keyOption(c.Key)...)
	if err != nil {
		return err
	}
	return a.showKey(key)
}

type keysRotateCmd struct {
	connection
	ID  string `arg:"" help:"The key's id, key_…"`
	Key string `help:"Idempotency key." placeholder:"KEY"`
}

func (c *keysRotateCmd) Run(a *app) error {
	cl, err := c.client(a)
	if err != nil {
		return err
	}
	defer cl.Close()
	key, err := cl.RotateKey(a.ctx, c.ID, keyOption(c.Key)...)
	if err != nil {
		return err
	}
	return a.showKey(key)
}

// showKey prints a key with its token, which nobody can read again.
func (a *app) showKey(key *wire.APIKey) error {
	return a.show(key, func(t *table) {
		t.field("Id", key.ID)
		t.field("Name", key.Name)
		t.field("Role", key.Role)
		t.field("App id", key.AppID)
		t.field("App token", key.Secret)
		t.field("Expires", key.ExpiresAt)
	})
}

type keysRevokeCmd struct {
	connection
	ID string `arg:"" help:"The key's id, key_…"`
}

func (c *keysRevokeCmd) Run(a *app) error {
	cl, err := c.client(a)
	if err != nil {
		return err
	}
	defer cl.Close()
	if err := cl.RevokeKey(a.ctx, c.ID); err != nil {
		return err
	}
	return a.show(map[string]string{"revoked": c.ID}, func(t *table) { t.field("Revoked", c.ID) })
}

type keysListCmd struct{ connection }

func (c *keysListCmd) Run(a *app) error {
	cl, err := c.client(a)
	if err != nil {
		return err
	}
	defer cl.Close()
	keys := []wire.APIKey{}
	read := func(p client.Page) (*wire.List[wire.APIKey], error) { return cl.Keys(a.ctx, p) }
	for key, err := range client.Each(client.Page{Limit: 100}, read) {
		if err != nil {
			return err
		}
		keys = append(keys, key)
	}
	return a.show(keys, func(t *table) {
		t.row("ID", "NAME", "ROLE", "APP ID", "CREATED", "EXPIRES", "REVOKED")
		for _, key := range keys {
			t.row(key.ID, key.Name, key.Role, key.AppID, key.CreatedAt, key.ExpiresAt, key.RevokedAt)
		}
	})
}
