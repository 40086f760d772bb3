package setup

import (
	"regexp"
	"strings"
	"testing"

	"parley/channels/golden"
	"parley/store/storetest"
)

var usedVariable = regexp.MustCompile(`\$\{([A-Z0-9_]+)\}`)

// An export that is applied to its own database changes nothing. Applied to an empty database, it makes the same
// set-up.
func TestExport(t *testing.T) {
	t.Parallel()
	o := options(t)
	pool := acmeApplied(t, o)
	apply(t, pool, `
settings: {receipts: sent, file_limits: "image 5MB"}
accounts:
  - name: home_loft
    kind: pigeon
    paused: true
    rate: 0
    hours: {zone: Europe/Berlin, week: {mon-fri: "9:00-12:30, 13:30-17:30", "sat,sun": closed}, holidays: [2026-12-25]}
    reply_mode: explicit
    signature: "off $${NOT} \"x\"\n- y: 'z'\n"
    loft: {address: "007", sender_name: "null", in: {host: "[a]: {b", port: "0993", password: "p"}}
  - name: rookery
    hours:
      zone: Europe/Berlin
      week: {mon-fri: "09:00-17:00"}
      holidays:
        country: de-by
        days: [{date: 2026-12-31, name: Inventory}, {date: 2026-12-24, name: "Christmas: Eve", open: "09:00-12:00"}, {date: 2026-08-08}]
        except: [Fronleichnam, 2026-11-01]
`, o)

	out := must(Export(t.Context(), pool, specs()))(t)
	golden.Text(t, "testdata/export.yaml", string(out))
	secrets := []string{"HOME_LOFT_IN_PASSWORD=tops3cret", "HOME_LOFT_OUT_DEEP_PASSWORD=0ther", "HOME_LOFT_IN_PASSWORD_2=p"}
	if got := usedVariable.FindAllString(string(out), -1); len(got) != len(secrets)+1 { // and the escaped one
		t.Errorf("variables: %v, want %d", got, len(secrets)+1)
	}

	o.Prune = true
	if got := apply(t, pool, string(out), o, secrets...); len(got.Changes) > 0 {
		t.Errorf("applying the export changes\n%s", got.Text())
	}

	fresh := storetest.Reused(t)
	apply(t, fresh, string(out), o, secrets...)
	again := must(Export(t.Context(), fresh, specs()))(t)
	if string(again) != string(out) {
		t.Errorf("exported again:\n%s\nwant:\n%s", again, out)
	}

	if _, err := Export(t.Context(), pool, specs()[1:]); err == nil || !strings.Contains(err.Error(), "pigeon") {
		t.Errorf("export without a channel's spec: %v", err)
	}
}
