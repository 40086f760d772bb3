package twiliofake

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"parley/channels/emulator"
)

// driver lets a test in another process control the emulator by HTTP. For example, it can write as a customer and see what she received.
type driver struct {
	srv *Server
}

// makeHandler returns a handler that adds the emulator's own routes to those of the API. They use JSON and need no credentials:
//
//	GET  /_fake/info                   the account, its numbers, counters
//	GET  /_fake/messages               all messages of the account, in both directions
//	GET  /_fake/inbox?user=[&number=]  what a customer received
//	GET  /_fake/chat?user=[&number=]   what her phone shows, from both sides
//	GET  /_fake/calls[?method=]        calls of the API that had an effect; method is HTTP's
//	GET|POST|DELETE /_fake/faults[?id=] list, Fault → {"id"}, clear
//	POST /_fake/person/{user}/{verb}   body Act
//
// A user is a customer's address as Twilio writes it: +15550123 or whatsapp:+15550123. number is one of the company's addresses; the
// default is the first one of the user's channel. Armed faults don't affect these routes.
//
// The response to an action that fails is {"ok":false,"error":…} with status 409. A bad request has status 400.
func (d driver) makeHandler(api http.Handler) http.Handler {
	s, mux := d.srv, http.NewServeMux()
	get := func(path string, f func(q func(string) string) any) {
		mux.HandleFunc("GET /_fake/"+path, func(w http.ResponseWriter, r *http.Request) {
			emulator.WriteJSON(w, http.StatusOK, f(r.URL.Query().Get))
		})
	}

	get("info", func(func(string) string) any { return d.makeInfo() })
	get("messages", func(func(string) string) any { return s.Messages() })
	get("inbox", func(q func(string) string) any {
		return d.findPhone(readAddress(q("user")), readAddress(q("number")), "").Inbox()
	})
	get("chat", func(q func(string) string) any {
		return d.findPhone(readAddress(q("user")), readAddress(q("number")), "").Chat()
	})
	get("calls", func(q func(string) string) any { return d.listCalls(q("method")) })
	mux.HandleFunc("GET /_fake/faults", func(w http.ResponseWriter, _ *http.Request) { emulator.WriteJSON(w, http.StatusOK, d.listFaults()) })
	mux.HandleFunc("POST /_fake/faults", d.armFault)
	mux.HandleFunc("DELETE /_fake/faults", d.clearFaults)
	mux.HandleFunc("POST /_fake/person/{user}/{verb}", d.controlPerson)
	mux.Handle("/", api)
	return mux
}

// readAddress returns an address from a query. It restores the plus sign, which means a space in a query if it isn't escaped.
func readAddress(text string) string { return strings.Replace(text, " ", "+", 1) }

// findPhone returns a customer's phone in the chat with one of the company's numbers. If number is "", it is the first of her channel.
func (d driver) findPhone(user, number, profile string) *Phone {
	if number == "" {
		number = d.srv.firstNumber(strings.HasPrefix(user, waPrefix))
	}
	return d.srv.Phone(user, number, profile)
}

// firstNumber returns the address of the company's first sender for WhatsApp or for SMS, or "".
func (g *ground) firstNumber(isWhatsApp bool) string {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, n := range g.opt.Numbers {
		if strings.HasPrefix(n.Address, waPrefix) == isWhatsApp {
			return n.Address
		}
	}
	return ""
}

// Info is the response of /_fake/info.
type Info struct {
	AccountSID string   `json:"account_sid"`
	AuthToken  string   `json:"auth_token"`
	Numbers    []string `json:"numbers"`
	Messages   int      `json:"messages"`
	Calls      int      `json:"calls"`
}

func (d driver) makeInfo() Info {
	s := d.srv
	s.mu.Lock()
	defer s.mu.Unlock()
	out := Info{AccountSID: s.opt.AccountSID, AuthToken: s.opt.AuthToken, Numbers: []string{}, Messages: len(s.messages),
		Calls: len(s.requests)}
	for _, n := range s.opt.Numbers {
		out.Numbers = append(out.Numbers, n.Address)
	}
	return out
}

// Call is a call of the API, in the response of /_fake/calls.
type Call struct {
	Method string `json:"method"`
	Path   string `json:"path"`
	Query  string `json:"query,omitempty"`
	Body   string `json:"body,omitempty"`
	Status int    `json:"status"`
	Answer string `json:"answer,omitempty"`
}

// listCalls returns the calls of the API with an HTTP method; "" means all.
func (d driver) listCalls(method string) []Call {
	calls := []Call{}
	for _, r := range d.srv.Requests() {
		if method == "" || r.Method == method {
			calls = append(calls, Call{Method: r.Method, Path: r.Path, Query: r.Query, Body: string(r.Body), Status: r.Status,
				Answer: string(r.Answer)})
		}
	}
	return calls
}

// Act is the body of POST /_fake/person/{user}/{verb}. Each verb uses some of the fields, and some respond with the message's id:
//
//	say   text files reply (a message's id)           → {"id"}
//	tap   message name (a button's title)             → {"id"}
//	share text (label) latitude longitude address     → {"id"}
//	stop start                                        → {"id"}
//	read  (marks everything as read; only on WhatsApp)
//
// Number is one of the company's, and Profile is the person's name on WhatsApp. The response comes when the company's webhook has
// responded, or was called in vain.
type Act struct {
	Number    string  `json:"number"`
	Profile   string  `json:"profile"`
	Text      string  `json:"text"`
	Files     []Media `json:"files"`
	Reply     string  `json:"reply"`
	Message   string  `json:"message"`
	Name      string  `json:"name"`
	Latitude  float64 `json:"latitude"`
	Longitude float64 `json:"longitude"`
	Address   string  `json:"address"`
}

func (d driver) controlPerson(w http.ResponseWriter, r *http.Request) {
	var a Act
	if !emulator.DecodeJSON(w, r, &a) {
		return
	}

	verb := r.PathValue("verb")
	p := d.findPhone(r.PathValue("user"), a.Number, a.Profile)
	id, err := p.runVerb(verb, a) //nolint:contextcheck // webhooks have a time of their own
	if errors.Is(err, errUnknownVerb) {
		emulator.WriteJSON(w, http.StatusNotFound, map[string]any{"ok": false, "error": "unknown verb " + verb})
		return
	}
	emulator.WriteResult(w, map[string]any{"id": id}, err)
}

var errUnknownVerb = errors.New("twiliofake: unknown verb")

// runVerb performs an action of a customer.
// Errors: errUnknownVerb; those of the action.
func (p *Phone) runVerb(verb string, a Act) (id string, err error) {
	switch verb {
	case "say":
		id, err = p.Send(Message{Text: a.Text, Media: a.Files, ReplyTo: a.Reply})
	case "tap":
		id, err = p.tapTitle(a.Message, a.Name)
	case "share":
		id, err = p.Share(a.Latitude, a.Longitude, a.Text, a.Address)
	case "stop":
		id, err = p.Stop()
	case "start":
		id, err = p.Start()
	case "read":
		p.Read()
	default:
		return "", errUnknownVerb
	}
	return id, err
}

// tapTitle taps the button with a title.
// Errors: the message has no such button.
func (p *Phone) tapTitle(messageSid, title string) (string, error) {
	for _, r := range p.Inbox() {
		i := slices.IndexFunc(r.Buttons, func(b Button) bool { return b.Title == title })
		if r.SID == messageSid && i >= 0 {
			return p.Tap(messageSid, r.Buttons[i])
		}
	}
	return "", fmt.Errorf("twiliofake: the phone shows no button %q of the message %s", title, messageSid)
}

// ArmedFault is a fault with its id and its counters.
type ArmedFault struct {
	ID string `json:"id"`
	Fault
	Fired   int `json:"fired"`
	Matched int `json:"matched"`
}

func (d driver) listFaults() []ArmedFault {
	faults := []ArmedFault{}
	for _, f := range d.srv.FaultSet.List() {
		faults = append(faults, ArmedFault{ID: f.Rule.ID, Fault: f.Fault, Fired: f.Fired, Matched: f.Seen})
	}
	return faults
}

// armFault arms a fault. It refuses FaultLate, because another process can't close its channel.
func (d driver) armFault(w http.ResponseWriter, r *http.Request) {
	var f Fault
	if !emulator.DecodeJSON(w, r, &f) {
		return
	}

	kinds := []FaultKind{
		FaultCode, FaultThrottle, FaultErrorBefore, FaultErrorAfter, FaultDropBefore, FaultDropAfter, FaultHang, FaultTruncate, FaultFate,
	}
	if err := emulator.CheckWord("kind", f.Kind, kinds); err != nil {
		emulator.WriteJSON(w, http.StatusBadRequest, map[string]any{"ok": false, "error": err.Error()})
		return
	}

	emulator.WriteResult(w, map[string]any{"id": d.srv.AddFault(f)}, nil)
}

// clearFaults disarms the faults whose ids are in the query, or all faults.
func (d driver) clearFaults(w http.ResponseWriter, r *http.Request) {
	if ids := r.URL.Query().Get("id"); ids != "" {
		d.srv.FaultSet.RemoveFault(strings.Split(ids, ",")...)
	} else {
		d.srv.FaultSet.ClearFaults()
	}
	emulator.WriteResult(w, nil, nil)
}
