package engine_test

import (
	"testing"

	"parley/bridge"
	"parley/store"
)

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
