package engine

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/scrip-engine/scrip/catalog"
	"github.com/scrip-engine/scrip/coupon"
	"github.com/scrip-engine/scrip/internal/durable"
)

// A new data directory gets the cluster's secret, the catalog's first entries
// (the cluster, the project default, its first server key), in this order; a
// crash between any two is finished by the next start.

const (
	secretFile     = "cluster.secret"
	DefaultProject = "default"
	// tokenBytes: 256 random bits, so that a plain SHA-256 is a safe way to keep
	// them and cheap on every request.
	tokenBytes = 32
)

func (e *Engine) bootstrap(ctx context.Context) error {
	secret, err := e.loadSecret()
	if err != nil {
		return err
	}
	cluster := e.catalog.View().Cluster()
	if cluster == nil {
		shards := max(e.cfg.Shards, 1)
		_, err := e.change(ctx, catalog.Header{NotAfter: e.notAfter()}, &catalog.Init{
			ID: e.host.ClusterID(), Secret: secret, Slots: coupon.Slots, Shards: uint32(shards), Currency: e.cfg.Currency})
		if err != nil {
			return fmt.Errorf("make the cluster: %w", err)
		}
		cluster = e.catalog.View().Cluster()
	}
	if cluster.Secret != secret {
		return fmt.Errorf("%s/%s is not the secret of this data directory; put back the right file", e.cfg.Dir, secretFile)
	}
	if e.cfg.Shards != 0 && e.cfg.Shards != int(cluster.Shards) {
		return fmt.Errorf("the data directory was made with %d shards, not %d; the number is fixed", cluster.Shards, e.cfg.Shards)
	}
	e.secret = cluster.Derived()
	return e.bootstrapProject(ctx)
}

func (e *Engine) bootstrapProject(ctx context.Context) error {
	project, ok := e.catalog.View().ProjectByRef(DefaultProject)
	if !ok {
		_, err := e.change(ctx, catalog.Header{NotAfter: e.notAfter()}, &catalog.CreateProject{
			Name: DefaultProject, Currency: e.cfg.Currency, CaseSensitive: e.cfg.CaseSensitive,
			CodeVersion: coupon.CodeRulesVersion, IdempotencySource: sourceHeader})
		if err != nil {
			return fmt.Errorf("make the project: %w", err)
		}
		if project, ok = e.catalog.View().ProjectByRef(DefaultProject); !ok {
			return errors.New("the project default was made and is not there")
		}
	}
	if len(e.catalog.View().Keys(project.Ordinal)) > 0 {
		return nil
	}
	first := Credentials{e.cfg.AppID, e.cfg.AppToken}
	if first.AppID == "" {
		first = Credentials{"app_" + randomText(10), randomText(tokenBytes)}
	}
	_, err := e.change(ctx, catalog.Header{NotAfter: e.notAfter()}, &catalog.CreateKey{
		Project: project.Ordinal, AppID: first.AppID, Name: "first key", Class: catalog.ServerKey, Role: RoleAdmin,
		Token: sha256.Sum256([]byte(first.AppToken))})
	if err != nil {
		return fmt.Errorf("make the first key: %w", err)
	}
	e.firstKey = &first
	return nil
}

// FirstKey returns the credentials of a directory that this Open has made, so
// that they can be shown once.
func (e *Engine) FirstKey() (Credentials, bool) {
	if e.firstKey == nil {
		return Credentials{}, false
	}
	return *e.firstKey, true
}

// loadSecret reads the cluster's secret, or draws it. A directory whose catalog
// knows one gets the file back.
func (e *Engine) loadSecret() (catalog.Secret, error) {
	path := e.fs.PathJoin(e.cfg.Dir, secretFile)
	var s catalog.Secret
	text, err := readFile(e.fs, path)
	if err == nil {
		if err := s.UnmarshalText([]byte(strings.TrimSpace(string(text)))); err != nil {
			return s, fmt.Errorf("%s: %w", path, err)
		}
		return s, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return s, err
	}
	if c := e.catalog.View().Cluster(); c != nil {
		s = c.Secret
	} else if _, err := rand.Read(s[:]); err != nil {
		return s, err
	}
	return s, writeFile(e.fs, e.cfg.Dir, secretFile, hex.AppendEncode(nil, s[:]))
}

func readFile(fsys vfs.FS, path string) ([]byte, error) {
	f, err := fsys.Open(path)
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(f)
	return b, errors.Join(err, f.Close())
}

// writeFile makes a small private file durable under its name, or not at all.
func writeFile(fsys vfs.FS, dir, name string, data []byte) error {
	tmp, path := fsys.PathJoin(dir, name+".new"), fsys.PathJoin(dir, name)
	f, err := fsys.Create(tmp, vfs.WriteCategoryUnspecified)
	if err != nil {
		return err
	}
	_, err = f.Write(bytes.Clone(data)) // a vfs.File may write into what it is given
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if fsys == vfs.Default {
		if err := os.Chmod(tmp, 0o600); err != nil {
			return err
		}
	}
	if err := fsys.Rename(tmp, path); err != nil {
		return err
	}
	return durable.SyncDir(fsys, dir)
}

// randomText is n random bytes as lower-case base32 without padding.
func randomText(n int) string {
	b := make([]byte, n)
	if _, err := rand.Read(b); err != nil {
		panic("engine: the system has no randomness: " + err.Error()) // crypto/rand never fails on the systems we build for
	}
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b))
}
