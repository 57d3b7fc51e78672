package engine

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"strings"

	"github.com/scrip-engine/scrip/catalog"
	"github.com/scrip-engine/scrip/wire"
)

// Bearer tokens of /oauth/token are not stored: a token is what it says, with a
// MAC under a key of the cluster, so any node can check one, and it ends early
// when its key does.

const (
	// bearerSeconds is how long a bearer token lasts.
	bearerSeconds = 900
	bearerBytes   = 4 + 8 + 8 + sha256.Size // key ordinal, version of the key, expiry, MAC
	bearerPrefix  = "sat_"
)

// Authenticate finds who an app id and token belong to. It does not allocate.
func (e *Engine) Authenticate(appID, token []byte) (Caller, bool) {
	v := e.catalog.View()
	digest := catalog.Digest256(sha256.Sum256(token))
	k, ok := v.KeyByAppID(appID)
	if !ok {
		// The same work for an app id that does not exist.
		var none catalog.Key
		none.Accepts(&digest, v.Time())
		return Caller{}, false
	}
	if !k.Accepts(&digest, max(v.Time(), e.clock.UnixMilli())) {
		return Caller{}, false
	}
	return e.caller(v, k)
}

func (e *Engine) caller(v catalog.View, k *catalog.Key) (Caller, bool) {
	p := v.Project(k.Project)
	if p == nil || !p.Active || k.Class == catalog.ClientKey {
		return Caller{}, false
	}
	return Caller{Project: k.Project, Key: k.Ordinal, Role: k.Role}, true
}

// OAuthToken exchanges an app id and token for a bearer token.
func (e *Engine) OAuthToken(appID, token []byte) (wire.OAuthToken, error) {
	caller, ok := e.Authenticate(appID, token)
	if !ok {
		return wire.OAuthToken{}, (&Call{}).fail(wire.KeyUnauthorized, "")
	}
	if err := e.admit(&Call{Caller: caller}, RoleViewer); err != nil {
		return wire.OAuthToken{}, err
	}
	k := e.catalog.View().Key(caller.Key)
	b := binary.LittleEndian.AppendUint32(nil, caller.Key)
	b = binary.LittleEndian.AppendUint64(b, k.Version)
	b = binary.LittleEndian.AppendUint64(b, uint64(e.clock.UnixMilli()+bearerSeconds*1000))
	b = append(b, e.bearerMAC(b)...)
	return wire.OAuthToken{
		AccessToken: bearerPrefix + base64.RawURLEncoding.EncodeToString(b),
		TokenType:   "Bearer", ExpiresIn: bearerSeconds, Scope: "api",
	}, nil
}

// AuthenticateBearer finds who a bearer token belongs to. A key that was
// changed or revoked since ends its bearer tokens too.
func (e *Engine) AuthenticateBearer(token []byte) (Caller, bool) {
	text, ok := strings.CutPrefix(string(token), bearerPrefix)
	if !ok {
		return Caller{}, false
	}
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(b) != bearerBytes || !hmac.Equal(b[20:], e.bearerMAC(b[:20])) {
		return Caller{}, false
	}
	v := e.catalog.View()
	k := v.Key(binary.LittleEndian.Uint32(b))
	if k == nil || k.Revoked != 0 || k.Expires != 0 && max(v.Time(), e.clock.UnixMilli()) >= k.Expires || k.Version != binary.LittleEndian.Uint64(b[4:]) ||
		e.clock.UnixMilli() >= int64(binary.LittleEndian.Uint64(b[12:])) {
		return Caller{}, false
	}
	return e.caller(v, k)
}

func (e *Engine) bearerMAC(b []byte) []byte {
	secret := e.catalog.View().Cluster().Secret
	m := hmac.New(sha256.New, secret[:])
	m.Write([]byte("scrip/1/bearer"))
	m.Write(b)
	return m.Sum(nil)
}

// Default is the embedding program's own call on the project default, with all
// rights.
func (e *Engine) Default() Call {
	p, _ := e.catalog.View().ProjectByRef(DefaultProject)
	return Call{Caller: Caller{Project: p.Ordinal, Role: RoleAdmin}}
}
