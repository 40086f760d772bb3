package setup

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"parley/channels/golden"
)

// Parse reports everything that is wrong with a file at once, in words and with places. The golden file shows these
// messages as people read them.
func TestParseFaults(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/faults/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no test files: %v", err)
	}

	var all strings.Builder
	for _, path := range files {
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		all.WriteString("== " + filepath.Base(path) + "\n")
		if _, err := Parse(raw, env("SET=x", "SECRET=tops3cret")); err != nil {
			all.WriteString(err.Error() + "\n")
		} else {
			all.WriteString("no faults\n")
		}
	}

	if strings.Contains(all.String(), "s3cret") {
		t.Error("a message quotes a secret")
	}
	golden.Text(t, "testdata/faults.txt", all.String())
}

// An address counts as one of a web site even if its scheme is written in capitals.
func TestParseKnowledge(t *testing.T) {
	t.Parallel()
	f, err := Parse([]byte(`knowledge: [{url: "HTTPS://Help.acme.example/FAQ"}]`), env())
	if err != nil {
		t.Fatal(err)
	}
	if got := f.said.Knowledge; len(got) != 1 || got[0] != "https://Help.acme.example/FAQ" {
		t.Errorf("knowledge: %q, want the address with https", got)
	}
}

func TestParseKeepsText(t *testing.T) {
	t.Parallel()
	f, err := Parse([]byte("\ufeff"+`company: 007
agents:
  - {email: Ann@Acme.test, name: "off", slack: U0ANN, roles: [admin, admin]}
accounts:
  - name: a
    kind: raven
    trial_to: [+15550100, 0049301234, Bob@Acme.test, 1_000, 0x1f, 1.50, 1e3]
    settings: {confirm_send: off, auto_pending: true, receipts: ""}
    signature: |
      Best
        regards
    hold: 1m30s
    raven: {number: +15550100, token: "${TOKEN}"}
`), env(`TOKEN=a: "b" #c ${X}
- d`))
	if err != nil {
		t.Fatal(err)
	}

	a := f.said.Accounts[0]
	if f.said.Company != "007" || f.said.Agents[0].Email != "ann@acme.test" || f.said.Agents[0].Name != "off" {
		t.Errorf("top: %+v", f.said)
	}
	if got, want := strings.Join(a.Row.TrialTo, " "), "+15550100 0049301234 Bob@Acme.test 1_000 0x1f 1.50 1e3"; got != want {
		t.Errorf("trial_to: %s, want %s", got, want)
	}
	if got := a.Settings; len(got) != 2 || got["confirm_send"] != "off" || got["auto_pending"] != "on" {
		t.Errorf("settings: %+v", got)
	}
	if a.Row.Signature != "Best\n  regards" || *a.Row.HoldSeconds != 90 {
		t.Errorf("signature %q, hold %v", a.Row.Signature, *a.Row.HoldSeconds)
	}
	fields := f.entry("account", "a").sections[0].Fields
	if fields[0].One.Value != "+15550100" || fields[1].One.Value != "a: \"b\" #c ${X}\n- d" {
		t.Errorf("section: %+v", fields)
	}
}
