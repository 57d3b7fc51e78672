package main

import (
	"fmt"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/scrip-engine/scrip/engine"
)

type restoreCmd struct {
	From string `required:"" help:"Directory of the backup." placeholder:"DIR"`
	Data string `help:"Data directory to make; it must not exist." default:"./data" placeholder:"DIR" env:"SCRIP_DATA"`

	Erasures []string `help:"Newer list of erasures than the backup's: the file, or the data or backup directory that it lies in. May be given several times." placeholder:"PATH" sep:"none"`
}

// Run makes a data directory and says which instant it stands at: what was
// acknowledged after that is not in it (P2), but for erasures: customers on the
// backup's list or on one of those given are forgotten again at its first start.
// Its server keys are those of the backup.
func (c *restoreCmd) Run(a *app) error {
	info, err := engine.Restore(vfs.Default, c.From, c.Data, c.Erasures...)
	if err != nil {
		return err
	}
	info.Dir = c.Data
	return a.show(info, func(t *table) {
		t.field("Restored", info.Dir)
		t.field("Stands at", fmt.Sprintf("%s; what was acknowledged after that is not in it", info.At))
		t.field("Erasures", fmt.Sprintf("%d on the list; who of them is in the backup is forgotten again at the first start", info.Erasures))
		t.field("Next", "scrip serve reads, and refuses changes until it is started once with --end-recovery")
		t.blank()
		t.row("GROUP", "INDEX", "TIME")
		for _, g := range info.Groups {
			t.row(g.Name, g.Index, g.Time)
		}
	})
}
