package operate_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"parley/channels"
	"parley/cmd/parley/operate"
	"parley/store"
)

// newAccount returns an account of the channel "dove" whose settings have this number.
func newAccount(id store.AccountID, number string) store.Account {
	return store.Account{ID: id, Side: store.SideChannel, Kind: "dove", Config: fmt.Appendf(nil, `{"number":%q}`, number)}
}

// newPausedAccount returns such an account that is paused.
func newPausedAccount(id store.AccountID, number string) store.Account {
	account := newAccount(id, number)
	account.Paused = true
	return account
}

// doves is the channel "dove", where callbacks name a number.
func doves() []channels.Spec { return []channels.Spec{{Kind: "dove", Owner: "number"}} }

func TestFindReturnsTheAccountOfAnID(t *testing.T) {
	t.Parallel()
	hawk := newAccount(5, "222")
	hawk.Kind = "hawk"
	owl := newAccount(6, "333")
	owl.Kind = "owl"
	broken := newAccount(7, "")
	broken.Config = []byte(`broken`)
	surface := newAccount(10, "444")
	surface.Side = "surface"
	table := operate.NewOwners([]store.Account{
		newAccount(9, "111"),
		newAccount(3, "111"),
		newAccount(4, "222"),
		hawk,
		owl,
		broken,
		newAccount(8, ""),
		surface,
	}, []channels.Spec{
		{Kind: "dove", Owner: "number"},
		{Kind: "hawk", Owner: "number"},
		{Kind: "owl"},
	}, nil)

	for _, tt := range []struct {
		name  string
		kind  string
		owner string
		want  store.AccountID // 0 if no account has the id
	}{
		{name: "the older of two accounts", kind: "dove", owner: "111", want: 3},
		{name: "an id that another kind has too", kind: "dove", owner: "222", want: 4},
		{name: "the same id of the other kind", kind: "hawk", owner: "222", want: 5},
		{name: "an id that only another kind has", kind: "hawk", owner: "111"},
		{name: "a kind whose callbacks name no id", kind: "owl", owner: "333"},
		{name: "the id of an account at a surface", kind: "dove", owner: "444"},
		{name: "an empty id, as an account without one has", kind: "dove", owner: ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := table.Find(tt.kind, tt.owner); got != tt.want {
				t.Errorf("Find(%q, %q) = %d, want %d", tt.kind, tt.owner, got, tt.want)
			}
		})
	}
}

// If a paused account and active ones have the same number, it belongs to the oldest active one. An account that was
// removed is paused, too, as long as it has conversations.
func TestPausedAccountLeavesItsNumber(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		accounts []store.Account
	}{
		{name: "older first", accounts: []store.Account{newPausedAccount(3, "111"), newAccount(9, "111"), newAccount(12, "111")}},
		{name: "younger first", accounts: []store.Account{newAccount(12, "111"), newAccount(9, "111"), newPausedAccount(3, "111")}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := operate.NewOwners(tt.accounts, doves(), nil).Find("dove", "111"); got != 9 {
				t.Errorf("the number is account %d's, want 9, the oldest that is at work", got)
			}
		})
	}
}

// Each fact goes to the account that has its number. A fact without a number goes to the account whose callback was
// called.
func TestSplitGivesEachAccountItsFactsInOrder(t *testing.T) {
	t.Parallel()
	called := newAccount(4, "222")
	table := operate.NewOwners([]store.Account{newAccount(3, "111"), called}, doves(), nil)
	a := channels.Fact{ExternalID: "a", OrderKey: "k", Owner: "111"}
	b := channels.Fact{ExternalID: "b", OrderKey: "k", Owner: "222"}
	c := channels.Fact{ExternalID: "c", OrderKey: "k"}
	d := channels.Fact{ExternalID: "d", OrderKey: "k", Owner: "111"}

	got := table.Split(called, "the number", []channels.Fact{a, b, c, d})

	want := []operate.Share{
		{Account: 3, Facts: []channels.Fact{a, d}},
		{Account: 4, Facts: []channels.Fact{b, c}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got the shares %+v, want %+v", got, want)
	}
}

// splitOne splits a callback of account 4 with one fact, and returns what that became. It checks that the fact stayed
// with that account.
func splitOne(t *testing.T, fact channels.Fact) channels.Fact {
	t.Helper()
	called := newAccount(4, "222")
	shares := operate.NewOwners([]store.Account{called}, doves(), nil).Split(called, "the number", []channels.Fact{fact})
	if len(shares) != 1 || len(shares[0].Facts) != 1 {
		t.Fatalf("got the shares %+v, want one share of one fact", shares)
	}
	if shares[0].Account != called.ID {
		t.Errorf("the fact went to account %d, want %d, which was called", shares[0].Account, called.ID)
	}
	return shares[0].Facts[0]
}

// checkParse checks which number and which name are read from the new name of a fact that was set aside.
func checkParse(t *testing.T, id, wantOwner, wantName string) {
	t.Helper()
	owner, name, ok := operate.Parse(id)
	if !ok {
		t.Fatalf("Parse(%q) doesn't take it for one that was set aside", id)
	}
	if owner != wantOwner || name != wantName {
		t.Errorf("Parse(%q) = %q, %q, want %q, %q", id, owner, name, wantOwner, wantName)
	}
}

func TestSplitSetsAsideWhatIsForAnUnknownNumber(t *testing.T) {
	t.Parallel()
	// The number and the name have the bytes that separate them in the new name.
	got := splitOne(t, channels.Fact{ExternalID: "e:1", OrderKey: "k", Owner: "5:5 5"})

	if want := "unowned:5%3A5+5:e:1"; got.ExternalID != want {
		t.Errorf("the fact is named %q, want %q", got.ExternalID, want)
	}
	if want := `the number "5:5 5"`; !strings.Contains(got.Quarantine, want) {
		t.Errorf("it is set aside with %q, want %q in it", got.Quarantine, want)
	}
	checkParse(t, got.ExternalID, "5:5 5", "e:1")
}

// A callback that was signed with one account's secret can't bring facts for an account with another secret. Accounts of
// one app have the same secret, so a callback of one may bring facts of the other.
func TestSplitByAnotherSecret(t *testing.T) {
	t.Parallel()
	trial, sibling, production := newAccount(3, "111"), newAccount(4, "222"), newAccount(5, "333")
	secrets := map[store.AccountID]string{trial.ID: "trial", sibling.ID: "trial", production.ID: "production"}
	secretOf := func(a store.Account, _ channels.Spec) string { return secrets[a.ID] }

	for _, tt := range []struct {
		name         string
		keepsUnowned bool
	}{{name: "where unknown numbers are set aside"}, {name: "where unknown numbers are kept", keepsUnowned: true}} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			specs := []channels.Spec{{Kind: "dove", Owner: "number", KeepsUnowned: tt.keepsUnowned}}
			table := operate.NewOwners([]store.Account{trial, sibling, production}, specs, secretOf)
			ofSibling := channels.Fact{ExternalID: "a", Owner: "222"}
			ofProduction := channels.Fact{ExternalID: "b", Owner: "333"}

			shares := table.Split(trial, "the number", []channels.Fact{ofSibling, ofProduction})

			if len(shares) != 2 {
				t.Fatalf("got shares for %d accounts, want 2: %+v", len(shares), shares)
			}
			want := operate.Share{Account: sibling.ID, Facts: []channels.Fact{ofSibling}}
			if !reflect.DeepEqual(shares[0], want) {
				t.Errorf("with the same secret: got %+v, want %+v", shares[0], want)
			}
			if shares[1].Account != trial.ID {
				t.Errorf("with another secret: the fact went to account %d, want %d, which was called", shares[1].Account, trial.ID)
			}
			aside := shares[1].Facts[0]
			if want := "signed with a secret that isn't that account's"; !strings.Contains(aside.Quarantine, want) {
				t.Errorf("with another secret: set aside with %q, want %q in it", aside.Quarantine, want)
			}
			checkParse(t, aside.ExternalID, "333", "b")
		})
	}
}
