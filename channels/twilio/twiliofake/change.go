package twiliofake

import (
	"net/http"
	"slices"
	"strings"
)

// update takes the words of a message out of Twilio's records: of what an update may do, that is all that
// concerns messages that weren't scheduled. The customer's phone keeps them.
func (a *webAPI) update(w http.ResponseWriter, r *http.Request) {
	err := r.ParseForm()
	a.mu.Lock()
	defer a.mu.Unlock()
	m := a.messageOf(r)
	switch {
	case m == nil:
		refuseUnknown(w)
	case err != nil || !r.PostForm.Has("Body") || r.PostForm.Get("Body") != "" || r.PostForm.Has("Status"):
		refuse(w, http.StatusBadRequest, 20001, "Only the body of a message can be changed, to nothing")
	default:
		m.redacted = true
		answer(w, http.StatusOK, a.view(m))
	}
}

// remove takes a message out of Twilio's records.
func (a *webAPI) remove(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	m := a.messageOf(r)
	switch {
	case m == nil:
		refuseUnknown(w)
	case slices.Contains([]string{"accepted", "queued", "sending", "sent"}, m.status):
		refuse(w, http.StatusConflict, 20009, "Cannot delete message because delivery has not been completed")
	default:
		a.exchange.messages = slices.DeleteFunc(a.exchange.messages, func(other *stored) bool { return other == m })
		w.WriteHeader(http.StatusNoContent)
	}
}

// messageOf returns the message that a request is about; the lock is held.
func (a *webAPI) messageOf(r *http.Request) *stored {
	return a.exchange.find(strings.TrimSuffix(r.PathValue("message"), ".json"))
}

func refuseUnknown(w http.ResponseWriter) {
	refuse(w, http.StatusNotFound, 20404, "The requested resource was not found")
}

// refusedInJSON answers requests that no route takes in Twilio's form.
func refusedInJSON(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, pattern := mux.Handler(r); pattern != "" {
			mux.ServeHTTP(w, r)
			return
		}
		rec := &recorder{header: http.Header{}, status: http.StatusOK}
		if mux.ServeHTTP(rec, r); rec.status == http.StatusMethodNotAllowed {
			refuse(w, http.StatusMethodNotAllowed, 20004, "Method not allowed")
			return
		}
		refuseUnknown(w)
	})
}
