package twilio

import (
	"errors"
	"regexp"
	"strings"
	"time"

	"parley/channels"
	"parley/channels/wamark"
)

// Names of the settings, as the Specs list them.
const (
	fieldAccount = "account_sid"
	fieldToken   = "auth_token"
	fieldFrom    = "from"
	fieldService = "messaging_service_sid"
	fieldMMS     = "mms"
)

// Options are values that tests and the demo change. A zero value means what production uses.
type Options struct {
	// Poll is the time between two looks for lost webhooks; 0 = 5 minutes.
	Poll time.Duration
	// Settle is the age from which on a listed message is stored. It lets the webhook, which has more
	// information, come first. 0 = 30 seconds.
	Settle time.Duration
	// Watch is the time between two looks at templates under review; 0 = 15 minutes.
	Watch time.Duration
}

// Both kinds share a section of the YAML, and the variable for another API address.
const (
	section = "twilio"
	apiEnv  = "TWILIO_API_URL"
)

// WhatsAppSpec describes the channel "twilio_whatsapp".
func WhatsAppSpec(o Options) channels.Spec {
	const whatsapp = true
	s := commonSpec(whatsapp, "The WhatsApp sender's number: +15550100.")
	s.Kind = "twilio_whatsapp"
	s.Name = "WhatsApp by Twilio"
	s.Icon = "telephone_receiver"
	s.Signature = wamark.Render
	s.New = func(a channels.Account, env channels.Env) (channels.Channel, error) {
		c, err := newChannel(a, env, o, whatsapp)
		if err != nil {
			return nil, err
		}
		return &WhatsApp{c}, nil
	}
	return s
}

// SMSSpec describes the channel "sms".
func SMSSpec(o Options) channels.Spec {
	const whatsapp = false
	s := commonSpec(whatsapp, "The number or short code customers write to: +15550101.")
	s.Kind = "sms"
	s.Name = "SMS"
	s.Icon = "iphone"
	s.Signature = wamark.Plain
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

// commonSpec has what both kinds have in common. numberHelp explains the number.
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

// listSources returns the number that customers write to. No two accounts may have the same one: both would find its
// messages in Twilio's lists. Several may have numbers of one messaging service, which calls one of them for all.
func listSources(c channels.Config) map[string]string {
	return map[string]string{fieldFrom: sourceOf(strings.TrimSpace(c[fieldAccount]), withoutSpaces(c[fieldFrom]))}
}

// sourceOf names a number of a Twilio account.
func sourceOf(account, number string) string { return account + " " + number }

// settings are the settings of one number.
type settings struct {
	account, token string
	from           string // E.164 or a short code, without "whatsapp:"
	service        string
	mms            bool
}

var (
	accountPattern = regexp.MustCompile(`^AC[0-9A-Za-z]*$`)
	servicePattern = regexp.MustCompile(`^MG[0-9A-Za-z]+$`)
	phonePattern   = regexp.MustCompile(`^\+[1-9][0-9]{4,14}$`)
	shortPattern   = regexp.MustCompile(`^[0-9]{3,8}$`)
	bsuidPattern   = regexp.MustCompile(`^[A-Z]{2}\.(?:ENT\.)?[A-Za-z0-9]{1,128}$`)
)

// newSettings reads an account's settings. Errors: every fault, joined.
func newSettings(c channels.Config, whatsapp bool) (settings, error) {
	s := settings{
		account: strings.TrimSpace(c[fieldAccount]),
		token:   strings.TrimSpace(c[fieldToken]),
		from:    withoutSpaces(c[fieldFrom]),
		service: strings.TrimSpace(c[fieldService]),
		mms:     !whatsapp && c[fieldMMS] == "true",
	}

	var faults []error
	if !accountPattern.MatchString(s.account) {
		faults = append(faults, wrongField(fieldAccount, "it begins with AC, as the Twilio Console shows it"))
	}
	if s.token == "" {
		faults = append(faults, wrongField(fieldToken, "missing"))
	}

	isShortCode := !whatsapp && shortPattern.MatchString(s.from)
	if !isShortCode && !phonePattern.MatchString(s.from) {
		faults = append(faults, wrongField(fieldFrom, "a number with + and country code"))
	}
	if s.service != "" && !servicePattern.MatchString(s.service) {
		faults = append(faults, wrongField(fieldService, "it begins with MG"))
	}

	return s, errors.Join(faults...)
}

// wrongField returns a fault of a field of an account's settings.
func wrongField(name, what string) error {
	return &channels.FieldError{Section: "twilio", Field: name, What: what}
}

// checkOf returns the check of the settings of WhatsApp, or of SMS. The check returns every fault, joined.
func checkOf(whatsapp bool) func(channels.Config) error {
	return func(c channels.Config) error {
		_, err := newSettings(c, whatsapp)
		return err
	}
}

// withoutSpaces removes from a number the characters with which people group digits.
func withoutSpaces(number string) string {
	number = strings.TrimPrefix(strings.TrimSpace(number), waPrefix)
	return strings.NewReplacer(" ", "", "-", "", "(", "", ")", "", "\u00a0", "").Replace(number)
}
