package demo

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
	"parley/channels/twilio/twiliofake"
	"parley/channels/wire"
)

// Names of Parley's accounts to which the phones write, as in Config.
const (
	WhatsAppAccount = "wa"
	SMSAccount      = "sms"
	PageAccount     = "page"
	// TwilioAccount is a WhatsApp account at Twilio. It is emulated, but not part of Config; a user can add it.
	TwilioAccount = "twa"
)

// The company's ids, numbers and credentials at Meta and Twilio. The credentials are valid only in the emulators.
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
	metaSignUp     = "9000000007" // configuration id of Meta's embedded sign-up
	metaVerify     = "demo-verify-token"
	twilioSID      = "AC00000000000000000000000000000001"
	twilioToken    = "demo-twilio-token"
	// hookOverrides is the suffix of a webhook URL that configures Twilio's retries: see docs/twilio.md.
	hookOverrides = "#rc=5&rp=all"
	// hookRetry is the pause before Meta first retries a webhook. It doubles with each retry.
	hookRetry = 200 * time.Millisecond
	// hookTries is how often Meta tries to send a webhook: enough for any outage that the visitor simulates.
	hookTries = 2000
	// subscribePause is the pause before another try to subscribe a webhook that didn't respond.
	subscribePause = 200 * time.Millisecond
)

// Exchange connects Parley with the emulated phones of the customers. It runs emulators of Meta (WhatsApp, Messenger) and
// Twilio (SMS), which Parley uses like the real services. For example, Dana's handset sends a WhatsApp message, and the
// emulated Meta calls Parley's webhook. When the demo starts over, a new Exchange takes over the addresses of the old
// one. It is safe for concurrent use.
type Exchange struct {
	o      PhoneOptions
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
	people map[string]*Handset // by lower-case mail address, or what else identifies the customer
}

// PhoneOptions configure an Exchange. Addresses are host:port; "" means a free port.
type PhoneOptions struct {
	Log        *slog.Logger
	Clock      func() time.Time
	GraphAddr  string // of Meta's Graph API
	TwilioAddr string // of Twilio's API
	Public     string // Parley's own URL, to which webhooks are sent
}

// NewPhone starts the emulators. The caller must call Close. Errors: an address is in use.
func NewPhone(ctx context.Context, o PhoneOptions) (*Exchange, error) {
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

// newControl returns the handler for Control, and for injecting faults into Meta.
func (p *Exchange) newControl() http.Handler {
	mux := http.NewServeMux()
	Control{People: p, Changes: p.Changes}.AddRoutes(mux)
	p.graph.FaultRoutes(mux, "/_fake/faults")
	return mux
}

// approveTemplates emulates Meta's review of message templates. It approves all pending ones once webhooks are
// subscribed, since Parley learns of the approval by a webhook.
func (p *Exchange) approveTemplates() {
	if !p.subscribed.Load() {
		return
	}
	for _, t := range p.graph.Templates(whatsAppWABA) {
		if t.Status == "PENDING" {
			_ = p.graph.Review(t.ID, "APPROVED", "") // an error means that it was deleted in the meantime
		}
	}
}

// hookOf returns the URL of an account's webhook.
func hookOf(public, account string) string {
	return strings.TrimRight(public, "/") + "/hooks/" + account
}

// Close stops the emulators. It is safe to call it again, which happens if a reset could not replace p. p may be nil.
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

// keyOf returns the key in p.people of a customer identified by a mail address or a phone number. Caller holds p.mu.
func (p *Exchange) keyOf(user string) string {
	for key, h := range p.people {
		if h.number == user {
			return key
		}
	}
	return strings.ToLower(user)
}

// Handset returns a customer's phone, and creates it if necessary. address identifies the customer: a mail address, a
// phone number, or any other string. name is used only for a new phone.
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

// Changes calls each after every change on the phones. It blocks until ctx ends or p is closed. Calls of each may be
// concurrent.
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
				_ = emulator.Wait(ctx, func() bool { // Wait calls this at once, and again after each change
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

// Subscribe registers Parley's webhooks with Meta, as an admin does in Meta's dashboard. It retries until Parley responds
// to Meta's verification request. Errors: ctx ended. p may be nil.
func (p *Exchange) Subscribe(ctx context.Context) error {
	if p == nil {
		return nil
	}

	for object, account := range map[string]string{whatsAppWABA: WhatsAppAccount, pageID: PageAccount} {
		for p.graph.Subscribe(ctx, object, hookOf(p.o.Public, account), metaVerify) != nil {
			if !wire.For(ctx, subscribePause) {
				return ctx.Err()
			}
		}
	}

	p.subscribed.Store(true)
	p.approveTemplates() //nolint:contextcheck // it only queues webhooks, which outlive ctx
	return nil
}

// Env returns environment variables as NAME=value: those that connect Parley to the emulators, Parley's own public URL,
// and the ids and credentials for setting up accounts. p may be nil.
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

// Config returns the accounts of the phones, as entries of the section accounts of parley.yaml. hold is how long Parley
// waits before it sends a reply, so that the agent can undo it. p may be nil.
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

// Templates returns the section templates of parley.yaml: message templates for WhatsApp. p may be nil.
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

// AnswerElsewhere answers a customer in the inbox of the Facebook Page itself, bypassing Parley.
func (p *Exchange) AnswerElsewhere(h *Handset, text string) { p.page.AnswerElsewhere(h.page, text) }

// Waiting returns the number of Meta's webhooks that Parley has not accepted yet.
func (p *Exchange) Waiting() int { return p.graph.HookCount() }

// Addresses returns the host:port of Meta's Graph API and of Twilio's API.
func (p *Exchange) Addresses() (graph, twilio string) {
	return hostPort(p.graph.URL()), hostPort(p.twilio.URL())
}

// Replaced returns a channel that is closed when another Exchange has replaced p.
func (p *Exchange) Replaced() <-chan struct{} { return p.replaced }

// GiveWay closes the channel of Replaced. It must be called at most once.
func (p *Exchange) GiveWay() { close(p.replaced) }

func hostPort(url string) string { return strings.TrimPrefix(url, "http://") }

// All returns a copy of the map of all phones, by the key of their owner, such as a mail address.
func (p *Exchange) All() map[string]*Handset {
	p.mu.Lock()
	defer p.mu.Unlock()
	return maps.Clone(p.people)
}
