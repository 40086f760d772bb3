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

// An agent writes a reply with files on the upload page, which Page serves. When the agent presses Send, the page first asks
// check whether the reply would be accepted, with only the names and sizes of the files. Then the browser sends everything to
// take. Both have the page's ticket, which names the agent and the conversation.

// Names of the form's fields.
const (
	fieldText = "text" // the same as in other forms of a reply
	fieldFile = "file"
)

// maxCheckBytes is the maximum size of a request of check, which has a text and the names of files, but no files.
const maxCheckBytes = 64 << 10

// take stores the files of a reply as they arrive, and then submits the reply. If it refuses the reply, the stored files are
// deleted after a while.
func (p *Page) take(w http.ResponseWriter, r *http.Request, t Ticket, data pageData) {
	r, cancel := AllowFiles(w, r)
	defer cancel()
	ctx := r.Context()
	if !p.ensureMayReply(ctx, w, t, &data) {
		return
	}

	reply, err := p.readReply(r)
	data.Text = reply.Text // the form shows it again if the reply is refused
	if err != nil {
		p.refuse(w, err, data)
		return
	}
	if err := p.checkReply(ctx, t, reply); err != nil {
		p.refuse(w, err, data)
		return
	}

	already, err := p.opt.HandIn(ctx, t, reply)
	if err != nil {
		p.refuse(w, err, data)
		return
	}
	if already {
		p.confirmEarlier(w, data)
		return
	}

	p.confirm(w, data)
}

// check reports whether a reply would be accepted, before the browser uploads its files. The request is a Reply in JSON.
func (p *Page) check(w http.ResponseWriter, r *http.Request, t Ticket, data pageData) {
	ctx, cancel := context.WithTimeout(r.Context(), formTimeout)
	defer cancel()

	if !p.ensureMayReply(ctx, w, t, &data) {
		return
	}

	var reply Reply
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxCheckBytes)).Decode(&reply); err != nil {
		p.refuse(w, errForm, data)
		return
	}
	if err := p.checkReply(ctx, t, reply); err != nil {
		p.refuse(w, err, data)
		return
	}

	w.WriteHeader(http.StatusNoContent)
}

// checkReply checks the text of a reply, and whether the conversation's channel accepts its files. Before that, it cleans the
// names and types of reply.Files in place.
// Errors: *bridge.Problem, the desk's.
func (p *Page) checkReply(ctx context.Context, t Ticket, reply Reply) error {
	if len(reply.Files) == 0 {
		return &bridge.Problem{Code: "no_file", Text: "Choose at least one file."}
	}
	for i := range reply.Files {
		f := &reply.Files[i]
		f.Name = cleanName(f.Name)
		f.ContentType = cleanType(f.ContentType, f.Name)
	}
	text, err := Text(t, reply)
	if err != nil {
		return err
	}
	return p.opt.Desk.MayReply(ctx, t.Conversation, t.User, text, reply.Files)
}

// Text returns the text of a reply as the customer gets it, or "" if the reply has only files. It checks the text like that of
// a reply in the chat.
// Errors: *bridge.Problem if the text looks like an internal note or a command.
func Text(t Ticket, reply Reply) (string, error) {
	if strings.TrimSpace(reply.Text) == "" {
		return "", nil
	}
	fields := map[string][]string{fieldText: {reply.Text}}
	filled, problems := view.Submit(bridge.VerbReply, bridge.Args{Conversation: t.Conversation}, fields, time.Time{}, nil)
	for _, problem := range problems {
		return "", &bridge.Problem{Code: "text", Text: problem}
	}
	return filled.Text, nil
}

// readReply reads a reply and stores its files. After an error, the reply has what was read before.
// Errors: as ReadForm; *bridge.Problem if the text is too long.
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
