package setup

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"parley/channels"
	"parley/store/storetest"
)

// A file or a page is refused if it would let two accounts take the same messages, and the fault names the other
// account. A paused account takes none. Two accounts that take the same messages since earlier don't prevent other
// changes.
func TestSameSource(t *testing.T) {
	t.Parallel()
	o := options(t)
	pool := acmeApplied(t, o)
	o.Specs[0].Sources = func(c channels.Config) map[string]string {
		return map[string]string{"address": c["address"], "in.host": c["in.host"]}
	}

	second := func(name, address, more string) string {
		return "accounts:\n  - {name: " + name + ", kind: pigeon, team: Support" + more + ", loft: {address: " + address +
			", in: {host: other.acme.test, password: x}}}\n"
	}
	wantRefused := func(what, file, want string) {
		if got := refused(t, pool, file, o); !strings.Contains(got, want) {
			t.Errorf("%s: %s", what, got)
		}
	}

	wantRefused("the same address", second("twin", "help@acme.test", ""),
		"account twin: loft: address: the account home-loft takes messages from there already")
	apply(t, pool, second("twin", "help@acme.test", ", paused: true"), o)
	wantRefused("to resume it", "accounts: [{name: twin, kind: pigeon, paused: false}]", "account twin: loft: address: the account home-loft")
	wantRefused("the same server", "accounts: [{name: home-loft, kind: pigeon, loft: {in: {host: other.acme.test}}}, "+
		"{name: twin, kind: pigeon, paused: false, loft: {address: b@acme.test}}]", "in: host: the account home-loft takes")

	var no *Refused
	_, err := Save(t.Context(), pool,
		Change{
			Kind:    EntryAccount,
			Name:    "third",
			Channel: "pigeon",
			Values: map[string][]string{"team": {"Support"}, "loft.address": {"help@acme.test"},
				"loft.in.host": {"third.acme.test"}, "loft.in.password": {"x"}},
		}, o)
	if !errors.As(err, &no) || !strings.HasPrefix(no.Fields["loft.address"], "The account home-loft takes messages from there already.") {
		t.Errorf("on a page: %v", err)
	}

	apply(t, pool, "accounts: [{name: twin, kind: pigeon, paused: false, loft: {address: twin@acme.test}}]", o)
	moved := refused(t, pool, "accounts: [{name: home-loft, kind: pigeon, loft: {address: twin@acme.test}}]", o)
	if !strings.HasPrefix(moved, "1:12: account home-loft: loft: address: the account twin takes") {
		t.Errorf("an older account moves to the younger one's place: %s", moved)
	}

	blind := options(t) // a version that did not look
	apply(t, pool, "accounts: [{name: twin, kind: pigeon, loft: {address: help@acme.test}}]", blind)
	got := apply(t, pool, "company: Acme & Sons", o)
	if text := got.Text(); !strings.Contains(text, "! accounts home-loft and twin: both take the same messages") {
		t.Errorf("two that were there before:\n%s", text)
	}
}

// Settings that a channel's Check finds wrong are refused before they are stored. An account that already has wrong
// settings can still be paused.
func TestWrongChannelSettings(t *testing.T) {
	t.Parallel()
	pool, o := storetest.Reused(t), options(t)
	const account = `
teams: [{name: Support, slack_channel: C1}]
accounts: [{name: rookery, kind: raven, team: Support, paused: PAUSED, raven: {number: "NUMBER"}}]`
	file := func(number, paused string) *File {
		return parse(t, strings.NewReplacer("NUMBER", number, "PAUSED", paused).Replace(account))
	}
	if _, err := Apply(t.Context(), pool, file("13", "false"), o); err != nil {
		t.Fatal(err) // without a Check it isn't wrong yet
	}

	i := slices.IndexFunc(o.Specs, func(s channels.Spec) bool { return s.Kind == "raven" })
	o.Specs[i].Check = func(c channels.Config) error {
		if c["number"] == "13" || c["number"] == "14" {
			return errors.Join(&channels.FieldError{Section: "raven", Field: "number", What: "brings bad luck"},
				&channels.FieldError{Section: "raven", Field: "number", What: "is too small"})
		}
		return nil
	}

	_, err := Apply(t.Context(), pool, file("14", "false"), o)
	if err == nil || !strings.Contains(err.Error(), "account rookery: raven: number: brings bad luck.\n") ||
		!strings.Contains(err.Error(), "is too small.") {
		t.Errorf("a wrong number: %v", err)
	}

	rookery := entry(t, pool, EntryAccount, "rookery")
	_, err = Save(t.Context(), pool, Change{Kind: EntryAccount, Name: rookery.Name, Channel: rookery.Channel, Version: rookery.Version,
		Values: map[string][]string{"raven.number": {"14"}}}, o)
	refused, _ := errors.AsType[*Refused](err)
	if refused == nil || refused.Fields["raven.number"] != "Brings bad luck. Is too small." {
		t.Errorf("a wrong number on a page: got %v, want what is wrong beside its field", err)
	}

	for _, f := range []*File{file("13", "true"), file("15", "false")} {
		if _, err := Apply(t.Context(), pool, f, o); err != nil {
			t.Error(err)
		}
	}
}
