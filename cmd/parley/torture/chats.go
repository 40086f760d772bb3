package torture

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"sync"

	"parley/channels/graphfake"
	"parley/channels/twilio/twiliofake"
)

// chatKind is where a customer writes.
type chatKind string

// Kinds of customers; "" writes mails.
const (
	byMail      chatKind = ""
	byWhatsApp  chatKind = "whatsapp"
	byMessenger chatKind = "messenger"
	bySMS       chatKind = "sms"
)

// kindOf gives where a customer writes: in a run with chats two of three use one.
func kindOf(conv int, chats bool) chatKind {
	if !chats {
		return byMail
	}
	return []chatKind{byMail, byWhatsApp, byMessenger, bySMS, byWhatsApp, byMail}[conv%6]
}

// Settings of the chat accounts, known to the emulators and in parley.yaml.
const (
	waNumber, waBusiness, waToken = "105500000000001", "206600000000001", "torture-wa-token"
	pageID, pageToken             = "307700000000001", "torture-page-token"
	appSecret, verifyToken        = "torture-app-secret", "torture-verify"
	twilioAccount, twilioToken    = "AC00000000000000000000000000000001", "torture-twilio-token"
	smsNumber                     = "+15550100001"
)

// chats are the emulators of Meta and Twilio, and the phones of their customers.
type chats struct {
	graph  *graphfake.Server
	number *graphfake.Number
	page   *graphfake.Page
	twilio *twiliofake.Server
	base   string // where Parley answers; it is told once, before anybody speaks

	mu      sync.Mutex
	texts   map[int]*texter                 // by conversation
	people  map[int]*graphfake.PageCustomer // likewise
	ended   context.Context                 //nolint:containedctx // ends the texters with the emulators
	end     context.CancelFunc
	writing sync.WaitGroup
}

// texter sends a customer's texts one after the other: a phone waits for its provider.
type texter struct {
	waiting []string
	busy    bool
	late    []string // texts of which Parley's webhook took no notice
}

// openChats starts the emulators.
func openChats(ctx context.Context, seed uint64) (*chats, error) {
	c := &chats{texts: map[int]*texter{}, people: map[int]*graphfake.PageCustomer{}}
	c.ended, c.end = context.WithCancel(context.Background())
	c.graph = graphfake.New(graphfake.Options{Seed: int64(seed>>1) + 1, AppSecret: appSecret}) //nolint:gosec // a seed
	if err := c.graph.Start(""); err != nil {
		return nil, fmt.Errorf("torture: %w", err)
	}
	c.number = c.graph.AddNumber(graphfake.NumberConfig{ID: waNumber, WABA: waBusiness, Display: "+15550100000"})
	c.page = c.graph.AddPage(graphfake.PageConfig{ID: pageID, Name: "Acme", HumanAgent: true})
	c.graph.AllowToken(waToken, waNumber, waBusiness)
	c.graph.AllowToken(pageToken, pageID)
	var err error
	c.twilio, err = twiliofake.Start(twiliofake.Options{AccountSID: twilioAccount, AuthToken: twilioToken, Numbers: []twiliofake.Number{{Address: smsNumber}}})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("torture: %w", err), c.graph.Close())
	}
	return c, nil
}

func (c *chats) close() error {
	c.end()
	c.twilio.Close()
	c.writing.Wait()
	return c.graph.Close()
}

// control answers the driver and the oracle.
func (c *chats) control() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /_fake/chat/connect", c.connect)
	mux.HandleFunc("POST /_fake/chat/say", c.say)
	mux.HandleFunc("POST /_fake/chat/hook", c.tell)
	mux.HandleFunc("GET /_fake/chat/box", c.box)
	mux.HandleFunc("POST /_fake/chat/faults", c.spoil)
	mux.HandleFunc("GET /_fake/chat/faults", c.faults)
	mux.HandleFunc("DELETE /_fake/chat/faults", func(http.ResponseWriter, *http.Request) {
		c.graph.ClearFaults()
		c.twilio.ClearFaults()
	})
	return mux
}

// connect tells the providers where Parley answers.
func (c *chats) connect(w http.ResponseWriter, r *http.Request) {
	base := r.URL.Query().Get("base")
	c.base = base
	err := errors.Join(
		c.graph.Subscribe(r.Context(), waBusiness, base+"/hooks/wa", verifyToken),
		c.graph.Subscribe(r.Context(), pageID, base+"/hooks/page", verifyToken))
	if err != nil {
		http.Error(w, err.Error(), http.StatusConflict)
		return
	}
	c.twilio.SetWebhook(smsNumber, base+"/hooks/sms#rc=5&rp=all")
}

// phoneOf is the number of a customer who writes short messages or by WhatsApp.
func phoneOf(conv int) string { return fmt.Sprintf(phonePrefix+"%07d", firstPhone+conv) }

// Customers' numbers: seven digits follow the prefix.
const (
	phonePrefix = "+1555"
	firstPhone  = 1_000_000
)

// whatsAppUser is the id by which WhatsApp knows a customer.
func whatsAppUser(conv int) string { return fmt.Sprintf("US.torture%04d", conv) }

func (c *chats) say(w http.ResponseWriter, r *http.Request) {
	var in chatText
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	switch in.Kind {
	case byWhatsApp:
		c.whatsApp(in.Conv).Text(in.Text) //nolint:contextcheck // the phone sends on when the driver has hung up
	case byMessenger:
		c.person(in.Conv).Text(in.Text) //nolint:contextcheck // likewise
	case bySMS:
		c.text(in.Conv, in.Text) //nolint:contextcheck // likewise
	default:
		http.Error(w, "unknown kind", http.StatusBadRequest)
	}
}

func (c *chats) whatsApp(conv int) *graphfake.Customer {
	return c.number.Customer(graphfake.Person{Phone: phoneOf(conv), UserID: whatsAppUser(conv), Name: subject(conv)})
}

// person is a customer who writes to the page.
func (c *chats) person(conv int) *graphfake.PageCustomer {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.people[conv] == nil {
		c.people[conv] = c.page.Customer(subject(conv))
	}
	return c.people[conv]
}

func (c *chats) sms(conv int) *twiliofake.Phone { return c.twilio.Phone(phoneOf(conv), smsNumber, "") }

// text puts a text behind those that the phone still sends.
func (c *chats) text(conv int, text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := c.texts[conv]
	if t == nil {
		t = &texter{}
		c.texts[conv] = t
	}
	t.waiting = append(t.waiting, text)
	if !t.busy {
		t.busy = true
		c.writing.Go(func() { c.sendTexts(conv, t) })
	}
}

func (c *chats) sendTexts(conv int, t *texter) {
	for {
		c.mu.Lock()
		if len(t.waiting) == 0 || c.ended.Err() != nil {
			t.busy = false
			c.mu.Unlock()
			return
		}
		text := t.waiting[0]
		t.waiting = t.waiting[1:]
		c.mu.Unlock()
		if _, err := c.sms(conv).Send(twiliofake.Message{Text: text}); err != nil { // Twilio has it all the same
			c.mu.Lock()
			t.late = append(t.late, text)
			c.mu.Unlock()
		}
	}
}

// box shows what a customer wrote and what his phone got.
func (c *chats) box(w http.ResponseWriter, r *http.Request) {
	conv, err := strconv.Atoi(r.URL.Query().Get("conv"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	var b chatBox
	switch chatKind(r.URL.Query().Get("kind")) {
	case byMail: // has a mailbox
	case byWhatsApp:
		for _, m := range c.whatsApp(conv).Chat() {
			b.add(m.FromCustomer, m.ID, m.Text)
		}
	case byMessenger:
		for _, m := range c.person(conv).Conversation() {
			b.add(!m.FromPage, m.ID, m.Text)
		}
	case bySMS:
		c.smsBox(conv, &b)
	}
	_ = json.NewEncoder(w).Encode(b) // a reader that went away misses nothing
}

func (c *chats) smsBox(conv int, b *chatBox) {
	for _, m := range c.twilio.Messages() {
		if m.From == phoneOf(conv) {
			b.add(true, m.SID, m.Body)
		}
	}
	for _, m := range c.sms(conv).Inbox() {
		if !m.Automatic {
			b.add(false, m.SID, m.Text)
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if t := c.texts[conv]; t != nil {
		b.Waiting, b.Late = len(t.waiting), append(b.Late, t.late...)
		if t.busy {
			b.Waiting++
		}
	}
}

// spoil lets Meta fail by chance all the time, and Twilio three times in each of four ways.
func (c *chats) spoil(w http.ResponseWriter, _ *http.Request) {
	const often, seldom = 0.04, 0.02
	for _, route := range []string{"whatsapp.messages", "messenger.messages"} {
		for action, chance := range map[graphfake.Action]float64{graphfake.ActionStatus: often, graphfake.ActionStatusAfter: seldom,
			graphfake.ActionDropBefore: seldom, graphfake.ActionDropAfter: often, graphfake.ActionHookFirst: often} {
			c.fault(w, graphfake.Fault{Route: route, Action: action, Probability: chance})
		}
	}
	for _, action := range []graphfake.Action{graphfake.ActionDuplicate, graphfake.ActionBadSignature} {
		c.fault(w, graphfake.Fault{Route: "hook.*", Action: action, Probability: seldom})
	}
	for _, kind := range []twiliofake.FaultKind{twiliofake.FaultErrorBefore, twiliofake.FaultDropAfter, twiliofake.FaultDropBefore, twiliofake.FaultErrorAfter} {
		c.twilio.AddFault(twiliofake.Fault{Route: "POST /Messages", Kind: kind, Times: 3})
	}
}

func (c *chats) fault(w http.ResponseWriter, f graphfake.Fault) {
	f.Times = graphfake.Forever
	if _, err := c.graph.AddFault(f); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
	}
}

func (c *chats) faults(w http.ResponseWriter, _ *http.Request) {
	counts := map[string]int{}
	for _, f := range c.graph.Faults() {
		counts["meta "+string(f.Action)] += f.Fired
	}
	for _, f := range c.twilio.List() {
		counts["twilio "+string(f.Fault.Kind)] += f.Fired
	}
	_ = json.NewEncoder(w).Encode(counts)
}

// chatText is what a customer writes.
type chatText struct {
	Kind chatKind `json:"kind"`
	Conv int      `json:"conv"`
	Text string   `json:"text"`
}

// chatBox is a phone.
type chatBox struct {
	Wrote   []string     `json:"wrote"` // in the order of sending
	Inbox   []chatLetter `json:"inbox"`
	Waiting int          `json:"waiting"` // texts that the phone still sends
	Late    []string     `json:"late"`    // texts of which Parley could not be told at once: it finds them later
}

type chatLetter struct {
	ID   string `json:"id"`
	Text string `json:"text"`
}

func (b *chatBox) add(own bool, id, text string) {
	if own {
		b.Wrote = append(b.Wrote, text)
		return
	}
	b.Inbox = append(b.Inbox, chatLetter{id, text})
}
