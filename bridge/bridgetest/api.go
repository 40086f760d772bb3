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

// This file is the HTTP side of a Chat: what the app may call, such as /post, /update and /thread. Most calls are a
// POST whose body is a request as JSON. The answer is JSON, or another status than 200 without a body. A call may
// fail by a fault that a test has added (AddFault).

// event is something that happened in a Chat, as its listeners get it.
type event struct {
	Type      string           `json:"type"` // say, edit, delete, press, submit
	Message   Message          `json:"message"`
	User      string           `json:"user,omitempty"` // press, submit
	Button    Button           `json:"button"`
	Nonce     string           `json:"nonce,omitempty"`
	OwnThread bool             `json:"own_thread,omitempty"`
	CatchUp   bool             `json:"catch_up,omitempty"`
	Serial    int              `json:"serial,omitempty"` // in its stream
	By        bridge.ActorKind `json:"by,omitempty"`     // who User is
}

// request is the body of every call that changes something.
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

// api is what a Chat answers over HTTP: to our app, and to those who listen.
type api struct{ chat *Chat }

// makeHandler returns the handler of all calls.
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

// call returns the handler of the call with that name. It reads the request, lets a fault strike if one was added for
// the call, and otherwise answers with what f returns: a status, and a value that becomes the JSON body if the status
// is 200.
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

		switch fault.Kind {
		case FaultRefuse:
			w.Header().Set("X-Done", "no")
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		case FaultThrottle:
			w.Header().Set("Retry-After", strconv.FormatFloat(fault.Wait.Seconds(), 'f', -1, 64))
			w.WriteHeader(http.StatusTooManyRequests)
			return
		case FaultErrorBefore:
			w.WriteHeader(http.StatusInternalServerError)
			return
		case FaultDropBefore:
			panic(http.ErrAbortHandler)
		}

		status, answer := f(req)

		switch fault.Kind {
		case FaultErrorAfter:
			w.WriteHeader(http.StatusInternalServerError)
			return
		case FaultDropAfter:
			panic(http.ErrAbortHandler)
		}

		if status != http.StatusOK {
			w.WriteHeader(status)
			return
		}

		_ = json.NewEncoder(w).Encode(answer)
	}
}

// Statuses that a Chat answers with: what is gone, and what is closed.
const (
	statusThreadGone  = http.StatusGone
	statusMessageGone = http.StatusNotFound
	statusClosed      = http.StatusLocked
)

// post posts a message of the app, or whispers it to one user.
func (a api) post(r request) (int, any) {
	a.chat.mu.Lock()
	defer a.chat.mu.Unlock()

	if !a.chat.channels[r.Channel] && !strings.HasPrefix(r.Channel, "@") { // a conversation of two is always open
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

// update changes a post.
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

// remove deletes a post of the app's.
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

// mark puts a mark onto a message, and takes another one off.
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

// listThread returns the messages of a thread, or of the top level.
func (a api) listThread(r request) (int, any) {
	a.chat.mu.Lock()
	defer a.chat.mu.Unlock()
	return http.StatusOK, a.chat.list(r.Channel, r.Thread)
}

// listChanges returns everything that changed in a channel after a sequence (in ID).
func (a api) listChanges(r request) (int, any) {
	after, _ := strconv.Atoi(r.ID) // unreadable: 0, everything
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

// getMessage returns a message, also a deleted one.
func (a api) getMessage(r request) (int, any) {
	a.chat.mu.Lock()
	defer a.chat.mu.Unlock()
	m := a.chat.find(r.Channel, r.ID)
	if m == nil {
		return statusMessageGone, nil
	}
	return http.StatusOK, *m
}

// getFile returns the content of a file.
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

// findUser returns the id of the user with an e-mail address; an empty body if there is none.
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
