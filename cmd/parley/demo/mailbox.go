package demo

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/mail"
	"slices"
	"strconv"
	"strings"
	"time"

	"parley/channels/email/mailfake"
)

// The demo's page contains a mail client for the customers. It lists the received and sent mails of one customer, such as
// Dana Cole, and shows one of them. The visitor reads the company's mails there and replies as the customer. This file
// handles the requests of the page's script; the emulated mail server (mailfake) stores the mails.

// previewRunes is the maximum length of the excerpt in a row.
const previewRunes = 120

// mailState is the state of the mail client.
type mailState struct {
	Customers []customerRow `json:"customers"`
	Mails     []mailRow     `json:"mails"` // newest first, received and sent
}

// customerRow is a customer whose mailbox can be opened.
type customerRow struct {
	Name    string `json:"name"`
	Address string `json:"address"`
	About   string `json:"about"`
	Unread  int    `json:"unread"`  // unread mails
	Chats   int    `json:"chats"`   // unread messages on the customer's phone
	Waiting string `json:"waiting"` // the kind of a chat with unread messages, such as sms; "" means none
}

// mailRow is a mail in the list.
type mailRow struct {
	Folder    string    `json:"folder"`
	UID       uint32    `json:"uid"`
	Sent      bool      `json:"sent"`
	With      string    `json:"with"` // name of the sender, or of the recipient if Sent
	Subject   string    `json:"subject"`
	Preview   string    `json:"preview"`
	At        time.Time `json:"at"`
	Files     int       `json:"files"`
	Unread    bool      `json:"unread"`
	MessageID string    `json:"message_id"`
}

// mailPane serves the page's mail client. Each request names the customer whose mailbox it accesses.
type mailPane struct {
	*pageState
	phones *phonePane
}

func (p *mailPane) addRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /mail/open", p.openMail)
	mux.HandleFunc("GET /mail/html", p.mailHTML)
	mux.HandleFunc("GET /mail/file", p.mailFile)
	mux.HandleFunc("POST /mail/customer", p.addCustomer)
	// The emulator itself handles sending and replying.
	mux.Handle("POST /_fake/mail/send", p.company.Mail.Control())
	mux.Handle("POST /_fake/mail/reply", p.company.Mail.Control())
}

func (p *mailPane) readState(customer string) mailState {
	s := mailState{Mails: []mailRow{}, Customers: p.listCustomers()}
	for i := range s.Customers {
		c := &s.Customers[i]
		for _, m := range p.listMails(c.Address) {
			if m.Unread {
				c.Unread++
			}
			if c.Address == customer {
				s.Mails = append(s.Mails, m)
			}
		}

		if h := p.phones.phoneOf(c.Address); h != nil {
			for _, tab := range p.phones.chatTabs(c.Address, h) {
				c.Chats += tab.Unread
				if tab.Unread > 0 {
					c.Waiting = tab.Kind
				}
			}
		}
	}

	slices.SortStableFunc(s.Mails, func(a, b mailRow) int { return b.At.Compare(a.At) })
	return s
}

// listCustomers lists the customers whom the visitor can play: the demo's own, and all others with a mailbox. It doesn't
// set the unread counts.
func (p *pageState) listCustomers() []customerRow {
	var list []customerRow
	known := map[string]bool{}
	all := Personas()
	slices.Reverse(all) // latest writer first, as in a mailbox

	for _, c := range all {
		known[c.Address] = true
		list = append(list, customerRow{Name: c.Name, Address: c.Address, About: c.About})
	}

	for _, box := range p.company.Mail.State().Mailboxes {
		if !known[box.Address] && box.Customer {
			list = append(list, customerRow{Name: cmp.Or(box.Name, box.Address), Address: box.Address})
		}
	}

	return list
}

// listMails lists a customer's received and sent mail.
func (p *mailPane) listMails(address string) []mailRow {
	var rows []mailRow
	for _, r := range p.company.Mail.Inbox(address) {
		row := rowOf(r, r.From)
		row.Unread = !p.marks.hasSeen(mailKey(address, r.Folder, r.UID))
		rows = append(rows, row)
	}

	for _, r := range p.company.Mail.Sent(address) {
		var to mailfake.Address
		if len(r.To) > 0 {
			to = r.To[0]
		}
		row := rowOf(r, to)
		row.Sent = true
		rows = append(rows, row)
	}

	return rows
}

// rowOf returns the row of a mail; with is the other party.
func rowOf(r mailfake.Received, with mailfake.Address) mailRow {
	row := mailRow{
		Folder:    r.Folder,
		UID:       r.UID,
		With:      cmp.Or(with.Name, with.Address),
		Subject:   r.Subject,
		Preview:   Excerpt(r.Text, previewRunes),
		At:        r.At,
		MessageID: r.MessageID,
	}
	for _, a := range r.Attachments {
		if !a.Inline {
			row.Files++
		}
	}
	return row
}

func mailKey(address, folder string, uid uint32) string {
	return fmt.Sprintf("%s/%s/%d", strings.ToLower(address), folder, uid)
}

// openedMail is a mail in the reading pane.
type openedMail struct {
	From      mailfake.Address   `json:"from"`
	To        []mailfake.Address `json:"to"`
	Cc        []mailfake.Address `json:"cc"`
	Subject   string             `json:"subject"`
	At        time.Time          `json:"at"`
	MessageID string             `json:"message_id"`
	Text      string             `json:"text"`
	HasHTML   bool               `json:"html"`
	Files     []openedFile       `json:"files"`
}

type openedFile struct {
	N     int    `json:"n"` // its index among the mail's attachments
	Name  string `json:"name"`
	Type  string `json:"type"`
	Bytes int    `json:"bytes"`
}

// findMail returns the mail that a request identifies by address, folder and uid.
func (p *mailPane) findMail(r *http.Request) (mailfake.Received, bool) {
	uid, err := strconv.ParseUint(r.FormValue("uid"), 10, 32)
	if err != nil {
		return mailfake.Received{}, false
	}
	list := p.company.Mail.Folder(r.FormValue("address"), r.FormValue("folder"))
	at := slices.IndexFunc(list, func(m mailfake.Received) bool { return m.UID == uint32(uid) })
	if at < 0 {
		return mailfake.Received{}, false
	}
	return list[at], true
}

// openMail serves GET /mail/open: a mail, which it marks as read.
func (p *mailPane) openMail(w http.ResponseWriter, r *http.Request) {
	m, ok := p.findMail(r)
	if !ok {
		writeError(w, http.StatusNotFound, errors.New("this mail is gone"))
		return
	}

	out := openedMail{
		From:      m.From,
		To:        m.To,
		Cc:        m.Cc,
		Subject:   m.Subject,
		At:        m.At,
		MessageID: m.MessageID,
		Text:      m.Text,
		HasHTML:   m.HTML != "",
		Files:     []openedFile{},
	}
	for i, a := range m.Attachments {
		if !a.Inline {
			out.Files = append(out.Files, openedFile{N: i, Name: a.Name, Type: a.Type, Bytes: len(a.Content)})
		}
	}

	if p.marks.markSeen(mailKey(m.Address, m.Folder, m.UID)) {
		p.hub.wake()
	}
	writeJSON(w, out)
}

// mailHTML serves a mail's HTML as a separate document for a sandboxed frame. The Content-Security-Policy forbids scripts
// and all external resources. Inline pictures (cid: URLs) are embedded as data: URLs.
func (p *mailPane) mailHTML(w http.ResponseWriter, r *http.Request) {
	m, ok := p.findMail(r)
	if !ok || m.HTML == "" {
		http.NotFound(w, r)
		return
	}

	body := m.HTML
	for _, a := range m.Attachments {
		isPicture := strings.HasPrefix(a.Type, "image/") && !strings.Contains(a.Type, "svg") // an SVG could run scripts
		if a.ContentID == "" || !isPicture {
			continue
		}

		id := strings.Trim(a.ContentID, "<>")
		body = strings.ReplaceAll(body, "cid:"+id, "data:"+a.Type+";base64,"+base64.StdEncoding.EncodeToString(a.Content))
	}

	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'; frame-ancestors 'self'")
	_, _ = w.Write([]byte(body))
}

func (p *mailPane) mailFile(w http.ResponseWriter, r *http.Request) {
	m, ok := p.findMail(r)
	n, isIndex := parseIndex(r.FormValue("n"), len(m.Attachments))
	if !ok || !isIndex {
		http.NotFound(w, r)
		return
	}
	serveFile(w, m.Attachments[n].Name, m.Attachments[n].Type, m.Attachments[n].Content)
}

// parseIndex parses an index into a list of the given length. ok is false if it isn't a number or is out of range.
func parseIndex(text string, length int) (n int, ok bool) {
	n, err := strconv.Atoi(text)
	isInRange := n >= 0 && n < length
	return n, err == nil && isInRange
}

// serveFile serves a file from a message. The browser displays common image types and downloads everything else.
func serveFile(w http.ResponseWriter, name, kind string, body []byte) {
	disposition := "attachment"
	switch kind {
	case "image/png", "image/jpeg", "image/gif", "image/webp":
		disposition = "inline"
	default:
		kind = "application/octet-stream"
	}
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("Content-Disposition", mime.FormatMediaType(disposition, map[string]string{"filename": name}))
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'")
	_, _ = w.Write(body)
}

// addCustomer serves POST /mail/customer: it creates a mailbox for a new customer.
func (p *mailPane) addCustomer(w http.ResponseWriter, r *http.Request) {
	given := strings.TrimSpace(r.FormValue("address"))
	a, err := mail.ParseAddress((&mail.Address{Name: r.FormValue("name"), Address: given}).String())
	isPlain := strings.Contains(given, "@") && !strings.ContainsAny(given, " \"<>")
	if err != nil || !isPlain {
		writeError(w, http.StatusBadRequest, errors.New("that isn't a mail address; write it like kim@example.test"))
		return
	}
	companyDomain := HelpAddress[strings.Index(HelpAddress, "@"):]
	if strings.HasSuffix(strings.ToLower(a.Address), companyDomain) {
		writeError(w, http.StatusBadRequest, errors.New("that is the company's own domain; customers have other ones"))
		return
	}

	p.company.Mail.Customer(a.String())
	p.hub.wake()
	writeJSON(w, map[string]string{"address": a.Address})
}

// watch notifies open pages of changes in the mailboxes until ctx ends.
func (p *mailPane) watch(ctx context.Context) {
	sub := p.company.Mail.Subscribe()
	for {
		if _, err := sub.Next(ctx); err != nil {
			return
		}
		p.hub.wake()
	}
}
