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

// maxCheckBytes bounds the body of a check, which has a text and the names of files, but no files.
const maxCheckBytes = 64 << 10

// take stores the files of a reply as they arrive, then submits the reply. The files of a reply that is
// not submitted are deleted after a while.
func (p *Page) take(w http.ResponseWriter, r *http.Request, t Ticket, s pageData) {
	r, cancel := AllowFiles(w, r)
	defer cancel()
	ctx := r.Context()
	if !p.ensureMayReply(ctx, w, t, &s) {
		return
	}

	reply, err := p.readReply(r)
	s.Text = reply.Text

	if err == nil {
		err = p.checkReply(ctx, t, reply)
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
	if already {
		p.confirmEarlier(w, s)
		return
	}

	p.confirm(w, s)
}

// check tells the page whether a reply would be accepted, before the browser sends its files.
func (p *Page) check(w http.ResponseWriter, r *http.Request, t Ticket, s pageData) {
	ctx, cancel := context.WithTimeout(r.Context(), formTimeout)
	defer cancel()

	if !p.ensureMayReply(ctx, w, t, &s) {
		return
	}

	var reply Reply
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxCheckBytes)).Decode(&reply); err != nil {
		p.refuse(w, errForm, s)
		return
	}
	if err := p.checkReply(ctx, t, reply); err != nil {
		p.refuse(w, err, s)
		return
	}

	w.WriteHeader(http.StatusNoContent)
}

// checkReply cleans the names and types of a reply's files. Then it checks the text as that of any reply's form, and
// whether the conversation's channel can carry the files.
// Errors: *bridge.Problem, the desk's.
func (p *Page) checkReply(ctx context.Context, t Ticket, r Reply) error {
	if len(r.Files) == 0 {
		return &bridge.Problem{Code: "no_file", Text: "Choose at least one file."}
	}
	for i := range r.Files {
		f := &r.Files[i]
		f.Name = cleanName(f.Name)
		f.ContentType = cleanType(f.ContentType, f.Name)
	}
	text, err := Text(t, r)
	if err != nil {
		return err
	}
	return p.opt.Desk.MayReply(ctx, t.Conversation, t.User, text, r.Files)
}

// Text returns the text of a reply as it goes to the customer. It is "" for files alone.
// Errors: *bridge.Problem for what looks like a note or a verb.
func Text(t Ticket, r Reply) (string, error) {
	if strings.TrimSpace(r.Text) == "" {
		return "", nil
	}
	fields := map[string][]string{fieldText: {r.Text}}
	filled, errs := view.Submit(bridge.VerbReply, bridge.Args{Conversation: t.Conversation}, fields, time.Time{}, nil)
	for _, problem := range errs {
		return "", &bridge.Problem{Code: "text", Text: problem}
	}
	return filled.Text, nil
}

// readReply reads a reply, and stores its files one after the other. After an error, the reply has what was read.
// Errors: as ReadForm.
func (p *Page) readReply(r *http.Request) (Reply, error) {
	form, err := ReadForm(r, p.opt.Desk.StoreFile)
	reply := Reply{Text: form.Fields.Get(fieldText), Files: form.Files}
	if err != nil {
		return reply, err
	}
	if utf8.RuneCountInString(reply.Text) > maxTextRunes {
		return reply, &bridge.Problem{Code: "long", Text: fmt.Sprintf("The text is too long: at most %d characters.", maxTextRunes)}
	}
	return reply, nil
}
