package upload

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"parley/bot/view"
	"parley/bridge"
)

// Names of the form's fields.
const (
	fieldText = "text" // that of a reply's form
	fieldFile = "file"
)

// checkBytes bounds the body of a check, which has a text and the names of files, but no files.
const checkBytes = 64 << 10

// take stores the files of a reply as they arrive, then submits the reply. The files of a reply that is
// not submitted are deleted after a while.
func (p *Page) take(w http.ResponseWriter, r *http.Request, t Ticket, s shown) {
	r, cancel := Long(w, r)
	defer cancel()
	ctx := r.Context()
	if !p.admit(ctx, w, t, &s) {
		return
	}
	reply, err := p.read(r)
	s.Text = reply.Text
	if err == nil {
		err = p.accepts(ctx, t, reply)
	}
	if err != nil {
		p.refuse(w, err, s)
		return
	}
	already, err := p.opt.HandIn(ctx, t, reply)
	if err != nil {
		p.refuse(w, err, s)
		return
	}
	p.sent(w, s, already)
}

// check tells the page whether a reply would be taken, before the browser sends its files.
func (p *Page) check(w http.ResponseWriter, r *http.Request, t Ticket, s shown) {
	ctx, cancel := context.WithTimeout(r.Context(), formTime)
	defer cancel()
	if !p.admit(ctx, w, t, &s) {
		return
	}
	var reply Reply
	err := json.NewDecoder(http.MaxBytesReader(w, r.Body, checkBytes)).Decode(&reply)
	if err != nil {
		err = errForm
	} else {
		err = p.accepts(ctx, t, reply)
	}
	if err != nil {
		p.refuse(w, err, s)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// accepts checks a reply like one from a form, and whether the channel carries its files.
// Errors: *bridge.Problem, the desk's.
func (p *Page) accepts(ctx context.Context, t Ticket, r Reply) error {
	if len(r.Files) == 0 {
		return &bridge.Problem{Code: "no_file", Text: "Choose at least one file."}
	}
	for i := range r.Files {
		r.Files[i].Name, r.Files[i].ContentType = called(r.Files[i].Name, r.Files[i].ContentType)
	}
	text, err := Text(t, r)
	if err != nil {
		return err
	}
	return p.opt.Desk.MayReply(ctx, t.Conversation, t.User, text, r.Files)
}

// Text gives the text of a reply as it goes to the customer; "" for files alone.
// Errors: *bridge.Problem for what looks like a note or a verb.
func Text(t Ticket, r Reply) (string, error) {
	if strings.TrimSpace(r.Text) == "" {
		return "", nil
	}
	filled, wrong := view.Submit(bridge.VerbReply, bridge.Args{Conversation: t.Conversation}, map[string][]string{fieldText: {r.Text}}, time.Time{}, nil)
	for _, problem := range wrong {
		return "", &bridge.Problem{Code: "text", Text: problem}
	}
	return filled.Text, nil
}

// read stores the files of a request, one after the other.
// Errors: as ReadForm.
func (p *Page) read(r *http.Request) (Reply, error) {
	form, err := ReadForm(r, p.opt.Desk.StoreFile)
	out := Reply{Text: form.Fields.Get(fieldText), Files: form.Files}
	if n := utf8.RuneCountInString(out.Text); err == nil && n > textRunes {
		err = &bridge.Problem{Code: "long", Text: fmt.Sprintf("The text is too long: at most %d characters.", textRunes)}
	}
	return out, err
}
