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

// Options has values that tests and the demo change. A zero value selects the default, which production uses.
type Options struct {
	// Poll is the interval of polling for messages whose webhook was lost; 0 means 5 minutes.
	Poll time.Duration
	// Settle is the minimum age at which polling stores a message. It gives the webhook, which has more
	// information, time to arrive first. 0 means 30 seconds.
	Settle time.Duration
	// Watch is the interval of polling for the status of templates under review; 0 means 15 minutes.
	Watch time.Duration
}

// settings are the settings of the account of one number.
type settings struct {
	account, token string // the account SID and auth token of Twilio
	from           string // the number: E.164 or a short code, without "whatsapp:"
	service        string // the SID of the messaging service that sends for the number, or ""
	mms            bool   // the number can send files by MMS
}

var (
	accountPattern = regexp.MustCompile(`^AC[0-9A-Za-z]*$`)
	servicePattern = regexp.MustCompile(`^MG[0-9A-Za-z]+$`)
)

// newSettings reads and checks the settings of an account. whatsapp is true for a WhatsApp number, and false
// for SMS.
// Errors: all faults, joined.
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

// wrongField returns a fault of one setting.
func wrongField(name, what string) error {
	return &channels.FieldError{Section: "twilio", Field: name, What: what}
}
