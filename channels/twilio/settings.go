package twilio

import (
	"errors"
	"regexp"
	"strings"
	"time"

	"parley/channels"
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
