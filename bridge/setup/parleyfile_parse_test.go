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
		if _, err := ParseParleyfile(raw, env("SET=x", "SECRET=tops3cret")); err != nil {
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
	f, err := ParseParleyfile([]byte(`knowledge: [{url: "HTTPS://Help.acme.example/FAQ"}]`), env())
	if err != nil {
		t.Fatal(err)
	}
	if got := f.Knowledge; len(got) != 1 || got[0] != "https://Help.acme.example/FAQ" {
		t.Errorf("knowledge: %q, want the address with https", got)
	}
}

func TestParseKeepsText(t *testing.T) {
	t.Parallel()
	f, err := ParseParleyfile([]byte("\ufeff"+`company: 007
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

	a := f.Accounts[0]
	if f.Company.Value != "007" || f.Agents[0].Email != "ann@acme.test" || f.Agents[0].Name.Value != "off" {
		t.Errorf("top: %+v", f)
	}
	if got, want := strings.Join(a.TrialTo.Values(), " "), "+15550100 0049301234 Bob@Acme.test 1_000 0x1f 1.50 1e3"; got != want {
		t.Errorf("trial_to: %s, want %s", got, want)
	}
	if got := a.Settings; len(got) != 3 || got[0] != (Setting{"confirm_send", "off"}) || got[1] != (Setting{"auto_pending", "on"}) ||
		got[2].Value != "" {
		t.Errorf("settings: %+v", got)
	}
	if a.Signature.Value != "Best\n  regards\n" || *a.Hold.Seconds != 90 {
		t.Errorf("signature %q, hold %v", a.Signature.Value, *a.Hold.Seconds)
	}
	fields := a.Sections[0].Fields
	if fields[0].One.Value != "+15550100" || fields[1].One.Value != "a: \"b\" #c ${X}\n- d" {
		t.Errorf("section: %+v", fields)
	}
}
