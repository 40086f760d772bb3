package meta

import (
	"errors"

	"parley/channels"
	"parley/channels/markdown"
)

// Names of the settings, as Spec lists them.
const (
	fieldPhoneID = "phone_number_id"
	fieldWABA    = "waba_id"
)

// WhatsApp describes the channel "whatsapp", whose accounts are numbers of Meta's Cloud API. Numbers of one app
// may share a callback.
func WhatsApp() channels.Spec {
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
			return newNumber(account, env)
		},
		Fields: numberFields(),
	}
}

// checkSettings returns all faults in an account's settings, joined, or nil.
func checkSettings(c channels.Config) error {
	return settings(c).check("whatsapp", numberFields(), fieldPhoneID, fieldWABA)
}

func numberFields() []channels.Field {
	return fieldsWith([]channels.Field{
		{
			Name:  fieldPhoneID,
			Label: "Phone number ID",
			Help:  "From Meta's App Dashboard, WhatsApp > API Setup. Not the phone number itself.",
		},
		{
			Name:  fieldWABA,
			Label: "WhatsApp Business Account ID",
			Help:  "Beside the phone number ID.",
		},
	}, channels.Field{
		Label: "Access token",
		Help: "Of a system user, with whatsapp_business_messaging and whatsapp_business_management. " +
			"The token of the dashboard ends after a day.",
	})
}

// newNumber creates the channel of one number. It opens no connection.
// Errors: a missing or malformed setting, no key for signing tokens, or those of newClient.
func newNumber(account channels.Account, env channels.Env) (*Number, error) {
	err := checkSettings(account.Config)
	if len(env.Keys) == 0 || len(env.Keys[0]) == 0 {
		err = errors.Join(err, errors.New("whatsapp: no key to sign tokens with"))
	}
	if err != nil {
		return nil, err
	}

	s := settings(account.Config)
	a, err := newAccount(s, fieldPhoneID, "WhatsApp", env, []string{"lookaside.fbsbx.com", ".fbcdn.net", ".whatsapp.net"})
	if err != nil {
		return nil, err
	}
	a.hook.Split = splitNumberHook
	return &Number{account: a, waba: s.read(fieldWABA)}, nil
}
