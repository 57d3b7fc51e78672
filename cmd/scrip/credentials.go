package main

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// credentialsFile is in the data directory, readable by its owner alone.
const credentialsFile = "credentials.json"

// newSuffix follows the name of a file that is being written.
const newSuffix = ".new-"

// credentials are how to reach the server of a data directory. The key is the
// first one; the addresses are those of the last start.
type credentials struct {
	AppID    string `json:"app_id"`
	AppToken string `json:"app_token"`
	URL      string `json:"url"`
	OpsURL   string `json:"ops_url,omitempty"`
}

// readCredentials returns those of a data directory; ok is false if there are
// none.
func readCredentials(dir string) (c credentials, ok bool, err error) {
	path := filepath.Join(dir, credentialsFile)
	text, err := readBounded(path, secretBytesMax)
	if errors.Is(err, fs.ErrNotExist) {
		return c, false, nil
	}
	if err != nil {
		return c, false, fmt.Errorf("read the credentials: %w", err)
	}
	if err := json.Unmarshal(text, &c); err != nil {
		return c, false, fmt.Errorf("%s: %w", path, err)
	}
	return c, true, nil
}

// firstCredentials returns the first key for a data directory. They are on the
// disk before the directory knows them: written afterwards, a crash in between
// would lose the token for ever, since only its hash is kept. In a directory that
// is in use and has none they are not made up.
func firstCredentials(s *serverSettings) (credentials, error) {
	token, err := s.AppToken.reveal()
	if err != nil {
		return credentials{}, usage(err)
	}
	given := credentials{AppID: s.AppID, AppToken: token}
	kept, ok, err := readCredentials(s.Data)
	if err != nil || ok {
		return kept, err
	}
	fresh, err := isFresh(s.Data)
	if err != nil || !fresh {
		return given, err
	}
	if given.AppID == "" {
		given = credentials{AppID: "app_" + strings.ToLower(rand.Text()[:16]), AppToken: rand.Text() + rand.Text()}
	}
	if err := os.MkdirAll(s.Data, 0o700); err != nil {
		return given, fmt.Errorf("data directory: %w", err)
	}
	err = saveCredentials(s.Data, given, os.Link) // fails if another process was quicker
	if errors.Is(err, fs.ErrExist) {
		kept, _, err = readCredentials(s.Data)
		return kept, err
	}
	return given, err
}

// isFresh reports whether there is no data directory yet, or an empty one.
func isFresh(dir string) (bool, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("data directory: %w", err)
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), credentialsFile+newSuffix) { // what a crash left of writing them
			return false, nil
		}
	}
	return true, nil
}

// saveCredentials writes the file whole, or leaves it as it was; place is
// os.Rename or os.Link.
func saveCredentials(dir string, c credentials, place func(from, to string) error) error {
	text, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return err
	}
	if err := placeFile(filepath.Join(dir, credentialsFile), append(text, '\n'), place); err != nil {
		return fmt.Errorf("write the credentials: %w", err)
	}
	return nil
}

// placeFile makes a private file durable under its name before it returns.
func placeFile(path string, text []byte, place func(from, to string) error) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+newSuffix+"*") // 0600
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = place(f.Name(), path)
	}
	if gone := os.Remove(f.Name()); gone != nil && !errors.Is(gone, fs.ErrNotExist) {
		err = errors.Join(err, gone)
	}
	if err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
