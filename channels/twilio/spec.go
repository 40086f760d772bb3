package twilio

import (
	"cmp"
	"errors"
	"log/slog"
	"strings"

	"parley/channels"
	"parley/channels/markdown"
	"parley/channels/wire"
)

// This file describes the two kinds of channels of this package, WhatsApp and SMS through Twilio: their names, their settings, how the
// settings are checked, and how a channel is made of them. Both kinds have the section "twilio" in parley.yaml.
const (
	section = "twilio"
	apiEnv  = "TWILIO_API_URL" // the environment variable with the address of a test server that replaces Twilio
)

// WhatsAppSpec describes the channel kind "twilio_whatsapp".
func WhatsAppSpec(o Options) channels.Spec {
	const whatsapp = true
	s := commonSpec(whatsapp, "The WhatsApp sender's number: +15550100.")
	s.Kind = "twilio_whatsapp"
	s.Name = "WhatsApp by Twilio"
	s.Icon = "calling"
	s.Signature = markdown.Render
	s.New = func(a channels.Account, env channels.Env) (channels.Channel, error) {
		c, err := newChannel(a, env, o, whatsapp)
		if err != nil {
			return nil, err
		}
		return &WhatsApp{c}, nil
	}
	return s
}

// SMSSpec describes the channel kind "sms".
func SMSSpec(o Options) channels.Spec {
	const whatsapp = false
	s := commonSpec(whatsapp, "The number or short code customers write to: +15550101.")
	s.Kind = "sms"
	s.Name = "SMS"
	s.Icon = "iphone"
	s.Signature = markdown.WamarkPlain
	s.Fields = append(s.Fields, channels.Field{
		Name:    fieldMMS,
		Label:   "MMS",
		Help:    "`true`: files may be sent, too; carriers take them in the US and Canada alone.",
		Default: "false",
		OneOf:   []string{"false", "true"},
	})
	s.New = func(a channels.Account, env channels.Env) (channels.Channel, error) {
		c, err := newChannel(a, env, o, whatsapp)
		if err != nil {
			return nil, err
		}
		return &SMS{c}, nil
	}
	return s
}

// commonSpec returns the parts of the description that both kinds share. numberHelp is the help text of the field for the number.
func commonSpec(whatsapp bool, numberHelp string) channels.Spec {
	return channels.Spec{
		Section:      section,
		APIEnv:       apiEnv,
		Sources:      listSources,
		Owner:        fieldFrom,
		KeepsUnowned: true,
		SignedBy:     fieldToken,
		Check:        checkOf(whatsapp),
		ReadAddress:  addressReader(whatsapp),
		Fields: []channels.Field{
			{
				Name:     fieldAccount,
				Label:    "Account SID",
				Help:     "Begins with `AC`. In the Twilio Console it stands under *Account Info*.",
				Required: true,
			},
			{
				Name:     fieldToken,
				Label:    "Auth token",
				Help:     "The primary one, which stands below the Account SID. It also proves that callbacks come from Twilio.",
				Secret:   true,
				Required: true,
			},
			{
				Name:     fieldFrom,
				Label:    "Number",
				Help:     numberHelp,
				Required: true,
			},
			{
				Name:  fieldService,
				Label: "Messaging service",
				Help:  "Begins with `MG`. Only if messages should leave through one.",
			},
		},
	}
}

// listSources returns the number that customers write to, which must be unique among accounts: two accounts with the same number would
// both read its messages from Twilio's list. Several accounts may have numbers of the same messaging service.
func listSources(c channels.Config) map[string]string {
	return map[string]string{fieldFrom: sourceOf(strings.TrimSpace(c[fieldAccount]), withoutSpaces(c[fieldFrom]))}
}

// checkOf returns the function for Spec.Check, which returns all faults of the settings, joined.
func checkOf(whatsapp bool) func(channels.Config) error {
	return func(c channels.Config) error {
		_, err := newSettings(c, whatsapp)
		return err
	}
}

// addressReader returns the function for Spec.ReadAddress, which parses an address that a person typed. Besides phone numbers, it
// accepts WhatsApp's user ids (US.12ab) for WhatsApp, and short codes (72345) for SMS.
func addressReader(whatsapp bool) func(channels.Config, string) (channels.Party, error) {
	return func(c channels.Config, typed string) (channels.Party, error) {
		key := keyOf(typed)
		isKey := shortPattern.MatchString(key) && len(key) <= maxCodeDigits
		if whatsapp {
			isKey = bsuidPattern.MatchString(key)
		}
		if isKey {
			return channels.Party{Key: key}, nil
		}
		return readNumber(typed, withoutSpaces(c[fieldFrom]), whatsapp)
	}
}

// maxCodeDigits is the maximum length of a typed short code. More digits are a phone number without its country code, which in some
// countries has only seven.
const maxCodeDigits = 6

// newChannel returns the channel of one number, for WhatsApp or for SMS. It opens no connection.
// Errors: all faults of the settings, joined; env has no keys or no clock.
func newChannel(a channels.Account, env channels.Env, o Options, whatsapp bool) (*Channel, error) {
	set, err := newSettings(a.Config, whatsapp)
	if err != nil {
		return nil, err
	}
	if len(env.Keys) == 0 {
		return nil, errors.New("twilio: no key to sign callback tokens with")
	}
	if env.Now == nil {
		return nil, errors.New("twilio: no clock")
	}
	if env.Report == nil {
		env.Report = func(channels.Condition) {}
	}
	if env.Log == nil {
		env.Log = slog.New(slog.DiscardHandler)
	}

	env.HookURL, _, _ = strings.Cut(env.HookURL, "#")
	o.Poll = cmp.Or(o.Poll, defaultPoll)
	o.Settle = cmp.Or(o.Settle, defaultSettle)
	o.Watch = cmp.Or(o.Watch, defaultWatch)
	number := &ownNumber{account: set.account, from: set.from, service: set.service, mms: set.mms, whatsapp: whatsapp}
	api := newClient(set, env)
	calls := &callbacks{address: env.HookURL, authToken: set.token, account: a.ID, keys: env.Keys}
	return &Channel{
		number:    number,
		env:       env,
		opts:      o,
		log:       env.Log,
		beginsAt:  a.BeginsAt,
		api:       api,
		catalogue: catalogue{api},
		callbacks: calls,
		hook:      &webhook{number: number, callbacks: calls, env: env},
		reader:    &reader{whatsapp: whatsapp, callbacks: calls},
		sent:      newSentMessages(),

		maxKept:     defaultMaxKept,
		maxStatuses: defaultMaxStatuses,
		pauseFor:    wire.For,
	}, nil
}
