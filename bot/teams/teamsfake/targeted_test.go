package teamsfake_test

import (
	"net/http"
)

// targeted is a message for one person alone.
func targeted(id string) obj {
	return obj{"type": "message", "text": "only you", "recipient": obj{"id": id, "isTargeted": true}}
}

// openPersonalChat opens the chat of Ann and the bot, and returns its id and the path of its messages.
func (w *world) openPersonalChat() (id, path string) {
	w.t.Helper()
	u, _ := w.srv.User(ann)
	members := obj{"tenantId": w.srv.TenantID(), "members": []obj{{"id": u.TeamsID}}}
	got := w.wantCall("a personal chat", "POST", "conversations", members, http.StatusCreated)
	wantField(w.t, got, "id", w.srv.PersonalID(ann))
	return w.srv.PersonalID(ann), "conversations/" + w.srv.PersonalID(ann) + "/activities"
}
