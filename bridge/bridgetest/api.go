package bridgetest

import (
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"parley/bridge"
)

// This file is the HTTP API of a Chat, the chat platform for tests. Parley's side of it (Surface) calls it to post messages
// and to read threads:
//
//	POST /post  {"channel":"C1","text":"Hello","token":"t1"}  →  200  {"channel":"C1","id":"m000001", …}
//
// Most calls are a POST with a request as JSON. The answer is JSON, such as a Message, or, if the call failed, a status
// without a body. Tests make calls fail with AddFault.

// event is something that happened in a Chat. It is streamed to all listeners.
type event struct {
	Type      string           `json:"type"` // say, edit, delete, press, choose, submit, react
	Message   Message          `json:"message"`
	User      string           `json:"user,omitempty"` // who acted, if it isn't the author of Message
	Button    Button           `json:"button"`
	Nonce     string           `json:"nonce,omitempty"`
	OwnThread bool             `json:"own_thread,omitempty"` // the thread's root is a post of our app
	CatchUp   bool             `json:"catch_up,omitempty"`   // it was missed, and found by a later search
	Serial    int              `json:"serial,omitempty"`     // its number in its stream
	By        bridge.ActorKind `json:"by,omitempty"`         // the kind of User
}

// request is the body of every POST. Each call uses some of its fields.
type request struct {
	Channel string   `json:"channel"`
	Thread  string   `json:"thread,omitempty"`
	ID      string   `json:"id,omitempty"`
	Name    string   `json:"name,omitempty"`
	Kind    string   `json:"kind,omitempty"`
	Text    string   `json:"text,omitempty"`
	Token   string   `json:"token,omitempty"`
	Mark    string   `json:"mark,omitempty"`
	Clears  string   `json:"clears,omitempty"`
	Whisper string   `json:"whisper,omitempty"`
	Buttons []Button `json:"buttons,omitempty"`
	Files   []File   `json:"files,omitempty"`
}

// api serves the HTTP API of a Chat.
type api struct{ chat *Chat }

func (a api) makeHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /post", a.call("post", a.post))
	mux.HandleFunc("POST /update", a.call("update", a.update))
	mux.HandleFunc("POST /delete", a.call("delete", a.remove))
	mux.HandleFunc("POST /mark", a.call("mark", a.mark))
	mux.HandleFunc("POST /whisper", a.call("whisper", a.post))
	mux.HandleFunc("POST /thread", a.call("thread", a.listThread))
	mux.HandleFunc("POST /since", a.call("since", a.listChanges))
	mux.HandleFunc("POST /message", a.call("message", a.getMessage))
	mux.HandleFunc("POST /audience", a.call("audience", a.getAudience))
	mux.HandleFunc("POST /reach", a.call("reach", func(request) (int, any) { return http.StatusOK, struct{}{} }))
	mux.HandleFunc("GET /file", a.getFile)
	mux.HandleFunc("GET /user", a.findUser)
	mux.HandleFunc("GET /events", a.streamEvents)
	mux.HandleFunc("GET /taken", a.noteTaken)
	return mux
}

// call returns the handler of the named call. f carries the call out and returns a status and, if the status is 200, the
// value to send as JSON. If a test added a fault for the call, the handler fails accordingly, either before or after f.
func (a api) call(name string, f func(request) (int, any)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		var req request
		if err != nil || json.Unmarshal(body, &req) != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}

		fault := a.chat.strike(name, string(body))
		if fault.Until != nil {
			select {
			case <-fault.Until:
			case <-a.chat.closing:
				panic(http.ErrAbortHandler)
			}
		}

		if failsBefore(w, fault) {
			return
		}
		status, answer := f(req)
		if failsAfter(w, fault) {
			return
		}

		if status != http.StatusOK {
			w.WriteHeader(status)
			return
		}

		_ = json.NewEncoder(w).Encode(answer)
	}
}

// failsBefore answers a call that a fault prevents from being carried out, and reports whether it did. To drop the
// connection, it panics with http.ErrAbortHandler, as net/http documents.
func failsBefore(w http.ResponseWriter, fault Fault) bool {
	switch fault.Kind {
	case FaultRefuse:
		w.Header().Set("X-Done", "no")
		w.WriteHeader(http.StatusServiceUnavailable)
	case FaultThrottle:
		w.Header().Set("Retry-After", strconv.FormatFloat(fault.Wait.Seconds(), 'f', -1, 64))
		w.WriteHeader(http.StatusTooManyRequests)
	case FaultErrorBefore:
		w.WriteHeader(http.StatusInternalServerError)
	case FaultDropBefore:
		panic(http.ErrAbortHandler)
	default:
		return false
	}
	return true
}

// failsAfter is failsBefore for faults that strike after the call was carried out.
func failsAfter(w http.ResponseWriter, fault Fault) bool {
	switch fault.Kind {
	case FaultErrorAfter:
		w.WriteHeader(http.StatusInternalServerError)
	case FaultDropAfter:
		panic(http.ErrAbortHandler)
	default:
		return false
	}
	return true
}

// Statuses of failed calls.
const (
	statusThreadGone  = http.StatusGone
	statusMessageGone = http.StatusNotFound
	statusClosed      = http.StatusLocked // the channel is closed
)

// post posts a message of the app, or whispers it to one user.
func (a api) post(r request) (int, any) {
	a.chat.mu.Lock()
	defer a.chat.mu.Unlock()

	isDirect := strings.HasPrefix(r.Channel, "@") // a direct chat with one user, which can't be closed
	if !a.chat.channels[r.Channel] && !isDirect {
		return statusClosed, nil
	}

	if r.Thread != "" {
		root := a.chat.find(r.Channel, r.Thread)
		if root == nil || root.Deleted {
			return statusThreadGone, nil
		}
	}

	for i := range r.Files {
		r.Files[i].ID = "f" + r.Token + "." + strconv.Itoa(i)
	}

	m := a.chat.add(Message{Channel: r.Channel, Thread: r.Thread, User: App, Name: r.Name, Kind: r.Kind, Text: r.Text, Token: r.Token,
		Buttons: r.Buttons, Files: r.Files, Whisper: r.Whisper})
	return http.StatusOK, *m
}

// update replaces the text and buttons of a post.
func (a api) update(r request) (int, any) {
	a.chat.mu.Lock()
	defer a.chat.mu.Unlock()
	m := a.chat.find(r.Channel, r.ID)
	if m == nil || m.Deleted {
		return statusMessageGone, nil
	}
	m.Text, m.Buttons = r.Text, r.Buttons
	a.chat.changed.Poke()
	return http.StatusOK, *m
}

// remove deletes a post of the app.
func (a api) remove(r request) (int, any) {
	a.chat.mu.Lock()
	defer a.chat.mu.Unlock()
	m := a.chat.find(r.Channel, r.ID)
	if m == nil || m.Deleted {
		return statusMessageGone, nil
	}
	if m.User != App { // the app may not delete what people wrote
		return statusMessageGone, nil
	}
	m.Deleted, m.Text = true, ""
	m.Files, m.Buttons = nil, nil
	a.chat.changed.Poke()
	return http.StatusOK, *m
}

// mark adds a mark (an emoji) to a message and removes another one. Either may be "".
func (a api) mark(r request) (int, any) {
	a.chat.mu.Lock()
	defer a.chat.mu.Unlock()
	m := a.chat.find(r.Channel, r.ID)
	if m == nil || m.Deleted {
		return statusMessageGone, nil
	}
	if r.Mark != "" && !slices.Contains(m.Marks, r.Mark) {
		m.Marks = append(m.Marks, r.Mark)
	}
	m.Marks = slices.DeleteFunc(m.Marks, func(mark string) bool { return mark == r.Clears })
	a.chat.changed.Poke()
	return http.StatusOK, *m
}

// listThread returns the messages of a thread, or of the channel's top level.
func (a api) listThread(r request) (int, any) {
	a.chat.mu.Lock()
	defer a.chat.mu.Unlock()
	return http.StatusOK, a.chat.list(r.Channel, r.Thread)
}

// listChanges returns the messages of a channel that changed after the sequence number r.ID.
func (a api) listChanges(r request) (int, any) {
	after, _ := strconv.Atoi(r.ID) // 0, for everything, if it can't be parsed
	a.chat.mu.Lock()
	defer a.chat.mu.Unlock()
	list := []Message{}
	for _, m := range a.chat.messages {
		isNew := m.Channel == r.Channel && m.Sequence > after
		if isNew && m.Whisper == "" {
			list = append(list, *m)
		}
	}
	return http.StatusOK, list
}

// getMessage returns a message, even if it is deleted.
func (a api) getMessage(r request) (int, any) {
	a.chat.mu.Lock()
	defer a.chat.mu.Unlock()
	m := a.chat.find(r.Channel, r.ID)
	if m == nil {
		return statusMessageGone, nil
	}
	return http.StatusOK, *m
}

func (a api) getFile(w http.ResponseWriter, r *http.Request) {
	a.chat.mu.Lock()
	defer a.chat.mu.Unlock()
	for _, m := range a.chat.messages {
		for _, f := range m.Files {
			if f.ID == r.URL.Query().Get("id") {
				_, _ = w.Write(f.Content)
				return
			}
		}
	}
	w.WriteHeader(statusMessageGone)
}

// findUser returns the id of the user with an e-mail address, or an empty body if there is none.
func (a api) findUser(w http.ResponseWriter, r *http.Request) {
	a.chat.mu.Lock()
	defer a.chat.mu.Unlock()
	for _, u := range a.chat.users {
		if u.Email != "" && u.Email == r.URL.Query().Get("email") {
			_, _ = io.WriteString(w, u.ID)
			return
		}
	}
}
