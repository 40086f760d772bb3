package engine_test

import (
	"fmt"
	"slices"
	"testing"

	"parley/bridge/analysis"
	"parley/bridge/analysis/analysistest"
	"parley/bridge/analysis/offline"
	"parley/store/storetest"
)

// noisyDay is a day of many conversations with one customer each. The customers' messages are taken from
// the set by which the analysis is measured.
type noisyDay struct {
	*world
	all       []analysistest.Message
	languages []string // of the customers, by number
	threads   []string
}

// conversationsOfADay returns the number of conversations, which is 200 in the long form of the tests.
func conversationsOfADay() int {
	if storetest.LongForm() {
		return 200
	}
	return 60
}

// writeFitting lets a customer write the nth of the messages that fit, in the customer's language if there are any.
func (d *noisyDay) writeFitting(customer, nth int, fits func(analysistest.Message) bool) {
	list := slices.DeleteFunc(slices.Clone(d.all), func(m analysistest.Message) bool { return m.Language != d.languages[customer] || !fits(m) })
	if len(list) == 0 {
		list = slices.DeleteFunc(slices.Clone(d.all), func(m analysistest.Message) bool { return !fits(m) })
	}
	for _, text := range list[nth%len(list)].Texts {
		d.customerWrites(fmt.Sprintf("c%d", customer), text)
	}
}

// waitAllAnalysed waits until everything that was written is shown and analysed, and what was found is noted.
func (d *noisyDay) waitAllAnalysed() {
	d.t.Helper()
	d.waitDrained()
	d.analyseAllBursts()
	d.waitDrained()
}

// disturbance counts what people saw because of a day's analyses.
type disturbance struct {
	bursts   int // that were analysed
	notes    int
	changes  int // of notes
	urgent   int // conversations
	told     int // mentions of owners
	toldMost int // of them in one conversation
	repeated int // notes that say the same as the one before
}

// countDisturbance counts the disturbance of the day so far.
func (d *noisyDay) countDisturbance() (n disturbance) {
	d.t.Helper()
	const lines = `SELECT count(*) FROM deliveries WHERE kind = 'line' AND payload->'line'->>'Kind' = 'analysis' AND `
	n.bursts = d.count(`SELECT count(*) FROM events WHERE external_id LIKE 'analysis:%'`)
	n.notes = d.count(lines + `payload->'changes' IS NULL`)
	n.changes = d.count(lines + `payload->'changes' IS NOT NULL`)
	n.urgent = d.count(`SELECT count(DISTINCT l.conversation_id) FROM deliveries AS d JOIN lanes AS l ON l.id = d.lane_id
		WHERE d.kind = 'line' AND d.payload->'line'->>'Kind' = 'analysis' AND d.payload->'line'->>'Urgent' <> ''`)
	for _, thread := range d.threads {
		told, before := 0, ""
		for _, m := range d.notes(thread) {
			told += len(m.Mentions())
			if m.Plain() == before {
				n.repeated++
			}
			before = m.Plain()
		}
		n.told, n.toldMost = n.told+told, max(n.toldMost, told)
	}
	return n
}

// The analyses of a day with many conversations disturb people little. There are few notes, and none repeats the last.
// Most later findings change the note that is there. No conversation tells its owner twice that it is urgent.
// Requirement R-178: Each message is looked at.
// Requirement R-180: Urgency.
func TestNoiseOfADay(t *testing.T) {
	t.Parallel()
	dayLong := conversationsOfADay()
	d := &noisyDay{world: newWorld(t, options{analyzer: offline.New()}), all: analysistest.Set(t)}
	anything := func(analysistest.Message) bool { return true }
	thanks := func(m analysistest.Message) bool {
		return slices.Contains(m.Intents, "thanks") && m.Sentiment == analysis.Positive
	}
	urgent := func(m analysistest.Message) bool { return m.Urgent }

	for i := range dayLong { // everybody's first message
		first := d.all[i%len(d.all)]
		d.languages = append(d.languages, first.Language)
		d.customerWrites(fmt.Sprintf("c%d", i), fmt.Sprintf("(%03d) ", i)+first.Texts[0])
	}
	d.waitAllAnalysed()
	for i := range dayLong {
		d.threads = append(d.threads, d.waitThread(fmt.Sprintf("(%03d) ", i)))
	}

	for i := range dayLong { // two of three write on before anybody answers
		if i%3 != 0 {
			d.writeFitting(i, i+7, anything)
		}
	}
	d.waitAllAnalysed()

	for i, thread := range d.threads { // most are taken and answered
		if i%5 < 4 {
			d.reply(thread, "!take")
			d.reply(thread, "!reply We are looking into this and come back to you.")
		}
		if i%20 == 19 { // a chat tells only so much at once
			d.waitDrained()
		}
	}
	d.eventually("all answers have left", func() bool { return len(d.sentTexts()) == dayLong*4/5 })
	d.waitDrained()

	for i := range dayLong { // half of the customers answer, every other one to say thanks
		switch i % 4 {
		case 0:
			d.writeFitting(i, i, thanks)
		case 1:
			d.writeFitting(i, i+13, anything)
		}
	}
	d.waitAllAnalysed()

	for i := range dayLong { // for some it is pressing, twice
		if i%10 == 0 {
			d.writeFitting(i, i, urgent)
		}
	}
	d.waitAllAnalysed()
	for i := range dayLong {
		if i%10 == 0 {
			d.writeFitting(i, i+1, urgent)
		}
	}
	d.waitAllAnalysed()

	n := d.countDisturbance()
	perConversation, suppressed := float64(n.notes)/float64(dayLong), 1-float64(n.notes)/float64(n.bursts)
	t.Logf(
		"%d conversations, %d bursts: %d notes (%.2f a conversation), %d changes of a note; "+
			"%.0f %% of the bursts without a note of their own, %.0f %% without either; %d owners told, of %d urgent conversations",
		dayLong, n.bursts, n.notes, perConversation, n.changes, 100*suppressed, 100*float64(n.bursts-n.notes-n.changes)/float64(n.bursts),
		n.told, n.urgent)

	if perConversation > 1.5 {
		t.Errorf("%.2f notes a conversation, want at most 1.5", perConversation)
	}
	if suppressed < 0.4 {
		t.Errorf("%.2f of the bursts have no note of their own, want at least 0.4", suppressed)
	}
	wantEqual(t, "notes that repeat the one before", n.repeated, 0)
	if n.toldMost > 1 {
		t.Errorf("%d mentions in one conversation, want at most one", n.toldMost)
	}
	if n.told == 0 || n.told > n.urgent {
		t.Errorf("%d owners were told of something urgent, want some, and at most one for each of %d urgent conversations", n.told, n.urgent)
	}
	wantNoWords(t, "states of deliveries", d.text(`SELECT string_agg(DISTINCT state, ' ') FROM deliveries`), "failed")
}
