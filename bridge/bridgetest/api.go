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

// event is what a Chat tells its listeners.
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

// handler returns what answers, by pattern.
func (a api) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /post", a.call("post", a.post))
	mux.HandleFunc("POST /update", a.call("update", a.update))
	mux.HandleFunc("POST /delete", a.call("delete", a.remove))
	mux.HandleFunc("POST /mark", a.call("mark", a.mark))
	mux.HandleFunc("POST /whisper", a.call("whisper", a.post))
	mux.HandleFunc("POST /thread", a.call("thread", a.thread))
	mux.HandleFunc("POST /since", a.call("since", a.since))
	mux.HandleFunc("POST /message", a.call("message", a.message))
	mux.HandleFunc("POST /audience", a.call("audience", a.audience))
	mux.HandleFunc("POST /reach", a.call("reach", func(request) (int, any) { return http.StatusOK, struct{}{} }))
	mux.HandleFunc("GET /file", a.file)
	mux.HandleFunc("GET /user", a.user)
	mux.HandleFunc("GET /events", a.events)
	mux.HandleFunc("GET /taken", a.taken)
	return mux
}

// call reads a request, lets a fault strike, and answers with what f gives: a status
// other than 200, or a body.
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

func (a api) post(r request) (int, any) {
	a.chat.mu.Lock()
	defer a.chat.mu.Unlock()
	if !a.chat.channels[r.Channel] && !strings.HasPrefix(r.Channel, "@") { // a conversation of two is always open
		return statusClosed, nil
	}
	if root := a.chat.find(r.Channel, r.Thread); r.Thread != "" && (root == nil || root.Deleted) {
		return statusThreadGone, nil
	}
	for i := range r.Files {
		r.Files[i].ID = "f" + r.Token + "." + strconv.Itoa(i)
	}
	m := a.chat.add(Message{Channel: r.Channel, Thread: r.Thread, User: App, Name: r.Name, Kind: r.Kind, Text: r.Text, Token: r.Token,
		Buttons: r.Buttons, Files: r.Files, Whisper: r.Whisper})
	return http.StatusOK, *m
}

func (a api) update(r request) (int, any) {
	a.chat.mu.Lock()
	defer a.chat.mu.Unlock()
	m := a.chat.find(r.Channel, r.ID)
	if m == nil || m.Deleted {
		return statusMessageGone, nil
	}
	m.Text, m.Buttons = r.Text, r.Buttons
	a.chat.poke()
	return http.StatusOK, *m
}

// remove deletes a post of the app's.
func (a api) remove(r request) (int, any) {
	a.chat.mu.Lock()
	defer a.chat.mu.Unlock()
	m := a.chat.find(r.Channel, r.ID)
	if m == nil || m.Deleted || m.User != App {
		return statusMessageGone, nil
	}
	m.Deleted, m.Text, m.Files, m.Buttons = true, "", nil, nil
	a.chat.poke()
	return http.StatusOK, *m
}

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
	a.chat.poke()
	return http.StatusOK, *m
}

func (a api) thread(r request) (int, any) {
	a.chat.mu.Lock()
	defer a.chat.mu.Unlock()
	return http.StatusOK, a.chat.list(r.Channel, r.Thread)
}

// since returns everything that changed in a channel after a sequence (in ID).
func (a api) since(r request) (int, any) {
	after, _ := strconv.Atoi(r.ID)
	a.chat.mu.Lock()
	defer a.chat.mu.Unlock()
	list := []Message{}
	for _, m := range a.chat.messages {
		if m.Channel == r.Channel && m.Sequence > after && m.Whisper == "" {
			list = append(list, *m)
		}
	}
	return http.StatusOK, list
}

func (a api) message(r request) (int, any) {
	a.chat.mu.Lock()
	defer a.chat.mu.Unlock()
	m := a.chat.find(r.Channel, r.ID)
	if m == nil {
		return statusMessageGone, nil
	}
	return http.StatusOK, *m
}

func (a api) file(w http.ResponseWriter, r *http.Request) {
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

func (a api) user(w http.ResponseWriter, r *http.Request) {
	a.chat.mu.Lock()
	defer a.chat.mu.Unlock()
	for _, u := range a.chat.users {
		if u.Email != "" && u.Email == r.URL.Query().Get("email") {
			_, _ = io.WriteString(w, u.ID)
			return
		}
	}
}
