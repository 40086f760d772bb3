package twiliofake

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// stored is a message as Twilio keeps it.
type stored struct {
	sid, body, from, to, direction, status, service string
	callback                                        string
	media                                           []*file
	content                                         *stContent
	location                                        string
	created, sent, updated                          time.Time
	code                                            int
	segments                                        int
	redacted                                        bool // its words were taken out of the records
}

// Stored is a message for tests and oracles.
type Stored struct {
	SID, Body, From, To, Direction, Status string
	ErrorCode, Segments, Media             int
}

// exchange passes messages between the company's numbers and the customers' phones.
type exchange struct {
	*ground
	hooks    *webhooks
	media    *storage
	library  *library
	messages []*stored
	phones   map[string]*Phone // by customer and number
	blocked  map[string]bool   // customer and number that said STOP
	lastIn   map[string]time.Time
}

// Messages returns all messages, either way, oldest first.
func (e *exchange) Messages() []Stored {
	e.mu.Lock()
	defer e.mu.Unlock()
	var all []Stored
	for _, m := range e.messages {
		all = append(all, Stored{m.sid, m.body, m.from, m.to, m.direction, m.status, m.code, m.segments, len(m.media)})
	}
	return all
}

// webAPI answers the calls of the company's software.
type webAPI struct {
	*ground
	exchange *exchange
	media    *storage
	library  *library
	faults   *faults
	typing   []string // messages for which typing was shown
	requests []Request
}

func (a *webAPI) routes() http.Handler {
	mux := http.NewServeMux()
	const account = "/2010-04-01/Accounts/{account}"
	mux.HandleFunc("GET "+account, a.requireLogin(a.getAccount)) // {account} is "AC….json" here
	mux.HandleFunc("POST "+account+"/Messages.json", a.requireLogin(a.create))
	mux.HandleFunc("GET "+account+"/Messages.json", a.requireLogin(a.list))
	mux.HandleFunc("GET "+account+"/Messages/{message}", a.requireLogin(a.get))
	mux.HandleFunc("POST "+account+"/Messages/{message}", a.requireLogin(a.update))
	mux.HandleFunc("DELETE "+account+"/Messages/{message}", a.requireLogin(a.remove))
	mux.HandleFunc("GET "+account+"/Messages/{message}/Media.json", a.requireLogin(a.media.listMedia))
	mux.HandleFunc("GET "+account+"/Messages/{message}/Media/{media}", a.requireLogin(a.media.getMedia))
	mux.HandleFunc("GET "+account+"/IncomingPhoneNumbers.json", a.requireLogin(a.listNumbers))
	mux.HandleFunc("POST "+account+"/IncomingPhoneNumbers/{number}", a.requireLogin(a.updateNumber))
	mux.HandleFunc("GET /v1/Services/{service}", a.requireLogin(a.getService))
	mux.HandleFunc("POST /v1/Services/{service}", a.requireLogin(a.updateService))
	mux.HandleFunc("GET /v2/Channels/Senders", a.requireLogin(a.listSenders))
	mux.HandleFunc("POST /v2/Channels/Senders/{sender}", a.requireLogin(a.updateSender))
	mux.HandleFunc("POST /v2/Indicators/Typing.json", a.requireLogin(a.showTyping))
	a.library.routes(mux, a.requireLogin)
	return a.faulty(refusedInJSON(mux))
}

// requireLogin refuses wrong credentials and other accounts.
func (a *webAPI) requireLogin(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		account := strings.TrimSuffix(r.PathValue("account"), ".json")
		switch {
		case !a.allowed(r):
			w.Header().Set("WWW-Authenticate", `Basic realm="Twilio API"`)
			refuse(w, http.StatusUnauthorized, 20003, "Authenticate")
		case account != "" && account != a.opt.AccountSID:
			refuseUnknown(w)
		default:
			next(w, r)
		}
	}
}

var e164 = regexp.MustCompile(`^\+[1-9][0-9]{4,14}$`)

// waUser is WhatsApp's own id of a person.
var waUser = regexp.MustCompile(`^[A-Z]{2}\.(ENT\.)?[A-Za-z0-9]{1,128}$`)

// create takes a message, or refuses it as Twilio does.
func (a *webAPI) create(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		refuse(w, http.StatusBadRequest, 20001, "Unreadable form")
		return
	}
	a.mu.Lock()
	m, code, message := a.compose(r.PostForm)
	if code != 0 {
		a.mu.Unlock()
		refuse(w, http.StatusBadRequest, code, message)
		return
	}
	a.exchange.messages = append(a.exchange.messages, m)
	view := a.view(m)
	p, done := a.exchange.phone(m.to, m.from, ""), make(chan struct{})
	before := p.tail
	p.tail = done
	a.Poke()
	a.mu.Unlock()
	fate := a.faults.takeFate(r)
	a.api.Go(func() { //nolint:contextcheck // Twilio goes on when the request is answered; to one customer one after the other
		defer close(done)
		if before != nil {
			<-before
		}
		a.exchange.process(m, fate.Code)
	})
	answer(w, http.StatusCreated, view)
}

// compose checks a form and makes a message of it; the lock is held.
func (a *webAPI) compose(f url.Values) (*stored, int, string) {
	to, from, service := f.Get("To"), f.Get("From"), f.Get("MessagingServiceSid")
	if from == "" && service != "" && len(a.opt.Numbers) > 0 {
		from = a.opt.Numbers[0].Address
	}
	if code, message := a.checkAddresses(to, from); code != 0 {
		return nil, code, message
	}
	now := a.opt.Now().UTC()
	m := &stored{sid: sid("SM"), body: f.Get("Body"), from: from, to: to, direction: "outbound-api", status: "queued", service: service,
		callback: f.Get("StatusCallback"), created: now, updated: now}
	if code, message := a.checkContent(m, f); code != 0 {
		return nil, code, message
	}
	m.segments = 1
	if !strings.HasPrefix(m.from, "whatsapp:") {
		m.segments = segments(m.body)
	}
	return m, 0, ""
}

func (a *webAPI) checkAddresses(to, from string) (int, string) {
	bare, wa := strings.CutPrefix(to, "whatsapp:")
	_, fromWA := strings.CutPrefix(from, "whatsapp:")
	switch {
	case to == "":
		return 21604, "A 'To' phone number is required."
	case from == "":
		return 21603, "A 'From' phone number is required."
	case !e164.MatchString(bare) && !(wa && waUser.MatchString(bare)):
		return 21211, "Invalid 'To' Phone Number"
	case wa != fromWA:
		return 21910, "Invalid From and To pair. From and To should be of the same channel"
	case a.number(from) == nil && fromWA:
		return 63007, "Twilio could not find a Channel with the specified From address"
	case a.number(from) == nil:
		return 21606, "The 'From' phone number provided is not a valid message-capable Twilio phone number for this destination."
	case to == from:
		return 21266, "'To' and 'From' number cannot be the same"
	case a.exchange.blocked[to+" "+from]:
		return 21610, "Attempt to send to unsubscribed recipient"
	}
	return 0, ""
}

func (a *webAPI) checkContent(m *stored, f url.Values) (int, string) {
	wa, links := strings.HasPrefix(m.from, "whatsapp:"), f["MediaUrl"]
	for _, link := range links {
		if !isWebAddress(link) {
			return 21620, "Invalid media URL(s)"
		}
		m.media = append(m.media, &file{sid: sid("ME"), from: link})
	}
	if cb := m.callback; cb != "" {
		if u, err := url.Parse(cb); err != nil || u.Host == "" {
			return 21609, "Invalid 'StatusCallback' URL"
		}
	}
	if code, message := a.library.useContent(m, f); code != 0 {
		return code, message
	}
	for _, action := range f["PersistentAction"] {
		if !strings.HasPrefix(action, "geo:") || !wa {
			return 63021, "Channel invalid content error"
		}
		m.location = strings.TrimPrefix(action, "geo:")
	}
	switch {
	case utf8.RuneCountInString(m.body) > 1600:
		return 21617, "The concatenated message body exceeds the 1600 character limit"
	case m.body == "" && len(m.media) == 0 && m.content == nil:
		return 21619, "A text message body or media urls must be specified."
	case len(m.media) > 10, wa && len(m.media) > 1:
		return 21623, "Number of media files exceeds allowed limit."
	case !wa && len(m.media) > 0 && !a.number(m.from).MMS:
		return 21612, "Message cannot be sent with the current combination of 'To' and/or 'From' parameters"
	}
	return 0, ""
}

// isWebAddress reports whether a link can be fetched.
func isWebAddress(link string) bool {
	u, err := url.Parse(link)
	if err != nil || u.Host == "" {
		return false
	}
	return u.Scheme == "http" || u.Scheme == "https"
}

// view writes a message as the API shows it; the lock is held.
func (a *webAPI) view(m *stored) map[string]any {
	uri := "/2010-04-01/Accounts/" + a.opt.AccountSID + "/Messages/" + m.sid
	v := map[string]any{"sid": m.sid, "account_sid": a.opt.AccountSID, "api_version": "2010-04-01", "body": m.body, "from": m.from, "to": m.to,
		"direction": m.direction, "status": m.status, "num_segments": strconv.Itoa(m.segments), "num_media": strconv.Itoa(len(m.media)),
		"messaging_service_sid": nil, "error_code": nil, "error_message": nil, "price": nil, "price_unit": "USD",
		"date_created": stampOf(m.created), "date_updated": stampOf(m.updated), "date_sent": nil, "uri": uri + ".json",
		"subresource_uris": map[string]any{"media": uri + "/Media.json"}}
	if m.redacted {
		v["body"] = ""
	}
	if m.service != "" {
		v["messaging_service_sid"] = m.service
	}
	if m.code != 0 {
		v["error_code"], v["error_message"] = m.code, fmt.Sprintf("Error %d", m.code)
	}
	if !m.sent.IsZero() {
		v["date_sent"] = stampOf(m.sent)
	}
	return v
}

func stampOf(t time.Time) string { return t.UTC().Format(time.RFC1123Z) }

// list shows messages, newest first.
func (a *webAPI) list(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	size, err := strconv.Atoi(q.Get("PageSize"))
	if q.Get("PageSize") == "" {
		size, err = 50, nil
	}
	if err != nil || size < 1 || size > 1000 {
		refuse(w, http.StatusBadRequest, 20001, "Page size out of range")
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	fits := slices.DeleteFunc(slices.Clone(a.exchange.messages), func(m *stored) bool { return !fitsFilter(q, m) })
	slices.Reverse(fits)
	start := 0
	if token := q.Get("PageToken"); token != "" { // PA: what comes after that message, PB: what comes before
		at := slices.IndexFunc(fits, func(m *stored) bool { return token == "PA"+m.sid || token == "PB"+m.sid })
		switch {
		case at < 0:
			start = len(fits)
		case strings.HasPrefix(token, "PB"):
			start = max(at-size, 0)
		default:
			start = at + 1
		}
	}
	rows := []any{}
	for _, m := range fits[start:min(start+size, len(fits))] {
		rows = append(rows, a.view(m))
	}
	page, _ := strconv.Atoi(q.Get("Page"))
	base := "/2010-04-01/Accounts/" + a.opt.AccountSID + "/Messages.json?"
	out := map[string]any{"messages": rows, "page": page, "page_size": size, "start": page * size, "end": page*size + len(rows),
		"uri": base + q.Encode(), "next_page_uri": nil, "previous_page_uri": nil}
	q.Del("PageToken")
	q.Set("Page", "0")
	out["first_page_uri"] = base + q.Encode()
	turn := func(page int, token string) string {
		q.Set("Page", strconv.Itoa(page))
		q.Set("PageToken", token)
		return base + q.Encode()
	}
	if len(rows) == size {
		out["next_page_uri"] = turn(page+1, "PA"+fits[start+size-1].sid)
	}
	if start > 0 && len(rows) > 0 {
		out["previous_page_uri"] = turn(max(page-1, 0), "PB"+fits[start].sid)
	}
	answer(w, http.StatusOK, out)
}

func fitsFilter(q url.Values, m *stored) bool {
	for name, have := range map[string]string{"To": m.to, "From": m.from} {
		if want := q.Get(name); want != "" && want != have {
			return false
		}
	}
	day := m.sent.Format(time.DateOnly)
	for name, ok := range map[string]func(string) bool{"DateSent": func(d string) bool { return day == d },
		"DateSent<": func(d string) bool { return day <= d }, "DateSent>": func(d string) bool { return day >= d }} {
		if want := q.Get(name); want != "" && (m.sent.IsZero() || !ok(want[:min(len(want), 10)])) {
			return false
		}
	}
	return true
}

// find returns a message; the lock is held.
func (e *exchange) find(sid string) *stored {
	for _, m := range e.messages {
		if m.sid == sid {
			return m
		}
	}
	return nil
}

func (a *webAPI) get(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	m := a.messageOf(r)
	if m == nil {
		refuseUnknown(w)
		return
	}
	answer(w, http.StatusOK, a.view(m))
}

func (a *webAPI) getAccount(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, map[string]any{"sid": a.opt.AccountSID, "owner_account_sid": a.opt.AccountSID, "friendly_name": "Acme", "status": "active", "type": "Full",
		"uri": "/2010-04-01/Accounts/" + a.opt.AccountSID + ".json"})
}

// showTyping shows the customer that somebody writes.
func (a *webAPI) showTyping(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	m := a.exchange.find(r.PostFormValue("messageId"))
	if m == nil || m.direction != "inbound" || r.PostFormValue("channel") != "whatsapp" {
		refuse(w, http.StatusBadRequest, 20001, "No such inbound WhatsApp message")
		return
	}
	a.typing = append(a.typing, m.sid)
	a.Poke()
	answer(w, http.StatusOK, map[string]any{"success": true})
}

// rawJSON reads a JSON object.
func rawJSON(text string) (map[string]string, error) {
	out := map[string]string{}
	err := json.Unmarshal([]byte(text), &out)
	return out, err
}
