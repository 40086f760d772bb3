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

const (
	maxBody = 100 << 20       // bytes of a request to Control
	maxWait = 5 * time.Minute // of a request for an inbox with enough mails
)

// State is what GET /_fake/mail/state returns.
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

// MailboxState is one mailbox in State, with the number of mails per folder.
type MailboxState struct {
	MailboxConfig
	Customer bool           `json:"customer"`
	Folders  map[string]int `json:"counts"`
}

// State returns a snapshot of everything but the mails.
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

// Control serves the world to other processes under /_fake/mail/, as JSON:
//
//	POST   /_fake/mail/send        Mail with "from"        a customer writes; answers Sent
//	POST   /_fake/mail/reply       Mail with "from", "message_id_of", "program"; answers Sent
//	POST   /_fake/mail/raw?to=&from=   the mail's bytes    delivered as they are; answers Sent
//	GET    /_fake/mail/inbox?address=&folder=&min=&wait=&raw=0   []Received, oldest first;
//	                               with min and wait (a duration) as soon as there are min
//	GET    /_fake/mail/state       State
//	GET    /_fake/mail/submissions []Submission
//	POST   /_fake/mail/faults      Fault                   answers {"id"}
//	DELETE /_fake/mail/faults?id=                          without id: all
//	POST   /_fake/mail/recipient   RecipientRule
//	POST   /_fake/mail/autoreply?address=   AutoReply; empty text: off
//	POST   /_fake/mail/uidvalidity?address=&folder=
//	POST   /_fake/mail/disconnect?address=
//	POST   /_fake/mail/reset
//	GET    /_fake/mail/events      server-sent events, each a Change
//
// Errors come as {"error"} with 400, 404 or, for a mail that nobody took, 422.
func (s *Server) Control() http.Handler {
	d := &driver{srv: s}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /_fake/mail/send", d.send)
	mux.HandleFunc("POST /_fake/mail/reply", d.reply)
	mux.HandleFunc("POST /_fake/mail/raw", d.deliverRaw)
	mux.HandleFunc("GET /_fake/mail/inbox", d.listInbox)
	mux.HandleFunc("GET /_fake/mail/events", d.streamEvents)
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

	mux.HandleFunc("POST /_fake/mail/autoreply", func(w http.ResponseWriter, r *http.Request) {
		reply := &AutoReply{}
		if !read(w, r, reply) {
			return
		}
		if reply.Text == "" {
			reply = nil
		}
		respondOK(w, s.SetAutoReply(r.FormValue("address"), reply))
	})

	mux.HandleFunc("POST /_fake/mail/uidvalidity", func(w http.ResponseWriter, r *http.Request) {
		respondOK(w, s.ChangeUIDValidity(r.FormValue("address"), cmp.Or(r.FormValue("folder"), "INBOX")))
	})
	mux.HandleFunc("POST /_fake/mail/disconnect", func(w http.ResponseWriter, r *http.Request) {
		s.Disconnect(r.FormValue("address"))
		respondOK(w, nil)
	})
	mux.HandleFunc("POST /_fake/mail/reset", func(w http.ResponseWriter, _ *http.Request) {
		s.Reset()
		respondOK(w, nil)
	})
	return mux
}

// driver answers the requests of other processes.
type driver struct{ srv *Server }

func (d *driver) send(w http.ResponseWriter, r *http.Request) {
	var m Mail
	if !read(w, r, &m) {
		return
	}
	sent, err := d.srv.Customer(m.From).Send(m)
	respond(w, sent, err)
}

// reply looks for the answered mail in all folders of the customer's mailbox.
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

// ErrNoMail is returned when no mail has the Message-ID that was asked for.
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
	least, _ := strconv.Atoi(r.FormValue("min"))       // without one, any number will do
	wait, _ := time.ParseDuration(r.FormValue("wait")) // without one, it doesn't wait
	in := d.srv.Folder(address, folder)
	if len(in) < least && wait > 0 {
		ctx, cancel := context.WithTimeout(r.Context(), min(wait, maxWait))
		defer cancel()
		in, _ = d.srv.WaitForFolder(ctx, address, folder, func(in []Received) bool { return len(in) >= least })
	}

	if r.FormValue("raw") == "0" {
		for i := range in {
			in[i].Raw = nil
		}
	}

	respond(w, in, nil)
}

// streamEvents reports changes until the client or the server goes.
func (d *driver) streamEvents(w http.ResponseWriter, r *http.Request) {
	sub := d.srv.Subscribe()
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	out := http.NewResponseController(w)
	_, err := io.WriteString(w, ": subscribed\n\n")
	if err != nil || out.Flush() != nil {
		return
	}

	for {
		changes, err := sub.Next(r.Context())
		if err != nil {
			return
		}

		for _, c := range changes {
			line, err := json.Marshal(c)
			if err == nil {
				_, err = io.WriteString(w, "data: "+string(line)+"\n\n")
			}
			if err != nil || out.Flush() != nil {
				return
			}
		}
	}
}

// read decodes a strict JSON body. False says that the request is answered.
func read(w http.ResponseWriter, r *http.Request, into any) bool {
	dec := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		respond(w, nil, err)
		return false
	}
	return true
}

// respondOK answers {"ok": true}, or with the error.
func respondOK(w http.ResponseWriter, err error) { respond(w, map[string]bool{"ok": true}, err) }

// respond answers with a body in JSON, or with the error.
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
	_ = json.NewEncoder(w).Encode(body) // the client may have gone
}
