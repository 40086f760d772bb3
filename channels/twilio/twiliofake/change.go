package twiliofake

import (
	"net/http"
	"slices"
	"strings"
)

// update handles a POST to a message. Twilio allows one change of a message that was sent: its body can be emptied. The customer's phone
// keeps the text.
func (a *webAPI) update(w http.ResponseWriter, r *http.Request) {
	err := r.ParseForm()
	a.mu.Lock()
	defer a.mu.Unlock()
	m := a.messageOfLocked(r)
	if m == nil {
		refuseUnknown(w)
		return
	}

	clearsBody := r.PostForm.Has("Body") && r.PostForm.Get("Body") == ""
	if err != nil || !clearsBody || r.PostForm.Has("Status") {
		refuse(w, http.StatusBadRequest, codeInvalid, "Only the body of a message can be changed, to nothing")
		return
	}

	m.redacted = true
	answer(w, http.StatusOK, a.messageViewLocked(m))
}

// remove handles the deletion of a message from Twilio's records. The customer's phone keeps it. A message that is still being sent
// can't be deleted.
func (a *webAPI) remove(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	m := a.messageOfLocked(r)
	switch {
	case m == nil:
		refuseUnknown(w)
	case slices.Contains([]messageStatus{messageAccepted, messageQueued, messageSending, messageSent}, m.status):
		refuse(w, http.StatusConflict, codeNotDelivered, "Cannot delete message because delivery has not been completed")
	default:
		a.exchange.messages = slices.DeleteFunc(a.exchange.messages, func(other *stored) bool { return other == m })
		w.WriteHeader(http.StatusNoContent)
	}
}

// messageOfLocked returns the message that a request's path names, or nil.
func (a *webAPI) messageOfLocked(r *http.Request) *stored {
	return a.exchange.findLocked(strings.TrimSuffix(r.PathValue("message"), ".json"))
}

// refuseUnknown responds that the resource doesn't exist.
func refuseUnknown(w http.ResponseWriter) {
	refuse(w, http.StatusNotFound, codeNotFound, "The requested resource was not found")
}

// refusedInJSON wraps the routes so that requests which match none of them get an error in Twilio's JSON format.
func refusedInJSON(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, pattern := mux.Handler(r); pattern != "" {
			mux.ServeHTTP(w, r)
			return
		}
		rec := &recorder{header: http.Header{}, status: http.StatusOK}
		mux.ServeHTTP(rec, r) // the status shows whether the path exists for another method
		if rec.status == http.StatusMethodNotAllowed {
			refuse(w, http.StatusMethodNotAllowed, codeMethod, "Method not allowed")
			return
		}
		refuseUnknown(w)
	})
}
