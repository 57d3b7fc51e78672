package main

import (
	"errors"
	"path/filepath"

	"github.com/prometheus/client_golang/prometheus"
)

type initCmd struct{ serverSettings }

// Run makes the data directory and closes it again. What exists is left as it is.
func (c *initCmd) Run(a *app) error {
	if err := c.check(); err != nil {
		return err
	}
	warnOfToken(a, c.AppToken)
	log := newLogger(a.err, &c.serverSettings, a.terminal)
	e, key, err := openEngine(&c.serverSettings, log, prometheus.NewRegistry())
	if err != nil {
		return err
	}
	_, made := e.FirstKey()
	status := e.Status()
	if err := e.Close(); err != nil {
		return err
	}
	if !made {
		return errors.New("the data directory " + c.Data + " exists already")
	}
	out := struct {
		Data        string `json:"data"`
		Credentials string `json:"credentials"`
		AppID       string `json:"app_id"`
		Shards      int    `json:"shards"`
	}{c.Data, filepath.Join(c.Data, credentialsFile), key.AppID, len(status.Shards)}
	return a.show(out, func(t *table) {
		t.field("Data", out.Data)
		t.field("Key in", out.Credentials)
		t.field("App id", out.AppID)
		t.field("Shards", out.Shards)
	})
}
