package engine_test

import (
	"testing"
	"time"

	"parley/bridge"
	"parley/routing"
)

// What a customer waits for doesn't stay with somebody who is away: it goes to whoever covers and is there, or else back to the queue,
// also if the conversation wakes only then. Whoever is back sees what happened, and can be given it again.
// Requirement R-242: Available, busy, away.
// Requirement R-255: Nobody is left without an owner or a queue.
// Requirement R-256: Away with dates and cover.
func TestAwayGivesBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.addMembers("ann", "ben", "cat")
	w.advanceTo(time.Wednesday, 10, 0)
	first := w.openThread()
	w.reply(first, "!take")
	w.customerWrites("lou", "Where is my lamp?")
	second := w.waitThread("Where is my lamp?")
	w.reply(second, "!take")
	w.reply(second, "!snooze 1h")
	w.waitCard(second, "snoozed")

	w.reply(first, "!away until friday 9:00 cover @ben")
	wantWords(t, "the answer", w.waitWhisper("ann", "[presence]").Plain(), "away", "Fri", "Ben")
	covered := w.waitLine(first, bridge.LineRouted)
	wantWords(t, "the line", covered.Plain(), "Ben", "cover", "Ann")
	wantList(t, "whom it mentions", covered.Mentions(), []string{"ben"})

	w.chat.Say("ben", support, first, "!away")
	wantWords(t, "the line in the queue", w.waitLine(first, bridge.LineUnassigned).Plain(), "Ben", "away")
	w.advance(time.Hour) // it wakes while Ann and who covers for her are away
	wantWords(t, "the line in the other", w.waitLine(second, bridge.LineUnassigned).Plain(), "Ann", "away")

	w.advanceTo(time.Friday, 12, 0)
	w.eventually("Ann is available", func() bool { return w.count(`SELECT count(*) FROM agents WHERE presence = 'away'`) == 1 })
	w.chat.Say("ann", support, second, "!available")
	wantWords(t, "what happened", w.waitWhisper("ann", "available").Plain(), "#1", "#2")
	wantEqual(t, "what is still to be told to Ann", w.count(`SELECT count(*) FROM given_back WHERE agent_id = $1`, w.agents["ann"]), 0)
}

// Off duty, a conversation goes through the rules again if somebody else is on duty, and stays if nobody is. It doesn't come back by
// itself, and who gave it back by absence may get it again.
// Requirement R-255: Nobody is left without an owner or a queue.
func TestOffDutyGivesBack(t *testing.T) {
	t.Parallel()
	w := newRuledWorld(t, options{}, 1, bridge.PresenceAway, routing.Plan{Rules: []routing.Rule{{By: routing.ByLastAgent}, {By: routing.ByLeastLoad}}})
	w.exec(`UPDATE agents SET presence = 'away' WHERE id = $1`, w.agents["cat"])
	w.saveHours("ann", "08:00-12:00")
	w.saveHours("ben", "10:00-14:00")
	w.advanceTo(time.Wednesday, 9, 0)
	thread := w.openThread()
	wantWords(t, "who has it", w.waitLine(thread, bridge.LineRouted).Plain(), "Ann")

	w.advanceTo(time.Wednesday, 12, 30)
	wantWords(t, "the line", w.waitLine(thread, bridge.LineUnassigned).Plain(), "Ann", "off_duty")
	w.waitCard(thread, "Ben")
	w.advanceTo(time.Wednesday, 20, 0)
	w.waitDrained()
	w.advanceTo(time.Thursday, 9, 0)
	w.waitCard(thread, "Ann")
	wantEqual(t, "how often it was given back", w.countLines(thread, bridge.LineUnassigned), 2)
}
