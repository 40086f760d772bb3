package engine_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/bridge"
	"parley/bridge/bridgetest"
	"parley/channels"
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

// Each notice mentions its agent, unless the agent has switched that notice off. The end of a snooze mentions the agent
// in any case, and so does a question about a text that didn't reach the customer.
// Requirement R-239: Who is assigned something is told.
// Requirement R-242: Available, busy, away.
// Requirement R-251: Notices by mentions in the thread.
func TestNoticesThatAgentsDoWithout(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		quiet []string // what ben does without
		told  []string // who is mentioned by all that an agent may do without
	}{
		"all notices":  {quiet: nil, told: []string{"ben"}},
		"none of them": {quiet: bridge.NoticesToChoose(), told: nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{analyzer: wordReader(), settings: map[string]string{"reply_after_resolve": "reopen"}})
			w.setNotices("ben", "", c.quiet...)
			thread := w.openThread()

			// Notices that ben may switch off.
			w.reply(thread, "!assign @ben")
			w.wantMentions(thread, bridge.LineAssigned, "Ann", c.told...)
			w.writeAndAnalyse("urgent now")
			w.wantMentions(thread, bridge.LineAnalysis, "", c.told...)
			w.chat.Submit("ann", support, thread, formOf(bridge.VerbNote), "@ben: please look")
			w.wantMentions(thread, bridge.LineDone, "please look", c.told...)
			w.reply(thread, "!resolve done with it")
			w.wantMentions(thread, bridge.LineResolved, "done with it", c.told...)
			w.waitDrained()
			w.customerWrites("kim", "One more thing")
			w.wantMentions(thread, bridge.LineReopened, "", c.told...)
			w.waitThread("One more thing") // what is not shown yet is not snoozed

			// The end of a snooze, and a question about a mistyped command, can't be switched off.
			w.reply(thread, "!snooze 1h")
			w.waitCard(thread, "snoozed")
			w.advance(time.Hour)
			w.wantMentions(thread, bridge.LineWoke, "", "ben")
			w.chat.Say("ben", support, thread, "!assing @cat")
			w.wantMentions(thread, bridge.LineAsk, "assing", "ben")
			w.chat.Press(t, "ben", w.chat.Get(support, thread), bridge.VerbTake)
			w.waitDrained()
		})
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

// If nobody owns a conversation, the whole team is told that its snooze is over, and that its customer writes after it
// was resolved. Members who don't follow the thread would not notice that there.
// Requirement R-031: A snooze ends with a notice to its owner.
// Requirement R-251: Notices by mentions in the thread.
func TestNoticesOfWhatNobodyOwns(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{settings: map[string]string{"reply_after_resolve": "reopen"}})
	w.addMembers("ann", "ben", "cat")
	w.setNotices("cat", bridge.PresenceAvailable, "customer")
	thread := w.openThread()
	w.reply(thread, "!snooze 1h")
	w.waitCard(thread, "snoozed")
	w.advance(time.Hour)
	w.wantMentions(thread, bridge.LineWoke, "time", "ann", "ben", "cat")

	w.reply(thread, "!resolve")
	w.waitCard(thread, "resolved")
	w.customerWrites("kim", "One more thing")
	w.wantMentions(thread, bridge.LineReopened, "", "ann", "ben")
}

// A snooze ended while Parley was down. If the only owner is away, a line in the thread tells the team. If one of two
// owners is there, that owner is told in a list of overdue conversations.
// Requirement R-242: Available, busy, away.
// Requirement R-250: After an outage, one list instead of many notices.
func TestMissedSnoozeOfWhoIsAway(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		assign string
		lines  int // in the thread
		lists  int // that owners get
	}{
		"the owner is away":  {assign: "!assign @ben", lines: 1},
		"one of two is away": {assign: "!assign @ben @cat", lists: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{})
			w.addMembers("ann", "ben", "cat")
			thread := w.openThread()
			w.reply(thread, c.assign)
			w.waitCard(thread, "Ben")
			w.reply(thread, "!snooze 1h")
			w.waitCard(thread, "snoozed")

			// Two hours pass after the end of the snooze.
			w.setNotices("ben", bridge.PresenceAway)
			w.advance(3 * time.Hour)
			w.waitCard(thread, "open")
			w.waitDrained()

			wantEqual(t, "lines in the thread", w.countLines(thread, bridge.LineWoke), c.lines)
			lists := w.count(`SELECT (SELECT count(*) FROM overdue) + (SELECT count(*) FROM deliveries WHERE payload #>> '{line,Text}' = 'woke')`)
			wantEqual(t, "lists that owners get", lists, c.lists)
			if c.lines == 1 {
				w.wantMentions(thread, bridge.LineWoke, "(away)", "ann", "cat")
			}
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

// withoutDirect is a chat that takes no direct messages.
type withoutDirect struct{ bridge.Surface }

func (s withoutDirect) Send(ctx context.Context, p bridge.Post) (bridge.Sent, error) {
	if p.Place.Channel == "" {
		return bridge.Sent{}, &channels.SendError{Class: channels.BadRecipient, Text: "Parley can't write to this person."}
	}
	return s.Surface.Send(ctx, p)
}

// Snoozes ended while Parley was down, and their owner can't get direct messages. The threads tell the owner.
// Requirement R-031: A snooze ends with a notice to its owner.
// Requirement R-250: After an outage, one list instead of many notices.
func TestMissedSnoozeOfWhoGetsNoDirectMessages(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{surface: func(s bridge.Surface) bridge.Surface { return withoutDirect{s} }})
	thread := w.openThread()
	w.reply(thread, "!assign @ben")
	w.waitCard(thread, "Ben")
	w.reply(thread, "!snooze 1h")
	w.waitCard(thread, "snoozed")

	w.advance(3 * time.Hour)
	w.wantMentions(thread, bridge.LineWoke, "time", "ben")
	w.waitDrained()
	wantEqual(t, "lines in the thread", w.countLines(thread, bridge.LineWoke), 1)
	wantEqual(t, "direct messages to admins", w.count(`SELECT count(*) FROM lanes WHERE key = 'ch:@ann'`), 0)
}

// When a conversation is handed over to a team, the line there mentions the members who are there. If all are away, it
// mentions all.
// Requirement R-121: Hand over to a team.
// Requirement R-242: Available, busy, away.
func TestHandedToATeamOfWhomSomeAreAway(t *testing.T) {
	t.Parallel()
	w, thread := newBillingWorld(t, options{})
	w.setNotices("ben", bridge.PresenceAway)
	w.chat.Say("ann", support, thread, "!assign #billing first")
	there := waitMessage(t, w.chat, billing, waitNewestRoot(t, w.chat, billing, 1, "first"), "[unassigned]", "first")
	if got := there.Mentions(); !slices.Equal(got, []string{"cat"}) {
		t.Errorf("told are %v, want Cat, who is there", got)
	}

	w.setNotices("cat", bridge.PresenceAway)
	w.chat.Say("ann", billing, there.Thread, "!assign #support back")
	back := waitNewestRoot(t, w.chat, support, 2, "back")
	w.chat.Say("ann", support, back, "!assign #billing again")
	again := waitMessage(t, w.chat, billing, waitNewestRoot(t, w.chat, billing, 2, "again"), "[unassigned]", "again")
	if got := again.Mentions(); !slices.Equal(got, []string{"ben", "cat"}) {
		t.Errorf("told are %v, want both: nobody is there", got)
	}

	// Cat switches off notices about what is handed over.
	w.setNotices("cat", bridge.PresenceAvailable, "handed_over")
	w.chat.Say("ann", billing, again.Thread, "!assign #support once more")
	w.chat.Say("ann", support, waitNewestRoot(t, w.chat, support, 3, "once more"), "!assign #billing quietly")
	quiet := waitMessage(t, w.chat, billing, waitNewestRoot(t, w.chat, billing, 3, "quietly"), "[unassigned]", "quietly")
	if got := quiet.Mentions(); len(got) > 0 {
		t.Errorf("told are %v, want nobody: Cat is there and does without it", got)
	}
}
