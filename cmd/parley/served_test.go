package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"strings"
	"testing"
)

// goCommand runs the go command with the tag served, and with the race detector where these tests
// have it, so that it finds packages compiled already.
func goCommand(ctx context.Context, verb string, args ...string) *exec.Cmd {
	all := []string{verb, "-tags", "served"}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "-race" && s.Value == "true" {
				all = append(all, "-race")
			}
		}
	}
	return exec.CommandContext(ctx, "go", append(all, args...)...)
}

// TestServedBuild: what containers and packages carry serves, and has no emulator and nothing that
// needs one; whoever asks it for the demo hears where that is.
func TestServedBuild(t *testing.T) {
	t.Parallel()
	listed, err := goCommand(t.Context(), "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(listed), "parley/cmd/parley/app\n") {
		t.Fatalf("it does not serve:\n%s", listed)
	}
	testing := regexp.MustCompile(`(?m)^parley/.*(fake|test|emulator)$|^parley/cmd/parley/(demo|bench|torture|lab|child)$`)
	for _, name := range testing.FindAllString(string(listed), -1) {
		t.Errorf("a served Parley carries %s", name)
	}
	program := filepath.Join(t.TempDir(), "parley")
	if out, err := goCommand(t.Context(), "build", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for args, wanted := range map[string]string{"--help": "serve", "demo --no-open": "make build"} {
		cmd := exec.CommandContext(t.Context(), program, strings.Fields(args)...)
		cmd.Env = append(os.Environ(), "GORACE=atexit_sleep_ms=0")
		said, err := cmd.CombinedOutput()
		if (err == nil) != (args == "--help") || !strings.Contains(string(said), wanted) || strings.Contains(string(said), "Try Parley") {
			t.Errorf("parley %s: %v: %s", args, err, said)
		}
	}
}
