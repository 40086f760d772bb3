package twiliofake

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// stored is a message as Twilio keeps it.
type stored struct {
	sid, body, from, to    string
	direction              string // directionInbound …
	status                 messageStatus
	service                string // the messaging service by which it left; "" means none
	callback               string // where its status is told; "" means nowhere
	media                  []*file
	content                *storedContent // nil means a free text
	buttons                []Button       // of the content, to tap
	list                   string         // what opens the buttons; "" means that they are shown
	location               string         // "1.5,2.5|label"
	created, sent, updated time.Time
	code                   int // Twilio's error code; 0 means that it didn't fail
	segments               int
	redacted               bool // its words were taken out of the records
}

// Stored is a message for tests and oracles.
type Stored struct {
	SID       string `json:"sid"`
	Body      string `json:"text"`
	From      string `json:"from"`
	To        string `json:"to"`
	Direction string `json:"direction"`
	Status    string `json:"status"`
	ErrorCode int    `json:"error_code"`
	Segments  int    `json:"segments"`
	Media     int    `json:"media"`
}

// exchange passes messages between the company's numbers and the customers' phones.
type exchange struct {
	*ground
	hooks    *webhooks
	media    *storage
	library  *library
	messages []*stored
	phones   map[string]*Phone    // by pairKey, like the following
	blocked  map[string]bool      // the customer has said STOP to the number
	lastIn   map[string]time.Time // when the customer last wrote to the number
}

// Messages returns all messages, in both directions, oldest first.
func (e *exchange) Messages() []Stored {
	e.mu.Lock()
	defer e.mu.Unlock()
	all := []Stored{}
	for _, m := range e.messages {
		all = append(all, Stored{SID: m.sid, Body: m.body, From: m.from, To: m.to, Direction: m.direction, Status: string(m.status),
			ErrorCode: m.code, Segments: m.segments, Media: len(m.media)})
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

// makeHandler returns the handler of all APIs, with the armed faults.
func (a *webAPI) makeHandler() http.Handler {
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
	mux.HandleFunc("DELETE "+account+"/Messages/{message}/Media/{media}", a.requireLogin(a.media.removeMedia))
	mux.HandleFunc("GET "+account+"/IncomingPhoneNumbers.json", a.requireLogin(a.listNumbers))
	mux.HandleFunc("POST "+account+"/IncomingPhoneNumbers/{number}", a.requireLogin(a.updateNumber))
	mux.HandleFunc("GET "+account+"/SMS/ShortCodes.json", a.requireLogin(a.listShortCodes))
	mux.HandleFunc("POST "+account+"/SMS/ShortCodes/{code}", a.requireLogin(a.updateShortCode))
	mux.HandleFunc("GET /v1/Services/{service}", a.requireLogin(a.getService))
	mux.HandleFunc("POST /v1/Services/{service}", a.requireLogin(a.updateService))
	mux.HandleFunc("GET /v2/Channels/Senders", a.requireLogin(a.listSenders))
	mux.HandleFunc("POST /v2/Channels/Senders/{sender}", a.requireLogin(a.updateSender))
	mux.HandleFunc("POST /v2/Indicators/Typing.json", a.requireLogin(a.showTyping))
	a.library.makeHandler(mux, a.requireLogin)
	return a.withFaults(refusedInJSON(mux))
}

// requireLogin refuses wrong credentials and other accounts.
func (a *webAPI) requireLogin(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		account := strings.TrimSuffix(r.PathValue("account"), ".json")
		switch {
		case !a.isAuthorized(r):
			w.Header().Set("WWW-Authenticate", `Basic realm="Twilio API"`)
			refuse(w, http.StatusUnauthorized, codeUnauthorized, "Authenticate")
		case account != "" && account != a.opt.AccountSID:
			refuseUnknown(w)
		default:
			next(w, r)
		}
	}
}

// waPrefix marks WhatsApp addresses.
const waPrefix = "whatsapp:"

// e164 is a phone number with country code.
var e164 = regexp.MustCompile(`^\+[1-9][0-9]{4,14}$`)

// waUser is WhatsApp's own id of a person.
var waUser = regexp.MustCompile(`^[A-Z]{2}\.(ENT\.)?[A-Za-z0-9]{1,128}$`)

// create takes a message, or refuses it as Twilio does.
func (a *webAPI) create(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		refuse(w, http.StatusBadRequest, codeInvalid, "Unreadable form")
		return
	}

	taken, refused := a.takeMessage(r.PostForm)
	if refused != nil {
		refuse(w, http.StatusBadRequest, refused.code, refused.message)
		return
	}

	fate := a.faults.takeFate(r)
	a.api.Go(func() { //nolint:contextcheck // Twilio goes on after the request was answered
		defer close(taken.done)
		if taken.previousDone != nil { // a customer gets messages one after the other
			<-taken.previousDone
		}
		a.exchange.processMessage(taken.message, fate.Code)
	})

	answer(w, http.StatusCreated, taken.view)
}

// takenMessage is a message that was accepted and has yet to be processed.
type takenMessage struct {
	message      *stored
	view         map[string]any  // as the API shows it now
	previousDone <-chan struct{} // closed when the customer's previous message is processed; nil means there is none
	done         chan struct{}   // to be closed when this one is
}

// takeMessage makes a message of a form and stores it.
func (a *webAPI) takeMessage(f url.Values) (takenMessage, *refusal) {
	a.mu.Lock()
	defer a.mu.Unlock()
	m, refused := a.makeMessageLocked(f)
	if refused != nil {
		return takenMessage{}, refused
	}

	a.exchange.messages = append(a.exchange.messages, m)
	p := a.exchange.findPhoneLocked(m.to, m.from, "")
	taken := takenMessage{message: m, view: a.messageViewLocked(m), previousDone: p.tail, done: make(chan struct{})}
	p.tail = taken.done
	a.Poke()
	return taken, nil
}

// makeMessageLocked checks a form and makes a message of it.
func (a *webAPI) makeMessageLocked(f url.Values) (m *stored, refused *refusal) {
	to, from := f.Get("To"), f.Get("From")
	service := f.Get("MessagingServiceSid")
	if from == "" && service != "" { // the service chooses a number
		if from, refused = a.chooseSenderLocked(service, to); refused != nil {
			return nil, refused
		}
	}

	if refused := a.checkAddressesLocked(to, from); refused != nil {
		return nil, refused
	}
	isForLater := f.Has("ScheduleType") || f.Has("SendAt")
	if isForLater && service == "" {
		return nil, &refusal{codeNoSchedule, "MessagingServiceSid is required to schedule a message"}
	} else if isForLater {
		return nil, &refusal{codeInvalid, "Messages for later are not imitated"}
	}

	now := a.opt.Now().UTC()
	m = &stored{sid: newSID("SM"), body: f.Get("Body"), from: from, to: to, direction: directionOurs, status: messageQueued, service: service,
		callback: f.Get("StatusCallback"), created: now, updated: now}
	if refused := a.addContentLocked(m, f); refused != nil {
		return nil, refused
	}

	m.segments = 1
	if !strings.HasPrefix(m.from, waPrefix) {
		m.segments = countSegments(m.body)
	}

	return m, nil
}

// refusal is why Twilio refuses a message: its error code and words. nil means that it accepts the message.
type refusal struct {
	code    int
	message string
}

// checkAddressesLocked refuses a message that can't go from one address to the other.
func (a *webAPI) checkAddressesLocked(to, from string) *refusal {
	if to == "" {
		return &refusal{codeNoTo, "A 'To' phone number is required."}
	}
	if from == "" {
		return &refusal{codeNoFrom, "A 'From' phone number is required."}
	}

	customer, toWhatsApp := strings.CutPrefix(to, waPrefix)
	fromWhatsApp := strings.HasPrefix(from, waPrefix)
	isWhatsAppID := toWhatsApp && waUser.MatchString(customer)
	if !isWhatsAppID && !e164.MatchString(customer) {
		return &refusal{codeBadTo, "Invalid 'To' Phone Number"}
	}
	if toWhatsApp != fromWhatsApp {
		return &refusal{codeMixedChannels, "Invalid From and To pair. From and To should be of the same channel"}
	}

	if a.findNumberLocked(from) == nil {
		if fromWhatsApp {
			return &refusal{codeNoSender, "Twilio could not find a Channel with the specified From address"}
		}
		return &refusal{codeBadFrom, "The 'From' phone number provided is not a valid message-capable Twilio phone number for this destination."}
	}

	if to == from {
		return &refusal{codeSameNumber, "'To' and 'From' number cannot be the same"}
	}
	if a.exchange.blocked[pairKey(to, from)] {
		return &refusal{codeOptedOut, "Attempt to send to unsubscribed recipient"}
	}

	return nil
}

// pairKey is the key of a customer and one of the company's numbers.
func pairKey(customer, number string) string { return customer + " " + number }

// Files of one message.
const (
	maxMMSFiles      = 10
	maxWhatsAppFiles = 1
)

// addContentLocked puts a form's files, content and location into a message.
func (a *webAPI) addContentLocked(m *stored, f url.Values) *refusal {
	isWhatsApp := strings.HasPrefix(m.from, waPrefix)

	for _, link := range f["MediaUrl"] {
		if !isWebAddress(link) {
			return &refusal{codeBadMedia, "Invalid media URL(s)"}
		}
		m.media = append(m.media, &file{sid: newSID("ME"), from: link})
	}

	if m.callback != "" && !isWebAddress(m.callback) {
		return &refusal{codeBadCallback, "Invalid 'StatusCallback' URL"}
	}
	if refused := a.library.useContentLocked(m, f); refused != nil {
		return refused
	}

	for _, action := range f["PersistentAction"] {
		location, isLocation := strings.CutPrefix(action, "geo:")
		if !isLocation || !isWhatsApp {
			return &refusal{codeBadContent, "Channel invalid content error"}
		}
		m.location = location
	}

	if utf8.RuneCountInString(m.body) > maxText {
		return &refusal{codeTextTooLong, "The concatenated message body exceeds the 1600 character limit"}
	}

	if len(m.media) == 0 && m.body == "" && m.content == nil {
		return &refusal{codeEmpty, "A text message body or media urls must be specified."}
	}
	return a.checkFilesLocked(m, isWhatsApp)
}

// checkFilesLocked refuses more files than the channel carries, and any from a number without MMS.
func (a *webAPI) checkFilesLocked(m *stored, isWhatsApp bool) *refusal {
	most := maxMMSFiles
	if isWhatsApp {
		most = maxWhatsAppFiles
	}
	if len(m.media) > most {
		return &refusal{codeTooManyFiles, "Number of media files exceeds allowed limit."}
	}
	if len(m.media) > 0 && !isWhatsApp && !a.findNumberLocked(m.from).MMS {
		return &refusal{codeNoMMS, "Message cannot be sent with the current combination of 'To' and/or 'From' parameters"}
	}

	return nil
}

// isWebAddress reports whether a link can be fetched.
func isWebAddress(link string) bool {
	u, err := url.Parse(link)
	if err != nil || u.Host == "" {
		return false
	}
	return u.Scheme == "http" || u.Scheme == "https"
}

// messageViewLocked writes a message as the API shows it.
func (a *webAPI) messageViewLocked(m *stored) map[string]any {
	uri := "/2010-04-01/Accounts/" + a.opt.AccountSID + "/Messages/" + m.sid
	v := map[string]any{"sid": m.sid, "account_sid": a.opt.AccountSID, "api_version": "2010-04-01", "body": m.body, "from": m.from,
		"to":        m.to,
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

// stampOf writes a time as the API does.
func stampOf(t time.Time) string { return t.UTC().Format(time.RFC1123Z) }

// findLocked returns a message; nil if there is none.
func (e *exchange) findLocked(sid string) *stored {
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
	m := a.messageOfLocked(r)
	if m == nil {
		refuseUnknown(w)
		return
	}
	answer(w, http.StatusOK, a.messageViewLocked(m))
}

func (a *webAPI) getAccount(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, map[string]any{"sid": a.opt.AccountSID, "owner_account_sid": a.opt.AccountSID, "friendly_name": "Acme",
		"status": "active", "type": "Full",
		"uri": "/2010-04-01/Accounts/" + a.opt.AccountSID + ".json"})
}

// showTyping shows the customer that somebody writes.
func (a *webAPI) showTyping(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	m := a.exchange.findLocked(r.PostFormValue("messageId"))
	isInbound := m != nil && m.direction == directionInbound
	if !isInbound || r.PostFormValue("channel") != "whatsapp" {
		refuse(w, http.StatusBadRequest, codeInvalid, "No such inbound WhatsApp message")
		return
	}
	a.typing = append(a.typing, m.sid)
	a.Poke()
	answer(w, http.StatusOK, map[string]any{"success": true})
}
