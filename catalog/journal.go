package catalog

// summary is what a journal record says beyond its kind and object. Every field
// is optional, and none may hold a secret or the hash of one.
type summary struct {
	Name    string   `json:"name,omitempty"`
	Role    string   `json:"role,omitempty"`
	Changed []string `json:"changed,omitempty"`
	Status  string   `json:"status,omitempty"`
	Created int64    `json:"created,omitempty"`
	Failed  int64    `json:"failed,omitempty"`
}

// record appends to the journal; above JournalMax the oldest record makes room.
func (x *txn) record(kind string, project uint32, object string, s summary) {
	x.next.lastSeq++
	r := &Record{
		Seq: x.next.lastSeq, Index: x.next.index, Generation: x.next.cluster.Generation, Stamp: x.next.now, Kind: kind,
		Actor: x.header.Actor, Project: project, Object: object, Summary: mustMarshal(s),
	}
	x.next.journal = x.next.journal.put(key64(r.Seq), r)
	if x.next.journal.size() > JournalMax {
		oldest, _ := x.next.journal.first()
		x.next.journal = x.next.journal.drop(key64(oldest.Seq))
	}
}

// mustMarshal is for values made of strings and integers that were checked.
func mustMarshal(v any) []byte {
	out, err := marshal(v)
	if err != nil {
		panic("C4: a checked value cannot be written: " + err.Error())
	}
	return out
}
