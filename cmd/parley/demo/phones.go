package demo

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"parley/channels/graphfake"
	"parley/channels/twilio/twiliofake"
)

// Names of the accounts that the world's phones write to, as Config gives them.
const (
	WhatsAppAccount = "wa"
	SMSAccount      = "sms"
	PageAccount     = "page"
)

// What the world's company has at Meta and Twilio. Tokens and secrets open the emulators
// alone.
const (
	whatsAppNumber = "+15550100"
	whatsAppID     = "1055500100"
	whatsAppWABA   = "2055500100"
	pageID         = "3055500100"
	smsNumber      = "+15550101"
	metaToken      = "demo-meta-token"
	metaSecret     = "demo-app-secret"
	metaApp        = "9000000001"
	metaSignUp     = "9000000007" // the configuration of embedded sign-up
	metaVerify     = "demo-verify-token"
	twilioSID      = "AC00000000000000000000000000000001"
	twilioToken    = "demo-twilio-token"
	// hookOverrides are what Twilio is told about repeating a callback, as docs/twilio.md says.
	hookOverrides = "#rc=5&rp=all"
	// hookRetry is Meta's first pause before it sends a webhook again; it doubles.
	hookRetry = 200 * time.Millisecond
	// hookTries is how often Meta sends a webhook: for longer than anybody leaves a plug pulled.
	hookTries = 2000
	// subscribePace is how often Meta is asked to subscribe a callback that doesn't answer yet.
	subscribePace = 200 * time.Millisecond
)

// phones are Meta and Twilio, with the people who write there. A Reset puts others in
// their place, at the same addresses.
type phones struct {
	graph  *graphfake.Server
	number *graphfake.Number
	page   *graphfake.Page
	twilio *twiliofake.Server

	closing  sync.Once
	ended    chan struct{} // closed by close
	replaced chan struct{} // closed when others have taken their place
	reviewer sync.WaitGroup
	called   atomic.Bool // Meta knows where to send webhooks

	mu     sync.Mutex
	people map[string]*handset // by mail address, in small letters
}

// handset is one customer's phone.
type handset struct {
	name   string
	number string // E.164
	wa     *graphfake.Customer
	sms    *twiliofake.Phone
	page   *graphfake.PageCustomer
}

// phoneOptions shape phones; addresses are host:port, "" = a free one.
type phoneOptions struct {
	log                   *slog.Logger
	clock                 func() time.Time
	graphAddr, twilioAddr string
	public                string // how Parley is reached
}

// newPhones starts the emulators. Errors: an address is taken.
func newPhones(ctx context.Context, o phoneOptions) (*phones, error) {
	p := &phones{people: map[string]*handset{}, ended: make(chan struct{}), replaced: make(chan struct{})}
	p.graph = graphfake.New(graphfake.Options{Log: o.log, Clock: o.clock, AppID: metaApp, AppSecret: metaSecret, SignUpConfig: metaSignUp,
		HookRetry: hookRetry, HookTries: hookTries})
	if err := p.graph.Start(o.graphAddr); err != nil {
		return nil, err
	}
	p.number = p.graph.AddNumber(graphfake.NumberConfig{ID: whatsAppID, WABA: whatsAppWABA, Display: whatsAppNumber, Name: "Acme"})
	p.page = p.graph.AddPage(graphfake.PageConfig{ID: pageID, Name: "Acme", HumanAgent: true})
	p.graph.AllowToken(metaToken)
	var err error
	p.twilio, err = twiliofake.Start(twiliofake.Options{AccountSID: twilioSID, AuthToken: twilioToken, Now: o.clock,
		Listen:  o.twilioAddr,
		Numbers: []twiliofake.Number{{Address: smsNumber, Webhook: hookOf(o.public, SMSAccount) + hookOverrides, MMS: true}}})
	if err != nil {
		return nil, errors.Join(err, p.graph.Close())
	}
	p.reviewer.Go(func() { p.changes(context.WithoutCancel(ctx), p.review) })
	return p, nil
}

// review is Meta's review of templates: it approves all of them, once it can say so to Parley.
func (p *phones) review() {
	if !p.called.Load() {
		return
	}
	for _, t := range p.graph.Templates(whatsAppWABA) {
		if t.Status == "PENDING" {
			_ = p.graph.Review(t.ID, "APPROVED", "") // it may have been deleted since
		}
	}
}

// hookOf is the address of an account's webhook.
func hookOf(public, account string) string {
	return strings.TrimRight(public, "/") + "/hooks/" + account
}

// close ends the emulators, once: after a reset that found no others to take their place, the same ones are closed
// again. p may be nil.
func (p *phones) close() (err error) {
	if p == nil {
		return nil
	}
	p.closing.Do(func() {
		close(p.ended)
		p.reviewer.Wait()
		p.twilio.Close()
		err = p.graph.Close()
	})
	return err
}

// handset gives a customer's phone, by the mail address by which the demo knows him.
func (p *phones) handset(address, name string) *handset {
	p.mu.Lock()
	defer p.mu.Unlock()
	key := strings.ToLower(address)
	h := p.people[key]
	if h == nil {
		number := phoneNumber(key)
		h = &handset{name: name, number: number, wa: p.number.Customer(graphfake.Person{Phone: number, Name: name}),
			sms: p.twilio.Phone(number, smsNumber, name), page: p.page.Customer(name)}
		p.people[key] = h
	}
	return h
}

// phoneNumber makes a number for a mail address: the same at each start, and nobody's.
func phoneNumber(address string) string {
	sum := fnv.New32a()
	_, _ = sum.Write([]byte(address))
	return fmt.Sprintf("+1555%07d", 2_000_000+sum.Sum32()%7_000_000)
}

// changes calls each whenever something happens on the phones, until ctx ends or they are
// closed.
func (p *phones) changes(ctx context.Context, each func()) {
	ctx, stop := context.WithCancel(ctx)
	var wait sync.WaitGroup
	wait.Go(func() {
		defer stop()
		select {
		case <-ctx.Done():
		case <-p.ended:
		}
	})
	for _, emulator := range []interface {
		Wait(context.Context, func() bool) error
	}{p.graph, p.twilio} {
		wait.Go(func() {
			for ctx.Err() == nil {
				looked := false
				_ = emulator.Wait(ctx, func() bool { // Wait asks at once, then after each change
					again := looked
					looked = true
					return again
				})
				each()
			}
		})
	}
	wait.Wait()
}

// Subscribe sets where Meta sends webhooks, as an admin does in its dashboard, as soon as
// Parley answers there. Errors: ctx's. Without phones it does nothing.
func (w *World) Subscribe(ctx context.Context) error {
	p := w.phones.Load()
	if p == nil {
		return nil
	}
	for object, account := range map[string]string{whatsAppWABA: WhatsAppAccount, pageID: PageAccount} {
		for p.graph.Subscribe(ctx, object, hookOf(w.o.PublicURL, account), metaVerify) != nil {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(subscribePace):
			}
		}
	}
	p.called.Store(true)
	p.review() //nolint:contextcheck // what it says to Parley is sent as all webhooks are, in their own time
	return nil
}

// phoneEnv gives the variables that point Parley at the phones, and at itself, and those
// that its accounts need.
func (w *World) phoneEnv() []string {
	p := w.phones.Load()
	if p == nil {
		return nil
	}
	return []string{"WHATSAPP_API_URL=" + p.graph.URL(), "MESSENGER_API_URL=" + p.graph.URL(), "TWILIO_API_URL=" + p.twilio.URL(),
		"META_APP_ID=" + metaApp, "META_APP_SECRET=" + metaSecret, "META_SIGNUP_CONFIG_ID=" + metaSignUp, "META_DIALOG_URL=" + p.graph.URL() + "/v26.0/dialog/oauth",
		"PARLEY_PUBLIC_URL=" + w.o.PublicURL, "FAKE_META_TOKEN=" + metaToken, "FAKE_META_APP_SECRET=" + metaSecret, "FAKE_META_VERIFY_TOKEN=" + metaVerify,
		"FAKE_WHATSAPP_PHONE_NUMBER_ID=" + whatsAppID, "FAKE_WHATSAPP_WABA_ID=" + whatsAppWABA, "FAKE_PAGE_ID=" + pageID,
		"FAKE_TWILIO_ACCOUNT_SID=" + twilioSID, "FAKE_TWILIO_AUTH_TOKEN=" + twilioToken, "FAKE_SMS_NUMBER=" + smsNumber}
}

// phoneConfig gives the accounts of the phones for parley.yaml.
func (w *World) phoneConfig(hold time.Duration) string {
	if w.phones.Load() == nil {
		return ""
	}
	meta := fmt.Sprintf("token: %s, app_secret: %s, verify_token: %s", metaToken, metaSecret, metaVerify)
	return fmt.Sprintf(`  - name: %s
    kind: whatsapp
    team: Support
    hold: %s
    settings: {outgoing: on}
    whatsapp: {phone_number_id: "%s", waba_id: "%s", %s}
  - name: %s
    kind: sms
    team: Support
    hold: %s
    settings: {outgoing: on}
    twilio: {account_sid: %s, auth_token: %s, from: "%s", mms: "true"}
  - name: %s
    kind: messenger
    team: Support
    hold: %s
    messenger: {page_id: "%s", %s}
`, WhatsAppAccount, hold, whatsAppID, whatsAppWABA, meta, SMSAccount, hold, twilioSID, twilioToken, smsNumber, PageAccount, hold, pageID, meta)
}

// phoneTemplates gives the templates of the phones for parley.yaml.
func (w *World) phoneTemplates() string {
	if w.phones.Load() == nil {
		return ""
	}
	return `templates:
  - name: Order update
    language: en
    accounts: [` + WhatsAppAccount + `]
    types: [start, window]
    category: utility
    body: "Hello {{first_name}}, there is news about your order. May we tell you here?"
    footer: Acme
    buttons: [{title: "Yes, please"}, {title: Not now}]
`
}

// openPhones starts the phones of a world, at the addresses of those before, if any.
func (w *World) openPhones(ctx context.Context) error {
	if !w.o.Phones {
		return nil
	}
	o := phoneOptions{log: w.o.Log, clock: w.o.PhoneClock, graphAddr: w.o.GraphAddr, twilioAddr: w.o.TwilioAddr, public: w.o.PublicURL}
	if o.clock == nil {
		o.clock = w.o.Clock
	}
	before := w.phones.Load()
	if before != nil {
		if err := before.close(); err != nil {
			return err
		}
		o.graphAddr, o.twilioAddr = hostPort(before.graph.URL()), hostPort(before.twilio.URL())
	}
	p, err := newPhones(ctx, o)
	if err != nil {
		return err
	}
	w.phones.Store(p)
	if before != nil {
		close(before.replaced)
	}
	return nil
}

func hostPort(url string) string { return strings.TrimPrefix(url, "http://") }

// chat is a conversation on a customer's phone, whatever carries it.
type chat interface {
	lines() []chatLine
	window(now time.Time) chatWindow
	typing() bool
	say(text string, f *chatFile, answers string) error
	tap(line, choice string) error
	react(line, emoji string) error
	read()
}

// chatLine is a message as the phone shows it.
type chatLine struct {
	ID        string       `json:"id"`
	Mine      bool         `json:"mine"`
	Text      string       `json:"text"`
	At        time.Time    `json:"at"`
	State     string       `json:"state"` // sent, delivered, read, failed; "" = nothing is shown
	File      *chatFile    `json:"file,omitempty"`
	Choices   []chatChoice `json:"choices,omitempty"`
	List      string       `json:"list,omitempty"`    // what opens the choices; "" = they are buttons
	Answers   string       `json:"answers,omitempty"` // id of the message it answers
	Reaction  string       `json:"reaction,omitempty"`
	Ours      string       `json:"ours,omitempty"` // the company's reaction
	Automatic bool         `json:"automatic,omitempty"`
	Elsewhere bool         `json:"elsewhere,omitempty"`
}

// chatFile is a file in a chat; its content is fetched separately.
type chatFile struct {
	Name    string `json:"name"`
	Type    string `json:"type"`
	Content []byte `json:"-"`
}

// chatChoice is something to tap.
type chatChoice struct {
	ID    string `json:"id"`
	Title string `json:"title"`
	Hint  string `json:"hint,omitempty"`
	URL   string `json:"url,omitempty"`
}

// chatWindow says how long the company may answer.
type chatWindow struct {
	Limited bool      `json:"limited"` // there is a time after which it may not
	Open    bool      `json:"open"`
	Until   time.Time `json:"until"`
	Person  bool      `json:"person"`          // by people only, not by automatic answers
	People  time.Time `json:"people,omitzero"` // how much longer people may; zero = no longer than anybody
	Stopped bool      `json:"stopped"`         // the customer said STOP
}

// Kinds of chats, in the order of their tabs.
const (
	chatWhatsApp  = "whatsapp"
	chatSMS       = "sms"
	chatMessenger = "messenger"
)

func chatKinds() []string { return []string{chatWhatsApp, chatSMS, chatMessenger} }

// chat gives the conversation of a kind. Errors: no such kind.
func (h *handset) chat(kind string) (chat, error) {
	switch kind {
	case chatWhatsApp:
		return whatsAppChat{h}, nil
	case chatSMS:
		return smsChat{h}, nil
	case chatMessenger:
		return messengerChat{h}, nil
	}
	return nil, fmt.Errorf("a phone has no %q", cmp.Or(kind, "such program"))
}

// lineOf finds a line by its id.
func lineOf(c chat, id string) (chatLine, bool) {
	all := c.lines()
	at := slices.IndexFunc(all, func(l chatLine) bool { return l.ID == id })
	if at < 0 {
		return chatLine{}, false
	}
	return all[at], true
}
