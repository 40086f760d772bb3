package relay_test

import (
	"testing"

	"parley/bridge/relay"
	"parley/store"
)

// refuseClosed is the decode of a process in which mailAccount isn't open.
func refuseClosed(e store.Event) (any, error) {
	if e.AccountID == mailAccount {
		return nil, relay.ErrNotOpen
	}
	return nil, nil
}

// queuesThatWaitForNames counts the queues that are put aside until something is recorded, or until their account is opened.
const queuesThatWaitForNames = `SELECT count(*) FROM queues WHERE waits_for IS NOT NULL`

// journalWhileClosed makes and starts a process in which mailAccount isn't open. It journals so many events of the account, and waits
// until they are put aside.
func journalWhileClosed(t *testing.T, events int) *harness {
	t.Helper()
	h := newHarness(t)
	h.decode = refuseClosed
	h.start()
	h.journalWithoutWaking(mailAccount, numberedFacts(events, "customer", "mail")...)
	h.WakeAppliers(mailAccount)
	h.waitValue("queues that are put aside", events, queuesThatWaitForNames)
	return h
}

// Parley's own facts about an account's conversations are applied while the account is closed, however many events of the account
// wait. No try of these is counted.
func TestOwnFactsOfAClosedAccount(t *testing.T) {
	t.Parallel()
	h := journalWhileClosed(t, 300)
	own := store.NewEvent{
		AccountID:  store.SystemAccount,
		ExternalID: "own",
		OrderKey:   store.ConversationKey(1),
		Payload:    []byte("{}"),
		Share:      mailAccount,
	}
	must(store.InsertEvents(t.Context(), h.pool, []store.NewEvent{own}))(t)
	h.WakeAppliers(mailAccount)
	h.waitAppliedNames("own")
	h.wantValue("counted tries", 0, mostTries)
}
