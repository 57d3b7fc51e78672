package catalog

import (
	"crypto/subtle"

	"github.com/scrip-engine/scrip/coupon"
)

// Key is a credential: an app id and up to two tokens, so that a fleet can be
// moved from one to the other without a pause. Tokens are 256 random bits, so
// their plain SHA-256 is enough, and cheap enough for every request.
type Key struct {
	ID      string   `json:"id"`
	Ordinal uint32   `json:"ordinal"`
	Project uint32   `json:"project"`
	AppID   string   `json:"app_id"` // unique in the cluster, also after a revocation
	Name    string   `json:"name,omitempty"`
	Class   KeyClass `json:"class"`
	// Role and Scopes are words whose meaning belongs to the surface.
	Role   string   `json:"role"`
	Scopes []string `json:"scopes,omitempty"`
	// Token is the SHA-256 of the token in force, Previous of the one before it,
	// which is accepted before PreviousUntil.
	Token         Digest256 `json:"token"`
	Previous      Digest256 `json:"previous"`
	PreviousUntil int64     `json:"previous_until,omitempty"`
	// Expires is when the whole key stops; 0 is never.
	Expires int64  `json:"expires,omitempty"`
	Revoked int64  `json:"revoked,omitempty"` // when; 0 is not
	Created int64  `json:"created"`
	Updated int64  `json:"updated"`
	Version uint64 `json:"version"`
}

// Accepts reports whether a token with this SHA-256 opens the key at time now
// (unix milliseconds). It compares in constant time and does not allocate.
func (k *Key) Accepts(token *Digest256, now int64) bool {
	current := subtle.ConstantTimeCompare(token[:], k.Token[:])
	previous := subtle.ConstantTimeCompare(token[:], k.Previous[:])
	if k.Revoked != 0 || (k.Expires != 0 && now >= k.Expires) {
		return false
	}
	return current == 1 || (previous == 1 && now < k.PreviousUntil)
}

// CreateKey makes a key in a project. An empty AppID means that the key's own id
// serves as one.
type CreateKey struct {
	Project uint32    `json:"project"`
	AppID   string    `json:"app_id,omitempty"`
	Name    string    `json:"name,omitempty"`
	Class   KeyClass  `json:"class"`
	Role    string    `json:"role"`
	Scopes  []string  `json:"scopes,omitempty"`
	Token   Digest256 `json:"token"`
	Expires int64     `json:"expires,omitempty"`
}

// RotateKey puts a new token in force. The one it replaces is accepted before
// PreviousUntil: 0 ends it at once, math.MaxInt64 keeps it until the next
// rotation. The one before that, if any, ends now: there are never three.
type RotateKey struct {
	Project       uint32    `json:"project"`
	Key           uint32    `json:"key"`
	Token         Digest256 `json:"token"`
	PreviousUntil int64     `json:"previous_until,omitempty"`
}

// RevokeKey ends a key for ever, or with PreviousOnly just its older token.
type RevokeKey struct {
	Project      uint32 `json:"project"`
	Key          uint32 `json:"key"`
	PreviousOnly bool   `json:"previous_only,omitempty"`
}

func (*CreateKey) kind() Kind { return KindCreateKey }
func (*RotateKey) kind() Kind { return KindRotateKey }
func (*RevokeKey) kind() Kind { return KindRevokeKey }

func (b *CreateKey) scope() (uint32, string) { return b.Project, b.AppID }
func (b *RotateKey) scope() (uint32, string) { return b.Project, "" }
func (b *RevokeKey) scope() (uint32, string) { return b.Project, "" }

func (b *CreateKey) check() error {
	var c checker
	c.ordinal("project", b.Project)
	c.text("app_id", b.AppID, 0, RefBytesMax)
	c.text("name", b.Name, 0, RefBytesMax)
	c.that(b.Class >= ServerKey && b.Class <= ManagementKey, "class", "unknown class")
	c.word("role", b.Role)
	c.that(len(b.Scopes) <= ScopesMax, "scopes", "too many")
	for _, scope := range b.Scopes {
		c.word("scopes", scope)
	}
	c.that(b.Token != Digest256{}, "token", "missing")
	c.atLeast("expires", b.Expires, 0)
	return c.err
}

func (b *RotateKey) check() error {
	var c checker
	c.ordinal("project", b.Project)
	c.ordinal("key", b.Key)
	c.that(b.Token != Digest256{}, "token", "missing")
	c.atLeast("previous_until", b.PreviousUntil, 0)
	return c.err
}

func (b *RevokeKey) check() error {
	var c checker
	c.ordinal("project", b.Project)
	c.ordinal("key", b.Key)
	return c.err
}

func (b *CreateKey) apply(x *txn) Reply {
	if x.project(b.Project) == nil {
		return refuse(coupon.ResourceNotFound)
	}
	id := x.mint(coupon.PrefixKey)
	appID := b.AppID
	if appID == "" {
		appID = id
	}
	if _, taken := x.next.appIDs.get(appID); taken {
		return refuse(coupon.DuplicateFound)
	}
	if x.next.keys.size() >= KeysMax {
		return refuse(coupon.CapacityExceeded)
	}
	k := &Key{
		ID: id, Ordinal: uint32(x.next.keys.size()) + 1, Project: b.Project, AppID: appID, Name: b.Name,
		Class: b.Class, Role: b.Role, Scopes: b.Scopes, Token: b.Token, Expires: b.Expires,
		Created: x.next.now, Updated: x.next.now, Version: x.next.index,
	}
	x.next.putKey(nil, k)
	x.record("key.created", b.Project, id, summary{Name: k.Name, Role: k.Role})
	return x.doneIfRoom(id, k.Ordinal)
}

func (b *RotateKey) apply(x *txn) Reply {
	old := x.key(b.Project, b.Key)
	if old == nil || old.Revoked != 0 {
		return refuse(coupon.ResourceNotFound)
	}
	k := *old
	k.Token, k.Previous, k.PreviousUntil = b.Token, old.Token, b.PreviousUntil
	if b.PreviousUntil <= x.next.now {
		k.Previous, k.PreviousUntil = Digest256{}, 0
	}
	return x.changeKey(old, &k, "key.rotated")
}

func (b *RevokeKey) apply(x *txn) Reply {
	old := x.key(b.Project, b.Key)
	if old == nil {
		return refuse(coupon.ResourceNotFound)
	}
	k := *old
	k.Previous, k.PreviousUntil = Digest256{}, 0
	if b.PreviousOnly {
		return x.changeKey(old, &k, "key.token_revoked")
	}
	if old.Revoked != 0 {
		// Nothing changes, but whoever asks again must still not be told "done"
		// before the shards know: the fence is raised again.
		x.raise(ProjectFence, b.Project)
		return x.done(old.ID, old.Ordinal)
	}
	k.Revoked = x.next.now
	return x.changeKey(old, &k, "key.revoked")
}

// changeKey publishes the new state of a key and raises its project's fence:
// evaluations under the old one are stale from here on.
func (x *txn) changeKey(old, k *Key, event string) Reply {
	k.Updated, k.Version = x.next.now, x.next.index
	x.next.putKey(old, k)
	x.raise(ProjectFence, k.Project)
	x.record(event, k.Project, k.ID, summary{Name: k.Name, Role: k.Role})
	return x.done(k.ID, k.Ordinal)
}
