package engine_test

import (
	"testing"
	"time"

	"parley/bridge"
	"parley/bridge/bridgetest"
	"parley/store"
)

// told returns the direct messages to Ben about customers who wait too long.
func (w *world) told() []bridgetest.Message { return w.chat.Messages("@ben", "") }

// A target that has passed is told once: to the team if nobody has the conversation, or else to the owner, and after the same time
// again to the team. Whoever takes it, or answers, in time hears nothing.
// Requirement R-151: Targets for taking and answering.
// Requirement R-244: Tell customers of delays.
func TestTargetsPass(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{engines: 2, settings: map[string]string{"ack_target": "5m", "reply_target": "30m"}})
	must(store.SaveTeam(t.Context(), w.pool, store.Team{Name: "Support", Members: []store.AgentID{w.agents["ann"], w.agents["ben"]}}))(t)
	w.reloadEngines()
	thread := w.openThread()
	w.waitDrained()
	w.advance(6 * time.Minute)
	w.waitLine(thread, bridge.LineLate)
	w.wantMentions(thread, bridge.LineLate, "", "ann", "ben")

	w.chat.Say("ann", support, thread, "!assign @ben")
	w.waitCard(thread, "Ben")
	w.waitDrained()
	w.advance(25 * time.Minute)
	w.eventually("Ben is told", func() bool { return len(w.told()) == 1 })
	wantWords(t, "what Ben is told", w.told()[0].Plain(), "late", "#1")
	w.waitDrained()
	w.advance(30 * time.Minute)
	w.eventually("the team is told", func() bool { return w.countLines(thread, bridge.LineLate) == 2 })
	w.waitDrained()
	w.advance(2 * time.Hour)
	w.waitDrained()
	wantEqual(t, "timers that are left", w.count(`SELECT count(*) FROM timers WHERE kind IN ('ack_due', 'reply_due')`), 0)
	wantEqual(t, "lines", w.countLines(thread, bridge.LineLate), 2)
	wantEqual(t, "direct messages", len(w.told()), 1)

	// Answered in time.
	w.customerWrites("lou", "And me?")
	second := w.waitThread("And me?")
	w.reply(second, "Here you are.")
	w.waitSent(1)
	w.waitDrained()
	wantEqual(t, "timers of who is answered", w.count(`SELECT count(*) FROM timers WHERE kind IN ('ack_due', 'reply_due')`), 0)
}

// What nobody takes is told of after a working day also where the account has no target, once.
// Requirement R-255: Nobody is left without an owner or a queue.
func TestUntakenIsTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	w.waitDrained()
	for range 2 {
		w.advance(9 * time.Hour)
		check(t, store.BumpSettings(t.Context(), w.pool)) // has engines look at once what nobody takes
		w.waitLine(thread, bridge.LineLate)
		w.waitDrained()
	}
	wantEqual(t, "lines", w.countLines(thread, bridge.LineLate), 1)
}

// An owner who isn't one of the account's people is told nothing of a customer: the team is, also after an outage.
// Requirement R-212: Only some people read an account.
func TestTargetOfABarredOwner(t *testing.T) {
	t.Parallel()
	for _, passed := range []time.Duration{31 * time.Minute, 5 * time.Hour} {
		w := newWorld(t, options{settings: map[string]string{"reply_target": "30m"}})
		thread := w.openThread()
		w.chat.Say("ann", support, thread, "!assign @ben")
		w.waitCard(thread, "Ben")
		w.waitDrained()
		w.exec(`UPDATE accounts SET people = $1`, []store.AccountPerson{{Agent: "cat@acme.test", Rights: store.Rights()}})
		w.reloadEngines()
		w.advance(passed)
		w.waitLine(thread, bridge.LineLate)
		w.waitDrained()
		wantEqual(t, "direct messages to ben", len(w.told()), 0)
	}
}

// After an outage each owner gets one list of all customers who wait too long.
// Requirement R-250: After an outage, one list instead of many notices.
func TestTargetsThatPassedLongAgo(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{settings: map[string]string{"reply_target": "30m"}})
	for _, customer := range []string{"kim", "lou", "max"} {
		w.customerWrites(customer, "Question of "+customer)
		thread := w.waitThread("Question of " + customer)
		w.chat.Say("ann", support, thread, "!assign @ben")
		w.waitCard(thread, "Ben")
	}
	w.waitDrained()
	w.advance(5 * time.Hour)
	w.eventually("Ben is told", func() bool { return len(w.told()) == 1 })
	wantWords(t, "the list", w.told()[0].Plain(), "#1", "#2", "#3")
	w.waitDrained()
	wantEqual(t, "lists", len(w.told()), 1)
}
