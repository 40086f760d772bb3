package teams

import (
	"net/http"
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
