package catalog

import "github.com/scrip-engine/scrip/coupon"

// Init fixes what a data directory is. It comes once, before everything else;
// a second one is DuplicateFound and changes nothing.
type Init struct {
	ID       string `json:"id"`
	Secret   Secret `json:"secret"`
	Slots    uint32 `json:"slots"`
	Shards   uint32 `json:"shards"`
	Currency string `json:"currency"`
}

// CreateProject makes a tenant. CaseSensitive and CodeVersion can never change.
type CreateProject struct {
	Name              string `json:"name"`
	Currency          string `json:"currency"`
	CaseSensitive     bool   `json:"case_sensitive,omitempty"`
	CodeVersion       uint8  `json:"code_version"`
	IdempotencySource string `json:"idempotency_source"`
	RollbackWindow    int64  `json:"rollback_window,omitempty"`
}

// UpdateProject changes settings of a project, or switches it. Every update
// raises the project's fence.
type UpdateProject struct {
	Project           uint32        `json:"project"`
	Name              Patch[string] `json:"name,omitzero"`
	IdempotencySource Patch[string] `json:"idempotency_source,omitzero"`
	RollbackWindow    Patch[int64]  `json:"rollback_window,omitzero"`
	Active            Patch[bool]   `json:"active,omitzero"`
}

func (*Init) kind() Kind          { return KindInit }
func (*CreateProject) kind() Kind { return KindCreateProject }
func (*UpdateProject) kind() Kind { return KindUpdateProject }

func (*Init) scope() (uint32, string)            { return 0, "" }
func (b *CreateProject) scope() (uint32, string) { return 0, b.Name }
func (b *UpdateProject) scope() (uint32, string) { return b.Project, "" }

func (b *Init) check() error {
	var c checker
	c.word("id", b.ID)
	c.that(b.Secret != Secret{}, "secret", "missing")
	c.that(b.Slots > 0, "slots", "missing")
	c.that(b.Shards > 0 && b.Shards <= b.Slots, "shards", "not between 1 and the slots")
	c.word("currency", b.Currency)
	return c.err
}

func (b *CreateProject) check() error {
	var c checker
	c.text("name", b.Name, 1, RefBytesMax)
	c.word("currency", b.Currency)
	c.that(b.CodeVersion > 0, "code_version", "missing")
	c.word("idempotency_source", b.IdempotencySource)
	c.atLeast("rollback_window", b.RollbackWindow, 0)
	return c.err
}

func (b *UpdateProject) check() error {
	var c checker
	c.ordinal("project", b.Project)
	if name, ok := b.Name.Get(); ok {
		c.text("name", name, 1, RefBytesMax)
	}
	if source, ok := b.IdempotencySource.Get(); ok {
		c.word("idempotency_source", source)
	}
	window, _ := b.RollbackWindow.Get()
	c.atLeast("rollback_window", window, 0)
	c.that(!b.Name.IsClear(), "name", "cannot be cleared")
	c.that(!b.IdempotencySource.IsClear(), "idempotency_source", "cannot be cleared")
	c.that(!b.Active.IsClear(), "active", "cannot be cleared")
	return c.err
}

func (b *Init) apply(x *txn) Reply {
	if x.next.cluster != nil {
		return refuse(coupon.DuplicateFound)
	}
	x.next.cluster = &Cluster{
		ID: b.ID, Secret: b.Secret, Slots: b.Slots, Shards: b.Shards,
		Currency: b.Currency, Created: x.next.now, derived: coupon.NewSecret(b.Secret),
	}
	x.record("cluster.initialised", 0, b.ID, summary{})
	return x.done(b.ID, 0)
}

func (b *CreateProject) apply(x *txn) Reply {
	if x.next.cluster == nil {
		return refuse(coupon.ResourceNotFound)
	}
	if _, taken := x.next.projectNames.get(b.Name); taken {
		return refuse(coupon.DuplicateFound)
	}
	if x.next.projects.size() >= ProjectsMax {
		return refuse(coupon.CapacityExceeded)
	}
	p := &Project{
		ID: x.mint(coupon.PrefixProject), Ordinal: uint32(x.next.projects.size()) + 1, Name: b.Name,
		Currency: b.Currency, CaseSensitive: b.CaseSensitive, CodeVersion: b.CodeVersion,
		IdempotencySource: b.IdempotencySource, RollbackWindow: b.RollbackWindow, Active: true,
		Created: x.next.now, Updated: x.next.now, Version: x.next.index,
	}
	x.next.putProject(nil, p)
	x.record("project.created", p.Ordinal, p.ID, summary{Name: p.Name})
	return x.doneIfRoom(p.ID, p.Ordinal)
}

func (b *UpdateProject) apply(x *txn) Reply {
	old := x.project(b.Project)
	if old == nil {
		return refuse(coupon.ResourceNotFound)
	}
	if name, ok := b.Name.Get(); ok && name != old.Name {
		if _, taken := x.next.projectNames.get(name); taken {
			return refuse(coupon.DuplicateFound)
		}
	}
	p := *old
	var changed []string
	b.Name.onto(&p.Name, "name", &changed)
	b.IdempotencySource.onto(&p.IdempotencySource, "idempotency_source", &changed)
	b.RollbackWindow.onto(&p.RollbackWindow, "rollback_window", &changed)
	b.Active.onto(&p.Active, "active", &changed)
	p.Updated, p.Version = x.next.now, x.next.index
	x.next.putProject(old, &p)
	x.raise(ProjectFence, p.Ordinal)
	x.record("project.updated", p.Ordinal, p.ID, summary{Name: p.Name, Changed: changed})
	if p.Active != old.Active {
		x.record(switched("project", p.Active), p.Ordinal, p.ID, summary{Name: p.Name})
	}
	return x.done(p.ID, p.Ordinal)
}

func switched(what string, on bool) string {
	if on {
		return what + ".enabled"
	}
	return what + ".disabled"
}
