package engine_test

import (
	"fmt"
	"testing"

	"parley/bridge"
	"parley/bridge/bridgetest"
	"parley/store"
)

// sayAsForeigner has Ann type a text while the chat takes her for somebody of another organisation, and returns its id. n tells the
// texts apart.
func (w *world) sayAsForeigner(thread, text string, n int) (id string) {
	w.t.Helper()
	id = fmt.Sprintf("m90000%d", n)
	w.journalSurfaceFact("say", bridgetest.Message{Channel: support, ID: id, Thread: thread, User: "ann", By: bridge.ActorForeign,
		Text: text, Order: fmt.Sprintf("1700000000.00000%d", n)})
	return id
}

// An agent whom the chat takes for somebody of another organisation is told, in the thread, that the customer got nothing.
func TestForeignAgentIsTold(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"On our way", "!reply On our way"} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{})
			thread := w.openThread()
			w.sayAsForeigner(thread, text, 1)
			wantWords(t, "the line", w.waitLine(thread, bridge.LineInside).Plain(), "foreign_agent", "On our way")
			w.waitDrained()
			w.wantNothingSent()
		})
	}
}

// The agent's next texts get the mark of what stays inside, without a line each.
func TestForeignAgentSeesTheMark(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	w.sayAsForeigner(thread, "On our way", 1)
	w.waitLine(thread, bridge.LineInside)
	second := w.sayAsForeigner(thread, "We come at noon", 2)
	w.waitFate(second, "inside")
	w.waitDrained()
	wantEqual(t, "marks of texts that stay inside", w.count(`SELECT count(*) FROM deliveries
		WHERE kind = 'mark' AND payload ->> 'mark' = 'inside'`), 2)
	wantEqual(t, "lines", w.countLines(thread, bridge.LineInside), 1)
}

// Whom the chat takes for somebody of another organisation does nothing by buttons, commands and forms, though she is known as an agent.
func TestForeignAgentChangesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{stopped: true})
	agent := must(store.SaveAgent(t.Context(), w.pool, store.Agent{Email: "eve@acme.test", Name: "Eve", Zone: "UTC"}))(t)
	check(t, store.SaveAgentUser(t.Context(), w.pool, store.AgentUser{AccountID: w.surface, UserID: "eve", AgentID: agent}))
	w.reloadEngines()
	w.start()
	thread := w.openThread()
	w.chat.Press(t, "eve", w.chat.Get(support, thread), bridge.VerbTake)
	w.chat.Say("eve", support, thread, "!resolve")
	w.chat.Submit("eve", support, thread, formOf(bridge.VerbReply), "From a form")
	w.chat.Say("eve", support, "", commandOn("reply From the channel"))
	w.waitDrained()
	w.wantNothingSent()
	wantEqual(t, "log of the conversation", w.count(`SELECT count(*) FROM log_entries WHERE agent_id = $1`, agent), 0)
	wantEqual(t, "messages of the conversation", w.text(`SELECT string_agg(text, '; ' ORDER BY created_at) FROM messages`), "Hello")
}
