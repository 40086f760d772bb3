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

func (c *Chat) api() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /post", c.call("post", c.post))
	mux.HandleFunc("POST /update", c.call("update", c.update))
	mux.HandleFunc("POST /mark", c.call("mark", c.mark))
	mux.HandleFunc("POST /whisper", c.call("whisper", c.post))
	mux.HandleFunc("POST /thread", c.call("thread", c.thread))
	mux.HandleFunc("POST /since", c.call("since", c.since))
	mux.HandleFunc("POST /message", c.call("message", c.message))
	mux.HandleFunc("POST /audience", c.call("audience", c.audience))
	mux.HandleFunc("GET /file", c.file)
	mux.HandleFunc("GET /user", c.user)
	mux.HandleFunc("GET /events", c.events)
	mux.HandleFunc("GET /taken", c.taken)
	return mux
}

// call reads a request, lets a fault strike, and answers with what f gives: a status
// other than 200, or a body.
func (c *Chat) call(name string, f func(request) (int, any)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		var req request
		if err != nil || json.Unmarshal(body, &req) != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		fault := c.strike(name, string(body))
		if fault.Until != nil {
			select {
			case <-fault.Until:
			case <-c.closing:
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

func (c *Chat) post(r request) (int, any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.channels[r.Channel] && !strings.HasPrefix(r.Channel, "@") { // a conversation of two is always open
		return statusClosed, nil
	}
	if root := c.find(r.Channel, r.Thread); r.Thread != "" && (root == nil || root.Deleted) {
		return statusThreadGone, nil
	}
	for i := range r.Files {
		r.Files[i].ID = "f" + r.Token + "." + strconv.Itoa(i)
	}
	m := c.add(Message{Channel: r.Channel, Thread: r.Thread, User: App, Name: r.Name, Kind: r.Kind, Text: r.Text, Token: r.Token,
		Buttons: r.Buttons, Files: r.Files, Whisper: r.Whisper})
	return http.StatusOK, *m
}

func (c *Chat) update(r request) (int, any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	m := c.find(r.Channel, r.ID)
	if m == nil || m.Deleted {
		return statusMessageGone, nil
	}
	m.Text, m.Buttons = r.Text, r.Buttons
	c.poke()
	return http.StatusOK, *m
}

func (c *Chat) mark(r request) (int, any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	m := c.find(r.Channel, r.ID)
	if m == nil || m.Deleted {
		return statusMessageGone, nil
	}
	if r.Mark != "" && !slices.Contains(m.Marks, r.Mark) {
		m.Marks = append(m.Marks, r.Mark)
	}
	m.Marks = slices.DeleteFunc(m.Marks, func(mark string) bool { return mark == r.Clears })
	c.poke()
	return http.StatusOK, *m
}

func (c *Chat) thread(r request) (int, any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return http.StatusOK, c.list(r.Channel, r.Thread)
}

// since gives everything that changed in a channel after a sequence (in ID).
func (c *Chat) since(r request) (int, any) {
	after, _ := strconv.Atoi(r.ID)
	c.mu.Lock()
	defer c.mu.Unlock()
	list := []Message{}
	for _, m := range c.messages {
		if m.Channel == r.Channel && m.Sequence > after && m.Whisper == "" {
			list = append(list, *m)
		}
	}
	return http.StatusOK, list
}

func (c *Chat) message(r request) (int, any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	m := c.find(r.Channel, r.ID)
	if m == nil {
		return statusMessageGone, nil
	}
	return http.StatusOK, *m
}

func (c *Chat) file(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, m := range c.messages {
		for _, f := range m.Files {
			if f.ID == r.URL.Query().Get("id") {
				_, _ = w.Write(f.Content)
				return
			}
		}
	}
	w.WriteHeader(statusMessageGone)
}

func (c *Chat) user(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, u := range c.users {
		if u.Email != "" && u.Email == r.URL.Query().Get("email") {
			_, _ = io.WriteString(w, u.ID)
			return
		}
	}
}
