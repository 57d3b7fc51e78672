package main

import (
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"

	"github.com/scrip-engine/scrip/engine"
)

type backupCmd struct {
	opsConnection
	To string `required:"" help:"Directory for the backup on the server's machine; it must not exist." placeholder:"DIR"`
}

// Run asks the server for a backup while it goes on serving. The directory then
// holds the cluster's secret: keep it as safe as the data.
func (c *backupCmd) Run(a *app) error {
	dir, err := filepath.Abs(c.To)
	if err != nil {
		return usage(fmt.Errorf("--to: %w", err))
	}
	var info engine.BackupInfo
	if err := c.ask(a.ctx, http.MethodPost, "/backup", url.Values{"to": {dir}}, &info); err != nil {
		return err
	}
	return a.show(info, func(t *table) { showBackup(t, &info) })
}

func showBackup(t *table, info *engine.BackupInfo) {
	t.field("Backup", info.Dir)
	t.field("Stands at", info.At)
	if info.Erasures > 0 {
		t.field("Erasures", fmt.Sprintf("%d on the list; a restore of an older backup needs it", info.Erasures))
	}
	t.field("Size", rounded(uint64(max(info.Bytes, 0))))
	t.blank()
	t.row("GROUP", "INDEX", "TIME")
	for _, g := range info.Groups {
		t.row(g.Name, g.Index, g.Time)
	}
}
