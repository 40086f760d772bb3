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

// The build tag served makes the program that containers and packages carry. It has no emulators, and no commands that need
// them.

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

func TestServedBuildHasNoEmulators(t *testing.T) {
	t.Parallel()
	output := must(goCommand(t.Context(), "list", "-deps", ".").Output())(t)
	packages := string(output)
	if !strings.Contains(packages, "parley/cmd/parley/app\n") {
		t.Fatalf("the list of packages lacks parley/cmd/parley/app:\n%s", packages)
	}
	forTests := regexp.MustCompile(`(?m)^parley/.*(fake|test|emulator)$|^parley/cmd/parley/(demo|bench|torture|lab|child)$`)
	if found := forTests.FindAllString(packages, -1); len(found) > 0 {
		t.Errorf("the build depends on %v, want no package that is only for tests and trying", found)
	}
}

// The served program serves. If somebody asks it for the demo, it says where to find that.
func TestServedBuildRuns(t *testing.T) {
	t.Parallel()
	program := filepath.Join(t.TempDir(), "parley")
	builds := goCommand(t.Context(), "build", "-ldflags=-s -w -X parley/cmd/parley/operate.version=v1.2.3", "-o", program, ".")
	if out, err := builds.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	runProgram := func(args ...string) (output string, err error) {
		cmd := exec.CommandContext(patient(t), program, args...)
		cmd.Env = append(os.Environ(), "GORACE=atexit_sleep_ms=0")
		out, err := cmd.CombinedOutput()
		return string(out), err
	}

	version, err := runProgram("version")
	if err != nil {
		t.Errorf("parley version: %v", err)
	}
	wantText(t, version, "parley v1.2.3")

	help, err := runProgram("--help")
	if err != nil {
		t.Errorf("parley --help: %v", err)
	}
	wantText(t, help, "serve")
	if strings.Contains(help, "Try Parley") {
		t.Errorf("the help offers the demo:\n%s", help)
	}

	refusal, err := runProgram("demo", "--no-open")
	if err == nil {
		t.Error("parley demo succeeded, want an error")
	}
	wantText(t, refusal, "make build")
	if strings.Contains(refusal, "Try Parley") {
		t.Errorf("the answer to parley demo offers the demo:\n%s", refusal)
	}
}
