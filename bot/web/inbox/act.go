package inbox

import (
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"parley/bot/view"
	"parley/bot/web"
	"parley/bridge"
)

// Bounds of what is handed in and fetched here.
const (
	textRunes = 20_000
	fileTime  = 10 * time.Minute // of giving one file to a slow browser
)

// act takes what a form of the page asks for, stores it, and shows the page again.
func (p pages) act(v *web.Visit) error {
	a, problem := readAct(v)
	if problem == "" {
		name, err := p.desk.Act(v.Context(), v.Person.ID, a)
		var refused *bridge.Problem
		switch {
		case err == nil:
			return v.Go("/inbox/" + strconv.FormatInt(a.Args.Conversation, 10) + "?act=" + name + "#newest")
		case !errors.As(err, &refused):
			return refuse(v, err)
		}
		problem = strings.TrimSpace(refused.Text + " " + refused.Hint)
	}
	data, f, err := p.page(v)
	if err != nil {
		return refuse(v, err)
	}
	data.Problem, data.Wrong = problem, string(a.Verb)
	for _, field := range []string{"text", "note", "other"} { // nothing that somebody typed is lost
		data.Typed[field] = v.Request.PostFormValue(field)
	}
	return v.ShowAgain("thread", web.Screen{Title: title(f), Data: data})
}

// readAct reads a form. problem says, for people, what is wrong with it.
func readAct(v *web.Visit) (a bridge.Act, problem string) {
	form := v.Request.PostForm
	a = bridge.Act{Verb: bridge.Verb(form.Get("verb")), Form: form.Get("form")}
	a.Args.Conversation = number(v, "id")
	if !slices.Contains(bridge.Acts(), a.Verb) || a.Form == "" || len(a.Form) > 64 {
		return a, "This is not what the page sends. Send it again from here."
	}
	if utf8.RuneCountInString(form.Get("text"))+utf8.RuneCountInString(form.Get("note")) > textRunes {
		return a, "That is too long: at most " + strconv.Itoa(textRunes) + " characters."
	}
	for name, number := range map[string]*int64{"message": &a.Args.Message, "delivery": &a.Args.Delivery, "seen": &a.Args.Seen} {
		*number, _ = strconv.ParseInt(form.Get(name), 10, 64) //nolint:errcheck // 0 = none, which is refused where one is needed
	}
	a.Args.Sure = form.Get("sure") == "yes"
	switch a.Verb {
	case bridge.VerbReply, bridge.VerbNote, bridge.VerbSnooze, bridge.VerbResolve:
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

// file gives a file that a customer sent: to be stored, never to be shown as a page of ours.
func (p pages) file(v *web.Visit) error {
	ctx, cancel := context.WithTimeout(v.Context(), fileTime)
	defer cancel()
	index, err := strconv.Atoi(v.Request.PathValue("index"))
	if err != nil {
		return v.NotFound()
	}
	f, err := p.desk.File(ctx, v.Person.ID, number(v, "id"), number(v, "message"), index)
	if err == nil {
		var body io.ReadCloser
		if body, err = f.Open(ctx); err == nil {
			defer func() { _ = body.Close() }()
			h := v.Writer.Header()
			h.Set("Content-Type", "application/octet-stream")
			h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": f.Name}))
			h.Set("Content-Security-Policy", "sandbox; default-src 'none'")
			_ = http.NewResponseController(v.Writer).SetWriteDeadline(time.Now().Add(fileTime)) //nolint:errcheck,forbidigo // then the server's stays; the connection's clock
			_, _ = io.Copy(v.Writer, body)                                                      // the browser sees that it ended early
			return nil
		}
	}
	var problem *bridge.Problem
	if errors.Is(err, bridge.ErrNoConversation) || errors.As(err, &problem) {
		return refuse(v, err)
	}
	return v.Refuse(http.StatusNotFound, "This file can't be had.", "It was removed, or has not been fetched yet. Try again in a moment.")
}
