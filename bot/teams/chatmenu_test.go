package teams

import (
	"net/http"
	"testing"

	"parley/bot/teams/fact"
	"parley/bot/teams/manifest"
	"parley/bridge"
)

// invokeFromChat sends what a client sends when Ann uses a menu of the app in her chat with a colleague: it names no conversation.
func (w *world) invokeFromChat(name string, value object) (answer string) {
	w.t.Helper()
	status, answer := w.sendActivity("", object{
		"type": "invoke", "id": "f:" + name, "name": name, "value": value,
		"conversation": nil, "channelData": object{"tenant": object{"id": w.fake.TenantID()}, "source": object{"name": "compose"}},
	})
	wantEqual(w.t, "status of "+name, status, http.StatusOK)
	return answer
}

// In a chat of two colleagues the app's menus work as elsewhere, also for somebody whom Parley hasn't met. Teams doesn't name such a
// chat. Source: "Payload activity properties when a dialog is invoked from 1:1 chat", read 2026-11.
func TestMenusInAChatOfColleagues(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	query := object{"commandId": manifest.CommandFind, "parameters": []object{{"name": "q", "value": "printer KIM"}}}
	wantWords(t, w.invokeFromChat(fact.InvokeQuery, query), "Printer on fire")
	begin := object{"commandId": manifest.CommandNew, "commandContext": "compose"}
	wantWords(t, w.invokeFromChat(fact.InvokeCompose, begin), "t:recipient")
	reply := object{"commandId": manifest.CommandOf(bridge.VerbReply), "commandContext": "compose"}
	wantWords(t, w.invokeFromChat(fact.InvokeCompose, reply), "Printer on fire")
	snooze := object{
		"commandId": manifest.CommandOf(bridge.VerbSnooze), "commandContext": "message",
		"messagePayload": object{"id": "1700000000000", "body": object{"contentType": "html", "content": "Hi"}},
	}
	wantWords(t, w.invokeFromChat(fact.InvokeCompose, snooze), "There is no conversation here.")
}
