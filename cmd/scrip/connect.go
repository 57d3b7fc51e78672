package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/scrip-engine/scrip/client"
)

// The addresses of a server that was started without any setting.
const (
	defaultURL    = "http://127.0.0.1:8080"
	defaultOpsURL = "http://127.0.0.1:8081"
)

// client returns a client for the server and the key that were given, else for
// those of the data directory. The caller closes it.
func (c *connection) client(a *app) (*client.Client, error) {
	token, err := c.AppToken.reveal()
	if err != nil {
		return nil, usage(err)
	}
	if (c.AppID == "") != (token == "") {
		return nil, usage(errors.New("--app-id and --app-token come together"))
	}
	warnOfToken(a, c.AppToken)
	given := credentials{AppID: c.AppID, AppToken: token, URL: c.Server}
	if given.AppID == "" || given.URL == "" {
		if given, err = c.complete(given); err != nil {
			return nil, err
		}
	}
	retry := client.DefaultRetry()
	retry.Total = c.Timeout
	cl, err := client.New(client.Config{
		URL: given.URL, AppID: given.AppID, AppToken: given.AppToken, Retry: retry, UserAgent: "scrip-cli/" + version,
	})
	return cl, usage(err)
}

// complete fills in what was not given from the data directory. Its key goes to
// its own server only (K5).
func (c *connection) complete(given credentials) (credentials, error) {
	local, ok, err := readCredentials(c.Data)
	if err != nil {
		return given, err
	}
	if given.URL == "" {
		given.URL = defaultURL
		if ok && local.URL != "" {
			given.URL = local.URL
		}
	}
	if given.AppID != "" {
		return given, nil
	}
	if !ok {
		return given, usage(fmt.Errorf("no server key: give --app-id and --app-token, or with --data the data directory of the server (%s has no %s)",
			c.Data, credentialsFile))
	}
	if !strings.EqualFold(strings.TrimSuffix(given.URL, "/"), strings.TrimSuffix(local.URL, "/")) && local.URL != "" {
		return given, usage(fmt.Errorf("the key in %s is for %s, not for %s: give --app-id and --app-token", c.Data, local.URL, given.URL))
	}
	given.AppID, given.AppToken = local.AppID, local.AppToken
	return given, nil
}

// warnOfToken: every user of the machine can read other people's command lines.
func warnOfToken(a *app, token secret) {
	if token != "" && !token.isFile() && a.parsed != nil && onCommandLine(a.parsed, "app-token") {
		a.say("scrip: warning: the token on the command line can be seen by others; use --app-token=@FILE or SCRIP_APP_TOKEN")
	}
}
