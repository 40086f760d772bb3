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

// stored is a message in Twilio's records.
type stored struct {
	sid, body, from, to    string
	direction              string // directionInbound …
	status                 messageStatus
	service                string // the messaging service that sent it; "" if none did
	callback               string // the URL for its status callbacks; "" if there is none
	media                  []*file
	content                *storedContent // nil for free text
	buttons                []Button       // of the content
	list                   string         // the title of the button that opens the buttons as a list; "" if they are visible
	location               string         // "1.5,2.5|label"
	created, sent, updated time.Time
	code                   int // Twilio's error code; 0 if it didn't fail
	segments               int
}

// Stored describes a message to tests.
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

// exchange carries messages between the company's numbers and the customers' phones. The maps have an entry for each pair of a customer
// and a number (pairKey).
type exchange struct {
	*ground
	hooks    *webhooks
	media    *storage
	library  *library
	messages []*stored // in both directions, oldest first
	phones   map[string]*Phone
	blocked  map[string]bool      // the customer sent STOP to the number
	lastIn   map[string]time.Time // the time of the customer's last message to the number
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

// webAPI imitates Twilio's REST API, which the company's software calls. For example, POST /Messages.json checks a message as Twilio
// does, stores it, responds with its id, and delivers it in the background.
type webAPI struct {
	*ground
	exchange *exchange
	media    *storage
	library  *library
	faults   *faults
	typing   []string // ids of the messages for which a typing indicator was shown
	requests []Request
}

// makeHandler returns the handler of all APIs, to which armed faults apply.
func (a *webAPI) makeHandler() http.Handler {
	mux := http.NewServeMux()
	const account = "/2010-04-01/Accounts/{account}"
	mux.HandleFunc("GET "+account, a.requireLogin(a.getAccount)) // {account} is "AC….json" here
	mux.HandleFunc("POST "+account+"/Messages.json", a.requireLogin(a.create))
	mux.HandleFunc("GET "+account+"/Messages.json", a.requireLogin(a.list))
	mux.HandleFunc("GET "+account+"/Messages/{message}/Media.json", a.requireLogin(a.media.listMedia))
	mux.HandleFunc("GET "+account+"/Messages/{message}/Media/{media}", a.requireLogin(a.media.getMedia))
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

// requireLogin wraps a handler to refuse wrong credentials and other accounts.
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

// waPrefix is the prefix of WhatsApp addresses.
const waPrefix = "whatsapp:"

// e164 matches phone numbers with country code.
var e164 = regexp.MustCompile(`^\+[1-9][0-9]{4,14}$`)

// waUser matches WhatsApp's ids of persons.
var waUser = regexp.MustCompile(`^[A-Z]{2}\.(ENT\.)?[A-Za-z0-9]{1,128}$`)

// create handles a request that sends a message.
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
	a.api.Go(func() { //nolint:contextcheck // delivery continues after the response
		defer close(taken.done)
		if taken.previousDone != nil { // a customer receives messages in order
			<-taken.previousDone
		}
		a.exchange.processMessage(taken.message, fate.Code)
	})

	answer(w, http.StatusCreated, taken.view)
}

// takenMessage is a message that was accepted and isn't processed yet.
type takenMessage struct {
	message      *stored
	view         map[string]any  // the message as the API shows it now
	previousDone <-chan struct{} // closed when the customer's previous message is processed; nil if there is none
	done         chan struct{}   // the caller closes it when this message is processed
}

// takeMessage checks the form of a send request and stores its message.
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

// makeMessageLocked checks the form of a send request and returns its message, or a refusal.
func (a *webAPI) makeMessageLocked(f url.Values) (m *stored, refused *refusal) {
	to, from := f.Get("To"), f.Get("From")
	service := f.Get("MessagingServiceSid")
	if refused := a.checkAddressesLocked(to, from); refused != nil {
		return nil, refused
	}
	isScheduled := f.Has("ScheduleType") || f.Has("SendAt")
	switch {
	case isScheduled && service == "":
		return nil, &refusal{codeNoSchedule, "MessagingServiceSid is required to schedule a message"}
	case isScheduled:
		return nil, &refusal{codeInvalid, "Messages for later are not imitated"}
	}

	now := a.opt.Now().UTC()
	m = &stored{body: f.Get("Body"), from: from, to: to, direction: directionOurs, status: messageQueued, service: service,
		callback: f.Get("StatusCallback"), created: now, updated: now}
	if refused := a.addContentLocked(m, f); refused != nil {
		return nil, refused
	}

	m.sid = newMessageSID(len(m.media))
	m.segments = 1
	if !strings.HasPrefix(m.from, waPrefix) {
		m.segments = countSegments(m.body)
	}

	return m, nil
}

// refusal is the reason why Twilio refuses a message. A nil refusal means that Twilio accepts it.
type refusal struct {
	code    int
	message string
}

// checkAddressesLocked refuses a message that can't be sent between two addresses.
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

// pairKey returns the map key for a customer and one of the company's numbers.
func pairKey(customer, number string) string { return customer + " " + number }

// The maximum number of files in one message.
const (
	maxMMSFiles      = 10
	maxWhatsAppFiles = 1
)

// addContentLocked adds the files, the content and the location in a form to a message, and refuses what Twilio refuses.
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

// checkFilesLocked refuses too many files, and any file from a number without MMS.
func (a *webAPI) checkFilesLocked(m *stored, isWhatsApp bool) *refusal {
	limit := maxMMSFiles
	if isWhatsApp {
		limit = maxWhatsAppFiles
	}
	if len(m.media) > limit {
		return &refusal{codeTooManyFiles, "Number of media files exceeds allowed limit."}
	}
	if len(m.media) > 0 && !isWhatsApp && !a.findNumberLocked(m.from).MMS {
		return &refusal{codeNoMMS, "Message cannot be sent with the current combination of 'To' and/or 'From' parameters"}
	}

	return nil
}

// isWebAddress reports whether a link is an absolute http or https URL.
func isWebAddress(link string) bool {
	u, err := url.Parse(link)
	if err != nil || u.Host == "" {
		return false
	}
	return u.Scheme == "http" || u.Scheme == "https"
}

// messageViewLocked returns a message as the API shows it.
func (a *webAPI) messageViewLocked(m *stored) map[string]any {
	uri := "/2010-04-01/Accounts/" + a.opt.AccountSID + "/Messages/" + m.sid
	v := map[string]any{"sid": m.sid, "account_sid": a.opt.AccountSID, "api_version": "2010-04-01", "body": m.body, "from": m.from,
		"to":        m.to,
		"direction": m.direction, "status": m.status, "num_segments": strconv.Itoa(m.segments), "num_media": strconv.Itoa(len(m.media)),
		"messaging_service_sid": nil, "error_code": nil, "error_message": nil, "price": nil, "price_unit": "USD",
		"date_created": stampOf(m.created), "date_updated": stampOf(m.updated), "date_sent": nil, "uri": uri + ".json",
		"subresource_uris": map[string]any{"media": uri + "/Media.json"}}
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

// stampOf formats a time as the API does.
func stampOf(t time.Time) string { return t.UTC().Format(time.RFC1123Z) }

// findLocked returns the message with an id, or nil.
func (e *exchange) findLocked(sid string) *stored {
	for _, m := range e.messages {
		if m.sid == sid {
			return m
		}
	}
	return nil
}

func (a *webAPI) getAccount(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, map[string]any{"sid": a.opt.AccountSID, "owner_account_sid": a.opt.AccountSID, "friendly_name": "Acme",
		"status": "active", "type": "Full",
		"uri": "/2010-04-01/Accounts/" + a.opt.AccountSID + ".json"})
}

// showTyping handles a request that shows a typing indicator to the author of a WhatsApp message.
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
