package mailfake

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// This file controls the fake mail server by HTTP, so that tests in other processes, and people at a demo, can write mails
// as customers, read mailboxes and inject faults; see Control. For example,
//
//	curl -d '{"from":"ann@customer.test","to":["help@acme.test"],"subject":"Hi","text":"Help!"}' …/_fake/mail/send

const (
	maxBody = 100 << 20       // bytes of a request
	maxWait = 5 * time.Minute // of GET inbox
)

// State is the response of GET /_fake/mail/state.
type State struct {
	IMAPAddr    string         `json:"imap_addr"`
	SMTPAddr    string         `json:"smtp_addr"`
	IMAPTLSAddr string         `json:"imap_tls_addr,omitempty"`
	SMTPTLSAddr string         `json:"smtp_tls_addr,omitempty"`
	Mailboxes   []MailboxState `json:"mailboxes"`
	Faults      []FaultState   `json:"faults"`
	Submissions []Submission   `json:"submissions"`
	Sessions    int            `json:"imap_sessions"`
}

// MailboxState is one mailbox in State.
type MailboxState struct {
	MailboxConfig
	Customer bool           `json:"customer"`
	Folders  map[string]int `json:"counts"` // the number of mails, by folder
}

// State returns a snapshot of the server, without the mails.
func (s *Server) State() State {
	out := State{IMAPAddr: s.IMAPAddr(), SMTPAddr: s.SMTPAddr(), IMAPTLSAddr: s.IMAPTLSAddr(),
		SMTPTLSAddr: s.SMTPTLSAddr(), Faults: s.Faults(), Submissions: s.Submissions()}
	s.mu.Lock()
	defer s.mu.Unlock()
	out.Sessions = len(s.sessions)
	for _, key := range slices.Sorted(maps.Keys(s.accounts)) {
		a := s.accounts[key]
		m := MailboxState{MailboxConfig: a.cfg, Customer: a.customer, Folders: map[string]int{}}
		for name, f := range a.folders {
			m.Folders[name] = len(f.msgs)
		}

		out.Mailboxes = append(out.Mailboxes, m)
	}

	return out
}

// Control returns the handler of these requests. Bodies are JSON, except for raw mails.
//
//	POST   /_fake/mail/send        Mail with "from" -> Sent               a customer sends a mail
//	POST   /_fake/mail/reply       Mail with "from", "message_id_of", "program" -> Sent
//	POST   /_fake/mail/raw?to=&from=   raw mail -> Sent                   delivers a mail unchanged
//	GET    /_fake/mail/inbox?address=&folder=&min=&wait=&raw=0 -> []Received, oldest first
//	                               waits up to the duration "wait" for "min" mails
//	GET    /_fake/mail/state       -> State
//	GET    /_fake/mail/submissions -> []Submission
//	POST   /_fake/mail/faults      Fault -> {"id"}
//	DELETE /_fake/mail/faults?id=                                         without id: all faults
//	POST   /_fake/mail/recipient   RecipientRule
//	POST   /_fake/mail/disconnect?address=
//
// Errors are {"error"} with the status 400, 404 or, if all recipients refused a mail, 422.
func (s *Server) Control() http.Handler {
	d := &driver{srv: s}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /_fake/mail/send", d.send)
	mux.HandleFunc("POST /_fake/mail/reply", d.reply)
	mux.HandleFunc("POST /_fake/mail/raw", d.deliverRaw)
	mux.HandleFunc("GET /_fake/mail/inbox", d.listInbox)
	mux.HandleFunc("GET /_fake/mail/state", func(w http.ResponseWriter, _ *http.Request) { respond(w, s.State(), nil) })
	mux.HandleFunc("GET /_fake/mail/submissions", func(w http.ResponseWriter, _ *http.Request) { respond(w, s.Submissions(), nil) })
	mux.HandleFunc("POST /_fake/mail/faults", func(w http.ResponseWriter, r *http.Request) {
		var f Fault
		if read(w, r, &f) {
			id, err := s.AddFault(f)
			respond(w, map[string]string{"id": id}, err)
		}
	})

	mux.HandleFunc("DELETE /_fake/mail/faults", func(w http.ResponseWriter, r *http.Request) {
		if id := r.FormValue("id"); id != "" {
			s.RemoveFault(id)
		} else {
			s.ClearFaults()
		}
		respondOK(w, nil)
	})

	mux.HandleFunc("POST /_fake/mail/recipient", func(w http.ResponseWriter, r *http.Request) {
		var rule RecipientRule
		if read(w, r, &rule) {
			respondOK(w, s.SetRecipient(rule))
		}
	})

	mux.HandleFunc("POST /_fake/mail/disconnect", func(w http.ResponseWriter, r *http.Request) {
		s.Disconnect(r.FormValue("address"))
		respondOK(w, nil)
	})
	return mux
}

// driver has the handlers that need more than a few lines.
type driver struct{ srv *Server }

func (d *driver) send(w http.ResponseWriter, r *http.Request) {
	var m Mail
	if !read(w, r, &m) {
		return
	}
	sent, err := d.srv.Customer(m.From).Send(m)
	respond(w, sent, err)
}

// reply finds the answered mail by its Message-ID, in the inbox or the Sent folder of the customer.
func (d *driver) reply(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Mail
		Answered string  `json:"message_id_of"`
		Program  Program `json:"program"` // default: gmail
	}
	if !read(w, r, &in) {
		return
	}

	c := d.srv.Customer(in.From)
	for _, got := range append(c.Inbox(), d.srv.Sent(c.Address())...) {
		if got.MessageID == in.Answered {
			sent, err := c.ReplyAs(Program(cmp.Or(string(in.Program), string(Gmail))), got, in.Mail)
			respond(w, sent, err)
			return
		}
	}

	respond(w, nil, ErrNoMail)
}

// ErrNoMail is returned if no mail has the requested Message-ID.
var ErrNoMail = errors.New("mailfake: no such mail")

func (d *driver) deliverRaw(w http.ResponseWriter, r *http.Request) {
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		respond(w, nil, err)
		return
	}
	query := r.URL.Query()
	from := query.Get("from")
	if from == "" {
		from = parseReceived(raw).From.Address
	}
	sent, err := d.srv.Customer(from).SendRaw(raw, query["to"]...)
	respond(w, sent, err)
}

func (d *driver) listInbox(w http.ResponseWriter, r *http.Request) {
	address, folder := r.FormValue("address"), cmp.Or(r.FormValue("folder"), "INBOX")
	minimum, _ := strconv.Atoi(r.FormValue("min"))     // 0 if missing or invalid
	wait, _ := time.ParseDuration(r.FormValue("wait")) // 0 if missing or invalid
	in := d.srv.Folder(address, folder)
	if len(in) < minimum && wait > 0 {
		ctx, cancel := context.WithTimeout(r.Context(), min(wait, maxWait))
		defer cancel()
		in, _ = d.srv.WaitForFolder(ctx, address, folder, func(in []Received) bool { return len(in) >= minimum })
	}

	if r.FormValue("raw") == "0" {
		for i := range in {
			in[i].Raw = nil
		}
	}

	respond(w, in, nil)
}

// read decodes a JSON body, which must have no unknown fields. On an error it responds and returns false.
func read(w http.ResponseWriter, r *http.Request, into any) bool {
	dec := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		respond(w, nil, err)
		return false
	}
	return true
}

// respondOK writes {"ok": true} or, if err is not nil, the error.
func respondOK(w http.ResponseWriter, err error) { respond(w, map[string]bool{"ok": true}, err) }

// respond writes a body as JSON or, if err is not nil, the error.
func respond(w http.ResponseWriter, body any, err error) {
	status := http.StatusOK
	if err != nil {
		status = http.StatusBadRequest
		var refused *RefusedError
		switch {
		case errors.As(err, &refused):
			status = http.StatusUnprocessableEntity
		case errors.Is(err, ErrNoMail), errors.Is(err, ErrNoMailbox):
			status = http.StatusNotFound
		}

		body = map[string]string{"error": err.Error()}
	}

	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // fails if the client has disconnected
}
