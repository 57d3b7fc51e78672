package httpapi

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net/url"

	"github.com/valyala/fasthttp"

	"github.com/scrip-engine/scrip/engine"
	"github.com/scrip-engine/scrip/wire"
)

// challenge is the WWW-Authenticate of every 401 (RFC 9110 demands one).
const challenge = `Bearer realm="scrip"`

// access is what a route asks of a key.
type access uint8

const (
	accessPublic access = iota + 1 // anybody
	accessToken                    // a token request: the handler checks its credentials
	accessRead                     // every role
	accessChange                   // USER or ADMIN
	accessAdmin                    // ADMIN
)

// String names the access in the documentation.
func (a access) String() string {
	return [...]string{"", "public", "token", "read", "change", "admin"}[a]
}

// allows reports whether a role suffices. A role nobody knows may do nothing.
func (a access) allows(role string) bool {
	switch role {
	case engine.RoleAdmin:
		return true
	case engine.RoleUser:
		return a <= accessChange
	case engine.RoleViewer:
		return a <= accessRead
	}
	return a <= accessToken
}

// authenticate finds out who asks and whether they may. A missing header, an
// unknown id and a wrong token get one answer, so that it teaches nothing.
func (x *exchange) authenticate() error {
	if x.route.access <= accessToken {
		return nil
	}
	caller, ok := x.server.caller(&x.http.Request.Header)
	if !ok {
		return refuse(wire.KeyUnauthorized, "")
	}
	if !x.route.access.allows(caller.Role) {
		return refuse(wire.KeyForbidden, "The key's role "+caller.Role+" does not allow this")
	}
	x.call.Caller = caller
	return nil
}

// caller checks the server key, and without one the bearer token. The bytes
// belong to the connection; the engine does not keep them.
func (s *Server) caller(h *fasthttp.RequestHeader) (engine.Caller, bool) {
	appID, token := h.Peek("X-App-Id"), h.Peek("X-App-Token")
	if len(appID) > 0 || len(token) > 0 {
		if !plausible(appID) || !plausible(token) {
			return engine.Caller{}, false
		}
		return s.engine.Authenticate(appID, token)
	}
	scheme, credentials, _ := bytes.Cut(h.Peek(fasthttp.HeaderAuthorization), []byte(" "))
	if !bytes.EqualFold(scheme, []byte("Bearer")) || !plausible(credentials) {
		return engine.Caller{}, false
	}
	return s.engine.AuthenticateBearer(credentials)
}

func plausible(credential []byte) bool {
	return len(credential) > 0 && len(credential) <= credentialBytesMax
}

// oauthToken is POST /v1/oauth/token: client_credentials (RFC 6749, 4.4), with
// the key pair by Basic or in the form.
func oauthToken(x *exchange) error {
	form, err := url.ParseQuery(string(x.body))
	if err != nil {
		return refuse(wire.KeyInvalidPayload, "The form cannot be read")
	}
	if grant := form.Get("grant_type"); grant != "client_credentials" {
		return refuseField(wire.KeyInvalidPayload, "grant_type", "grant_type must be client_credentials")
	}
	appID, token := x.clientPair(form)
	if !plausible(appID) || !plausible(token) {
		return refuse(wire.KeyUnauthorized, "")
	}
	granted, err := x.server.engine.OAuthToken(appID, token)
	if err != nil {
		return err
	}
	return x.json(&granted)
}

// clientPair reads the credentials of a token request. With Basic, both parts
// are form-encoded before they are joined (RFC 6749, 2.3.1).
func (x *exchange) clientPair(form url.Values) (appID, token []byte) {
	scheme, credentials, found := bytes.Cut(x.http.Request.Header.Peek(fasthttp.HeaderAuthorization), []byte(" "))
	if !found || !bytes.EqualFold(scheme, []byte("Basic")) {
		return []byte(form.Get("client_id")), []byte(form.Get("client_secret"))
	}
	pair, err := base64.StdEncoding.DecodeString(string(credentials))
	if err != nil {
		return nil, nil
	}
	rawID, rawToken, _ := bytes.Cut(pair, []byte(":"))
	id, err1 := url.QueryUnescape(string(rawID))
	secret, err2 := url.QueryUnescape(string(rawToken))
	if err1 != nil || err2 != nil {
		return nil, nil
	}
	return []byte(id), []byte(secret)
}

// oauthProblem gives a refused token request the shape that OAuth clients read.
func oauthProblem(e *wire.Error) ([]byte, error) {
	reason := "invalid_request"
	switch {
	case e.Key == wire.KeyUnauthorized:
		reason = "invalid_client"
	case e.Field == "grant_type":
		reason = "unsupported_grant_type"
	case e.Code >= 500:
		reason = "temporarily_unavailable"
	}
	return json.Marshal(wire.OAuthError{Reason: reason, Description: e.Message, Error: *e})
}
