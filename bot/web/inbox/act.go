package inbox

import (
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

// Bounds of what is handed in and fetched here.
const (
	textRunes = 20_000
	fileTime  = 10 * time.Minute // of giving one file to a slow browser
)

// act takes what a form of the page asks for, stores it, and shows the page again.
func (p pages) act(v *web.Visit) error {
	a, problem := readAct(v, nil)
	if problem == "" {
		done, wrong, err := p.take(v, a)
		switch {
		case err != nil:
			return refuse(v, err)
		case wrong == "":
			return v.Go(done)
		}
		problem = wrong
	}
	return p.showAgain(v, a, problem, nil)
}

// take stores an act, and gives where the page says what became of it. problem says, for people, why it was not taken.
func (p pages) take(v *web.Visit, a bridge.Act) (done, problem string, err error) {
	name, err := p.desk.Act(v.Context(), v.Person.ID, a)
	var refused *bridge.Problem
	switch {
	case errors.As(err, &refused):
		return "", strings.TrimSpace(refused.Text + " " + refused.Hint), nil
	case err != nil:
		return "", "", err
	}
	return "/inbox/" + strconv.FormatInt(int64(a.Args.Conversation), 10) + "?act=" + name + "#newest", "", nil
}

// showAgain shows the page with what somebody handed in, and what is wrong with it; problem "" = nothing is, and it is
// shown once more before it leaves.
func (p pages) showAgain(v *web.Visit, a bridge.Act, problem string, files []attached) error {
	data, f, err := p.page(v)
	if err != nil {
		return refuse(v, err)
	}
	data.Problem, data.Wrong, data.Typed, data.Attached = problem, string(a.Verb), fields(v.Request.PostForm), files // nothing that somebody typed is lost
	if problem == "" {
		data.Sure, data.Form = true, a.Form
		return v.Show("thread", web.Screen{Title: title(f), Data: data})
	}
	return v.ShowAgain("thread", web.Screen{Title: title(f), Data: data})
}

// numberIn reads an id of a form; 0 = none, which is refused where one is needed.
func numberIn(form url.Values, name string) int64 {
	n, err := strconv.ParseInt(form.Get(name), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// readAct reads a form, whose files are stored. problem says, for people, what is wrong with it.
func readAct(v *web.Visit, files []bridge.SurfaceFile) (a bridge.Act, problem string) {
	if a, problem = readVerb(v, files); problem == "" {
		problem = readShown(v.Request.PostForm, &a)
	}
	return a, problem
}

// readVerb reads what a form asks for.
func readVerb(v *web.Visit, files []bridge.SurfaceFile) (a bridge.Act, problem string) {
	form := v.Request.PostForm
	a = bridge.Act{Verb: bridge.Verb(form.Get("verb")), Form: form.Get("form"), Files: files}
	a.Args.Conversation = bridge.ConversationID(number(v, "id"))
	if !slices.Contains(bridge.Acts(), a.Verb) || a.Form == "" || len(a.Form) > 64 {
		return a, "This is not what the page sends. Send it again from here."
	}
	if utf8.RuneCountInString(form.Get("text"))+utf8.RuneCountInString(form.Get("note")) > textRunes {
		return a, "That is too long: at most " + strconv.Itoa(textRunes) + " characters."
	}
	a.Args.Message = bridge.MessageID(numberIn(form, "message"))
	a.Args.Delivery = bridge.DeliveryID(numberIn(form, "delivery"))
	a.Args.Seen = bridge.EventID(numberIn(form, "seen"))
	a.Args.Sure, a.Args.Shown = form.Get("sure") == "yes", form.Get("words")
	if len(a.Args.Shown) > 64 {
		return a, "This is not what the page sends. Send it again from here."
	}
	switch a.Verb {
	case bridge.VerbReply:
		if len(files) > 0 && strings.TrimSpace(form.Get("text")) == "" {
			return a, "" // files alone
		}
		return readWords(v, a)
	case bridge.VerbNote, bridge.VerbSnooze, bridge.VerbResolve:
		return readWords(v, a)
	case bridge.VerbAssign:
		return readAssign(v, a)
	default:
		return a, ""
	}
}

// readWords reads a form in which somebody types, as the same form of a chat is read: what begins like a note or a
// command is no reply.
func readWords(v *web.Visit, a bridge.Act) (bridge.Act, string) {
	fields := map[string][]string{}
	for _, name := range []string{"text", "note", "until", "other"} {
		if text := strings.TrimSpace(strings.ReplaceAll(v.Request.PostFormValue(name), "\r\n", "\n")); text != "" {
			fields[name] = []string{text}
		}
	}
	filled, wrong := view.Submit(a.Verb, a.Args, fields, v.Now(), v.Person.Zone)
	for _, problem := range wrong {
		return a, problem
	}
	a.Args, a.Text = filled.Args, filled.Text
	return a, ""
}

// readAssign reads to whom a conversation is given: "agent:MAIL" or "team:NAME".
func readAssign(v *web.Visit, a bridge.Act) (bridge.Act, string) {
	kind, name, _ := strings.Cut(v.Value("to"), ":")
	switch {
	case name == "":
		return a, "Choose a colleague or a team."
	case kind == "team":
		a.Args.Team = name
	default:
		a.Args.Agents = []string{name}
	}
	return a, ""
}

// file returns a file that a customer sent: to be stored, never to be shown as a page of ours.
func (p pages) file(v *web.Visit) error {
	ctx, cancel := context.WithTimeout(v.Context(), fileTime)
	defer cancel()
	f, err := p.asked(ctx, v)
	if err != nil {
		return noFile(v, err)
	}
	body, err := f.Open(ctx)
	if err != nil {
		return noFile(v, err)
	}
	defer func() { _ = body.Close() }()
	h := v.Writer.Header()
	h.Set("Content-Type", "application/octet-stream")
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": f.Name}))
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'")
	_ = http.NewResponseController(v.Writer).SetWriteDeadline(time.Now().Add(fileTime)) //nolint:errcheck,forbidigo // then the server's stays; the connection's clock
	_, _ = io.Copy(v.Writer, body)                                                      // the browser sees that it ended early
	return nil
}

// asked is the file that an address names, if who asks may read its conversation.
func (p pages) asked(ctx context.Context, v *web.Visit) (channels.File, error) {
	index, err := strconv.Atoi(v.Request.PathValue("index"))
	if err != nil {
		return channels.File{}, err
	}
	return p.desk.File(ctx, v.Person.ID, bridge.ConversationID(number(v, "id")), bridge.MessageID(number(v, "message")), index)
}

// noFile answers that a file can't be given.
func noFile(v *web.Visit, err error) error {
	var problem *bridge.Problem
	if errors.Is(err, bridge.ErrNoConversation) || errors.As(err, &problem) {
		return refuse(v, err)
	}
	return v.Refuse(http.StatusNotFound, "This file can't be had.", "It was removed, or has not been fetched yet. Try again in a moment.")
}
