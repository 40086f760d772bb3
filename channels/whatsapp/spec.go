package whatsapp

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"parley/channels"
	"parley/channels/graph"
	"parley/channels/markdown"
)

// Names of the settings, as Spec lists them.
const (
	fieldPhoneID = "phone_number_id"
	fieldWABA    = "waba_id"
	fieldToken   = "token"
	fieldSecret  = "app_secret"
	fieldVerify  = "verify_token"
	fieldVersion = "graph_version"
)

// Spec describes the channel "whatsapp", whose accounts are numbers of Meta's Cloud API. Numbers of one app
// may share a callback.
func Spec() channels.Spec {
	return channels.Spec{
		Kind:        "whatsapp",
		Name:        "WhatsApp",
		Icon:        "calling",
		Owner:       fieldPhoneID,
		SignedBy:    fieldSecret,
		APIEnv:      "WHATSAPP_API_URL",
		Signature:   markdown.Render,
		Check:       checkSettings,
		ReadAddress: readKnownAddress,
		New: func(account channels.Account, env channels.Env) (channels.Channel, error) {
			return newChannel(account, env)
		},
		Fields: fields(),
	}
}

// fields lists the settings of an account.
func fields() []channels.Field {
	return []channels.Field{
		{
			Name:     fieldPhoneID,
			Label:    "Phone number ID",
			Help:     "From Meta's App Dashboard, WhatsApp > API Setup. Not the phone number itself.",
			Required: true,
		},
		{
			Name:     fieldWABA,
			Label:    "WhatsApp Business Account ID",
			Help:     "Beside the phone number ID.",
			Required: true,
		},
		{
			Name:  fieldToken,
			Label: "Access token",
			Help: "Of a system user, with whatsapp_business_messaging and whatsapp_business_management. " +
				"The token of the dashboard ends after a day.",
			Secret:   true,
			Required: true,
		},
		{
			Name:     fieldSecret,
			Label:    "App secret",
			Help:     "App Dashboard > App settings > Basic. It proves that webhooks come from Meta.",
			Secret:   true,
			Required: true,
		},
		{
			Name:     fieldVerify,
			Label:    "Verify token",
			Help:     "Any word of yours; type the same where Meta asks for it beside the callback URL.",
			Secret:   true,
			Required: true,
		},
		{
			Name:    fieldVersion,
			Label:   "Graph version",
			Help:    "Change it only when Meta ends this one.",
			Default: graph.DefaultVersion,
		},
	}
}

// settings are an account's settings as typed by people.
type settings channels.Config

// read returns a setting without surrounding white space, or "" if it isn't set.
func (s settings) read(field string) string { return strings.TrimSpace(s[field]) }

// checkSettings returns all faults in an account's settings, joined, or nil.
func checkSettings(c channels.Config) error {
	s := settings(c)
	var faults []error
	for _, f := range fields() {
		if f.Required && s.read(f.Name) == "" {
			faults = append(faults, wrongField(f.Name, "missing"))
		}
	}

	for _, name := range []string{fieldPhoneID, fieldWABA} {
		if strings.Trim(s.read(name), "0123456789") != "" {
			faults = append(faults, wrongField(name, "an ID has only digits (it isn't the phone number)"))
		}
	}

	if version := s.read(fieldVersion); version != "" && !graph.IsVersion(version) {
		faults = append(faults, wrongField(fieldVersion, "write it like "+graph.DefaultVersion))
	}

	return errors.Join(faults...)
}

// wrongField returns a fault of one setting.
func wrongField(name, what string) error {
	return &channels.FieldError{Section: "whatsapp", Field: name, What: what}
}

// newChannel creates the channel of one number. It opens no connection.
// Errors: a missing or malformed setting, no key for signing tokens, or those of graph.New.
func newChannel(account channels.Account, env channels.Env) (*Channel, error) {
	err := checkSettings(account.Config)
	if len(env.Keys) == 0 || len(env.Keys[0]) == 0 {
		err = errors.Join(err, errors.New("whatsapp: no key to sign tokens with"))
	}
	if err != nil {
		return nil, err
	}

	s := settings(account.Config)
	secret := s.read(fieldSecret)
	client, err := graph.New(graph.Options{
		BaseURL:    env.APIURL,
		Version:    s.read(fieldVersion),
		Token:      s.read(fieldToken),
		Secret:     secret,
		Dialer:     env.Dialer,
		MediaHosts: []string{"lookaside.fbsbx.com", ".fbcdn.net", ".whatsapp.net"},
	})
	if err != nil {
		return nil, fmt.Errorf("whatsapp: %w", err)
	}

	log := env.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}

	hook := &graph.Hook{
		Secret:      []byte(secret),
		VerifyToken: s.read(fieldVerify),
		Split:       split,
		Accept:      env.Accept,
		Now:         env.Now,
		Log:         log,
	}
	return &Channel{
		phone:   s.read(fieldPhoneID),
		waba:    s.read(fieldWABA),
		env:     env,
		log:     log,
		graph:   client,
		hook:    hook,
		uploads: make(chan struct{}, maxUploads),
	}, nil
}
