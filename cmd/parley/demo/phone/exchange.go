// Package phone is the customers' phones: Meta and Twilio as emulators, and for each customer a handset with chats by
// WhatsApp, text message and Messenger, which all look alike.
//
// What does not belong here: how a page shows a phone, and who the customers are.
package phone

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"parley/channels/graphfake"
	"parley/channels/pause"
	"parley/channels/twilio/twiliofake"
)

// Names of the accounts that customers' phones write to, as Config gives them.
const (
	WhatsAppAccount = "wa"
	SMSAccount      = "sms"
	PageAccount     = "page"
	// TwilioAccount is WhatsApp by Twilio. Config doesn't have it: the emulator is there for who adds it.
	TwilioAccount = "twa"
)

// What the company has at Meta and Twilio. Tokens and secrets open the emulators alone.
const (
	whatsAppNumber = "+15550100"
	whatsAppID     = "1055500100"
	whatsAppWABA   = "2055500100"
	pageID         = "3055500100"
	smsNumber      = "+15550101"
	twilioWhatsApp = "+15550102"
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
	// subscribePause is the pause before Meta is asked again to subscribe a callback that didn't answer.
	subscribePause = 200 * time.Millisecond
)

// Exchange is the telephone exchange of the demo: the emulated Meta (WhatsApp, Messenger) and Twilio (SMS), and the
// customers' phones. Parley uses it as it uses the real providers. When the demo starts over, a new Exchange takes
// the addresses of the old one. It is safe for concurrent use.
type Exchange struct {
	o      Options
	graph  *graphfake.Server
	number *graphfake.Number
	page   *graphfake.Page
	twilio *twiliofake.Server

	closing    sync.Once
	ended      chan struct{}  // closed by Close
	replaced   chan struct{}  // closed by GiveWay
	reviewer   sync.WaitGroup // the goroutine that calls approveTemplates at each change
	subscribed atomic.Bool    // Meta knows Parley's address for webhooks

	mu     sync.Mutex
	people map[string]*Handset // by mail address, in small letters
}

// Options shape phones; addresses are host:port, "" means a free one.
type Options struct {
	Log        *slog.Logger
	Clock      func() time.Time
	GraphAddr  string // of Meta's Graph API
	TwilioAddr string // of Twilio's API
	Public     string // the URL at which Parley is reached
}

// New starts the emulators. Errors: an address is taken.
func New(ctx context.Context, o Options) (*Exchange, error) {
	p := &Exchange{o: o, people: map[string]*Handset{}, ended: make(chan struct{}), replaced: make(chan struct{})}
	p.graph = graphfake.New(graphfake.Options{
		Log:          o.Log,
		Clock:        o.Clock,
		AppID:        metaApp,
		AppSecret:    metaSecret,
		SignUpConfig: metaSignUp,
		HookRetry:    hookRetry,
		HookTries:    hookTries,
	})
	p.graph.Mount(p.newControl())
	if err := p.graph.Start(o.GraphAddr); err != nil {
		return nil, err
	}

	p.number = p.graph.AddNumber(graphfake.NumberConfig{ID: whatsAppID, WABA: whatsAppWABA, Display: whatsAppNumber, Name: "Acme"})
	p.page = p.graph.AddPage(graphfake.PageConfig{ID: pageID, Name: "Acme", HumanAgent: true})
	p.graph.AllowToken(metaToken)
	var err error
	p.twilio, err = twiliofake.Start(twiliofake.Options{
		AccountSID: twilioSID,
		AuthToken:  twilioToken,
		Now:        o.Clock,
		Listen:     o.TwilioAddr,
		Numbers: []twiliofake.Number{
			{Address: smsNumber, Webhook: hookOf(o.Public, SMSAccount) + hookOverrides, MMS: true},
			{Address: "whatsapp:" + twilioWhatsApp, Webhook: hookOf(o.Public, TwilioAccount) + hookOverrides},
		},
	})
	if err != nil {
		return nil, errors.Join(err, p.graph.Close())
	}

	p.reviewer.Go(func() { p.Changes(context.WithoutCancel(ctx), p.approveTemplates) })
	return p, nil
}

// newControl returns the handler by which programs play customers, and arm Meta's faults.
func (p *Exchange) newControl() http.Handler {
	mux := http.NewServeMux()
	Control{People: p, Changes: p.Changes}.AddRoutes(mux)
	p.graph.FaultRoutes(mux, "/_fake/faults")
	return mux
}

// approveTemplates stands for Meta's review of templates: it approves all of them, once it can say so to Parley.
func (p *Exchange) approveTemplates() {
	if !p.subscribed.Load() {
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

// Close ends the emulators. It does so once: they are closed again if a reset failed to put others in their place.
// p may be nil.
func (p *Exchange) Close() (err error) {
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

// keyOf returns the key in people of a customer who is called by a mail address or a phone number. Caller holds p.mu.
func (p *Exchange) keyOf(user string) string {
	for key, h := range p.people {
		if h.number == user {
			return key
		}
	}
	return strings.ToLower(user)
}

// Handset returns a customer's phone. address is the mail address by which the demo knows the customer, a phone number,
// or any other word. Who has no phone is given one.
func (p *Exchange) Handset(address, name string) *Handset {
	p.mu.Lock()
	defer p.mu.Unlock()
	key := p.keyOf(address)
	h := p.people[key]
	if h == nil {
		number := phoneNumber(key)
		h = &Handset{
			name:   name,
			number: number,
			wa:     p.number.Customer(graphfake.Person{Phone: number, Name: name}),
			sms:    p.twilio.Phone(number, smsNumber, name),
			page:   p.page.Customer(name),
		}
		p.people[key] = h
	}
	return h
}

// Changes calls each whenever something happens on the phones, until ctx ends or they are closed.
func (p *Exchange) Changes(ctx context.Context, each func()) {
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
// Parley answers there. Errors: ctx's. p may be nil.
func (p *Exchange) Subscribe(ctx context.Context) error {
	if p == nil {
		return nil
	}

	for object, account := range map[string]string{whatsAppWABA: WhatsAppAccount, pageID: PageAccount} {
		for p.graph.Subscribe(ctx, object, hookOf(p.o.Public, account), metaVerify) != nil {
			if !pause.For(ctx, subscribePause) {
				return ctx.Err()
			}
		}
	}

	p.subscribed.Store(true)
	p.approveTemplates() //nolint:contextcheck // what it says to Parley is sent as all webhooks are, in their own time
	return nil
}

// Env returns the variables that point Parley at the phones, and at itself, and those
// that its accounts need. p may be nil.
func (p *Exchange) Env() []string {
	if p == nil {
		return nil
	}
	return []string{
		"WHATSAPP_API_URL=" + p.graph.URL(), "MESSENGER_API_URL=" + p.graph.URL(), "TWILIO_API_URL=" + p.twilio.URL(),
		"META_APP_ID=" + metaApp, "META_APP_SECRET=" + metaSecret,
		"META_SIGNUP_CONFIG_ID=" + metaSignUp, "META_DIALOG_URL=" + p.graph.URL() + "/v26.0/dialog/oauth",
		"PARLEY_PUBLIC_URL=" + p.o.Public,

		"FAKE_PHONES_CONTROL=" + p.graph.URL() + "/_fake",
		"FAKE_META_TOKEN=" + metaToken, "FAKE_META_APP_SECRET=" + metaSecret, "FAKE_META_VERIFY_TOKEN=" + metaVerify,
		"FAKE_WHATSAPP_PHONE_NUMBER_ID=" + whatsAppID, "FAKE_WHATSAPP_WABA_ID=" + whatsAppWABA, "FAKE_PAGE_ID=" + pageID,
		"FAKE_TWILIO_ACCOUNT_SID=" + twilioSID, "FAKE_TWILIO_AUTH_TOKEN=" + twilioToken, "FAKE_TWILIO_CONTROL=" + p.twilio.URL() + "/_fake",
		"FAKE_SMS_NUMBER=" + smsNumber, "FAKE_TWILIO_WHATSAPP_NUMBER=" + twilioWhatsApp,
	}
}

// Config returns the accounts of the phones for parley.yaml. p may be nil.
func (p *Exchange) Config(hold time.Duration) string {
	if p == nil {
		return ""
	}

	account := func(name, kind, channel string) string {
		return fmt.Sprintf("  - name: %s\n    kind: %s\n    team: Support\n    hold: %s\n    %s\n", name, kind, hold, channel)
	}
	const outgoing = "settings: {outgoing: on}\n    "
	meta := fmt.Sprintf("token: %s, app_secret: %s, verify_token: %s", metaToken, metaSecret, metaVerify)
	return account(WhatsAppAccount, WhatsApp,
		outgoing+fmt.Sprintf("whatsapp: {phone_number_id: %q, waba_id: %q, %s}", whatsAppID, whatsAppWABA, meta)) +
		account(SMSAccount, SMS,
			outgoing+fmt.Sprintf("twilio: {account_sid: %s, auth_token: %s, from: %q, mms: \"true\"}", twilioSID, twilioToken, smsNumber)) +
		account(PageAccount, Messenger, fmt.Sprintf("messenger: {page_id: %q, %s}", pageID, meta))
}

// Templates returns the templates of the phones for parley.yaml. p may be nil.
func (p *Exchange) Templates() string {
	if p == nil {
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

// AnswerElsewhere answers a customer in the Page's own inbox, past Parley.
func (p *Exchange) AnswerElsewhere(h *Handset, text string) { p.page.AnswerElsewhere(h.page, text) }

// Waiting counts the webhooks of Meta that Parley has not taken yet.
func (p *Exchange) Waiting() int { return p.graph.HookCount() }

// Addresses returns the host:port of Meta's Graph API and of Twilio's API.
func (p *Exchange) Addresses() (graph, twilio string) {
	return hostPort(p.graph.URL()), hostPort(p.twilio.URL())
}

// Replaced is closed when others have taken these phones' place.
func (p *Exchange) Replaced() <-chan struct{} { return p.replaced }

// GiveWay tells whoever watches these phones that another Exchange has taken their place. It may be called once.
func (p *Exchange) GiveWay() { close(p.replaced) }

func hostPort(url string) string { return strings.TrimPrefix(url, "http://") }

// All returns the phones by their owners' mail addresses.
func (p *Exchange) All() map[string]*Handset {
	p.mu.Lock()
	defer p.mu.Unlock()
	return maps.Clone(p.people)
}
