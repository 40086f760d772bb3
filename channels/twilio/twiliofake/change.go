package twiliofake

import (
	"net/http"
	"slices"
	"strings"
)

// update takes the words of a message out of Twilio's records; the customer's phone keeps them. An update can do nothing
// else with messages that weren't scheduled.
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

// remove takes a message out of Twilio's records.
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

// messageOfLocked returns the message that a request is about; nil if there is none.
func (a *webAPI) messageOfLocked(r *http.Request) *stored {
	return a.exchange.findLocked(strings.TrimSuffix(r.PathValue("message"), ".json"))
}

// refuseUnknown answers that there is no such thing.
func refuseUnknown(w http.ResponseWriter) {
	refuse(w, http.StatusNotFound, codeNotFound, "The requested resource was not found")
}

// refusedInJSON wraps the routes: requests that none of them takes are refused in Twilio's form.
func refusedInJSON(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, pattern := mux.Handler(r); pattern != "" {
			mux.ServeHTTP(w, r)
			return
		}
		rec := &recorder{header: http.Header{}, status: http.StatusOK}
		mux.ServeHTTP(rec, r) // tells whether there is such a path for another method
		if rec.status == http.StatusMethodNotAllowed {
			refuse(w, http.StatusMethodNotAllowed, codeMethod, "Method not allowed")
			return
		}
		refuseUnknown(w)
	})
}
