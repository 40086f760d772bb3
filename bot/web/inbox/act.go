package inbox

import (
	"cmp"
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"parley/bot/view"
	"parley/bot/web"
	"parley/bridge"
	"parley/channels"
)

// An act is something that an agent does on the page of a conversation, such as to reply, to write a note or to snooze.
// A submitted form becomes an act in three steps:
//
//  1. readAct parses the form and checks it.
//  2. storeAct stores the act. The engine performs it a moment later.
//  3. The browser is redirected to the conversation with "?act=NAME". That page shows the result of the act.
//
// If step 1 or 2 finds a problem, the page shows it together with what was typed.

// Limits of forms and files.
const (
	maxTextRunes = 20_000
	maxKeyBytes  = 64               // length of a value that the page itself puts into a hidden field
	fileTimeout  = 10 * time.Minute // to send one file to a slow browser
)

// handleAct handles all forms of the page except replies, which may have files (see attach.go).
func (p pages) handleAct(v *web.Visit) error {
	hasTime := v.Value("verb") == string(bridge.VerbSnooze)
	if hasTime { // it is parsed in the time zone that the page shows
		f, err := p.desk.Facts(v.Context(), v.Person.ID, bridge.ConversationID(pathNumber(v, "id")))
		if err != nil {
			return refuse(v, err)
		}
		useZoneOf(v, f)
	}

	a, problem := readAct(v, nil)
	isInserted, cannedProblem, err := p.insertCanned(v, a)
	if err != nil {
		return refuse(v, err)
	}
	if isInserted {
		return p.showAgain(v, a, cannedProblem, nil)
	}
	if problem != "" {
		return p.showAgain(v, a, problem, nil)
	}
	next, problem, err := p.storeAct(v, a)
	if err != nil {
		return refuse(v, err)
	}
	if problem != "" {
		return p.showAgain(v, a, problem, nil)
	}
	return v.Go(next)
}

// storeAct stores an act. next is the URL of the page that shows the result. If the engine refuses the act, problem
// says why, as text for the page.
func (p pages) storeAct(v *web.Visit, a bridge.Act) (next, problem string, err error) {
	name, err := p.desk.Act(v.Context(), v.Person.ID, a)
	if refused, ok := errors.AsType[*bridge.Problem](err); ok {
		return "", strings.TrimSpace(refused.Text + " " + refused.Hint), nil
	}
	if err != nil {
		return "", "", err
	}
	return "/inbox/" + strconv.FormatInt(int64(a.Args.Conversation), 10) + "?act=" + name + "#newest", "", nil
}

// endedMeanwhile is the problem with a reply to a conversation that has ended since the page was loaded.
const endedMeanwhile = "Nothing was sent: this conversation was resolved or closed meanwhile."

// notFromPage is the problem with a form whose hidden fields aren't those of the page.
const notFromPage = "This is not what the page sends. Send it again from here."

// showAgain shows the page with the submitted values, and with what is wrong with them. If problem is "", it asks the
// agent to confirm the reply instead.
func (p pages) showAgain(v *web.Visit, a bridge.Act, problem string, files []keptFile) error {
	data, f, err := p.readThread(v)
	if err != nil {
		return refuse(v, err)
	}

	if problem == "" && !data.Open {
		problem = endedMeanwhile
	}
	if problem == "" {
		problem = data.Withheld
	}

	data.Problem = problem
	data.Wrong = string(a.Verb)
	data.Typed = typedFields(v.Request.PostForm)
	data.Attached = files
	if problem == "" {
		data.Sure = true
		data.Form = a.Form
		return v.Show("thread", web.Screen{Title: threadTitle(f), Data: data})
	}

	return v.ShowAgain("thread", web.Screen{Title: threadTitle(f), Data: data})
}

// formNumber returns an id from a form, or 0 if it is missing or invalid. The engine refuses 0 where it needs an id.
func formNumber(form url.Values, name string) int64 {
	n, err := strconv.ParseInt(form.Get(name), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// readAct parses a submitted form. files are those of a reply, already stored. problem says what is wrong with the form,
// as text for the page; a has what could be parsed.
func readAct(v *web.Visit, files []bridge.SurfaceFile) (a bridge.Act, problem string) {
	a, problem = readVerb(v, files)
	if problem == "" && a.Verb == bridge.VerbReply {
		problem = cmp.Or(readShown(v.Request.PostForm, &a), readOpened(v.Request.PostForm, &a))
	}
	return a, problem
}

// readOpened sets a.OpenedAt to the time at which the page of a reply was rendered, from a hidden field. Pages that the
// previous version of Parley rendered don't have the field.
func readOpened(form url.Values, a *bridge.Act) (problem string) {
	opened := form.Get("opened")
	if opened == "" {
		return ""
	}
	micros, err := strconv.ParseInt(opened, 10, 64)
	if err != nil || micros <= 0 {
		return notFromPage
	}
	a.OpenedAt = time.UnixMicro(micros).UTC()
	return ""
}

// readVerb parses the fields of a form that depend on its verb, and the ids that most forms have.
func readVerb(v *web.Visit, files []bridge.SurfaceFile) (a bridge.Act, problem string) {
	form := v.Request.PostForm
	a = bridge.Act{Verb: bridge.Verb(form.Get("verb")), Form: form.Get("form"), Files: files}
	a.Args.Conversation = bridge.ConversationID(pathNumber(v, "id"))
	isFormID := a.Form != "" && len(a.Form) <= maxKeyBytes
	if !slices.Contains(bridge.Acts(), a.Verb) || !isFormID {
		return a, notFromPage
	}
	if utf8.RuneCountInString(form.Get("text"))+utf8.RuneCountInString(form.Get("note")) > maxTextRunes {
		return a, "That is too long: at most " + strconv.Itoa(maxTextRunes) + " characters."
	}

	a.Args.Message = bridge.MessageID(formNumber(form, "message"))
	a.Args.Delivery = bridge.DeliveryID(formNumber(form, "delivery"))
	a.Args.Seen = bridge.EventID(formNumber(form, "seen"))
	if keyword := form.Get("inserted"); keyword != "" {
		a.Args.Canned = &bridge.CannedArgs{Keyword: keyword}
	}
	a.Args.Sure, a.Args.Shown = form.Get("sure") == "yes", form.Get("words")
	if len(a.Args.Shown) > maxKeyBytes {
		return a, notFromPage
	}

	isFilesAlone := a.Verb == bridge.VerbReply && len(files) > 0 && strings.TrimSpace(form.Get("text")) == ""
	withWords := []bridge.Verb{bridge.VerbReply, bridge.VerbNote, bridge.VerbSnooze, bridge.VerbResolve}
	if slices.Contains(withWords, a.Verb) && !isFilesAlone {
		return readWords(v, a)
	}
	if a.Verb == bridge.VerbAssign {
		return readAssign(v, a)
	}
	if a.Verb == bridge.VerbVisible {
		if a.Args.Agents = form["agent"]; len(a.Args.Agents) == 0 {
			a.Args.Agents = []string{bridge.VisibleToAll}
		}
	}
	return a, ""
}

// readWords parses the text fields of a form by the rules of the chats' forms. For example, a reply can't begin like a
// note or a command.
func readWords(v *web.Visit, a bridge.Act) (bridge.Act, string) {
	fields := map[string][]string{}
	for _, name := range []string{"text", "note", "until", "other"} {
		text := strings.TrimSpace(strings.ReplaceAll(v.Request.PostFormValue(name), "\r\n", "\n"))
		if text != "" {
			fields[name] = []string{text}
		}
	}
	filled, problems := view.Submit(a.Verb, a.Args, fields, v.Now(), v.Person.Zone)
	for _, problem := range problems { // problems of several fields are rare: show any one
		return a, problem
	}
	a.Args, a.Text = filled.Args, filled.Text
	return a, ""
}

// readAssign parses the new owner of a conversation: "agent:ann@acme.test" or "team:Billing".
func readAssign(v *web.Visit, a bridge.Act) (bridge.Act, string) {
	kind, name, _ := strings.Cut(v.Value("to"), ":")
	if name == "" {
		return a, "Choose a colleague or a team."
	}
	if kind == "team" {
		a.Args.Team = name
	} else {
		a.Args.Agents = []string{name}
	}
	return a, ""
}

// result is what the page says about a stored act.
type result struct {
	Text    string
	Look    string // CSS class: warn or bad
	Waits   bool   // not performed yet: the page asks again
	Refused bool   // nothing was changed: the page restores what was typed
}

// resultOf returns the result of an act, or nil if the page needn't mention it: the page itself shows what was done.
func resultOf(r bridge.ActResult) *result {
	switch r.State {
	case bridge.ActWaits:
		return &result{Text: "That is taken, and will be done in a moment.", Look: "warn", Waits: true}
	case bridge.ActRefused:
		return &result{Text: "That was not done. " + r.Why, Look: "bad", Refused: true}
	case bridge.ActStuck:
		return &result{Text: "That can't be done just now. It is kept: an admin finds it in quarantine.", Look: "bad"}
	case bridge.ActDone, bridge.ActUnknown:
	}
	return nil
}

// sendFile responds with a file from a customer. It may contain HTML or scripts, so the headers make browsers download
// it and never render it as a page of this site.
func (p pages) sendFile(v *web.Visit) error {
	ctx, cancel := context.WithTimeout(v.Context(), fileTimeout)
	defer cancel()
	f, err := p.requestedFile(ctx, v)
	if err != nil {
		return refuseFile(v, err)
	}

	body, err := f.Open(ctx)
	if err != nil {
		return refuseFile(v, err)
	}
	defer func() { _ = body.Close() }()
	h := v.Writer.Header()
	h.Set("Content-Type", "application/octet-stream")
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": f.Name}))
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'")
	end := time.Now().Add(fileTimeout)                             //nolint:forbidigo // the connection's clock
	_ = http.NewResponseController(v.Writer).SetWriteDeadline(end) //nolint:errcheck // then the server's deadline stays
	if _, err := io.Copy(v.Writer, body); err != nil {
		return web.BrokenOff(err)
	}
	return nil
}

// requestedFile returns the file that the URL identifies, if the agent may read its conversation.
func (p pages) requestedFile(ctx context.Context, v *web.Visit) (channels.File, error) {
	index, err := strconv.Atoi(v.Request.PathValue("index"))
	if err != nil {
		return channels.File{}, err
	}
	return p.desk.File(ctx, v.Person.ID, bridge.ConversationID(pathNumber(v, "id")), bridge.MessageID(pathNumber(v, "message")), index)
}

// refuseFile responds that a file can't be read.
func refuseFile(v *web.Visit, err error) error {
	var problem *bridge.Problem
	if errors.Is(err, bridge.ErrNoConversation) || errors.As(err, &problem) {
		return refuse(v, err)
	}
	return v.Refuse(http.StatusNotFound, "This file can't be had.", "It was removed, or has not been fetched yet. Try again in a moment.")
}
