package test

import (
	"bytes"
	"context"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// sdkMax ends the SDK's tests when they hang; they take a few seconds.
const sdkMax = 2 * time.Minute

// Without this an integrator who changes nothing but the address meets a field,
// a status or a key that the SDK does not expect (B1), or a message that our own
// description does not allow (B2).
func TestJavaScriptSDK(t *testing.T) {
	s := start(t, t.TempDir())
	r := record(s)
	runNode(t, "sdk", []string{"--test", "--test-reporter=spec"}, "*.test.js",
		"SCRIP_URL="+r.proxy.URL)
}

// runNode runs the scripts of a folder that match, with the key of the tests in
// the environment; the test fails when node does.
func runNode(t *testing.T, dir string, flags []string, pattern string, env ...string) {
	t.Helper()
	scripts, err := filepath.Glob(filepath.Join(dir, pattern))
	if err != nil || len(scripts) == 0 {
		t.Fatalf("no scripts in %s: %v", dir, err)
	}
	for _, script := range scripts {
		flags = append(flags, filepath.Base(script))
	}
	ctx, cancel := context.WithTimeout(t.Context(), sdkMax)
	defer cancel()
	cmd := exec.CommandContext(ctx, "node", flags...)
	cmd.Dir = dir
	cmd.Env = environment(env...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		t.Errorf("node: %v (is Node.js there, and did 'make test-deps' run?)\n%s", err, out.String())
	}
}
