package raftstore

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/cockroachdb/errors/oserror"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/scrip-engine/scrip/internal/durable"
)

// identity says who a data directory is. The node id is drawn once and is the raft
// server id: a wiped disk draws a new one, because the same id without its votes
// could vote twice.
type identity struct {
	Format    int    `json:"format"`
	NodeID    string `json:"node_id"`
	ClusterID string `json:"cluster_id"`
	Sum       uint32 `json:"crc32c"` // of the two ids
}

const (
	identityFile     = "IDENTITY"
	identityFormat   = 1
	identityBytesMax = 4 << 10
)

func (id identity) sum() uint32 { return sum([]byte(id.NodeID), []byte{0}, []byte(id.ClusterID)) }

// openIdentity reads the directory's identity, or writes a new one.
func openIdentity(fs vfs.FS, cfg Config) (identity, error) {
	path := fs.PathJoin(cfg.Dir, identityFile)
	f, err := fs.Open(path)
	if oserror.IsNotExist(err) {
		return createIdentity(fs, cfg, path)
	}
	if err != nil {
		return identity{}, fmt.Errorf("read identity: %w", err)
	}
	raw, err := io.ReadAll(io.LimitReader(f, identityBytesMax))
	if err = errors.Join(err, f.Close()); err != nil {
		return identity{}, fmt.Errorf("read identity: %w", err)
	}
	var id identity
	if err := json.Unmarshal(raw, &id); err != nil || id.Sum != id.sum() {
		return identity{}, fmt.Errorf("%w: %s does not verify", ErrCorrupt, path)
	}
	if id.Format > identityFormat {
		return identity{}, fmt.Errorf("%w: %s has format %d", ErrBinaryTooOld, path, id.Format)
	}
	if cfg.NodeID != "" && cfg.NodeID != id.NodeID || cfg.ClusterID != "" && cfg.ClusterID != id.ClusterID {
		return identity{}, fmt.Errorf("%w: it is node %s of cluster %s", ErrIdentity, id.NodeID, id.ClusterID)
	}
	return id, nil
}

func createIdentity(fs vfs.FS, cfg Config, path string) (identity, error) {
	id := identity{Format: identityFormat, NodeID: cfg.NodeID, ClusterID: cfg.ClusterID}
	if id.NodeID == "" {
		id.NodeID = "n-" + randomHex()
	}
	if id.ClusterID == "" {
		id.ClusterID = "c-" + randomHex()
	}
	id.Sum = id.sum()
	raw, err := json.Marshal(id)
	if err != nil {
		return identity{}, fmt.Errorf("write identity: %w", err)
	}
	if err := writeFileAtomic(fs, path, append(raw, '\n')); err != nil {
		return identity{}, fmt.Errorf("write identity: %w", err)
	}
	return id, nil
}

// randomHex is 80 bits: no two nodes draw the same.
func randomHex() string {
	var b [10]byte
	rand.Read(b[:]) // never fails: crypto/rand ends the process instead
	return hex.EncodeToString(b[:])
}

// writeFileAtomic makes a file appear whole and durable under its name, or not.
func writeFileAtomic(fs vfs.FS, path string, data []byte) error {
	tmp := path + ".tmp"
	f, err := fs.Create(tmp, vfs.WriteCategoryUnspecified)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := fs.Rename(tmp, path); err != nil {
		return err
	}
	return durable.SyncDir(fs, fs.PathDir(path))
}
