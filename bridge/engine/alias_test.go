package engine_test

import (
	"testing"

	"parley/channels/channelstest"
	"parley/store"
)

// What is written to a further address of a mailbox is its team's, and is answered from there with its name and signature, whoever
// answers. What is written to the main address isn't.
// Requirement R-258: Several addresses of an account.
func TestFurtherAddress(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{account: func(a *store.Account) {
		a.Signature = "Support"
		a.Aliases = []store.AccountAlias{{Address: "Sales@acme.test", Name: "Acme Sales", Signature: "Your sales team", Team: "Sales"}}
	}})
	sales := must(store.SaveTeam(t.Context(), w.pool, store.Team{Name: "Sales"}))(t)
	check(t, store.SaveTeamChannel(t.Context(), w.pool, store.TeamChannel{TeamID: sales, AccountID: w.surface, Channel: support}))
	w.reloadEngines()
	for i, tt := range []struct{ via, from, name, signature string }{
		{via: "sales@acme.test", from: "kim@shop.test", name: "Acme Sales", signature: "Your sales team"},
		{via: "help@acme.test", from: "lou@shop.test", signature: "Support"},
	} {
		w.customerSends(mail, channelstest.Event{From: tt.from, Via: tt.via, Text: "The lamp, asks " + tt.from, Subject: "Lamp"})
		w.reply(w.waitThread(tt.from), "It comes")
		sent := w.waitSent(i + 1)[i]
		wantEqual(t, "the sender of the reply to "+tt.via, sent.From, tt.via)
		wantEqual(t, "the sender's name", sent.FromName, tt.name)
		wantEqual(t, "the signature", sent.Signature, tt.signature)
	}
	if n := w.count(`SELECT count(*) FROM conversations AS c JOIN teams ON teams.id = c.team_id AND teams.name = 'Sales' WHERE via = 'sales@acme.test'`); n != 1 {
		t.Errorf("%d conversations of the team Sales, want 1", n)
	}
}
