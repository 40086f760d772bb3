package relay_test

import (
	"fmt"
	"testing"

	"parley/bridge/relay"
	"parley/channels"
	"parley/store"
)

// closedAccount is open in no process at first.
const closedAccount = 7

// Parley's own facts about an account's conversations are applied while the account is closed, however many events of the account
// wait. These are applied once a process opens the account, also if it was another process that put them off.
func TestOwnFactsOfAClosedAccount(t *testing.T) {
	t.Parallel()
	const waiting = 300
	s := newStage(t)
	other := stageOn(t, s.pool)
	s.decode, other.decode = refuseClosed, refuseClosed
	s.start()
	facts := make([]channels.Fact, 0, waiting)
	for i := range waiting {
		facts = append(facts, fact(fmt.Sprint("customer", i), fmt.Sprint("mail", i)))
	}
	s.journalSilently(closedAccount, facts...)
	s.WakeAppliers(closedAccount)
	s.waitText(fmt.Sprint(waiting), `SELECT count(*) FROM queues WHERE waits_for IS NOT NULL`) // they are put aside

	_, err := store.InsertEvents(t.Context(), s.pool, []store.NewEvent{
		{AccountID: store.SystemAccount, ExternalID: "own", OrderKey: store.ConversationKey(1), Payload: []byte("{}"), Share: closedAccount}})
	check(t, err)
	s.WakeAppliers(closedAccount)
	s.waitText("own", `SELECT string_agg(name, ' ') FROM effects`)
	s.wantText("0", `SELECT max(tries) FROM queues`) // nothing failed

	locked(other, func() any { other.decode = nil; return nil })
	other.start().OpenAccount(closedAccount)
	s.waitText("0", queued)
	s.wantText(fmt.Sprint(waiting+1), `SELECT count(*) FROM effects`) // and the own one
}

// refuseClosed is a Decode of a process in which the account isn't open.
func refuseClosed(e store.Event) (any, error) {
	if e.AccountID == closedAccount {
		return nil, relay.ErrNotOpen
	}
	return nil, nil
}
