package engine_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/bridge"
	"parley/bridge/bridgetest"
	"parley/store"
)

// setNotices sets whether an agent is away, and which notices are switched off for this agent.
func (w *world) setNotices(agent, presence string, quiet ...string) {
	w.t.Helper()
	w.exec(`UPDATE agents SET presence = $2, quiet = $3 WHERE id = $1`, w.agents[agent], presence, append([]string{}, quiet...))
	w.reloadEngines()
}

// addMembers makes agents members of the team Support.
func (w *world) addMembers(names ...string) {
	w.t.Helper()
	for _, name := range names {
		w.exec(`UPDATE teams SET members = array_append(members, $2) WHERE id = $1`, w.team, w.agents[name])
	}
	w.reloadEngines()
}

// wantMentions waits for a line of this kind with these words, and checks whom the newest such line mentions.
func (w *world) wantMentions(thread string, kind bridge.LineKind, words string, want ...string) {
	w.t.Helper()
	var last bridgetest.Message
	w.eventually("the line "+words, func() bool {
		for _, m := range w.chat.Messages(support, thread) {
			if strings.Contains(m.Text, "["+string(kind)+"]") && strings.Contains(m.Plain(), words) {
				last = m
			}
		}
		return last.ID != ""
	})
	if got := last.Mentions(); !slices.Equal(got, want) {
		w.t.Errorf("%q mentions %v, want %v", last.Plain(), got, want)
	}
}

// While the owner of a conversation is away, the members of the team who are there are told in the owner's place, except
// those who switched such notices off. If one of two owners is there, that owner is told. If everybody is away, the owner
// is told.
// Requirement R-242: Available, busy, away.
// Requirement R-251: Notices by mentions in the thread.
// Requirement R-255: Nobody is left without an owner or a queue.
func TestNoticesOfWhoIsAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{analyzer: wordReader()})
	w.addMembers("ann", "ben", "cat")
	w.setNotices("ben", bridge.PresenceAway)
	tx := must(w.pool.Begin(t.Context()))(t) // so that nothing is given back, or to anybody
	t.Cleanup(func() { _ = tx.Rollback(context.Background()) })
	must(store.LockRouting(t.Context(), tx))(t)
	thread := w.openThread()
	w.reply(thread, "!assign @ben")
	w.wantMentions(thread, bridge.LineAssigned, "(away)", "ben") // he finds it later, and Ann sees that he is away
	w.writeAndAnalyse("urgent now")
	w.wantMentions(thread, bridge.LineAnalysis, "(away)", "ann", "cat")

	snoozeAndWake := func() {
		w.reply(thread, "!snooze 1h")
		w.waitCard(thread, "snoozed")
		w.advance(time.Hour)
		w.waitCard(thread, "open")
		w.waitDrained()
	}

	// Ann switches off the notices that a customer writes.
	w.setNotices("ann", bridge.PresenceAvailable, "woke", "customer")
	snoozeAndWake()
	w.wantMentions(thread, bridge.LineWoke, "", "ann", "cat") // the end of a snooze can't be switched off
	w.reply(thread, "!snooze 1h")
	w.waitCard(thread, "snoozed")
	w.customerWrites("kim", "Are you there?")
	w.waitCard(thread, "open")
	w.wantMentions(thread, bridge.LineWoke, "customer", "cat")

	// One of two owners is there.
	w.reply(thread, "!assign @ben @ann")
	w.waitDrained()
	snoozeAndWake()
	w.wantMentions(thread, bridge.LineWoke, "time", "ann")
	w.reply(thread, "!snooze 1h")
	w.waitCard(thread, "snoozed")
	w.customerWrites("kim", "Hello again?")
	w.waitCard(thread, "open")
	w.wantMentions(thread, bridge.LineWoke, "customer", "cat") // ann, an owner, has switched it off, and ben is away

	// All are away.
	w.reply(thread, "!assign @ben")
	w.setNotices("ann", bridge.PresenceAway)
	w.setNotices("cat", bridge.PresenceAway)
	w.waitDrained()
	snoozeAndWake()
	w.wantMentions(thread, bridge.LineWoke, "time", "ben")
}

// An agent who owns a snoozed conversation is retired. The team is told in that agent's place that the customer writes
// again, or that the snooze is over, even if Parley notices that two hours late.
// Requirement R-242: Available, busy, away.
// Requirement R-250: After an outage, one list instead of many notices.
func TestNoticesOfWhoIsNoAgentAnyMore(t *testing.T) {
	t.Parallel()
	for name, happens := range map[string]func(w *world){
		"the customer writes":            func(w *world) { w.customerWrites("kim", "Are you there?") },
		"the snooze is over":             func(w *world) { w.advance(time.Hour) },
		"Parley notices that two h late": func(w *world) { w.advance(3 * time.Hour) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{})
			w.addMembers("ann", "ben", "cat")
			thread := w.openThread()
			w.reply(thread, "!assign @ben")
			w.wantMentions(thread, bridge.LineAssigned, "Ann", "ben")
			w.reply(thread, "!snooze 1h")
			w.waitCard(thread, "snoozed")
			w.waitDrained()

			// Ben is retired.
			check(t, store.RetireAgent(t.Context(), w.pool, w.agents["ben"]))
			w.reloadEngines()
			happens(w)
			w.waitCard(thread, "open")
			w.waitDrained()
			if n := w.countLines(thread, bridge.LineWoke); n != 1 {
				t.Fatalf("%d lines tell that the snooze is over, want 1\n%s", n, w.dump())
			}
			w.wantMentions(thread, bridge.LineWoke, "Ben", "ann", "cat")
		})
	}
}

// A snooze ended while Parley was down. When Parley is back, the chat is away for longer, or answers are lost. The owner
// is told as soon as the chat works.
// Requirement R-250: After an outage, one list instead of many notices.
func TestMissedSnoozeWhileTheChatIsAway(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]bridgetest.FaultKind{
		"it refuses all posts": bridgetest.FaultRefuse,
		"answers are lost":     bridgetest.FaultErrorBefore,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{})
			thread := w.openThread()
			w.reply(thread, "!assign @ben")
			w.waitCard(thread, "Ben")
			w.reply(thread, "!snooze 1h")
			w.waitCard(thread, "snoozed")
			w.waitDrained()

			const toldBen = `SELECT count(*) FROM deliveries WHERE payload #>> '{line,Text}' = 'woke' AND attempt > 0`
			w.chat.AddFault(bridgetest.Fault{Call: "post", Text: `"@ben"`, Kind: fault, Times: -1})
			w.advance(3 * time.Hour)
			w.eventually("ben is to be told", func() bool { return w.count(toldBen) == 1 })
			w.exec(`UPDATE deliveries SET first_at = first_at - interval '5 hours' WHERE payload #>> '{line,Text}' = 'woke'`)
			attempts := w.chat.Struck()
			w.eventually("it is tried again", func() bool { return w.chat.Struck() > attempts })

			w.chat.ClearFaults()
			w.chat.Wait(t, "ben is told", func() bool { return len(w.chat.Messages("@ben", "")) == 1 })
			wantWords(t, "what ben is told", w.chat.Messages("@ben", "")[0].Plain(), "#1")
		})
	}
}
