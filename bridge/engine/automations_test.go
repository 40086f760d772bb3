package engine_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"parley/bridge"
	"parley/routing"
	"parley/store"
)

// automate sets automations, as parley.yaml would.
func (w *world) automate(list ...routing.Automation) {
	w.t.Helper()
	check(w.t, store.SetAutomations(w.t.Context(), w.pool, json.RawMessage(bridge.JSON(list))))
	check(w.t, store.BumpSettings(w.t.Context(), w.pool))
	w.reloadEngines()
}

// automation makes an automation of its parts: "tagged Urgent", "assign ann@acme.test", ….
func automation(name, when string, then ...string) routing.Automation {
	part := func(words string) routing.Part {
		key, value, _ := strings.Cut(words, " ")
		return routing.Part{Name: key, Value: value}
	}
	a := routing.Automation{Name: name, When: part(when)}
	for _, words := range then {
		a.Then = append(a.Then, part(words))
	}
	return a
}

// A tag gives the conversation to the lead, tells somebody, and says so in the thread, once.
// Requirement R-149: Tags start automations.
func TestTagStartsAutomation(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{engines: 2})
	w.automate(automation("Urgent to the lead", "tagged Urgent", "assign ben@acme.test", "priority high", "notify cat@acme.test", "note Call back."))
	thread := w.openThread()
	w.reply(thread, "!tag urgent")
	line := w.waitLine(thread, bridge.LineAutomated)
	wantWords(t, "the line", line.Plain(), "Urgent to the lead", "Call back.")
	wantWords(t, "the log", w.text(`SELECT detail->>'note' FROM log_entries WHERE what = 'automated'`),
		"assigned it to Ben", "gave it the priority high", "told Cat", "Call back.")
	w.waitCard(thread, "Ben")
	w.eventually("Cat is told", func() bool { return len(w.chat.Messages("@cat", "")) == 1 })
	w.waitDrained()
	wantEqual(t, "lines", w.countLines(thread, bridge.LineAutomated), 1)
	wantEqual(t, "entries", w.count(`SELECT count(*) FROM log_entries WHERE what = 'assigned' AND actor = 'parley'`), 1)
}

// An automation that has a time, or that a wait starts, does so once, and only while its conditions are met.
// Requirement R-150: Automations answer routine questions.
func TestTimesStartAutomations(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{engines: 2})
	w.advanceTo(time.Monday, 10, 0)
	nobody := automation("Nobody", "waiting 30m", "assign cat@acme.test")
	nobody.If.Account = "another"
	closed := automation("Night", "received true", "tag Night")
	closed.If.Hours = routing.HoursClosed
	w.automate(
		automation("Escalate", "waiting 30m", "assign ben@acme.test", "tag Late"), nobody, closed,
		automation("Morning", "cron 0 9 * * *", "tag Morning"),
	)
	thread := w.openThread()
	w.waitDrained()
	w.advance(20 * time.Minute)
	w.waitDrained()
	wantEqual(t, "lines before the time", w.countLines(thread, bridge.LineAutomated), 0)
	w.advance(10 * time.Minute)
	w.waitLine(thread, bridge.LineAutomated)
	w.waitCard(thread, "Ben")
	w.waitDrained()
	w.eventually("the time is set", func() bool { return w.count(`SELECT count(*) FROM timers WHERE kind LIKE 'cron:%'`) == 1 })
	w.advanceTo(time.Tuesday, 12, 0)
	w.eventually("the morning came", func() bool { return w.countLines(thread, bridge.LineAutomated) == 2 })
	w.advanceTo(time.Friday, 12, 0) // an outage of three days is one morning
	w.waitDrained()
	wantEqual(t, "lines", w.countLines(thread, bridge.LineAutomated), 2)
	w.waitTags("Late", "Morning")
}

// Automations that start each other come to an end.
// Requirement R-149: Tags start automations.
func TestAutomationsInALoop(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	var list []routing.Automation
	for i := range 6 {
		tag := func(i int) string { return fmt.Sprint("T", i%6) }
		list = append(list, automation("to "+tag(i+1), "tagged "+tag(i), "untag "+tag(i), "tag "+tag(i+1)))
	}
	w.automate(list...)
	thread := w.openThread()
	w.reply(thread, "!tag T0")
	w.eventually("three have run", func() bool { return w.countLines(thread, bridge.LineAutomated) == routing.MaxChain })
	w.waitDrained()
	w.waitTags("T3")
	for range 8 {
		w.reply(thread, "!tag T0")
		w.waitDrained()
		w.reply(thread, "!untag T3")
		w.waitDrained()
	}
	if n := w.countLines(thread, bridge.LineAutomated); n > 22 {
		t.Errorf("%d automations ran within an hour", n)
	}
}

// A question gets its text once in a conversation, and from a machine's mail nothing follows.
// Requirement R-150: Automations answer routine questions.
func TestAutomationSends(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	a := automation("Opening hours", "received true", "send We open at 9.", "tag Hours")
	a.If.Text = "when do you open"
	w.automate(a)
	w.customerWrites("kim", "Hello, when do you open?")
	w.waitSent(1)
	w.waitDrained()
	w.customerWrites("kim", "And when do you open on Sunday?")
	w.waitThread("And when do you open on Sunday?")
	w.waitDrained()
	wantEqual(t, "texts", len(w.sentTexts()), 1)
	wantEqual(t, "customers who wait", w.count(`SELECT count(*) FROM conversations WHERE waiting_since IS NOT NULL`), 1)
}
