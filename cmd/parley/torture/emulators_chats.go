package torture

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"sync"

	"parley/channels/graphfake"
	"parley/channels/twilio/twiliofake"
	"parley/cmd/parley/demo"
)

// In a test run with chats, simulated customers write by mail, WhatsApp, Messenger or SMS. This file runs emulators of
// Meta and Twilio, with the company's accounts there, and the phones with which customers write and read. The run
// controls them over HTTP, since they are in another process: POST /_fake/chat/faults makes calls fail by chance, for
// example.

// ChatKind is the channel by which a customer writes.
type ChatKind string

// The channels of customers.
const (
	ByMail      ChatKind = ""
	ByWhatsApp  ChatKind = demo.WhatsApp
	byMessenger ChatKind = demo.Messenger
	BySMS       ChatKind = demo.SMS
)

// ChatKindOf returns the channel of the customer of a conversation. In a run with chats two of three customers use
// another channel than mail.
func ChatKindOf(conv int, chats bool) ChatKind {
	if !chats {
		return ByMail
	}
	kinds := []ChatKind{ByMail, ByWhatsApp, byMessenger, BySMS, ByWhatsApp, ByMail}
	return kinds[conv%len(kinds)]
}

// The company's account at WhatsApp, for the emulators and for parley.yaml.
const (
	WhatsAppNumber   = "105500000000001"
	WhatsAppBusiness = "206600000000001"
	WhatsAppToken    = "torture-wa-token"
)

// The company's Messenger page, and the secrets with which all webhooks of Meta are signed and subscribed.
const (
	PageID      = "307700000000001"
	PageToken   = "torture-page-token"
	AppSecret   = "torture-app-secret"
	VerifyToken = "torture-verify"
)

// The company's account at Twilio.
const (
	TwilioAccount = "AC00000000000000000000000000000001"
	TwilioToken   = "torture-twilio-token"
	SMSNumber     = "+15550100001"
)

// chatProviders are the emulators of Meta and Twilio, and the phones of their customers.
type chatProviders struct {
	graph  *graphfake.Server
	number *graphfake.Number
	page   *graphfake.Page
	twilio *twiliofake.Server
	base   string // base URL of Parley's webhooks; set by connect, before anybody writes

	ended   context.Context //nolint:containedctx // canceled by close
	end     context.CancelFunc
	sending sync.WaitGroup // phones and webhooks that still send

	mu     sync.Mutex
	sms    map[int]*smsOutbox              // by conversation
	people map[int]*graphfake.PageCustomer // by conversation
}

// smsOutbox queues a customer's texts. They are sent one after the other, because a phone waits for its provider.
type smsOutbox struct {
	waiting []string
	busy    bool     // a goroutine is sending
	late    []string // texts that Parley's webhook did not accept; Parley finds them later at Twilio
}

// openChatProviders starts the emulators of Meta and Twilio.
func openChatProviders(seed uint64) (*chatProviders, error) {
	c := &chatProviders{sms: map[int]*smsOutbox{}, people: map[int]*graphfake.PageCustomer{}}
	c.ended, c.end = context.WithCancel(context.Background())
	c.graph = graphfake.New(graphfake.Options{Seed: int64(seed>>1) + 1, AppSecret: AppSecret}) //nolint:gosec // a seed
	if err := c.graph.Start(""); err != nil {
		return nil, fmt.Errorf("torture: %w", err)
	}

	c.number = c.graph.AddNumber(graphfake.NumberConfig{ID: WhatsAppNumber, WABA: WhatsAppBusiness, Display: "+15550100000"})
	c.page = c.graph.AddPage(graphfake.PageConfig{ID: PageID, Name: "Acme", HumanAgent: true})
	c.graph.AllowToken(WhatsAppToken, WhatsAppNumber, WhatsAppBusiness)
	c.graph.AllowToken(PageToken, PageID)
	var err error
	numbers := []twiliofake.Number{{Address: SMSNumber}}
	c.twilio, err = twiliofake.Start(twiliofake.Options{AccountSID: TwilioAccount, AuthToken: TwilioToken, Numbers: numbers})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("torture: %w", err), c.graph.Close())
	}

	return c, nil
}

func (c *chatProviders) close() error {
	c.end()
	c.twilio.Close()
	c.sending.Wait()
	return c.graph.Close()
}

// addRoutes registers the handlers by which a Client controls these emulators.
func (c *chatProviders) addRoutes(mux *http.ServeMux) {
	demo.Control{People: c}.AddRoutes(mux)
	mux.HandleFunc("POST /_fake/chat/connect", c.connect)
	mux.HandleFunc("POST /_fake/chat/hook", c.relayHook)
	mux.HandleFunc("GET /_fake/chat/texts", c.serveTexts)
	mux.HandleFunc("POST /_fake/chat/faults", c.armFaults)
	mux.HandleFunc("GET /_fake/chat/faults", c.serveFaults)
	mux.HandleFunc("DELETE /_fake/chat/faults", func(http.ResponseWriter, *http.Request) {
		c.graph.ClearFaults()
		c.twilio.ClearFaults()
	})
}

// connect tells the providers the URLs of Parley's webhooks.
func (c *chatProviders) connect(w http.ResponseWriter, r *http.Request) {
	base := r.URL.Query().Get("base")
	c.base = base
	err := errors.Join(
		c.graph.Subscribe(r.Context(), WhatsAppBusiness, base+"/hooks/wa", VerifyToken),
		c.graph.Subscribe(r.Context(), PageID, base+"/hooks/page", VerifyToken))
	if err != nil {
		http.Error(w, err.Error(), http.StatusConflict)
		return
	}
	c.twilio.SetWebhook(SMSNumber, base+"/hooks/sms#rc=5&rp=all")
}

// PhoneOf returns the phone number of a customer who writes by SMS or WhatsApp.
func PhoneOf(conv int) string { return fmt.Sprintf(phonePrefix+"%07d", firstPhone+conv) }

// Customers' phone numbers have seven digits after the prefix.
const (
	phonePrefix = "+1555"
	firstPhone  = 1_000_000
)

// WhatsAppUser returns the id of a customer at WhatsApp.
func WhatsAppUser(conv int) string { return fmt.Sprintf("US.torture%04d", conv) }

// whatsApp returns the emulated WhatsApp customer of a conversation.
func (c *chatProviders) whatsApp(conv int) *graphfake.Customer {
	return c.number.Customer(graphfake.Person{Phone: PhoneOf(conv), UserID: WhatsAppUser(conv), Name: Subject(conv)})
}

// pageCustomer returns the emulated Messenger customer of a conversation.
func (c *chatProviders) pageCustomer(conv int) *graphfake.PageCustomer {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.people[conv] == nil {
		c.people[conv] = c.page.Customer(Subject(conv))
	}
	return c.people[conv]
}

// smsPhone returns the phone of a conversation's customer who writes by SMS.
func (c *chatProviders) smsPhone(conv int) *twiliofake.Phone {
	return c.twilio.Phone(PhoneOf(conv), SMSNumber, "")
}

// sendText queues a text after those that the phone still has to send.
func (c *chatProviders) sendText(conv int, text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	outbox := c.sms[conv]
	if outbox == nil {
		outbox = &smsOutbox{}
		c.sms[conv] = outbox
	}
	outbox.waiting = append(outbox.waiting, text)
	if !outbox.busy {
		outbox.busy = true
		c.sending.Go(func() { c.sendTexts(conv, outbox) })
	}
}

// sendTexts sends the texts of an outbox until it is empty or the emulators end.
func (c *chatProviders) sendTexts(conv int, outbox *smsOutbox) {
	for {
		text, ok := c.takeText(outbox)
		if !ok {
			return
		}
		if _, err := c.smsPhone(conv).Send(twiliofake.Message{Text: text}); err != nil { // Twilio has stored it nevertheless
			c.mu.Lock()
			outbox.late = append(outbox.late, text)
			c.mu.Unlock()
		}
	}
}

// takeText removes the next text from an outbox. If there is none, or the emulators end, it marks the outbox as not
// busy and returns false.
func (c *chatProviders) takeText(outbox *smsOutbox) (text string, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(outbox.waiting) == 0 || c.ended.Err() != nil {
		outbox.busy = false
		return "", false
	}
	text = outbox.waiting[0]
	outbox.waiting = outbox.waiting[1:]
	return text, true
}

// serveTexts reports the state of a customer's outgoing short messages.
func (c *chatProviders) serveTexts(w http.ResponseWriter, r *http.Request) {
	conv, err := strconv.Atoi(r.URL.Query().Get("conv"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}

	var texts textState
	c.mu.Lock()
	if t := c.sms[conv]; t != nil {
		texts = textState{Unsent: len(t.waiting), Late: slices.Clone(t.late)}
		if t.busy {
			texts.Unsent++
		}
	}
	c.mu.Unlock()
	_ = json.NewEncoder(w).Encode(texts) // the client may have hung up
}

// armFaults makes Meta fail by chance until the faults are cleared, and Twilio three times in each of four ways.
func (c *chatProviders) armFaults(w http.ResponseWriter, _ *http.Request) {
	const often, seldom, twilioTimes = 0.04, 0.02, 3
	for _, route := range []string{"whatsapp.messages", "messenger.messages"} {
		for action, chance := range map[graphfake.Action]float64{
			graphfake.ActionStatus:      often,
			graphfake.ActionStatusAfter: seldom,
			graphfake.ActionDropBefore:  seldom,
			graphfake.ActionDropAfter:   often,
			graphfake.ActionHookFirst:   often,
		} {
			c.armFault(w, graphfake.Fault{Route: route, Action: action, Probability: chance})
		}
	}
	for _, action := range []graphfake.Action{graphfake.ActionDuplicate, graphfake.ActionBadSignature} {
		c.armFault(w, graphfake.Fault{Route: "hook.*", Action: action, Probability: seldom})
	}
	for _, kind := range []twiliofake.FaultKind{
		twiliofake.FaultErrorBefore, twiliofake.FaultDropAfter, twiliofake.FaultDropBefore, twiliofake.FaultErrorAfter,
	} {
		c.twilio.AddFault(twiliofake.Fault{Route: "POST /Messages", Kind: kind, Times: twilioTimes})
	}
}

func (c *chatProviders) armFault(w http.ResponseWriter, f graphfake.Fault) {
	f.Times = graphfake.Forever
	if _, err := c.graph.AddFault(f); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
	}
}

func (c *chatProviders) serveFaults(w http.ResponseWriter, _ *http.Request) {
	counts := map[string]int{}
	for _, f := range c.graph.Faults() {
		counts["meta "+string(f.Action)] += f.Fired
	}
	for _, f := range c.twilio.List() {
		counts["twilio "+string(f.Fault.Kind)] += f.Fired
	}
	_ = json.NewEncoder(w).Encode(counts)
}

// ChatText is a message that a customer writes by phone.
type ChatText struct {
	Kind         ChatKind
	Conversation int
	Text         string
}

// phoneState is what a phone shows and has yet to send.
type phoneState struct {
	Sent     []string       `json:"wrote"` // in the order of sending
	Received []phoneMessage `json:"inbox"`
	textState
}

// textState is the state of a phone's outgoing short messages.
type textState struct {
	Unsent int      `json:"waiting"` // texts that the phone has yet to send
	Late   []string `json:"late"`    // texts whose webhook Parley did not accept, so that it finds them later
}

type phoneMessage struct {
	ID   string `json:"id"`
	Text string `json:"text"`
}

// add adds a line of a chat to the state.
func (b *phoneState) add(l demo.Line) {
	switch {
	case l.Mine:
		b.Sent = append(b.Sent, l.Text)
	case !l.Automatic: // ignore the provider's automatic answers
		b.Received = append(b.Received, phoneMessage{l.ID, l.Text})
	}
}
