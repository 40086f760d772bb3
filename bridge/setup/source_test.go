package setup

import (
	"errors"
	"strings"
	"testing"

	"parley/channels"
)

// A file, or a page, that would let two accounts take the same messages is refused, and names both; one that is paused
// takes none, and two that did so before keep nobody from changing all else.
func TestSameSource(t *testing.T) {
	t.Parallel()
	o := options(t)
	pool := acmeApplied(t, o)
	o.Specs[0].Sources = func(c channels.Config) map[string]string {
		return map[string]string{"address": c["address"], "in.host": c["in.host"]}
	}
	second := func(name, address, more string) string {
		return "accounts:\n  - {name: " + name + ", kind: pigeon, team: Support" + more + ", loft: {address: " + address + ", in: {host: other.acme.test, password: x}}}\n"
	}
	if got := refused(t, pool, second("twin", "help@acme.test", ""), o); !strings.Contains(got, "account twin: loft: address: the account home-loft takes messages from there already") {
		t.Errorf("the same address: %s", got)
	}
	apply(t, pool, second("twin", "help@acme.test", ", paused: true"), o)
	if got := refused(t, pool, "accounts: [{name: twin, kind: pigeon, paused: false}]", o); !strings.Contains(got, "account twin: loft: address: the account home-loft") {
		t.Errorf("to resume it: %s", got)
	}
	if got := refused(t, pool, "accounts: [{name: home-loft, kind: pigeon, loft: {in: {host: other.acme.test}}}, {name: twin, kind: pigeon, paused: false, loft: {address: b@acme.test}}]", o); !strings.Contains(got, "in: host: the account home-loft takes") {
		t.Errorf("the same server: %s", got)
	}
	var no *Refused
	_, err := Save(t.Context(), pool, Change{Kind: EntryAccount, Name: "third", Channel: "pigeon", Values: map[string][]string{"team": {"Support"}, "loft.address": {"help@acme.test"},
		"loft.in.host": {"third.acme.test"}, "loft.in.password": {"x"}}}, o)
	if !errors.As(err, &no) || !strings.HasPrefix(no.Fields["loft.address"], "The account home-loft takes messages from there already.") {
		t.Errorf("on a page: %v", err)
	}

	blind := options(t) // a version that did not look
	apply(t, pool, "accounts: [{name: twin, kind: pigeon, paused: false}]", blind)
	got := apply(t, pool, "company: Acme & Sons", o)
	if text := got.Text(); !strings.Contains(text, "! accounts home-loft and twin: both take the same messages") {
		t.Errorf("two that were there before:\n%s", text)
	}
}
