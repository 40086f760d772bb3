package relay_test

import (
	"fmt"
	"testing"

	"parley/bridge/relay"
	"parley/channels"
	"parley/store"
)

// What Parley tells itself about the conversations of an account that isn't open is applied, however many of the account's
// own events wait. Those are applied as soon as the account is open, also when another process has put them off.
func TestOwnFactsOfAClosedAccount(t *testing.T) {
	t.Parallel()
	const many = 300
	s := newStage(t).effects()
	other := stageOn(t, s.pool)
	for _, p := range []*stage{s, other} {
		p.decode = closed
	}
	s.start()
	facts := make([]channels.Fact, 0, many)
	for i := range many {
		facts = append(facts, fact(fmt.Sprint("customer", i), fmt.Sprint("mail", i)))
	}
	s.journal(7, facts...)
	s.WakeAppliers(7)
	s.eventually(fmt.Sprint(many), `SELECT count(*) FROM queues WHERE waits_for IS NOT NULL`)
	_, err := store.InsertEvents(t.Context(), s.pool, []store.NewEvent{
		{AccountID: store.SystemAccount, ExternalID: "own", OrderKey: store.ConversationKey(1), Payload: []byte("{}"), Share: 7}})
	check(t, err)
	s.WakeAppliers(7)
	s.eventually("own", `SELECT string_agg(name, ' ') FROM effects`)
	if got := s.text(`SELECT max(tries) FROM queues`); got != "0" {
		t.Errorf("%s tries were counted", got)
	}
	locked(other, func() any { other.decode = nil; return nil })
	other.start().OpenAccount(7)
	s.eventually("0", queued)
}

// closed is a handler's Decode in a process in which account 7 isn't open.
func closed(e store.Event) (any, error) {
	if e.AccountID == 7 {
		return nil, relay.ErrNotOpen
	}
	return nil, nil
}
