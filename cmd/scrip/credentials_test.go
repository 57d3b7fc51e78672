package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Without this the key of one server is sent to another one.
func TestLocalKeyGoesToItsOwnServer(t *testing.T) {
	server := newFake(t, map[string]reply{redeemLine: done(`{"redemptions":[]}`)})
	dir := t.TempDir()
	if err := saveCredentials(dir, credentials{AppID: "local", AppToken: "t", URL: server.url}, os.Rename); err != nil {
		t.Fatal(err)
	}
	if r := call(t, "redeem", "X", "--data", dir); r.code != 0 || server.requests[0].appID != "local" {
		t.Errorf("%v, %+v", r, server.requests)
	}
	if r := call(t, "redeem", "X", "--data", dir, "--server", server.url+"/"); r.code != 0 {
		t.Errorf("the same address, given: %v", r)
	}
	if r := call(t, "redeem", "X", "--data", dir, "--server", "http://elsewhere"); r.code != codeUsage || !strings.Contains(r.err, "not for http://elsewhere") {
		t.Errorf("another address: %v", r)
	}
	t.Setenv("SCRIP_APP_ID", "given")
	t.Setenv("SCRIP_APP_TOKEN", "t2")
	if r := call(t, "redeem", "X", "--data", dir); r.code != 0 || server.requests[len(server.requests)-1].appID != "given" {
		t.Errorf("%v", r)
	}
}

// Without this a token in clear is in everybody's process list, unnoticed.
func TestTokenInClearIsWarnedOf(t *testing.T) {
	server := newFake(t, map[string]reply{redeemLine: done(`{"redemptions":[]}`)})
	r := call(t, "redeem", "X", "--server", server.url, "--app-id", "a", "--app-token", "in-clear")
	if r.code != 0 || !strings.Contains(r.err, "can be seen by others") || strings.Contains(r.err, "in-clear") {
		t.Errorf("%v", r)
	}
	t.Setenv("SCRIP_APP_TOKEN", "in-clear")
	if r := call(t, "redeem", "X", "--server", server.url, "--app-id", "a"); r.code != 0 || r.err != "" {
		t.Errorf("from the environment: %v", r)
	}
}

// Without this a crash between two writes, or a second process, leaves a data
// directory whose only token nobody knows.
func TestFirstCredentials(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	s := &serverSettings{Data: dir}
	first, err := firstCredentials(s)
	if err != nil || first.AppID == "" || len(first.AppToken) < 43 {
		t.Fatalf("%+v, %v", first, err)
	}
	path := filepath.Join(dir, credentialsFile)
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v: want 0600", info, err)
	}
	if again, err := firstCredentials(s); err != nil || again != first {
		t.Errorf("the second time %+v, %v", again, err)
	}
	if err := saveCredentials(dir, credentials{AppID: "other"}, os.Link); err == nil {
		t.Error("a file that exists was replaced by a first one")
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("left behind: %v, %v", left, err)
	}

	crashed := t.TempDir()
	if err := os.WriteFile(filepath.Join(crashed, credentialsFile+newSuffix+"123"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := firstCredentials(&serverSettings{Data: crashed}); err != nil || got.AppID == "" {
		t.Errorf("after a crash while they were written: %+v, %v", got, err)
	}

	used := t.TempDir()
	if err := os.WriteFile(filepath.Join(used, "replica"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := firstCredentials(&serverSettings{Data: used}); err != nil || got != (credentials{}) {
		t.Errorf("a key was made up for a directory in use: %+v, %v", got, err)
	}
	given := &serverSettings{Data: filepath.Join(t.TempDir(), "d"), AppID: "mine", AppToken: secret("@" + write(t, "token", "tok\n"))}
	if got, err := firstCredentials(given); err != nil || got.AppID != "mine" || got.AppToken != "tok" {
		t.Errorf("given: %+v, %v", got, err)
	}
	if err := os.WriteFile(path, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := firstCredentials(s); err == nil {
		t.Error("a broken file was taken")
	}
}
