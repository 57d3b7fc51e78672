package catalog

// FenceDone says that every shard has raised its fence of a project or campaign
// to Index. A raise that was asked for later stays pending.
type FenceDone struct {
	Fence
}

func (*FenceDone) kind() Kind { return KindFenceDone }

func (*FenceDone) scope() (uint32, string) { return 0, "" }

func (b *FenceDone) check() error {
	var c checker
	c.that(b.Scope == ProjectFence || b.Scope == CampaignFence, "scope", "unknown scope")
	c.ordinal("ordinal", b.Ordinal)
	c.that(b.Index != 0, "index", "missing")
	return c.err
}

func (b *FenceDone) apply(x *txn) Reply {
	key := b.target()
	if pending, ok := x.next.fences.at(key); ok && pending.Index <= b.Index {
		x.next.fences = x.next.fences.drop(key)
	}
	return x.done("", b.Ordinal)
}

// raise notes that the shards owe a raise to this command's index. One pending
// raise a target is enough: raising to the newer index does what the older asked,
// and so the number of pending raises is bounded by what can be fenced.
func (x *txn) raise(scope FenceScope, ordinal uint32) {
	f := Fence{Scope: scope, Ordinal: ordinal, Index: x.next.index}
	x.next.fences = x.next.fences.put(f.target(), &f)
	x.reply.Fence = f
}

// target is the key of a fence among the pending raises.
func (f Fence) target() []byte { return keyPair(uint32(f.Scope), f.Ordinal) }
