package upload

import (
	"bytes"
	"context"
	"crypto/rand"
	_ "embed"
	"html/template"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"parley/bot/forms"
	"parley/bridge"
	"parley/channels"
)

// A reply with files takes these steps: the surface shows an agent a Link; show answers with the form; check tells
// the page whether the reply would be accepted, before the browser sends large files; take stores the files and
// submits the reply. Each request has the ticket of the link in its address, which says who replies in which
// conversation.

// Bounds of what is uploaded at once. No channel accepts more.
const (
	maxTotalBytes = 100 << 20 // of all files together
	maxFiles      = 10
	filesTimeout  = 10 * time.Minute // for all files, however slow the line
	formTimeout   = 20 * time.Second // for every other request
	lastWords     = 2 * time.Second  // for the rest of a refused body, so that its sender reads the answer
	maxTextRunes  = 3000             // of the text, as in other forms
)

// Desk is what the page asks of the engine.
type Desk interface {
	forms.Desk

	// StoreFile keeps a file for the reply that will carry it. It returns the name under which the file is
	// kept, and its size in bytes.
	// Errors: bridge.ErrTooLarge; those of reading r; the database's.
	StoreFile(ctx context.Context, r io.Reader, maxBytes int64) (blob string, size int64, err error)

	// MayReply checks a reply with files before it is submitted. Errors: *bridge.Problem, for people.
	MayReply(ctx context.Context, conversation bridge.ConversationID, user bridge.SurfaceUser, text string, files []bridge.SurfaceFile) error
}

// Options configure a Page. All but Ancestors, AppID, Zone and Log are required.
type Options struct {
	Base      string   // the public address of Parley, without a final slash
	Path      string   // the path of the page below Base: "/chat/upload"
	Keys      [][]byte // the first signs new tickets; tickets signed with any of them are accepted
	Ancestors []string // what may show the page in a frame, in the words of a Content-Security-Policy
	AppID     string   // of the chat's app, which the page tells when it is done; "" if there is none to tell
	Desk      Desk
	Now       func() time.Time
	Zone      *time.Location
	Log       *slog.Logger // nil discards all

	// Used reports whether a reply was submitted with the ticket.
	Used func(context.Context, Ticket) (bool, error)
	// HandIn submits the reply in the name of its author. already is true if a reply was submitted with the
	// ticket before: that one counts, and this one changes nothing.
	HandIn func(context.Context, Ticket, Reply) (already bool, err error)
}

// Reply is what somebody sends.
type Reply struct {
	Text  string               `json:"text,omitempty"` // as typed, Markdown
	Files []bridge.SurfaceFile `json:"files"`
}

// Page serves the upload page.
type Page struct {
	opt  Options
	html *template.Template
}

// New makes the page.
func New(o Options) *Page {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	html := template.Must(template.New("page").Funcs(template.FuncMap{"size": channels.SizeWords}).Parse(source))
	return &Page{opt: o, html: html}
}

// Link gives the page's address for the ticket's bearer. The text that they typed already stands behind
// the "#", where no server and no log sees it. theme is the client's: "default" (light), "dark",
// "contrast"; with anything else the page follows the system.
func (p *Page) Link(t Ticket, theme, typed string) string {
	t.Until = p.opt.Now().Add(TicketLife).Unix()
	link := p.opt.Base + p.opt.Path + "/" + sign(p.opt.Keys[0], t)
	if isTheme(theme) {
		link += "?theme=" + theme
	}
	if typed != "" {
		link += "#" + url.PathEscape(typed)
	}
	return link
}

// isTheme reports whether theme is one that the page knows.
func isTheme(theme string) bool {
	return slices.Contains([]string{"default", "dark", "contrast"}, theme)
}

// Handlers returns the page's handlers, by pattern.
func (p *Page) Handlers() map[string]http.Handler {
	return map[string]http.Handler{
		"GET " + p.opt.Path + "/{ticket}":        p.requireTicket(p.show),
		"POST " + p.opt.Path + "/{ticket}":       bridge.Stream{Handler: p.requireTicket(p.take)},
		"POST " + p.opt.Path + "/{ticket}/check": p.requireTicket(p.check),
	}
}

// pageData is what page.html shows.
type pageData struct {
	Facts   bridge.Facts
	Theme   string
	Nonce   string // of the policy
	AppID   string
	Text    string
	Problem string // what is wrong, or why there is no form
	Form    bool   // the form is shown
	Done    bool   // a reply was submitted with the ticket
	Files   int    // the maximum of files
	Bytes   int64  // the maximum of all files together
	Runes   int    // the maximum of the text
}

//go:embed page.html
var source string

// requireTicket calls next for requests with a valid ticket, and sets the headers that every answer has.
func (p *Page) requireTicket(next func(http.ResponseWriter, *http.Request, Ticket, pageData)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s := pageData{Nonce: rand.Text(), AppID: p.opt.AppID, Files: maxFiles, Bytes: maxTotalBytes, Runes: maxTextRunes}
		if theme := r.URL.Query().Get("theme"); isTheme(theme) {
			s.Theme = theme
		}

		p.setHeaders(w.Header(), s.Nonce)
		t, ok := readTicket(p.opt.Keys, r.PathValue("ticket"), p.opt.Now())
		if !ok {
			// A stranger may never send the rest of the body: it is not awaited before the answer, and only briefly after it.
			w.Header().Set("Connection", "close")
			end := time.Now().Add(lastWords)                       //nolint:forbidigo // the connection's clock
			_ = http.NewResponseController(w).SetReadDeadline(end) //nolint:errcheck // a test's recorder has none
			s.Problem = "This page is not valid any more. Open it again from the conversation."
			p.answer(w, http.StatusNotFound, s)
			return
		}

		next(w, r, t, s)
	})
}

// setHeaders sets the headers of an answer. Only styles and scripts with the nonce run, and only the chats in Ancestors
// may show the page in a frame.
func (p *Page) setHeaders(h http.Header, nonce string) {
	ancestors := strings.Join(append([]string{"'self'"}, p.opt.Ancestors...), " ")
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'nonce-"+nonce+"'; script-src 'nonce-"+nonce+"'; connect-src 'self'; "+
		"form-action 'self'; base-uri 'none'; frame-ancestors "+ancestors)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Robots-Tag", "noindex")
}

// answer writes the page.
func (p *Page) answer(w http.ResponseWriter, status int, s pageData) {
	var body bytes.Buffer
	if err := p.html.Execute(&body, s); err != nil {
		p.opt.Log.Error("upload page not made", "error", err)
		status = http.StatusInternalServerError
	}
	w.WriteHeader(status)
	if _, err := w.Write(body.Bytes()); err != nil {
		p.opt.Log.Debug("upload page not sent", "error", err)
	}
}

// show answers with the form, or with why nothing can be sent now.
func (p *Page) show(w http.ResponseWriter, r *http.Request, t Ticket, s pageData) {
	ctx, cancel := context.WithTimeout(r.Context(), formTimeout)
	defer cancel()
	if !p.ensureMayReply(ctx, w, t, &s) {
		return
	}
	p.answer(w, http.StatusOK, s)
}

// ensureMayReply reports whether the ticket's bearer may reply now. If not, it has answered the request.
func (p *Page) ensureMayReply(ctx context.Context, w http.ResponseWriter, t Ticket, s *pageData) bool {
	facts, err := p.opt.Desk.Facts(ctx, t.Conversation, t.User)
	if err != nil {
		p.refuse(w, err, *s)
		return false
	}

	s.Facts = facts
	used, err := p.opt.Used(ctx, t)
	if used {
		p.confirmEarlier(w, *s)
		return false
	}
	if err == nil { // the form itself isn't needed, only whether a reply may be written now
		maker := forms.Maker{Desk: p.opt.Desk, Now: p.opt.Now, Zone: p.opt.Zone}
		_, _, err = maker.Form(ctx, bridge.VerbReply, bridge.Args{Conversation: t.Conversation}, t.Place, t.User, "")
	}
	if err != nil {
		p.refuse(w, err, *s)
		return false
	}

	s.Form = true
	return true
}

// confirm says that a reply was submitted.
func (p *Page) confirm(w http.ResponseWriter, s pageData) {
	s.Form = false
	s.Done = true
	p.answer(w, http.StatusOK, s)
}

// confirmEarlier says that an earlier reply was submitted with the same ticket, so that this one changed nothing.
func (p *Page) confirmEarlier(w http.ResponseWriter, s pageData) {
	s.Problem = "This was sent before, and only that counts. To send more, open the page again from the conversation."
	p.confirm(w, s)
}

// refuse says why something was refused. What was typed stays in the form, if there is one.
func (p *Page) refuse(w http.ResponseWriter, err error, s pageData) {
	text, status := Words(err)
	if text == "" {
		p.opt.Log.Error("upload not taken", "error", err)
		text = "That did not work: nothing was sent. Try again."
	}
	s.Problem = text
	p.answer(w, status, s)
}
