package manifests_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// options returns the options of a unit by section and name. An option that is given twice has both values.
func options(text string) map[string][]string {
	all := map[string][]string{}
	section := ""
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if name, ok := strings.CutPrefix(line, "["); ok {
			section = strings.TrimSuffix(name, "]")
		} else if name, value, ok := strings.Cut(line, "="); ok && !strings.HasPrefix(line, "#") {
			all[section+"."+name] = append(all[section+"."+name], value)
		}
	}
	return all
}

// TestUnit checks that the unit denies Parley everything that it doesn't need, restarts it, and gives it time to end.
func TestUnit(t *testing.T) {
	t.Parallel()
	got := options(read(t, "parley.service"))
	for name, want := range map[string]string{
		"Service.ExecStart":               "/usr/local/bin/parley serve",
		"Service.User":                    "parley",
		"Service.Restart":                 "always",
		"Service.KillMode":                "mixed",
		"Service.TimeoutStopSec":          "40",
		"Service.StateDirectory":          "parley",
		"Service.StateDirectoryMode":      "0700",
		"Service.Environment":             "PARLEY_DATA=/var/lib/parley TMPDIR=/var/tmp",
		"Service.NoNewPrivileges":         "yes",
		"Service.ProtectSystem":           "strict",
		"Service.ProtectHome":             "yes",
		"Service.PrivateTmp":              "yes",
		"Service.PrivateDevices":          "yes",
		"Service.CapabilityBoundingSet":   "",
		"Service.RestrictAddressFamilies": "AF_INET AF_INET6 AF_UNIX",
		"Service.UMask":                   "0077",
		"Service.RestrictNamespaces":      "yes",
		"Install.WantedBy":                "multi-user.target",
	} {
		if values := got[name]; len(values) != 1 || values[0] != want {
			t.Errorf("%s=%q, want %q", name, values, want)
		}
	}
}

// TestUnitVerified checks with systemd, where it is installed, that the unit has no mistakes and leaves the process few
// ways to harm the system.
func TestUnitVerified(t *testing.T) {
	t.Parallel()
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("systemd is not installed")
	}

	text := read(t, "parley.service")
	if said := verify(t, analyze, text); said != "" {
		t.Errorf("systemd-analyze verify: %s", said)
	}
	if said := verify(t, analyze, strings.Replace(text, "ProtectSystem=", "ProtectSytem=", 1)); !strings.Contains(said, "ProtectSytem") {
		t.Errorf("a misspelt option was taken: %q", said)
	}

	path := filepath.Join(t.TempDir(), "parley.service")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), analyze, "security", "--offline=true", "--no-pager", path).CombinedOutput()
	if strings.Contains(string(out), "unrecognized option") {
		t.Skip("this systemd can't judge units that are not installed")
	}

	exposure := regexp.MustCompile(`exposure level for \S+: ([0-9.]+)`).FindSubmatch(out)
	if exposure == nil {
		t.Fatalf("systemd-analyze security: %v: %s", err, out)
	}
	if level, err := strconv.ParseFloat(string(exposure[1]), 64); err != nil || level > 2 {
		t.Errorf("exposure %s of 10; what was opened again?\n%s", exposure[1], out)
	}
}

// verify returns what systemd says about a unit. The unit's program is replaced by one that exists, so that only the
// unit is judged.
func verify(t *testing.T, analyze, text string) string {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "parley.service")
	if err := os.WriteFile(path, []byte(strings.Replace(text, "/usr/local/bin/parley serve", program+" serve", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), analyze, "verify", "--man=no", path).CombinedOutput()
	if err != nil && len(out) == 0 {
		t.Fatal(err)
	}
	var ours []string // it also judges the machine's own units that ours names
	for line := range strings.Lines(string(out)) {
		if strings.Contains(line, "parley.service") {
			ours = append(ours, line)
		}
	}
	return strings.Join(ours, "")
}
