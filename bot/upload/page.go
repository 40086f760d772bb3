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

// Limits of one upload. No channel accepts more.
const (
	maxTotalBytes = 100 << 20 // of all files together
	maxFiles      = 10
	filesTimeout  = 10 * time.Minute // to receive all files, even over a slow connection
	formTimeout   = 20 * time.Second // for all other requests
	lingerTimeout = 2 * time.Second  // to read the rest of a refused request, so that the browser reads the response
	maxTextRunes  = 3000             // of the text, as in other forms
)

// Desk is what the page needs from the engine, the part of Parley that handles conversations.
type Desk interface {
	forms.Desk

	// StoreFile stores a file for a later reply. It returns the id under which the file is stored, and its size in bytes.
	// Errors: bridge.ErrTooLarge; those of reading r; the database's.
	StoreFile(ctx context.Context, r io.Reader, maxBytes int64) (blob string, size int64, err error)

	// MayReply checks a reply with files before it is submitted.
	// Errors: *bridge.Problem, whose text is for the agent; the database's.
	MayReply(ctx context.Context, conversation bridge.ConversationID, user bridge.SurfaceUser, text string, files []bridge.SurfaceFile) error
}

// Options configure a Page. All except Ancestors, AppID, Zone and Log are required.
type Options struct {
	Base      string   // Parley's public URL, without a final slash
	Path      string   // path of the page below Base: "/chat/upload"
	Keys      [][]byte // the first signs new tickets; tickets signed with any of them are accepted
	Ancestors []string // sites that may show the page in a frame, as sources of a Content-Security-Policy
	AppID     string   // the chat's app, which the page notifies when a reply was sent; "" notifies nobody
	Desk      Desk
	Now       func() time.Time
	Zone      *time.Location
	Log       *slog.Logger // nil discards all messages

	// Used reports whether a reply was submitted with the ticket already.
	Used func(context.Context, Ticket) (bool, error)
	// HandIn submits a reply on behalf of the ticket's user. If a reply was submitted with the ticket already, it changes
	// nothing, and already is true.
	HandIn func(context.Context, Ticket, Reply) (already bool, err error)
}

// Reply is a reply to a customer that an agent submits on the page.
type Reply struct {
	Text  string               `json:"text,omitempty"` // Markdown, as typed
	Files []bridge.SurfaceFile `json:"files"`
}

// Page serves the upload page, a web page on which an agent replies to a customer with files. A chat shows its Link to the
// agent. The URL has a ticket, which names the agent and the conversation. Then
//
//   - show returns the form;
//   - check, which a script of the page calls, reports whether the reply would be accepted, before the browser uploads files;
//   - take stores the files and submits the reply.
type Page struct {
	opt  Options
	html *template.Template
}

// New makes the page.
func New(options Options) *Page {
	if options.Log == nil {
		options.Log = slog.New(slog.DiscardHandler)
	}
	html := template.Must(template.New("page").Funcs(template.FuncMap{"size": channels.SizeWords}).Parse(source))
	return &Page{opt: options, html: html}
}

// Link returns the page's URL with a signed ticket. typed is the text that the user has typed already; it goes into the
// fragment after "#", which browsers don't send to servers. theme is that of the chat: "default" (light), "dark" or
// "contrast". With other values, the page uses the theme of the user's system.
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

// isTheme reports whether the page supports a theme.
func isTheme(theme string) bool {
	return slices.Contains([]string{"default", "dark", "contrast"}, theme)
}

// Handlers returns the page's handlers by their patterns, as in http.ServeMux.
func (p *Page) Handlers() map[string]http.Handler {
	return map[string]http.Handler{
		"GET " + p.opt.Path + "/{ticket}":        p.requireTicket(p.show),
		"POST " + p.opt.Path + "/{ticket}":       bridge.Stream{Handler: p.requireTicket(p.take)},
		"POST " + p.opt.Path + "/{ticket}/check": p.requireTicket(p.check),
	}
}

// pageData is the data of the template page.html.
type pageData struct {
	Facts   bridge.Facts // the conversation
	Theme   string
	Nonce   string // allows the page's style and script in the Content-Security-Policy
	AppID   string
	Text    string
	Problem string // an error for the user
	Form    bool   // show the form
	Done    bool   // a reply was submitted with the ticket
	Files   int    // maximum number of files
	Bytes   int64  // maximum size of all files together
	Runes   int    // maximum length of the text
}

//go:embed page.html
var source string

// requireTicket makes a handler that sets the common headers, and calls next if the request has a valid ticket.
func (p *Page) requireTicket(next func(http.ResponseWriter, *http.Request, Ticket, pageData)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		data := pageData{Nonce: rand.Text(), AppID: p.opt.AppID, Files: maxFiles, Bytes: maxTotalBytes, Runes: maxTextRunes}
		if theme := r.URL.Query().Get("theme"); isTheme(theme) {
			data.Theme = theme
		}

		p.setHeaders(w.Header(), data.Nonce)
		t, ok := readTicket(p.opt.Keys, r.PathValue("ticket"), p.opt.Now())
		if !ok {
			// Respond without waiting for the rest of the body, which a stranger may never send.
			w.Header().Set("Connection", "close")
			end := time.Now().Add(lingerTimeout)                   //nolint:forbidigo // the connection's clock
			_ = http.NewResponseController(w).SetReadDeadline(end) //nolint:errcheck // a test's recorder has none
			data.Problem = "This page is not valid any more. Open it again from the conversation."
			p.answer(w, http.StatusNotFound, data)
			return
		}

		next(w, r, t, data)
	})
}

// setHeaders sets the headers of all responses. Only styles and scripts with the nonce run, and only the sites in Ancestors may
// show the page in a frame.
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
func (p *Page) answer(w http.ResponseWriter, status int, data pageData) {
	var body bytes.Buffer
	if err := p.html.Execute(&body, data); err != nil {
		p.opt.Log.Error("upload page not made", "error", err)
		status = http.StatusInternalServerError
	}
	w.WriteHeader(status)
	if _, err := w.Write(body.Bytes()); err != nil {
		p.opt.Log.Debug("upload page not sent", "error", err)
	}
}

// show answers with the form, or with the reason why the user can't reply now.
func (p *Page) show(w http.ResponseWriter, r *http.Request, t Ticket, data pageData) {
	ctx, cancel := context.WithTimeout(r.Context(), formTimeout)
	defer cancel()
	if !p.ensureMayReply(ctx, w, t, &data) {
		return
	}
	p.answer(w, http.StatusOK, data)
}

// ensureMayReply checks that the ticket's user may reply now, and sets the fields Facts and Form of data. If the user may not
// reply, it answers the request and returns false.
func (p *Page) ensureMayReply(ctx context.Context, w http.ResponseWriter, t Ticket, data *pageData) bool {
	facts, err := p.opt.Desk.Facts(ctx, t.Conversation, t.User)
	if err != nil {
		p.refuse(w, err, *data)
		return false
	}

	data.Facts = facts
	isUsed, err := p.opt.Used(ctx, t)
	if isUsed {
		p.confirmEarlier(w, *data)
		return false
	}
	if err == nil {
		err = p.tryForm(ctx, t)
	}
	if err != nil {
		p.refuse(w, err, *data)
		return false
	}

	data.Form = true
	return true
}

// tryForm makes the form that the chat itself would show for a reply, and drops it. It returns an error if the user may not
// write a reply now.
func (p *Page) tryForm(ctx context.Context, t Ticket) error {
	const noText = ""
	maker := forms.Maker{Desk: p.opt.Desk, Now: p.opt.Now, Zone: p.opt.Zone}
	_, _, err := maker.Form(ctx, bridge.VerbReply, bridge.Args{Conversation: t.Conversation}, t.Place, t.User, noText)
	return err
}

// confirm answers that the reply was submitted.
func (p *Page) confirm(w http.ResponseWriter, data pageData) {
	data.Form = false
	data.Done = true
	p.answer(w, http.StatusOK, data)
}

// confirmEarlier answers that another reply was submitted with the same ticket before, so that this one was dropped.
func (p *Page) confirmEarlier(w http.ResponseWriter, data pageData) {
	data.Problem = "This was sent before, and only that counts. To send more, open the page again from the conversation."
	p.confirm(w, data)
}

// refuse answers with the reason for an error. If the page shows the form, it keeps the text that the user has typed.
func (p *Page) refuse(w http.ResponseWriter, err error, data pageData) {
	text, status := Words(err)
	if text == "" {
		p.opt.Log.Error("upload not taken", "error", err)
		text = "That did not work: nothing was sent. Try again."
	}
	data.Problem = text
	p.answer(w, status, data)
}
