package setup

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"parley/channels/golden"
)

// What is wrong with a file is said all at once, in words, with places; the golden
// file is reviewed as people read it.
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

func TestParseKeepsText(t *testing.T) {
	t.Parallel()
	f := parse(t, `
company: 007
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
`, `TOKEN=a: "b" #c ${X}
- d`)
	a := f.accounts[0]
	if f.company.Value != "007" || f.agents[0].email != "ann@acme.test" || f.agents[0].name.Value != "off" {
		t.Errorf("top: %+v", f)
	}
	if got := strings.Join(a.trialTo.Values(), " "); got != "+15550100 0049301234 bob@acme.test 1_000 0x1f 1.50 1e3" {
		t.Errorf("trial_to: %s", got)
	}
	if got := a.settings; len(got) != 3 || got[0] != (setting{"confirm_send", "off"}) || got[1] != (setting{"auto_pending", "on"}) || got[2].value != "" {
		t.Errorf("settings: %+v", got)
	}
	if a.signature.Value != "Best\n  regards\n" || *a.hold.seconds != 90 {
		t.Errorf("signature %q, hold %v", a.signature.Value, *a.hold.seconds)
	}
	fields := a.sections[0].fields
	if fields[0].one.Value != "+15550100" || fields[1].one.Value != "a: \"b\" #c ${X}\n- d" {
		t.Errorf("section: %+v", fields)
	}
}
