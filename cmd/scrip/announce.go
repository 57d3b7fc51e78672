package main

import (
	"fmt"
	"path/filepath"
	"strings"
)

// announcement is what a started server prints.
type announcement struct {
	URL         string `json:"url"`
	OpsURL      string `json:"ops_url"`
	Credentials string `json:"credentials,omitempty"`
	AppID       string `json:"app_id,omitempty"`
	AppToken    string `json:"app_token,omitempty"`
	Try         string `json:"try,omitempty"`
}

// announce says where the server is. The token is shown for a demo only; it is in
// the credentials file in any case.
func (s *server) announce(a *app, demo *demoCode) error {
	say := announcement{URL: reachable(s.apiLn.Addr()), OpsURL: reachable(s.opsLn.Addr()), AppID: s.key.AppID}
	if s.key.AppID != "" {
		say.Credentials = filepath.Join(s.settings.Data, credentialsFile)
	}
	if demo != nil && s.key.AppToken != "" {
		say.AppToken = s.key.AppToken
		say.Try = demo.curl(say.URL, s.key)
	}
	if a.json {
		return a.line(say, "")
	}
	return a.show(say, func(t *table) {
		t.field("Scrip", version)
		t.field("API", say.URL)
		t.field("Ops", say.OpsURL)
		t.field("Key in", say.Credentials)
		t.field("App id", say.AppID)
		t.field("App token", say.AppToken)
		if say.Try != "" {
			t.blank()
			t.row("Redeem a code of the example campaign. A second time it is refused:")
			t.blank()
			t.row(say.Try)
		}
	})
}

// curl is one line that redeems the code in any POSIX shell.
func (d *demoCode) curl(url string, key credentials) string {
	return fmt.Sprintf("curl -sS %s/v1/redemptions -H %s -H %s -H 'Content-Type: application/json' -d %s",
		url, shellQuote("X-App-Id: "+key.AppID), shellQuote("X-App-Token: "+key.AppToken), shellQuote(d.body()))
}

// shellQuote makes one word of s, whatever is in it.
func shellQuote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
